// SPDX-License-Identifier: Apache-2.0
package io.trunkline.copy;

import java.util.Arrays;

/**
 * Which line of the client's data each line is that one shard counts, for the last ones that it was sent.
 *
 * <p>An error tells the line that the shard counts, when the shard has come to it; by then it has been sent as many more as there is room for on the way.
 */
final class LineNumbers {
    /** So many of the last lines are remembered. */
    static final int LINES_MAX = 1 << 17;

    private static final int LINES_AT_FIRST = 1 << 10;

    /** By the line of the shard, as far as it fits: the low half of the client's line. */
    private int[] ofClient = new int[LINES_AT_FIRST];

    private long lastOwn;
    private long last;

    /**
     * The shard is sent a row.
     *
     * @param ownLines how many lines the shard counts for it; more than there are in the client's data when it counts other line ends
     * @param lines how many there are
     * @param line the line where the row ends in the client's data
     */
    void note(int ownLines, int lines, long line) {
        while (lastOwn + ownLines >= ofClient.length && ofClient.length < LINES_MAX) {
            grow();
        }
        for (int i = Math.min(ownLines, ofClient.length); i > 0; i--) {
            ofClient[(int) (lastOwn + ownLines - i + 1) & (ofClient.length - 1)] =
                    (int) (line - Math.min(i, lines) + 1);
        }
        lastOwn += ownLines;
        last = line;
    }

    private void grow() {
        // Nothing has been overwritten yet: every line has the place of its number.
        ofClient = Arrays.copyOf(ofClient, 2 * ofClient.length);
    }

    /** Returns the client's line, or -1 when it is not remembered any more. */
    long of(long own) {
        if (own < 1 || own > lastOwn || own <= lastOwn - ofClient.length) {
            return -1;
        }
        int low = ofClient[(int) own & (ofClient.length - 1)];
        return last - Integer.toUnsignedLong((int) last - low);
    }
}
