// SPDX-License-Identifier: Apache-2.0
package io.trunkline.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;

/** Messages written one behind the other into an array that is used again; knows both sides' formats, independently of the router. */
final class FrameBuffer {
    private static final int PROTOCOL = 3 << 16;

    private static final int KEPT_BYTES = 64 * 1024;

    private byte[] bytes = new byte[KEPT_BYTES];
    private int size;
    private int frameStart;

    byte[] bytes() {
        return bytes;
    }

    int size() {
        return size;
    }

    /** Forgets everything, the room that long messages took too. */
    FrameBuffer clear() {
        size = 0;
        if (bytes.length > KEPT_BYTES) {
            bytes = new byte[KEPT_BYTES];
        }
        return this;
    }

    /** Gives the message at an index a length that is not its own. */
    void overwriteLength(int index, int length) {
        ByteBuffer.wrap(bytes).putInt(index + 1, length);
    }

    /** Cuts everything behind the given size off. */
    void truncate(int newSize) {
        size = Math.min(size, newSize);
    }

    FrameBuffer startup(String user, String database) {
        frameStart = size;
        return int32(0).int32(PROTOCOL)
                .text("user")
                .text(user)
                .text("database")
                .text(database)
                .int8(0)
                .closeAt(frameStart);
    }

    /** Begins a message; {@link #end} writes its length. */
    FrameBuffer begin(char tag) {
        frameStart = size;
        return int8(tag).int32(0);
    }

    FrameBuffer end() {
        return closeAt(frameStart + 1);
    }

    private FrameBuffer closeAt(int lengthIndex) {
        ByteBuffer.wrap(bytes).putInt(lengthIndex, size - lengthIndex);
        return this;
    }

    FrameBuffer query(String sql) {
        return begin('Q').text(sql).end();
    }

    FrameBuffer parse(String name, String sql) {
        return begin('P').text(name).text(sql).int16(0).end();
    }

    /** Bind of text parameters. */
    FrameBuffer bind(String portal, String statement, String... parameters) {
        begin('B').text(portal).text(statement).int16(0).int16(parameters.length);
        for (String parameter : parameters) {
            int32(parameter.getBytes(UTF_8).length).raw(parameter.getBytes(UTF_8));
        }
        return int16(0).end();
    }

    FrameBuffer execute(String portal, int rows) {
        return begin('E').text(portal).int32(rows).end();
    }

    /** Describe ({@code D}) or Close ({@code C}) of a statement ({@code S}) or portal ({@code P}). */
    FrameBuffer named(char tag, char what, String name) {
        return begin(tag).int8(what).text(name).end();
    }

    FrameBuffer empty(char tag) {
        return begin(tag).end();
    }

    FrameBuffer readyForQuery(char status) {
        return begin('Z').int8(status).end();
    }

    /** RowDescription of one text column, and one row. */
    FrameBuffer row(String value) {
        begin('T')
                .int16(1)
                .text("v")
                .int32(0)
                .int16(0)
                .int32(25)
                .int16(-1)
                .int32(-1)
                .int16(0)
                .end();
        byte[] content = value.getBytes(UTF_8);
        return begin('D').int16(1).int32(content.length).raw(content).end();
    }

    FrameBuffer int8(int value) {
        room(1);
        bytes[size++] = (byte) value;
        return this;
    }

    FrameBuffer int16(int value) {
        return int8(value >> 8).int8(value);
    }

    FrameBuffer int32(int value) {
        return int16(value >> 16).int16(value);
    }

    FrameBuffer text(String value) {
        return raw(value.getBytes(UTF_8)).int8(0);
    }

    FrameBuffer raw(byte[] value) {
        room(value.length);
        System.arraycopy(value, 0, bytes, size, value.length);
        size += value.length;
        return this;
    }

    private void room(int more) {
        if (size + more > bytes.length) {
            bytes = java.util.Arrays.copyOf(bytes, Math.max(size + more, bytes.length * 2));
        }
    }
}
