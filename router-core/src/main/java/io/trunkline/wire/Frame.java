// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;

/** The frame around a message: {@code byte tag · int32 length · body}. */
final class Frame {
    /** Bytes of tag and length. */
    static final int HEADER_BYTES = 5;
    /** The smallest length: it counts itself. */
    static final int LENGTH_MIN = 4;

    private Frame() {}

    /** Appends the tag and room for the length; returns what {@link #end} needs. */
    static int begin(ByteBuf out, byte tag) {
        out.writeByte(tag);
        return beginUntagged(out);
    }

    /** Appends room for the length of a startup packet. */
    static int beginUntagged(ByteBuf out) {
        int start = out.writerIndex();
        out.writeInt(0);
        return start;
    }

    /** Fills in the length. */
    static void end(ByteBuf out, int start) {
        out.setInt(start, out.writerIndex() - start);
    }

    /** Appends a message without body. */
    static void empty(ByteBuf out, byte tag) {
        out.writeByte(tag).writeInt(LENGTH_MIN);
    }
}
