// SPDX-License-Identifier: Apache-2.0
package io.trunkline.copy;

import io.trunkline.error.RouterErrors;
import org.jspecify.annotations.Nullable;

/**
 * Rows in text format: lines of columns between delimiters, where a backslash takes what follows it out of its role.
 *
 * @see <a href="https://www.postgresql.org/docs/18/sql-copy.html">COPY, File Formats: Text Format</a>
 */
final class TextRows implements RowReader {
    private final byte delimiter;
    private final byte[] nullText;
    private final byte @Nullable [] defaultText;
    private final int keyIndex;
    private final LineEnds lineEnds = new LineEnds(false);
    /** How far the row has been looked at, from its first byte. */
    private int looked;
    /** Behind the last byte of the last row, its line end excluded. */
    private int contentEnd;

    private int markEnd;

    TextRows(byte delimiter, byte[] nullText, byte @Nullable [] defaultText, int keyIndex) {
        this.delimiter = delimiter;
        this.nullText = nullText;
        this.defaultText = defaultText;
        this.keyIndex = keyIndex;
    }

    @Override
    public int end(byte[] bytes, int start, int limit, boolean last) {
        int i = start + looked;
        while (true) {
            while (i < limit && !isSpecial(bytes[i])) {
                i++;
            }
            if (i == limit) {
                return atLimit(start, i, last);
            }
            if (bytes[i] == '\\') {
                if (i + 1 == limit) {
                    if (!last) {
                        return more(start, i);
                    }
                    // A server takes a backslash at the very end for data.
                    return atLimit(start, limit, true);
                }
                if (bytes[i + 1] == '.') {
                    return mark(bytes, start, i, limit, last);
                }
                i += 2;
                continue;
            }
            int behind = lineEnds.behind(bytes, i, limit, last);
            if (behind == MORE) {
                return more(start, i);
            }
            looked = 0;
            contentEnd = i;
            return behind;
        }
    }

    private static boolean isSpecial(byte b) {
        return b <= '\\' && (b == '\n' || b == '\\' || b == '\r');
    }

    private int more(int start, int i) {
        looked = i - start;
        return MORE;
    }

    /** The data end without a line end, or go on later. */
    private int atLimit(int start, int limit, boolean last) {
        if (!last || limit == start) {
            return more(start, limit);
        }
        looked = 0;
        contentEnd = limit;
        return limit;
    }

    private int mark(byte[] bytes, int start, int backslash, int limit, boolean last) {
        int length = lineEnds.lengthAt(bytes, backslash + 2, limit, last);
        if (length == MORE) {
            return more(start, backslash);
        }
        if (length == 0 || backslash != start) {
            // Before PostgreSQL 18 the columns before it are a row; another server would not know that the data end.
            throw new CopyFailure(RouterErrors.badCopyData("end-of-copy marker is not alone on its line", null));
        }
        markEnd = backslash + 2 + length;
        return MARK;
    }

    @Override
    public int behindMark() {
        return markEnd;
    }

    @Override
    public void refuseBehindMark() {
        // A server passes over it.
    }

    @Override
    public int lines(boolean knewLineEnds) {
        return 1;
    }

    @Override
    public boolean knowsLineEnds() {
        return lineEnds.isKnown();
    }

    @Override
    public void key(byte[] bytes, int start, KeyField key) {
        int i = start;
        for (int field = 0; field < keyIndex; field++) {
            i = fieldEnd(bytes, i);
            if (i >= contentEnd) {
                key.setMissing(field + 1);
                return;
            }
            i++;
        }
        int end = fieldEnd(bytes, i);
        if (KeyField.matches(bytes, i, end, nullText)) {
            key.set(KeyField.Kind.NULL);
        } else if (defaultText != null && KeyField.matches(bytes, i, end, defaultText)) {
            key.set(KeyField.Kind.DEFAULT);
        } else {
            value(bytes, i, end, key);
        }
    }

    private int fieldEnd(byte[] bytes, int from) {
        int i = from;
        while (i < contentEnd && bytes[i] != delimiter) {
            i += bytes[i] == '\\' ? 2 : 1;
        }
        return Math.min(i, contentEnd);
    }

    private static void value(byte[] bytes, int from, int to, KeyField key) {
        int i = from;
        while (i < to && bytes[i] != '\\') {
            i++;
        }
        if (i == to) {
            key.set(bytes, from, to);
            return;
        }
        key.beginOwn();
        key.add(bytes, from, i);
        while (i < to) {
            byte b = bytes[i++];
            if (b == '\\' && i < to) {
                i = unescape(bytes, i, to, key);
            } else if (b != '\\') {
                key.add(b);
            }
        }
        key.setOwn();
    }

    /** Adds what the escape stands for whose backslash is before {@code i}; returns the index behind it. */
    private static int unescape(byte[] bytes, int i, int to, KeyField key) {
        byte b = bytes[i];
        switch (b) {
            case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                return digits(bytes, i, to, 8, 3, key);
            }
            case 'x' -> {
                if (i + 1 < to && Character.digit(bytes[i + 1], 16) >= 0) {
                    return digits(bytes, i + 1, to, 16, 2, key);
                }
                key.add(b);
            }
            case 'b' -> key.add((byte) '\b');
            case 'f' -> key.add((byte) '\f');
            case 'n' -> key.add((byte) '\n');
            case 'r' -> key.add((byte) '\r');
            case 't' -> key.add((byte) '\t');
            case 'v' -> key.add((byte) 0x0b);
            default -> key.add(b);
        }
        return i + 1;
    }

    private static int digits(byte[] bytes, int from, int to, int base, int digitsMax, KeyField key) {
        int i = from;
        int value = 0;
        while (i < to && i < from + digitsMax && Character.digit(bytes[i], base) >= 0) {
            value = base * value + Character.digit(bytes[i], base);
            i++;
        }
        key.add((byte) value);
        return i;
    }
}
