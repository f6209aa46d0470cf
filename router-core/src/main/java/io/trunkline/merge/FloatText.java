// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/**
 * float4 and float8 as PostgreSQL writes them where {@code extra_float_digits} is 1 or more: the fewest digits that read back as the same value,
 * and of those the nearest.
 *
 * <p>{@link Double#toString(double)} is not used for it: before Java 19 it may have a digit too many, and later it takes digits that stand exactly
 * between two values, which PostgreSQL does not, see {@code acceptBounds} in its d2s.c.
 */
final class FloatText {
    private static final int FLOAT4_DIGITS_MAX = 9;
    private static final int FLOAT8_DIGITS_MAX = 17;
    /** The smallest exponents of ten that are written as one; smaller than -4 they are too. */
    private static final int FLOAT4_EXPONENT = 6;

    private static final int FLOAT8_EXPONENT = 15;
    private static final int SMALLEST_PLAIN_EXPONENT = -4;
    private static final int EXPONENT_DIGITS_MIN = 2;
    /** Below it the integers are one apart or less, so none has fewer digits than its own. */
    private static final double EXACT_INTEGERS = 1L << 53;

    private static final BigDecimal HALF = new BigDecimal("0.5");
    private static final BigDecimal QUARTER = new BigDecimal("0.25");

    private FloatText() {}

    /** Returns a float8 in text format. */
    static String of(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value) || value == 0) {
            return special(value);
        }
        double magnitude = Math.abs(value);
        BigDecimal shortest;
        if (magnitude < EXACT_INTEGERS && magnitude == Math.rint(magnitude)) {
            shortest = BigDecimal.valueOf((long) magnitude);
        } else {
            boolean isPowerOfTwo = (Double.doubleToRawLongBits(magnitude) & 0xF_FFFF_FFFF_FFFFL) == 0;
            BigDecimal gap = new BigDecimal(Math.ulp(magnitude));
            BigDecimal gapBelow = isPowerOfTwo && magnitude > Double.MIN_NORMAL ? QUARTER : HALF;
            shortest =
                    shortest(new BigDecimal(magnitude), gap.multiply(gapBelow), gap.multiply(HALF), FLOAT8_DIGITS_MAX);
        }
        return text(value < 0, shortest, FLOAT8_EXPONENT);
    }

    /** Returns a float4 in text format. */
    static String of(float value) {
        if (Float.isNaN(value) || Float.isInfinite(value) || value == 0) {
            return special(value);
        }
        float magnitude = Math.abs(value);
        boolean isPowerOfTwo = (Float.floatToRawIntBits(magnitude) & 0x7F_FFFF) == 0;
        BigDecimal gap = new BigDecimal(Math.ulp(magnitude));
        BigDecimal gapBelow = isPowerOfTwo && magnitude > Float.MIN_NORMAL ? QUARTER : HALF;
        BigDecimal shortest =
                shortest(new BigDecimal(magnitude), gap.multiply(gapBelow), gap.multiply(HALF), FLOAT4_DIGITS_MAX);
        return text(value < 0, shortest, FLOAT4_EXPONENT);
    }

    private static String special(double value) {
        if (value == 0) {
            return 1 / value < 0 ? "-0" : "0";
        }
        return Double.isNaN(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity";
    }

    /** Returns the decimal of fewest digits strictly between the neighbours' halves. */
    private static BigDecimal shortest(BigDecimal exact, BigDecimal below, BigDecimal above, int digitsMax) {
        BigDecimal lower = exact.subtract(below);
        BigDecimal upper = exact.add(above);
        // With the most digits the nearest decimal always reads back as the value.
        BigDecimal best = exact.round(new MathContext(digitsMax, RoundingMode.HALF_EVEN));
        int tooFew = 0;
        int enough = digitsMax;
        // What some number of digits can say, more can say too.
        while (enough - tooFew > 1) {
            int digits = (tooFew + enough) / 2;
            BigDecimal found = nearestWithin(exact, lower, upper, digits);
            if (found == null) {
                tooFew = digits;
            } else {
                best = found;
                enough = digits;
            }
        }
        return best;
    }

    private static @Nullable BigDecimal nearestWithin(
            BigDecimal exact, BigDecimal lower, BigDecimal upper, int digits) {
        BigDecimal nearest = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
        if (isWithin(nearest, lower, upper)) {
            return nearest;
        }
        // Above a power of two there is twice the room there is below it, so the further one may fit.
        BigDecimal up = exact.round(new MathContext(digits, RoundingMode.CEILING));
        return isWithin(up, lower, upper) ? up : null;
    }

    private static boolean isWithin(BigDecimal value, BigDecimal lower, BigDecimal upper) {
        return value.compareTo(lower) > 0 && value.compareTo(upper) < 0;
    }

    private static String text(boolean isNegative, BigDecimal magnitude, int exponentMin) {
        BigDecimal stripped = magnitude.stripTrailingZeros();
        BigInteger mantissa = stripped.unscaledValue();
        int exponent = stripped.precision() - stripped.scale() - 1;
        String sign = isNegative ? "-" : "";
        if (exponent >= SMALLEST_PLAIN_EXPONENT && exponent < exponentMin) {
            return sign + stripped.toPlainString();
        }
        String digits = mantissa.toString();
        String power = Integer.toString(Math.abs(exponent));
        return sign + digits.charAt(0) + (digits.length() > 1 ? "." + digits.substring(1) : "") + "e"
                + (exponent < 0 ? "-" : "+") + "0".repeat(Math.max(0, EXPONENT_DIGITS_MIN - power.length())) + power;
    }
}
