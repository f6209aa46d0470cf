// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/**
 * The escapes of {@code U&"..."} and {@code U&'...'}: {@code \XXXX}, {@code \+XXXXXX} and the doubled escape character.
 *
 * @see <a href="https://www.postgresql.org/docs/17/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS">Identifiers and Key Words</a>
 */
final class UnicodeEscapes {
    private UnicodeEscapes() {}

    /** Returns the text with its escapes decoded; malformed ones, which PostgreSQL refuses, are left as they are. */
    static String decode(String text, char escape) {
        StringBuilder decoded = new StringBuilder(text.length());
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i);
            if (c != escape) {
                decoded.append(c);
                i++;
            } else if (i + 1 < text.length() && text.charAt(i + 1) == escape) {
                decoded.append(c);
                i += 2;
            } else {
                int from = i + 1 < text.length() && text.charAt(i + 1) == '+' ? i + 2 : i + 1;
                int digits = from == i + 2 ? 6 : 4;
                int codePoint = hexadecimal(text, from, digits);
                if (Character.isValidCodePoint(codePoint)) {
                    decoded.appendCodePoint(codePoint);
                    i = from + digits;
                } else {
                    decoded.append(c);
                    i++;
                }
            }
        }
        return decoded.toString();
    }

    private static int hexadecimal(String text, int from, int digits) {
        if (from + digits > text.length()) {
            return -1;
        }
        int value = 0;
        for (int i = from; i < from + digits; i++) {
            int digit = Character.digit(text.charAt(i), 16);
            if (digit < 0) {
                return -1;
            }
            value = value * 16 + digit;
        }
        return value;
    }
}
