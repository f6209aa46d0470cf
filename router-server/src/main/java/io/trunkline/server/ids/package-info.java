// SPDX-License-Identifier: Apache-2.0
/**
 * Ids that are unique over all shards, given by a function on each shard: puts that function there. Start reading at {@link io.trunkline.server.ids.IdInstaller}. Imports
 * the backend of the core and the topology.
 */
@NullMarked
package io.trunkline.server.ids;

import org.jspecify.annotations.NullMarked;
