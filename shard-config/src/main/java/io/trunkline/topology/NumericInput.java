// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;

/**
 * The input function of {@code numeric} as of PostgreSQL 16: decimals with exponent, {@code 0x}, {@code 0o}, {@code 0b}, single
 * underscores between digits, {@code NaN} and the infinities.
 *
 * @see <a href="https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/utils/adt/numeric.c">numeric.c: numeric_in</a>
 */
final class NumericInput {
    /** Longest text read, in characters: beyond any key and far below what would make the arithmetic slow. */
    static final int CHARACTERS_MAX = 1000;

    /** Digits before the decimal point that are read, so that every key written out can be read again. */
    static final int INTEGER_DIGITS_MAX = 500;

    /** Digits behind the decimal point that are read. */
    static final int FRACTION_DIGITS_MAX = 490;

    /** Digits of an exponent that can be in range. */
    private static final int EXPONENT_DIGITS_MAX = 6;

    private static final String SYNTAX =
            "a decimal number of at most %d digits before and %d behind the point, or NaN, or Infinity"
                    .formatted(INTEGER_DIGITS_MAX, FRACTION_DIGITS_MAX);

    private NumericInput() {}

    static KeyValue read(CharSequence text) {
        int start = InputText.trimmedStart(text);
        int end = InputText.trimmedEnd(text);
        if (start >= end || end - start > CHARACTERS_MAX) {
            throw refuse(text);
        }
        char first = text.charAt(start);
        int number = first == '-' || first == '+' ? start + 1 : start;
        if (number < end && Character.isLetter(text.charAt(number))) {
            return special(text, text.subSequence(start, end).toString());
        }
        int radix = InputText.radix(text, number, end);
        BigDecimal magnitude =
                radix == 10 ? decimal(text, number, end) : new BigDecimal(integer(text, number + 2, end, radix));
        if (!isReadable(magnitude)) {
            throw refuse(text);
        }
        return NumericKey.of(first == '-' ? magnitude.negate() : magnitude);
    }

    /** Says whether the number has no more digits than are read here; zeros at its end do not count. */
    static boolean isReadable(BigDecimal value) {
        BigDecimal stripped = value.stripTrailingZeros();
        return stripped.scale() <= FRACTION_DIGITS_MAX && stripped.precision() - stripped.scale() <= INTEGER_DIGITS_MAX;
    }

    private static KeyValue special(CharSequence text, String trimmed) {
        return switch (trimmed.toLowerCase(Locale.ROOT)) {
            case "nan" -> NumericKey.NOT_A_NUMBER;
            case "inf", "+inf", "infinity", "+infinity" -> NumericKey.INFINITY;
            case "-inf", "-infinity" -> NumericKey.NEGATIVE_INFINITY;
            default -> throw refuse(text);
        };
    }

    private static BigInteger integer(CharSequence text, int start, int end, int radix) {
        StringBuilder digits = new StringBuilder(end - start);
        int index = start < end && text.charAt(start) == '_' ? start + 1 : start;
        if (readDigits(text, index, end, radix, digits) != end || digits.isEmpty()) {
            throw refuse(text);
        }
        return new BigInteger(digits.toString(), radix);
    }

    private static BigDecimal decimal(CharSequence text, int start, int end) {
        StringBuilder digits = new StringBuilder(end - start);
        int index = readDigits(text, start, end, 10, digits);
        int integerDigits = digits.length();
        if (index < end && text.charAt(index) == '.') {
            index = readDigits(text, index + 1, end, 10, digits);
        }
        if (digits.isEmpty()) {
            throw refuse(text);
        }
        int scale = digits.length() - integerDigits;
        if (index < end && (text.charAt(index) == 'e' || text.charAt(index) == 'E')) {
            scale -= exponent(text, index + 1, end);
            index = end;
        }
        if (index != end) {
            throw refuse(text);
        }
        return new BigDecimal(new BigInteger(digits.toString()), scale);
    }

    private static int exponent(CharSequence text, int start, int end) {
        boolean signed = start < end && (text.charAt(start) == '-' || text.charAt(start) == '+');
        StringBuilder digits = new StringBuilder(EXPONENT_DIGITS_MAX);
        if (readDigits(text, signed ? start + 1 : start, end, 10, digits) != end
                || digits.isEmpty()
                || digits.length() > EXPONENT_DIGITS_MAX) {
            throw refuse(text);
        }
        int exponent = Integer.parseInt(digits, 0, digits.length(), 10);
        return text.charAt(start) == '-' ? -exponent : exponent;
    }

    /** Appends the digits from {@code index} on, without the underscores between them, and returns where they end. */
    private static int readDigits(CharSequence text, int index, int end, int radix, StringBuilder digits) {
        int start = index;
        while (index < end) {
            char c = text.charAt(index);
            boolean underscore =
                    c == '_' && index > start && index + 1 < end && InputText.digit(text.charAt(index + 1), radix) >= 0;
            if (!underscore) {
                if (InputText.digit(c, radix) < 0) {
                    return index;
                }
                digits.append(c);
            }
            index++;
        }
        return index;
    }

    private static KeyFormatException refuse(CharSequence text) {
        return new KeyFormatException(KeyType.NUMERIC, text, SYNTAX);
    }
}
