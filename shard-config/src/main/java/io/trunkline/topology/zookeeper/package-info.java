// SPDX-License-Identifier: Apache-2.0
/**
 * The topology in ZooKeeper: reading it, publishing it, and telling who has applied it. And what else routers keep there: who lives, and what
 * becomes of transactions over several shards, and which numbers sequences over all shards have given.
 *
 * <p>Start reading at {@link io.trunkline.topology.zookeeper.ClusterPath} for the layout of the znodes, then
 * {@link io.trunkline.topology.zookeeper.ZooKeeperTopologySource}. The only package that may import Curator and ZooKeeper; its
 * public methods do not show them.
 */
@NullMarked
package io.trunkline.topology.zookeeper;

import org.jspecify.annotations.NullMarked;
