// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/**
 * Where a session lives whose search path leads to a schema that is whole on one shard.
 *
 * @param shard the index of the shard of the first such schema
 * @param exclusive whether every schema of the path is on that shard, so that no name without a schema leads elsewhere
 */
public record PathHome(int shard, boolean exclusive) {}
