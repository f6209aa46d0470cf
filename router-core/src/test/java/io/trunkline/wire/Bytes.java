// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.function.Consumer;

/** Messages as bytes, for tests. */
final class Bytes {
    private Bytes() {}

    /** Returns what the writer appends, in a heap buffer nobody needs to release, not at its beginning. */
    static ByteBuf buffer(Consumer<ByteBuf> writer) {
        ByteBuf out = Unpooled.buffer().writeZero(7).skipBytes(7);
        writer.accept(out);
        return out;
    }

    /** Returns what the writer appends. */
    static byte[] of(Consumer<ByteBuf> writer) {
        return ByteBufUtil.getBytes(buffer(writer));
    }

    /** Returns a message with a body given as ISO 8859-1 text, {@code \0} for zero. */
    static ByteBuf message(char tag, String body) {
        return buffer(out -> {
            out.writeByte(tag).writeInt(4 + body.length());
            body.chars().forEach(out::writeByte);
        });
    }

    /** Returns bytes as ISO 8859-1 text. */
    static String text(ByteBuf buffer, int start, int end) {
        StringBuilder text = new StringBuilder();
        for (int i = start; i < end; i++) {
            text.append((char) (buffer.getByte(i) & 0xff));
        }
        return text.toString();
    }

    /** Returns all readable bytes as ISO 8859-1 text. */
    static String text(ByteBuf buffer) {
        return text(buffer, buffer.readerIndex(), buffer.writerIndex());
    }
}
