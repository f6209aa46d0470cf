// SPDX-License-Identifier: Apache-2.0
package io.trunkline.copy;

import io.trunkline.error.RouterErrors;
import java.nio.charset.StandardCharsets;

/**
 * Rows in binary format.
 *
 * <p>Bytes: {@code signature · int32 flags · int32 length · extension}, then for each row {@code int16 count · count × (int32 length | -1, bytes)}, at the end
 * {@code int16 -1}.
 *
 * @see <a href="https://www.postgresql.org/docs/18/sql-copy.html">COPY, File Formats: Binary Format</a>
 */
final class BinaryRows implements RowReader {
    private static final byte[] SIGNATURE = "PGCOPY\n\377\r\n\0".getBytes(StandardCharsets.ISO_8859_1);
    private static final int MARK_COUNT = -1;

    private final int columnCount;
    private final int keyIndex;
    private boolean headerRead;
    /** The columns of the row that have been looked at, and how far. */
    private int column;

    private int looked;
    private int markEnd;
    /** Where the key is, from the beginning of its row; and its length, -1 for NULL. */
    private int keyOffset;

    private int keyLength;

    BinaryRows(int columnCount, int keyIndex) {
        this.columnCount = columnCount;
        this.keyIndex = keyIndex;
    }

    @Override
    public int end(byte[] bytes, int start, int limit, boolean last) {
        int end = headerRead ? row(bytes, start, limit) : header(bytes, start, limit);
        if (end == MORE && last && (limit > start || !headerRead)) {
            throw new CopyFailure(RouterErrors.badCopyData(
                    headerRead ? "unexpected EOF in COPY data" : "COPY file signature not recognized", null));
        }
        return end;
    }

    private int header(byte[] bytes, int start, int limit) {
        int fixed = SIGNATURE.length + 2 * Integer.BYTES;
        int there = Math.min(limit - start, SIGNATURE.length);
        for (int i = 0; i < there; i++) {
            if (bytes[start + i] != SIGNATURE[i]) {
                throw new CopyFailure(RouterErrors.badCopyData("COPY file signature not recognized", null));
            }
        }
        if (limit - start < fixed) {
            return MORE;
        }
        int extension = int32(bytes, start + SIGNATURE.length + Integer.BYTES);
        if (extension < 0) {
            throw new CopyFailure(RouterErrors.badCopyData("invalid COPY file header (missing length)", null));
        }
        if (limit - start - fixed < extension) {
            return MORE;
        }
        headerRead = true;
        return start + fixed + extension;
    }

    private int row(byte[] bytes, int start, int limit) {
        int i = start + looked;
        if (looked == 0) {
            if (limit - start < Short.BYTES) {
                return MORE;
            }
            int count = (short) (bytes[start] << 8 | bytes[start + 1] & 0xff);
            i = start + Short.BYTES;
            if (count == MARK_COUNT) {
                markEnd = i;
                return MARK;
            }
            if (count != columnCount) {
                throw new CopyFailure(
                        RouterErrors.badCopyData("row field count is " + count + ", expected " + columnCount, null));
            }
            column = 0;
        }
        while (column < columnCount) {
            int room = limit - i - Integer.BYTES;
            int length = room < 0 ? 0 : int32(bytes, i);
            if (length < -1) {
                throw new CopyFailure(RouterErrors.badCopyData("invalid field size", null));
            }
            if (room < Math.max(length, 0)) {
                looked = i - start;
                return MORE;
            }
            i += Integer.BYTES;
            if (column == keyIndex) {
                keyOffset = i - start;
                keyLength = length;
            }
            i += Math.max(length, 0);
            column++;
        }
        looked = 0;
        return i;
    }

    private static int int32(byte[] bytes, int i) {
        return bytes[i] << 24 | (bytes[i + 1] & 0xff) << 16 | (bytes[i + 2] & 0xff) << 8 | bytes[i + 3] & 0xff;
    }

    @Override
    public int behindMark() {
        return markEnd;
    }

    @Override
    public void refuseBehindMark() {
        throw new CopyFailure(RouterErrors.badCopyData("received copy data after EOF marker", null));
    }

    @Override
    public int lines(boolean knewLineEnds) {
        return 1;
    }

    @Override
    public boolean knowsLineEnds() {
        return true;
    }

    @Override
    public void key(byte[] bytes, int start, KeyField key) {
        if (keyLength < 0) {
            key.set(KeyField.Kind.NULL);
        } else {
            key.set(bytes, start + keyOffset, start + keyOffset + keyLength);
        }
    }
}
