// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.ProtocolViolation;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

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
    private static final int DIGITS_PER_LONG = 4;

    static final int POSITIVE = 0x0000;
    static final int NEGATIVE = 0x4000;
    static final int NAN = 0xC000;
    static final int INFINITY = 0xD000;
    static final int NEGATIVE_INFINITY = 0xF000;
    /** The scale servers send of both infinities: what a bit of their signs is where short numbers have the scale. */
    static final int INFINITY_SCALE = 0x20;

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

    /** Returns a finite number, with the scale it is shown with. */
    static BigDecimal read(ByteBuf buffer, int index) {
        int count = count(buffer, index);
        BigInteger unscaled = BigInteger.ZERO;
        for (int k = 0; k < count; ) {
            long digits = 0;
            long base = 1;
            for (int end = Math.min(count, k + DIGITS_PER_LONG); k < end; k++) {
                digits = digits * BASE + digit(buffer, index, k);
                base *= BASE;
            }
            unscaled = unscaled.signum() == 0
                    ? BigInteger.valueOf(digits)
                    : unscaled.multiply(BigInteger.valueOf(base)).add(BigInteger.valueOf(digits));
        }
        if (sign(buffer, index) == NEGATIVE) {
            unscaled = unscaled.negate();
        }
        int scale = (count - 1 - weight(buffer, index)) * DECIMALS_PER_DIGIT;
        // The last digit may have zeros beyond what is shown; anything else there numeric_recv would cut off too.
        return new BigDecimal(unscaled, scale).setScale(scale(buffer, index), RoundingMode.DOWN);
    }

    /** Appends a number with a scale of 0 or more, without zeros in front or behind, as {@code numeric_send} does. */
    static void write(ByteBuf out, BigDecimal value) {
        String decimals = aligned(value);
        int count = decimals.length() / DECIMALS_PER_DIGIT;
        int first = 0;
        while (first < count && digit(decimals, first) == 0) {
            first++;
        }
        int end = count;
        while (end > first && digit(decimals, end - 1) == 0) {
            end--;
        }
        out.writeShort(end - first)
                .writeShort(first == end ? 0 : weight(value))
                .writeShort(value.signum() < 0 ? NEGATIVE : POSITIVE)
                .writeShort(value.scale());
        for (int k = first; k < end; k++) {
            out.writeShort(digit(decimals, k));
        }
    }

    /** Returns the weight of the first digit of a number that is not 0; of 0 it has no meaning. */
    static int weight(BigDecimal value) {
        return Math.floorDiv(value.precision() - value.scale() - 1, DECIMALS_PER_DIGIT);
    }

    /** Returns the decimals of a number without sign and point, filled with zeros at both ends so that four of them are a digit. */
    private static String aligned(BigDecimal value) {
        int rest = Math.floorMod(value.scale(), DECIMALS_PER_DIGIT);
        int behind = rest == 0 ? 0 : DECIMALS_PER_DIGIT - rest;
        String decimals = value.unscaledValue().abs() + "0".repeat(behind);
        return "0".repeat(Math.floorMod(-decimals.length(), DECIMALS_PER_DIGIT)) + decimals;
    }

    private static int digit(String decimals, int k) {
        int start = DECIMALS_PER_DIGIT * k;
        return Integer.parseInt(decimals, start, start + DECIMALS_PER_DIGIT, 10);
    }

    private static ProtocolViolation invalid() {
        return ProtocolViolation.fatal("invalid value in a column of type NUMERIC");
    }
}
