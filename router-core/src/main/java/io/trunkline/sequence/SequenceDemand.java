// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sequence;

import java.time.Duration;

/**
 * How many numbers of one sequence one shard should have at hand, by what it used between looks.
 *
 * <p>At the least {@link #BLOCKS_AHEAD} blocks, and {@link #LOOKS_AHEAD} times what it uses in an interval. So what a shard can give until the
 * next look grows fourfold from look to look, until it is enough; and what is missing a whole block is filled up. Use is forgotten slowly: bursts
 * come again.
 */
final class SequenceDemand {
    /** How many blocks a shard has at hand that uses none. */
    static final int BLOCKS_AHEAD = 4;

    /** How many intervals the numbers at hand last. */
    static final int LOOKS_AHEAD = 4;

    /** How many blocks a shard gets at a look. */
    static final int BLOCKS_MAX = 1_000;

    /** Looks that are nearer to each other say little about use. */
    private static final int SHORTEST_PART = 10;

    private static final int FORGOTTEN_PART = 8;

    private final long intervalNanos;
    /** How many numbers are used in an interval. */
    private long used;
    /** The count at the last look; negative before the first. */
    private long lastCount = -1;

    private long lastNanos;
    private long left;
    private boolean isUrgent;

    SequenceDemand(Duration interval) {
        this.intervalNanos = interval.toNanos();
    }

    /** Takes what a shard says at a time. */
    void saw(SequenceState state, long nanos) {
        // A count that went back is another primary's, which had not heard of the last ones.
        long since = lastCount < 0 ? 0 : Math.max(0, state.nextCount() - lastCount);
        long elapsed = Math.max(nanos - lastNanos, intervalNanos / SHORTEST_PART);
        long inInterval = (long) ((double) since * intervalNanos / elapsed);
        used = Math.max(inInterval, used - used / FORGOTTEN_PART);
        isUrgent = state.left() == 0 || since > left / 2;
        lastCount = state.nextCount();
        lastNanos = nanos;
        left = state.left();
    }

    /** Returns true when half of the numbers were used since the look before. */
    boolean isUrgent() {
        return isUrgent;
    }

    /** Returns how many blocks the shard should get now; 0 when it has enough. */
    int blocks(int blockSize) {
        long ahead = Math.max((long) BLOCKS_AHEAD * blockSize, LOOKS_AHEAD * used);
        long missing = (ahead - left) / blockSize;
        return (int) Math.max(0, Math.min(BLOCKS_MAX, missing));
    }

    /** Takes note of numbers that were added. */
    void added(long size) {
        left += size;
    }
}
