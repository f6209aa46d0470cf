// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * An immutable set of shards of one cluster, by index. Union and intersection give back an operand where they can, so combining the sets of
 * ordinary statements allocates nothing.
 */
public final class ShardSet {
    private final int shardCount;
    private final long[] words;

    private ShardSet(int shardCount, long[] words) {
        this.shardCount = shardCount;
        this.words = words;
    }

    /** Returns the empty set. */
    public static ShardSet none(int shardCount) {
        return new ShardSet(shardCount, new long[(shardCount + 63) >>> 6]);
    }

    /** Returns the set of all shards. */
    public static ShardSet all(int shardCount) {
        ShardSet all = none(shardCount);
        for (int shard = 0; shard < shardCount; shard++) {
            all.words[shard >>> 6] |= 1L << shard;
        }
        return all;
    }

    /** Returns the set of one shard. */
    public static ShardSet of(int shardCount, int shard) {
        if (shard < 0 || shard >= shardCount) {
            throw new IllegalArgumentException("shard " + shard + " (expected: 0.." + (shardCount - 1) + ")");
        }
        ShardSet one = none(shardCount);
        one.words[shard >>> 6] |= 1L << shard;
        return one;
    }

    /** Returns the shards that are in both sets. */
    public ShardSet and(ShardSet other) {
        if (isSubsetOf(other)) {
            return this;
        }
        if (other.isSubsetOf(this)) {
            return other;
        }
        long[] both = words.clone();
        for (int i = 0; i < both.length; i++) {
            both[i] &= other.words[i];
        }
        return new ShardSet(shardCount, both);
    }

    /** Returns the shards that are in either set. */
    public ShardSet or(ShardSet other) {
        if (isSubsetOf(other)) {
            return other;
        }
        if (other.isSubsetOf(this)) {
            return this;
        }
        long[] either = words.clone();
        for (int i = 0; i < either.length; i++) {
            either[i] |= other.words[i];
        }
        return new ShardSet(shardCount, either);
    }

    /** Returns true when every shard of this set is in the other. */
    public boolean isSubsetOf(ShardSet other) {
        if (shardCount != other.shardCount) {
            throw new IllegalArgumentException(
                    "sets over " + shardCount + " and " + other.shardCount + " shards (expected: the same cluster)");
        }
        for (int i = 0; i < words.length; i++) {
            if ((words[i] & ~other.words[i]) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns true when the shard is in the set. */
    public boolean contains(int shard) {
        return shard >= 0 && shard < shardCount && (words[shard >>> 6] & 1L << shard) != 0;
    }

    /** Returns the shards of the set in order. */
    public IntStream indexes() {
        return IntStream.range(0, shardCount).filter(this::contains);
    }

    /** Returns how many shards the cluster has. */
    public int shardCount() {
        return shardCount;
    }

    /** Returns how many shards are in the set. */
    public int size() {
        int size = 0;
        for (long word : words) {
            size += Long.bitCount(word);
        }
        return size;
    }

    /** Returns true when no shard is in the set. */
    public boolean isEmpty() {
        return size() == 0;
    }

    /** Returns true when every shard of the cluster is in the set. */
    public boolean isAll() {
        return size() == shardCount;
    }

    /** Returns the lowest shard of the set, or {@link Target#ANY_SHARD} when it is empty. */
    public int first() {
        for (int i = 0; i < words.length; i++) {
            if (words[i] != 0) {
                return (i << 6) + Long.numberOfTrailingZeros(words[i]);
            }
        }
        return Target.ANY_SHARD;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ShardSet set && set.shardCount == shardCount && Arrays.equals(set.words, words);
    }

    @Override
    public int hashCode() {
        return 31 * shardCount + Arrays.hashCode(words);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        for (int shard = 0; shard < shardCount; shard++) {
            if (contains(shard)) {
                text.append(text.length() == 1 ? "" : ", ").append(shard);
            }
        }
        return text.append('}').toString();
    }
}
