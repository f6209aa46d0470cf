// SPDX-License-Identifier: Apache-2.0
package io.trunkline.block;

/**
 * A sequence over all shards of a cluster; each database counts for itself.
 *
 * @param cluster the cluster's name
 * @param database as the nodes call it
 * @param name unique in the cluster
 */
public record SequenceId(String cluster, String database, String name) {}
