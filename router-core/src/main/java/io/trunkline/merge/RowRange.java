// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

/**
 * Which of the merged rows the client gets: OFFSET and LIMIT.
 *
 * @param offset the rows left out first
 * @param limit the rows passed on after those; {@link Long#MAX_VALUE} for all
 */
public record RowRange(long offset, long limit) {
    /** All rows. */
    public static final RowRange ALL = new RowRange(0, Long.MAX_VALUE);

    /** Creates a range. */
    public RowRange {
        if (offset < 0 || limit < 0) {
            throw new IllegalArgumentException("offset " + offset + ", limit " + limit + " (expected: 0 or more)");
        }
    }

    /** Returns how many rows from the first on are needed. */
    long end() {
        return offset > Long.MAX_VALUE - limit ? Long.MAX_VALUE : offset + limit;
    }
}
