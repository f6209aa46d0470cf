// SPDX-License-Identifier: Apache-2.0
/**
 * Ids and numbers that are unique over all shards, given by functions on each shard: puts those there. Start reading at {@link io.trunkline.server.ids.IdInstaller}. Imports
 * the backend of the core and the topology.
 */
@NullMarked
package io.trunkline.server.ids;

import org.jspecify.annotations.NullMarked;
