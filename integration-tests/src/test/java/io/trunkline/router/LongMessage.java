// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Client messages too long to be kept, written to a connection as they are made; {@link ClientMessage} has the others. */
final class LongMessage {
    private static final int BUFFER_BYTES = 64 * 1024;

    private LongMessage() {}

    /** Writes a Query with a text between two others. */
    static void writeQuery(OutputStream out, String before, NumberedText text, String after) throws IOException {
        DataOutputStream frame = new DataOutputStream(out);
        frame.writeByte('Q');
        frame.writeInt(length(before.length() + text.bytes() + after.length() + 1));
        frame.writeBytes(before);
        text.writeTo(out, text.bytes());
        frame.writeBytes(after);
        frame.writeByte(0);
    }

    /** Writes a Bind of the unnamed portal up to the value of its only parameter, a text. */
    static void beginBind(OutputStream out, String statement, NumberedText text) throws IOException {
        ByteArrayOutputStream beginning = new ByteArrayOutputStream();
        DataOutputStream frame = new DataOutputStream(beginning);
        int resultFormatBytes = Short.BYTES;
        frame.writeByte('B');
        frame.writeInt(length(
                1 + statement.length() + 1 + 2 * Short.BYTES + Integer.BYTES + text.bytes() + resultFormatBytes));
        frame.writeByte(0);
        frame.writeBytes(statement);
        frame.writeByte(0);
        frame.writeShort(0);
        frame.writeShort(1);
        frame.writeInt(Math.toIntExact(text.bytes()));
        beginning.writeTo(out);
    }

    /** Writes what stands behind the value. */
    static void endBind(OutputStream out) throws IOException {
        out.write(new byte[Short.BYTES]);
    }

    /** Writes one CopyData for each block and the line break behind it. */
    static void writeCopyData(OutputStream out, NumberedText lines, long lineCount) throws IOException {
        int lineBytes = NumberedText.BLOCK_BYTES + 1;
        OutputStream buffered = new BufferedOutputStream(out, BUFFER_BYTES);
        DataOutputStream frame = new DataOutputStream(buffered);
        for (long i = 0; i < lineCount; i++) {
            frame.writeByte('d');
            frame.writeInt(length(lineBytes));
            lines.writeTo(buffered, lineBytes);
        }
        buffered.flush();
    }

    /** Returns the value of a length field, which counts itself. */
    private static int length(long bytes) {
        return Math.toIntExact(bytes + Integer.BYTES);
    }
}
