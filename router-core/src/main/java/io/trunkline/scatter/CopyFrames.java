// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ProtocolViolation;
import java.util.function.Consumer;

/**
 * The CopyData messages of several shards as those of one COPY TO: a header of the first shard that sends one, and one mark for the end of binary data.
 *
 * <p>A server sends each row in a message of its own, a header line too; a binary header may stand in one message with the first row.
 */
final class CopyFrames {
    private static final int FRAME_BYTES = 5;
    /** Signature, flags and the length of the extension. */
    private static final int BINARY_HEADER_BYTES = 19;

    private static final int MARK_BYTES = 2;
    private static final byte[] MARK = {-1, -1};

    private final boolean isBinary;
    /** Whether each shard's header is still to come. */
    private final boolean[] headerPending;

    private boolean headerPassed;

    CopyFrames(boolean isBinary, boolean header, int shardCount) {
        this.isBinary = isBinary;
        this.headerPending = new boolean[shardCount];
        for (int shard = 0; shard < shardCount; shard++) {
            headerPending[shard] = isBinary || header;
        }
    }

    /**
     * Hands on what of whole CopyData messages of one shard is the client's.
     *
     * @param buffer borrowed
     * @param client takes messages, which it consumes
     */
    void pass(int shard, ByteBuf buffer, int index, int length, Consumer<ByteBuf> client) {
        int end = index + length;
        int at = index;
        if (headerPending[shard]) {
            headerPending[shard] = false;
            at = header(buffer, at, client);
        }
        if (!isBinary) {
            give(buffer, at, end, client);
            return;
        }
        int from = at;
        while (at < end) {
            int next = at + messageBytes(buffer, at);
            if (isMark(buffer, at + FRAME_BYTES, next)) {
                give(buffer, from, at, client);
                from = next;
            }
            at = next;
        }
        give(buffer, from, end, client);
    }

    /** Hands on the message with the header, or what else there is in it; returns where the next one begins. */
    private int header(ByteBuf buffer, int at, Consumer<ByteBuf> client) {
        int next = at + messageBytes(buffer, at);
        boolean first = !headerPassed;
        headerPassed = true;
        if (!isBinary) {
            if (first) {
                give(buffer, at, next, client);
            }
            return next;
        }
        int behind = behindBinaryHeader(buffer, at + FRAME_BYTES, next);
        if (first) {
            own(buffer, at + FRAME_BYTES, behind, client);
        }
        if (behind < next && !isMark(buffer, behind, next)) {
            own(buffer, behind, next, client);
        }
        return next;
    }

    private static int behindBinaryHeader(ByteBuf buffer, int start, int end) {
        long behind = end - start < BINARY_HEADER_BYTES
                ? Long.MAX_VALUE
                : (long) start
                        + BINARY_HEADER_BYTES
                        + buffer.getUnsignedInt(start + BINARY_HEADER_BYTES - Integer.BYTES);
        if (behind > end) {
            throw ProtocolViolation.fatal("first message of binary COPY data without its header");
        }
        return (int) behind;
    }

    private static boolean isMark(ByteBuf buffer, int start, int end) {
        return end - start == MARK_BYTES && buffer.getShort(start) == -1;
    }

    private static int messageBytes(ByteBuf buffer, int at) {
        return 1 + buffer.getInt(at + 1);
    }

    private static void give(ByteBuf buffer, int from, int to, Consumer<ByteBuf> client) {
        if (from < to) {
            client.accept(buffer.retainedSlice(from, to - from));
        }
    }

    /** Hands on bytes in a message of their own. */
    private static void own(ByteBuf buffer, int from, int to, Consumer<ByteBuf> client) {
        ByteBuf message = buffer.alloc().buffer(FRAME_BYTES + to - from);
        message.writeByte(BackendTag.COPY_DATA).writeInt(Integer.BYTES + to - from);
        client.accept(message.writeBytes(buffer, from, to - from));
    }

    /** Appends what stands behind the rows of all shards. */
    void writeEnd(ByteBuf out) {
        if (isBinary) {
            BackendWriter.copyData(out, MARK);
        }
    }
}
