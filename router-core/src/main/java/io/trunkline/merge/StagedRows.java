// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.wire.BackendTag;
import org.jspecify.annotations.Nullable;

/** Rows written anew, collected so that many of them leave as one buffer. Empty between two calls of {@link MergedRows#drain}. */
final class StagedRows {
    private static final int FULL_BYTES = 16 * 1024;
    private static final int ROOM_BYTES = 1024;

    private @Nullable ByteBuf staged;

    /** Returns the buffer to append a row to, which stays owned here. */
    ByteBuf buffer(ByteBufAllocator allocator) {
        ByteBuf buffer = staged;
        if (buffer == null) {
            buffer = allocator.buffer(ROOM_BYTES);
            staged = buffer;
        }
        return buffer;
    }

    /** Appends the current row of a source with only its first columns. */
    void append(SourceRows row, int columns) {
        int start = row.rowStart() + SourceRows.HEADER_BYTES;
        int bytes = row.columnsEnd(columns) - start;
        ByteBuf buffer = buffer(row.buffer().alloc());
        buffer.writeByte(BackendTag.DATA_ROW).writeInt(SourceRows.HEADER_BYTES - 1 + bytes);
        buffer.writeShort(columns).writeBytes(row.buffer(), start, bytes);
    }

    /** Hands the rows on when they are many. */
    void flushIfFull(RowSink sink) {
        if (staged != null && staged.readableBytes() >= FULL_BYTES) {
            flush(sink);
        }
    }

    /** Hands the rows on. */
    void flush(RowSink sink) {
        ByteBuf buffer = staged;
        staged = null;
        if (buffer != null) {
            sink.rows(buffer);
        }
    }

    /** Releases the rows. */
    void release() {
        ByteBuf buffer = staged;
        staged = null;
        if (buffer != null) {
            buffer.release();
        }
    }
}
