// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.doctor;

/**
 * One database on one node: what is asked.
 *
 * @param cluster the cluster's name
 * @param shard the shard's index in its cluster
 * @param node the node's name
 * @param database the database's name on the node
 */
record Place(String cluster, int shard, String node, String database) {}
