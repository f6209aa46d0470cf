// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

/**
 * A way of spreading rows: the type of the key and the function from key to shard.
 *
 * <p>Tables of the same distribution are co-located: rows with equal keys are on the same shard, so joins on the key stay
 * there.
 *
 * @param name unique in its cluster
 * @param keyType the type of every key column
 * @param function says which shard holds a key
 */
public record Distribution(String name, KeyType keyType, ShardFunction function) {}
