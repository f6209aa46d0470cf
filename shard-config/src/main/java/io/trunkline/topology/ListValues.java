// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Sharding by enumeration: each key that exists is listed with its shard; a key not listed has none.
 *
 * @param shardOfKey the shard of each key
 */
public record ListValues(Map<KeyValue, Integer> shardOfKey) implements ShardFunction {
    /** The largest number of keys. */
    public static final int KEYS_MAX = 65_536;

    /** Copies the map. */
    public ListValues {
        if (shardOfKey.isEmpty() || shardOfKey.size() > KEYS_MAX) {
            throw InvalidTopologyException.at("values", shardOfKey.size() + " keys", "1 to " + KEYS_MAX);
        }
        shardOfKey = Map.copyOf(shardOfKey);
    }

    @Override
    public OptionalInt shardOf(KeyValue key) {
        Integer shard = shardOfKey.get(key);
        return shard == null ? OptionalInt.empty() : OptionalInt.of(shard);
    }

    @Override
    public IntStream shards() {
        return shardOfKey.values().stream().mapToInt(Integer::intValue).sorted().distinct();
    }
}
