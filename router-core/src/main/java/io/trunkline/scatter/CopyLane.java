// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.FrontendWriter;
import org.jspecify.annotations.Nullable;

/**
 * The way of copied data to one shard: rows are gathered into few CopyData messages.
 *
 * <p>A message is sent when it is full, or when the data end: what is waited for is the end of them all. Owns the one that is being filled.
 */
final class CopyLane {
    /** Bytes of a full message. A row may go on in the next one. */
    private static final int MESSAGE_BYTES = 1 << 15;

    private static final int HEADER_BYTES = 5;

    private final ShardStream shard;
    private @Nullable ByteBuf message;
    private boolean closed;

    CopyLane(ShardStream shard) {
        this.shard = shard;
    }

    void add(byte[] bytes, int start, int length) {
        int from = start;
        int end = start + length;
        while (from < end && !closed) {
            ByteBuf out = message();
            int step = Math.min(out.writableBytes(), end - from);
            out.writeBytes(bytes, from, step);
            from += step;
            sendIfFull(out);
        }
    }

    /** Adds bytes of a buffer, which is borrowed. */
    void add(ByteBuf bytes, int start, int length) {
        int from = start;
        int end = start + length;
        while (from < end && !closed) {
            ByteBuf out = message();
            int step = Math.min(out.writableBytes(), end - from);
            out.writeBytes(bytes, from, step);
            from += step;
            sendIfFull(out);
        }
    }

    private ByteBuf message() {
        ByteBuf out = message;
        if (out == null) {
            out = shard.backend().link().allocator().buffer(MESSAGE_BYTES, MESSAGE_BYTES);
            out.writeByte(FrontendTag.COPY_DATA).writeInt(0);
            message = out;
        }
        return out;
    }

    private void sendIfFull(ByteBuf out) {
        if (!out.isWritable()) {
            flush();
        }
    }

    private void flush() {
        ByteBuf out = message;
        if (out != null) {
            message = null;
            out.setInt(out.readerIndex() + 1, out.readableBytes() - 1);
            shard.copy(out);
        }
    }

    /** Sends what was gathered and the end of the data. */
    void done() {
        flush();
        closed = true;
        ByteBuf out = shard.backend().link().allocator().buffer(HEADER_BYTES);
        FrontendWriter.copyDone(out);
        shard.endCopy(out);
    }

    /** Sends what was gathered, so that an error in there is found, and fails the COPY behind it. */
    void fail(String reason) {
        flush();
        closed = true;
        if (shard.isCopyingIn()) {
            ByteBuf out = shard.backend().link().allocator().buffer(reason.length() + HEADER_BYTES + 1);
            FrontendWriter.copyFail(out, reason);
            shard.endCopy(out);
        }
    }

    /** Drops what was gathered. */
    void close() {
        closed = true;
        if (message != null) {
            message.release();
            message = null;
        }
    }
}
