// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

/**
 * A schema whose tables live whole on one shard, as when each tenant has a schema of its own.
 *
 * @param name as {@code pg_namespace} has it, case and all
 * @param shard the index of its shard in the cluster
 */
public record PlacedSchema(String name, int shard) {}
