// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * PostgreSQL's division of numeric: the quotient has as many decimals as {@code select_div_scale} in numeric.c gives it, at least 16 significant
 * digits, and is rounded half away from zero.
 */
final class NumericDivision {
    private static final int SIGNIFICANT_DIGITS_MIN = 16;
    private static final int DISPLAY_SCALE_MAX = 1000;

    private NumericDivision() {}

    /** Returns a sum divided by a count, which is larger than 0. */
    static BigDecimal divide(BigDecimal sum, long count) {
        return divide(sum, BigDecimal.valueOf(count));
    }

    /** Returns a number divided by one that is whole and larger than 0. */
    static BigDecimal divide(BigDecimal dividend, BigDecimal divisor) {
        return dividend.divide(divisor, scale(dividend, divisor), RoundingMode.HALF_UP);
    }

    private static int scale(BigDecimal dividend, BigDecimal divisor) {
        int quotientWeight = weight(dividend) - weight(divisor);
        if (firstDigit(dividend) <= firstDigit(divisor)) {
            quotientWeight--;
        }
        int wanted = SIGNIFICANT_DIGITS_MIN - quotientWeight * NumericFormat.DECIMALS_PER_DIGIT;
        return Math.min(Math.max(Math.max(wanted, dividend.scale()), 0), DISPLAY_SCALE_MAX);
    }

    /** Of 0 it is 0, as PostgreSQL starts from. */
    private static int weight(BigDecimal value) {
        return value.signum() == 0 ? 0 : NumericFormat.weight(value);
    }

    /** Returns the first digit of base 10,000, 0 of 0. */
    private static int firstDigit(BigDecimal value) {
        if (value.signum() == 0) {
            return 0;
        }
        // What is left of the value when everything below its first digit is cut off.
        BigInteger first = value.abs()
                .movePointLeft(NumericFormat.DECIMALS_PER_DIGIT * NumericFormat.weight(value))
                .toBigInteger();
        return first.intValueExact();
    }
}
