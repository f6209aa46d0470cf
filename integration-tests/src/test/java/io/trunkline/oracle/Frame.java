// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;

/** A message as it passes: {@code byte type · int32 length · body}. */
record Frame(char type, byte[] body) {
    /** Returns the next frame, or one of type 0 at the end of the stream. */
    static Frame read(DataInputStream in) throws IOException {
        int type = in.read();
        if (type < 0) {
            return new Frame('\0', new byte[0]);
        }
        byte[] body = new byte[in.readInt() - Integer.BYTES];
        in.readFully(body);
        return new Frame((char) type, body);
    }

    static Frame of(char type, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return new Frame(type, ByteBuffer.allocate(bytes.length + 1).put(bytes).array());
    }

    boolean isEnd() {
        return type == '\0';
    }

    byte[] bytes() {
        return ByteBuffer.allocate(1 + Integer.BYTES + body.length)
                .put((byte) type)
                .putInt(Integer.BYTES + body.length)
                .put(body)
                .array();
    }

    /** Returns the body as a string with a zero at its end. */
    String text() {
        return new String(body, 0, Math.max(0, body.length - 1), UTF_8);
    }

    /** Says whether a request is one simple query that begins with a word. */
    static boolean isQuery(List<Frame> request, String word) {
        Frame only = request.get(0);
        return only.type == 'Q' && only.text().toLowerCase(Locale.ROOT).startsWith(word);
    }
}
