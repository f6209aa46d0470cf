// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;

/**
 * One column rows are ordered by.
 *
 * @param column the column from 0; its values are in binary format
 * @param order the order of its type
 * @param descending whether large values come first
 * @param nullsFirst whether NULL comes before all values, whichever way those run
 */
public record SortKey(int column, ValueOrder order, boolean descending, boolean nullsFirst) {

    /** Compares two values, of which those of length -1 are NULL; all NULL are equal. */
    int compare(ByteBuf a, int aIndex, int aLength, ByteBuf b, int bIndex, int bLength) {
        if (aLength < 0 || bLength < 0) {
            return aLength < 0 && bLength < 0 ? 0 : aLength < 0 == nullsFirst ? -1 : 1;
        }
        int compared = order.compare(a, aIndex, aLength, b, bIndex, bLength);
        return descending ? Integer.compare(0, compared) : compared;
    }
}
