// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

/**
 * What a pool serves. Nodes come and go beneath it.
 *
 * @param cluster the cluster's name
 * @param shard the shard's name: its place in the cluster may change
 * @param database the database's name on the nodes
 * @param user the role the router logs in as
 * @param use what the backends are for
 */
public record PoolKey(String cluster, String shard, String database, String user, PoolUse use) {}
