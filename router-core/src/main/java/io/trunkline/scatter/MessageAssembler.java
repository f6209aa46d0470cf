// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.wire.BackendTag;
import org.jspecify.annotations.Nullable;

/**
 * Puts the messages of one backend together again from the runs it is relayed in, which end anywhere.
 *
 * <p>Rows that lie whole in a run are handed on together, as one stretch of it; only a message cut by the end of a run is copied. Owns the bytes of
 * that one.
 */
final class MessageAssembler {
    private static final int HEADER_BYTES = 5;

    /** What becomes of the messages; buffers are borrowed. */
    interface Listener {
        /** One or more whole DataRow or CopyData messages, one behind the other. */
        void onRows(ByteBuf buffer, int index, int length);

        /** One whole message of another kind; {@code length} counts all of its bytes. */
        void onMessage(byte tag, ByteBuf buffer, int index, int length);

        /** A message is too long to be kept; nothing more is handed on. */
        void onOversized(long messageBytes);
    }

    private final ByteBufAllocator allocator;
    private final int messageBytesMax;
    /** The message that a run cut, as far as it has come, or null. */
    private @Nullable ByteBuf cut;

    private boolean closed;

    MessageAssembler(ByteBufAllocator allocator, int messageBytesMax) {
        this.allocator = allocator;
        this.messageBytesMax = messageBytesMax;
    }

    /** Reads the bytes of a run; borrowed. */
    void read(ByteBuf buffer, int index, int length, Listener listener) {
        int end = index + length;
        int position = completeCut(buffer, index, end, listener);
        int rowsStart = position;
        while (!closed && end - position >= HEADER_BYTES) {
            long messageBytes = messageBytes(buffer, position);
            if (messageBytes > end - position) {
                break;
            }
            byte tag = buffer.getByte(position);
            if (!isRow(tag)) {
                passRows(buffer, rowsStart, position, listener);
                if (!closed) {
                    listener.onMessage(tag, buffer, position, (int) messageBytes);
                }
                rowsStart = position + (int) messageBytes;
            }
            position += (int) messageBytes;
        }
        passRows(buffer, rowsStart, position, listener);
        if (!closed && position < end) {
            beginCut(buffer, position, end, listener);
        }
    }

    private void passRows(ByteBuf buffer, int start, int end, Listener listener) {
        if (!closed && start < end) {
            listener.onRows(buffer, start, end - start);
        }
    }

    /** Adds to the message that was cut, and hands it on when it is whole; returns where the next one begins. */
    private int completeCut(ByteBuf buffer, int index, int end, Listener listener) {
        ByteBuf message = cut;
        if (message == null || closed) {
            return closed ? end : index;
        }
        int position = index;
        if (message.readableBytes() < HEADER_BYTES) {
            int missing = Math.min(HEADER_BYTES - message.readableBytes(), end - position);
            message.writeBytes(buffer, position, missing);
            position += missing;
            if (message.readableBytes() < HEADER_BYTES || isOversized(message, 0, listener)) {
                return end;
            }
        }
        int missing = (int) Math.min(messageBytes(message, 0) - message.readableBytes(), end - position);
        message.writeBytes(buffer, position, missing);
        position += missing;
        if (message.readableBytes() == messageBytes(message, 0)) {
            cut = null;
            try {
                byte tag = message.getByte(0);
                if (isRow(tag)) {
                    listener.onRows(message, 0, message.readableBytes());
                } else {
                    listener.onMessage(tag, message, 0, message.readableBytes());
                }
            } finally {
                message.release();
            }
        }
        return position;
    }

    private void beginCut(ByteBuf buffer, int position, int end, Listener listener) {
        int there = end - position;
        if (there >= HEADER_BYTES && isOversized(buffer, position, listener)) {
            return;
        }
        int capacity = there >= HEADER_BYTES ? (int) messageBytes(buffer, position) : 256;
        cut = allocator.buffer(capacity).writeBytes(buffer, position, there);
    }

    private boolean isOversized(ByteBuf buffer, int position, Listener listener) {
        long messageBytes = messageBytes(buffer, position);
        if (messageBytes <= messageBytesMax) {
            return false;
        }
        close();
        listener.onOversized(messageBytes);
        return true;
    }

    private static boolean isRow(byte tag) {
        return tag == BackendTag.DATA_ROW || tag == BackendTag.COPY_DATA;
    }

    private static long messageBytes(ByteBuf buffer, int position) {
        return 1L + buffer.getInt(position + 1);
    }

    /** Releases what is kept; nothing more is handed on. Idempotent. */
    void close() {
        closed = true;
        if (cut != null) {
            cut.release();
            cut = null;
        }
    }
}
