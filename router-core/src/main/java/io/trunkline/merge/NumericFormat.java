// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.ProtocolViolation;

/**
 * The binary format of numeric: {@code int16 count · int16 weight · int16 sign · int16 scale · count × int16 digit}.
 *
 * <p>Digits are those of base 10,000; the first one counts 10,000 to the power of the weight. The scale is the number of decimal digits shown
 * behind the point. See {@code numeric_send} in PostgreSQL's numeric.c.
 */
final class NumericFormat {
    static final int HEADER_BYTES = 8;
    static final int BASE = 10_000;
    static final int DECIMALS_PER_DIGIT = 4;
    static final int SCALE_MAX = 0x3FFF;

    static final int POSITIVE = 0x0000;
    static final int NEGATIVE = 0x4000;
    static final int NAN = 0xC000;
    static final int INFINITY = 0xD000;
    static final int NEGATIVE_INFINITY = 0xF000;

    private NumericFormat() {}

    /** Makes sure that the value is one; after that the other methods read no byte beyond it. */
    static void check(ByteBuf buffer, int index, int length) {
        if (length < HEADER_BYTES || length != HEADER_BYTES + Short.BYTES * count(buffer, index)) {
            throw invalid();
        }
        int sign = sign(buffer, index);
        if (isFinite(sign)) {
            if (scale(buffer, index) > SCALE_MAX) {
                throw invalid();
            }
        } else if (sign != NAN && sign != INFINITY && sign != NEGATIVE_INFINITY) {
            throw invalid();
        }
    }

    static boolean isFinite(int sign) {
        return sign == POSITIVE || sign == NEGATIVE;
    }

    static int count(ByteBuf buffer, int index) {
        return buffer.getUnsignedShort(index);
    }

    static int weight(ByteBuf buffer, int index) {
        return buffer.getShort(index + 2);
    }

    static int sign(ByteBuf buffer, int index) {
        return buffer.getUnsignedShort(index + 4);
    }

    static int scale(ByteBuf buffer, int index) {
        return buffer.getUnsignedShort(index + 6);
    }

    /** Returns a digit, the first one having the number 0. */
    static int digit(ByteBuf buffer, int index, int k) {
        int digit = buffer.getUnsignedShort(index + HEADER_BYTES + Short.BYTES * k);
        if (digit >= BASE) {
            throw invalid();
        }
        return digit;
    }

    private static ProtocolViolation invalid() {
        return ProtocolViolation.fatal("invalid value in a column of type NUMERIC");
    }
}
