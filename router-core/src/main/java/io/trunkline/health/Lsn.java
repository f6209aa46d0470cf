// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

/** Positions in the write-ahead log, as unsigned 64-bit numbers; {@code 16/B374D848} as PostgreSQL writes them. */
final class Lsn {
    private Lsn() {}

    /** Reads a position: two hexadecimal numbers of up to 8 digits around a slash. Throws {@link NumberFormatException} otherwise. */
    static long parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new NumberFormatException("not a WAL position: " + text);
        }
        long high = Integer.toUnsignedLong(Integer.parseUnsignedInt(text, 0, slash, 16));
        long low = Integer.toUnsignedLong(Integer.parseUnsignedInt(text, slash + 1, text.length(), 16));
        return high << 32 | low;
    }

    /** Returns how many bytes one position is behind another, 0 when it is not behind. */
    static long behind(long position, long other) {
        return Long.compareUnsigned(position, other) >= 0 ? 0 : other - position;
    }
}
