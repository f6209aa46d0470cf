// SPDX-License-Identifier: Apache-2.0
package io.trunkline.copy;

import java.util.Arrays;

/** The sharding key of one row as it was found in the data, without quotes and escapes. Reused for every row. */
final class KeyField {

    /** What was found. */
    enum Kind {
        /** A value: {@link #bytes} from {@link #start} on. */
        VALUE,
        /** NULL. */
        NULL,
        /** What stands for the column's default. */
        DEFAULT,
        /** The row ends before it: it has {@link #fieldCount} columns. */
        MISSING
    }

    private Kind kind = Kind.NULL;
    private byte[] bytes = {};
    private int start;
    private int length;
    private int fieldCount;
    /** Room for a value that does not stand in the data as it is. */
    private byte[] own = new byte[64];

    private int ownLength;

    void set(byte[] buffer, int from, int to) {
        kind = Kind.VALUE;
        bytes = buffer;
        start = from;
        length = to - from;
    }

    void set(Kind found) {
        kind = found;
    }

    void setMissing(int fields) {
        kind = Kind.MISSING;
        fieldCount = fields;
    }

    /** Begins a value that is put together here. */
    void beginOwn() {
        ownLength = 0;
    }

    /** Adds a byte to the value. */
    void add(byte b) {
        if (ownLength == own.length) {
            own = Arrays.copyOf(own, 2 * ownLength);
        }
        own[ownLength++] = b;
    }

    /** Adds bytes to the value. */
    void add(byte[] buffer, int from, int to) {
        for (int i = from; i < to; i++) {
            add(buffer[i]);
        }
    }

    /** The value is complete. */
    void setOwn() {
        set(own, 0, ownLength);
    }

    /** Returns true when the value has exactly these bytes. */
    boolean isValue(byte[] text) {
        return kind == Kind.VALUE && matches(bytes, start, start + length, text);
    }

    static boolean matches(byte[] buffer, int from, int to, byte[] text) {
        return Arrays.equals(buffer, from, to, text, 0, text.length);
    }

    Kind kind() {
        return kind;
    }

    byte[] bytes() {
        return bytes;
    }

    int start() {
        return start;
    }

    int length() {
        return length;
    }

    int fieldCount() {
        return fieldCount;
    }
}
