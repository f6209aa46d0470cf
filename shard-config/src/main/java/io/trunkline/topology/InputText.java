// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

/** Characters as PostgreSQL's input functions class them, whatever the locale: only ASCII counts. */
final class InputText {
    private InputText() {}

    /** Says whether C's {@code isspace} is true in every locale a UTF8 database can have. */
    static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    static int trimmedStart(CharSequence text) {
        int start = 0;
        while (start < text.length() && isSpace(text.charAt(start))) {
            start++;
        }
        return start;
    }

    static int trimmedEnd(CharSequence text) {
        int end = text.length();
        while (end > 0 && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return end;
    }

    /** Returns the digit's value, or -1. {@link Character#digit} is of no use: it also takes Arabic and full-width digits. */
    static int digit(char c, int radix) {
        int value;
        if (c >= '0' && c <= '9') {
            value = c - '0';
        } else if (c >= 'a' && c <= 'f') {
            value = c - 'a' + 10;
        } else if (c >= 'A' && c <= 'F') {
            value = c - 'A' + 10;
        } else {
            return -1;
        }
        return value < radix ? value : -1;
    }

    /** Returns the radix that a prefix {@code 0x}, {@code 0o} or {@code 0b} at the index announces, 10 without one. */
    static int radix(CharSequence text, int index, int end) {
        if (end - index < 2 || text.charAt(index) != '0') {
            return 10;
        }
        return switch (text.charAt(index + 1)) {
            case 'x', 'X' -> 16;
            case 'o', 'O' -> 8;
            case 'b', 'B' -> 2;
            default -> 10;
        };
    }
}
