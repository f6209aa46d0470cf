// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The rule that says which shard holds a key: pure, total, and the same in every router at the same revision.
 *
 * <p>Shards are indexes into {@link Cluster#shards()}.
 */
public sealed interface ShardFunction permits HashSlots, Ranges, ListValues {
    /**
     * Returns the shard that holds the key, empty when no shard does.
     *
     * @param key a value of the distribution's key type, see {@link KeyType#accepts}; never a NULL, which has no shard
     */
    OptionalInt shardOf(KeyValue key);

    /** Returns the shards that can be an answer, ascending, each once. */
    IntStream shards();
}
