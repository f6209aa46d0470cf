// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * A reusable window on one message in a buffer, of which a beginning may be all that is there.
 *
 * <p>It borrows the buffer: valid until the buffer is released or the window moves. Whatever the message claims, nothing is read beyond its
 * frame, and what PostgreSQL would refuse is refused with PostgreSQL's words.
 */
abstract class MessageView {
    private static final int ROOM_BYTES = 256;

    /** What follows when the message is malformed: clients are told and stay, servers are closed. */
    private final ProtocolViolation.Consequence consequence;

    private @Nullable ByteBuf buffer;
    private int index;
    /** Where the bytes that are there end. */
    private int end;
    /** Where the message ends, maybe beyond {@link #end}. */
    private int frameEnd;

    MessageView(ProtocolViolation.Consequence consequence) {
        this.consequence = consequence;
    }

    /** Moves the window to the message whose tag stands at {@code index}. */
    final void move(ByteBuf to, int tagIndex, int available) {
        buffer = to;
        index = tagIndex;
        frameEnd = tagIndex + 1 + to.getInt(tagIndex + 1);
        end = Math.min(tagIndex + available, frameEnd);
    }

    /** Returns the buffer, borrowed. */
    public final ByteBuf buffer() {
        ByteBuf current = buffer;
        if (current == null) {
            throw new IllegalStateException("no message");
        }
        return current;
    }

    /** Returns the index of the tag. */
    public final int index() {
        return index;
    }

    /** Returns the length on the wire, which counts itself but not the tag. */
    public final int length() {
        return frameEnd - index - 1;
    }

    /** Returns true when all of the message is there, false when it is beyond the inspection limit. */
    public final boolean isWhole() {
        return end == frameEnd;
    }

    /** Returns where the body begins. */
    final int bodyStart() {
        return index + Frame.HEADER_BYTES;
    }

    /** Returns where the bytes that are there end. */
    final int end() {
        return end;
    }

    /** Returns the terminator of the string at {@code start}. */
    final int stringEnd(int start) {
        int terminator = CString.end(buffer(), start, end);
        if (terminator < 0) {
            throw isWhole() ? malformed("invalid string in message") : beyondInspection();
        }
        return terminator;
    }

    /** Returns {@code position}, after making sure that so many bytes stand there. */
    final int require(int position, int bytes) {
        if (bytes < 0 || bytes > frameEnd - position) {
            throw malformed("insufficient data left in message");
        }
        if (bytes > end - position) {
            throw beyondInspection();
        }
        return position;
    }

    /** Returns how many bytes the frame has from {@code position} on, there or not. */
    final int frameBytesFrom(int position) {
        return frameEnd - position;
    }

    /** Makes sure that the message ends at {@code position}. */
    final void requireEnd(int position) {
        if (position != frameEnd) {
            throw malformed("invalid message format");
        }
    }

    final byte byteAt(int position) {
        if (position >= frameEnd) {
            throw malformed("no data left in message");
        }
        return buffer().getByte(require(position, 1));
    }

    final int unsignedShort(int position) {
        return buffer().getUnsignedShort(require(position, 2));
    }

    final int int32(int position) {
        return buffer().getInt(require(position, 4));
    }

    /** Returns what to throw, in PostgreSQL's words. */
    final ProtocolViolation malformed(String message) {
        return ProtocolViolation.of(consequence, SqlState.PROTOCOL_VIOLATION, message);
    }

    private ProtocolViolation beyondInspection() {
        return ProtocolViolation.of(
                consequence,
                SqlState.PROGRAM_LIMIT_EXCEEDED,
                "message of " + length() + " bytes has what is needed to route it beyond its first " + (end - index)
                        + " bytes");
    }

    /**
     * Returns the beginning of a message with another name in it: tag, length as it then is, everything up to the name, the name and its
     * terminator. What follows the old name follows unchanged.
     */
    static ByteBuf headWithName(
            ByteBufAllocator allocator,
            ByteBuf buffer,
            int index,
            int length,
            int nameStart,
            int nameEnd,
            byte[] newName) {
        int before = nameStart - index - Frame.HEADER_BYTES;
        // With room for the rest of a short message, and for short ones behind it.
        ByteBuf head = allocator.buffer(Frame.HEADER_BYTES + before + newName.length + 1 + ROOM_BYTES);
        head.writeByte(buffer.getByte(index));
        head.writeInt(length - (nameEnd - nameStart) + newName.length);
        head.writeBytes(buffer, index + Frame.HEADER_BYTES, before);
        CString.write(head, newName);
        return head;
    }

    /** Returns the terminator of a name of a message of which only tag index and length are at hand. */
    static int nameEnd(ByteBuf buffer, int index, int length, int nameStart) {
        // Compared without adding to index: length may be near the largest int.
        int limit = length < buffer.writerIndex() - index ? index + 1 + length : buffer.writerIndex();
        int terminator = CString.end(buffer, nameStart, limit);
        if (terminator < 0) {
            throw ProtocolViolation.error("invalid string in message");
        }
        return terminator;
    }
}
