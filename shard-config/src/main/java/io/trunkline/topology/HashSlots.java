// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Sharding by hash: the key's partition hash gives a slot, and a table gives the slot's shard.
 *
 * <p>The number of slots is fixed for the life of the data; moving data means giving slots to another shard. A slot is a
 * remainder of PostgreSQL's hash partitioning with the number of slots as modulus, so
 * {@code satisfies_hash_partition(t, slots, slot, key)} is the same question asked inside a shard.
 */
public final class HashSlots implements ShardFunction {
    /** The number of slots unless the document says otherwise. */
    public static final int SLOTS_DEFAULT = 1024;

    /** The largest number of slots. */
    public static final int SLOTS_MAX = 65_536;

    /**
     * A run of slots with one shard.
     *
     * @param from the first slot
     * @param to the first slot beyond
     * @param shard the shard's index
     */
    public record Assignment(int from, int to, int shard) {}

    private final int[] slotToShard;

    /**
     * Creates the function.
     *
     * @param slots number of slots, from 1 to {@link #SLOTS_MAX}
     * @param slotToShard the shard of each slot; copied
     */
    public HashSlots(int slots, int[] slotToShard) {
        if (slots < 1 || slots > SLOTS_MAX) {
            throw InvalidTopologyException.at("slots", slots, "1 to " + SLOTS_MAX);
        }
        if (slotToShard.length != slots) {
            throw InvalidTopologyException.at("slots", slotToShard.length + " slots have a shard", "all " + slots);
        }
        for (int slot = 0; slot < slots; slot++) {
            if (slotToShard[slot] < 0) {
                throw InvalidTopologyException.at("slots", "slot " + slot + " has no shard", "a shard for each slot");
            }
        }
        this.slotToShard = slotToShard.clone();
    }

    /** Returns the function that gives each of the shards an equal run of slots; the first shards get the remainder. */
    public static HashSlots evenly(int slots, int shards) {
        int[] slotToShard = new int[slots];
        for (int slot = 0; slot < slots; slot++) {
            slotToShard[slot] = (int) ((long) slot * shards / slots);
        }
        return new HashSlots(slots, slotToShard);
    }

    @Override
    public OptionalInt shardOf(KeyValue key) {
        return OptionalInt.of(slotToShard[slotOf(key)]);
    }

    /** Returns the slot of the key: the remainder PostgreSQL computes with {@link #slots()} as modulus. */
    public int slotOf(KeyValue key) {
        return (int) Long.remainderUnsigned(key.partitionHash(), slotToShard.length);
    }

    /** Returns the shard of a slot. */
    public int shardOfSlot(int slot) {
        return slotToShard[slot];
    }

    /** Returns the number of slots. */
    public int slots() {
        return slotToShard.length;
    }

    /** Returns the longest runs of slots with the same shard, ascending; together they are all slots. */
    public List<Assignment> assignments() {
        List<Assignment> runs = new ArrayList<>();
        int start = 0;
        for (int slot = 1; slot <= slotToShard.length; slot++) {
            if (slot == slotToShard.length || slotToShard[slot] != slotToShard[start]) {
                runs.add(new Assignment(start, slot, slotToShard[start]));
                start = slot;
            }
        }
        return runs;
    }

    @Override
    public IntStream shards() {
        return Arrays.stream(slotToShard).sorted().distinct();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof HashSlots that && Arrays.equals(slotToShard, that.slotToShard);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(slotToShard);
    }

    @Override
    public String toString() {
        return "HashSlots[slots=" + slotToShard.length + ", shards="
                + shards().boxed().toList() + "]";
    }
}
