// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A way of spreading rows over shards, as the oracle understands it: which row belongs where is asked of the server by
 * {@code satisfies_hash_partition}, not of the router's code.
 *
 * @param name of the distribution, and of the empty table partitioned by hash that gives the function its types
 * @param keyType the type of the keys
 * @param slotToShard the shard of each slot
 */
record Spread(String name, ValueType keyType, int[] slotToShard) {

    /** Returns DDL for the table that stands for the type of the key. */
    String helperTable() {
        return "create table " + name + " (k " + keyType.sql() + ") partition by hash (k)";
    }

    /** Returns a condition that holds for the keys of one shard. */
    String belongs(String key, int shard) {
        String slots = IntStream.range(0, slotToShard.length)
                .filter(slot -> slotToShard[slot] == shard)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(","));
        return "exists (select 1 from unnest('{%s}'::int[]) slot where satisfies_hash_partition('%s'::regclass, %d, slot, %s))"
                .formatted(slots, name, slotToShard.length, key);
    }

    Distribution distribution() {
        return new Distribution(
                name, KeyType.ofTypeName(keyType.sql()).orElseThrow(), new HashSlots(slotToShard.length, slotToShard));
    }

    /** Returns the same under another map, which the data does not follow. */
    Spread with(int[] otherMap) {
        return new Spread(name, keyType, otherMap);
    }

    @Override
    public String toString() {
        return name + " " + keyType + " " + Arrays.toString(slotToShard);
    }
}
