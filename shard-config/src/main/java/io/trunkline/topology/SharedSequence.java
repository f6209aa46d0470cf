// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

/**
 * A sequence whose numbers no two shards of a cluster give.
 *
 * @param name as {@code trunkline.next_value} is called with it
 * @param blockSize how many numbers a shard gets at once, at the least
 * @param start the first number
 */
public record SharedSequence(String name, int blockSize, long start) {
    /** The block size unless said otherwise. */
    public static final int BLOCK_SIZE_DEFAULT = 1_000;

    /** Smaller blocks would be rows and requests for next to nothing. */
    public static final int BLOCK_SIZE_MIN = 10;

    /** Greater ones would use up the numbers: each shard has some blocks at hand. */
    public static final int BLOCK_SIZE_MAX = 1_000_000;

    /** The first number unless said otherwise. */
    public static final long START_DEFAULT = 1;

    /** So many numbers remain at the least. */
    public static final long START_MAX = Long.MAX_VALUE / 2;

    /** With what stands before it in the database, a name is an identifier. */
    public static final int NAME_LENGTH_MAX = 50;
}
