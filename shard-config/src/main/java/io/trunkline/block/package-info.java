// SPDX-License-Identifier: Apache-2.0
/**
 * Blocks of numbers for sequences over all shards, each given to one shard and never again.
 *
 * <p>Start reading at {@link io.trunkline.block.NumberBlocks}. Values and interfaces only; the counters themselves are in
 * {@code io.trunkline.topology.zookeeper}. May import the JDK.
 */
@NullMarked
package io.trunkline.block;

import org.jspecify.annotations.NullMarked;
