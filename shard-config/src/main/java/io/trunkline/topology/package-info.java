// SPDX-License-Identifier: Apache-2.0
/**
 * The topology: which clusters, shards and nodes exist, which tables are sharded, and which shard holds a key.
 *
 * <p>Start reading at {@link io.trunkline.topology.Topology}, then {@link io.trunkline.topology.ShardFunction} and
 * {@link io.trunkline.topology.KeyValue} for the way from a key to a shard, then
 * {@link io.trunkline.topology.TopologySource} for the way a new revision reaches a router. Everything here is an immutable
 * value except the sources. May import the JDK, Jackson (in {@code TopologyJson} and its parts only) and SLF4J.
 */
@NullMarked
package io.trunkline.topology;

import org.jspecify.annotations.NullMarked;
