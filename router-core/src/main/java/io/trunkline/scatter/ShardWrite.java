// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import java.util.List;

/**
 * A write that is run on several shards in one transaction.
 *
 * @param statement the write as the client sent it
 * @param shards the indexes of the shards in the cluster
 * @param texts what is sent to each of them, in the same order
 * @param turns of an INSERT whose rows were spread, the shard of each row by its place in {@code shards}; empty for other writes
 */
public record ShardWrite(ScatterStatement statement, List<Integer> shards, List<byte[]> texts, int[] turns) {
    /** Copies the lists. */
    public ShardWrite {
        shards = List.copyOf(shards);
        texts = List.copyOf(texts);
    }
}
