// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;

/** The order of numeric: -Infinity, numbers by value whatever their scale, Infinity, NaN. */
enum NumericOrder implements ValueOrder {
    NUMERIC;

    @Override
    public int compare(ByteBuf a, int aIndex, int aLength, ByteBuf b, int bIndex, int bLength) {
        NumericFormat.check(a, aIndex, aLength);
        NumericFormat.check(b, bIndex, bLength);
        int aFirst = firstDigit(a, aIndex);
        int bFirst = firstDigit(b, bIndex);
        int aRank = rank(a, aIndex, aFirst);
        int bRank = rank(b, bIndex, bFirst);
        if (aRank != bRank || aRank == 0 || Math.abs(aRank) > 1) {
            return Integer.compare(aRank, bRank);
        }
        return aRank * compareMagnitudes(a, aIndex, aFirst, b, bIndex, bFirst);
    }

    @Override
    public boolean isCollated() {
        return false;
    }

    /** Returns where the value stands among the kinds: numbers are -1, 0 and 1 by their sign. */
    private static int rank(ByteBuf buffer, int index, int first) {
        boolean isZero = first == NumericFormat.count(buffer, index);
        return switch (NumericFormat.sign(buffer, index)) {
            case NumericFormat.NEGATIVE_INFINITY -> -2;
            case NumericFormat.NEGATIVE -> isZero ? 0 : -1;
            case NumericFormat.INFINITY -> 2;
            case NumericFormat.NAN -> 3;
            default -> isZero ? 0 : 1;
        };
    }

    /** Returns the number of the first digit that is not zero, or the count of digits. Servers send no zeros in front. */
    private static int firstDigit(ByteBuf buffer, int index) {
        int count = NumericFormat.count(buffer, index);
        int first = 0;
        while (first < count && NumericFormat.digit(buffer, index, first) == 0) {
            first++;
        }
        return first;
    }

    private static int compareMagnitudes(ByteBuf a, int aIndex, int aFirst, ByteBuf b, int bIndex, int bFirst) {
        int weights =
                Integer.compare(NumericFormat.weight(a, aIndex) - aFirst, NumericFormat.weight(b, bIndex) - bFirst);
        if (weights != 0) {
            return weights;
        }
        int aCount = NumericFormat.count(a, aIndex) - aFirst;
        int bCount = NumericFormat.count(b, bIndex) - bFirst;
        for (int i = 0; i < Math.max(aCount, bCount); i++) {
            int aDigit = i < aCount ? NumericFormat.digit(a, aIndex, aFirst + i) : 0;
            int bDigit = i < bCount ? NumericFormat.digit(b, bIndex, bFirst + i) : 0;
            if (aDigit != bDigit) {
                return Integer.compare(aDigit, bDigit);
            }
        }
        return 0;
    }
}
