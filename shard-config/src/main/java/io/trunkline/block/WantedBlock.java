// SPDX-License-Identifier: Apache-2.0
package io.trunkline.block;

import java.util.OptionalLong;

/**
 * What a router asks of the counter of a sequence.
 *
 * @param first the number that the sequence begins with; none below it is given
 * @param blockSize numbers of one block, at least 1
 * @param blocks how many of them, in one piece; at least 1
 * @param beyond one more than the greatest number that any shard holds, {@link #NOTHING_HELD} when none holds one; empty when that is not known of
 *     all shards
 */
public record WantedBlock(long first, long blockSize, int blocks, OptionalLong beyond) {
    /** All shards were asked, and none has a number of the sequence. */
    public static final long NOTHING_HELD = Long.MIN_VALUE;

    /** Checks the sizes. */
    public WantedBlock {
        if (blockSize < 1 || blocks < 1) {
            throw new IllegalArgumentException(blocks + " blocks of " + blockSize + " (expected: 1 or more of both)");
        }
    }

    /** Returns how many numbers that are. */
    public long size() {
        return Math.multiplyExact(blockSize, blocks);
    }
}
