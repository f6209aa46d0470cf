// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import io.trunkline.topology.KeyValue.UuidKey;

/**
 * The input function of {@code uuid}: 32 hexadecimal digits of either case, a hyphen allowed after any group of four, braces
 * allowed around, no white space.
 *
 * @see <a href="https://www.postgresql.org/docs/17/datatype-uuid.html">UUID type</a>
 */
final class UuidInput {
    private static final int DIGITS = 32;

    private UuidInput() {}

    static KeyValue read(CharSequence text) {
        int index = 0;
        int end = text.length();
        if (end > 0 && text.charAt(0) == '{') {
            if (text.charAt(end - 1) != '}') {
                throw refuse(text);
            }
            index++;
            end--;
        }
        long high = 0;
        long low = 0;
        for (int digits = 0; digits < DIGITS; digits++) {
            if (digits > 0 && digits % 4 == 0 && index < end && text.charAt(index) == '-') {
                index++;
            }
            int digit = index < end ? InputText.digit(text.charAt(index++), 16) : -1;
            if (digit < 0) {
                throw refuse(text);
            }
            if (digits < DIGITS / 2) {
                high = high << 4 | digit;
            } else {
                low = low << 4 | digit;
            }
        }
        if (index != end) {
            throw refuse(text);
        }
        return new UuidKey(high, low);
    }

    private static KeyFormatException refuse(CharSequence text) {
        return new KeyFormatException(
                KeyType.UUID, text, "32 hexadecimal digits, hyphens and braces as PostgreSQL allows");
    }
}
