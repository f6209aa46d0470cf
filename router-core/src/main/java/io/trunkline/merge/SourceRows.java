// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.ProtocolViolation;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The rows one shard has sent and that were not passed on yet, with a window on one of them, the current row.
 *
 * <p>{@code 'D' · int32 length · int16 count · count × (int32 length or -1 · bytes)}. Frames are checked when they come, columns when the
 * window moves. Owns the buffers; how many bytes lie here is bounded by whoever looks at {@link #queuedBytes}.
 */
final class SourceRows {
    /** Bytes of tag, length and column count. */
    static final int HEADER_BYTES = 7;

    private final int columnCount;
    /** Where the values of the current row begin. */
    private int[] starts;
    /** The same of the row that was current before, in the buffer below. */
    private int[] formerStarts;

    private @Nullable ByteBuf former;

    private final ArrayDeque<ByteBuf> later = new ArrayDeque<>();
    private @Nullable ByteBuf current;
    /** Whether the values of the current row have been looked for. */
    private boolean isRead;

    private int rowStart;
    /** Where the current row ends and the next one begins. */
    private int rowEnd;

    private long queuedBytes;
    private boolean ended;

    SourceRows(int columnCount) {
        this.columnCount = columnCount;
        this.starts = new int[columnCount];
        this.formerStarts = new int[columnCount];
    }

    /** Adds rows; consumed. */
    void offer(ByteBuf rows) {
        try {
            checkFrames(rows);
        } catch (ProtocolViolation e) {
            rows.release();
            throw e;
        }
        if (!rows.isReadable()) {
            rows.release();
            return;
        }
        queuedBytes += rows.readableBytes();
        later.add(rows);
    }

    private void checkFrames(ByteBuf rows) {
        int end = rows.writerIndex();
        int index = rows.readerIndex();
        while (index < end) {
            if (end - index < HEADER_BYTES || rows.getByte(index) != BackendTag.DATA_ROW) {
                throw ProtocolViolation.fatal("expected a DataRow message");
            }
            int length = rows.getInt(index + 1);
            if (length < HEADER_BYTES - 1 || length > end - index - 1) {
                throw ProtocolViolation.fatal("invalid message length");
            }
            int count = rows.getUnsignedShort(index + HEADER_BYTES - Short.BYTES);
            if (count != columnCount) {
                throw ProtocolViolation.fatal("row of " + count + " columns (expected: " + columnCount + ")");
            }
            index += 1 + length;
        }
    }

    /** The shard has sent its last row. */
    void end() {
        ended = true;
    }

    /** Returns true when the shard has sent its last row, whether or not rows lie here. */
    boolean isEnded() {
        return ended;
    }

    /** Returns how many bytes lie here behind the current row. */
    long queuedBytes() {
        return queuedBytes;
    }

    /** Returns how many bytes the buffers have that are held for rows here, the current one and the one before. */
    long keptBytes() {
        long bytes = current == null ? 0 : current.readableBytes();
        if (former != null && former != current) {
            bytes += former.readableBytes();
        }
        for (ByteBuf buffer : later) {
            bytes += buffer.readableBytes();
        }
        return bytes;
    }

    /** Moves the window to the next row and reads where its values are; returns false when there is none here. */
    boolean next() {
        keepFormer();
        if (!nextFrame()) {
            return false;
        }
        readColumns();
        isRead = true;
        return true;
    }

    private void keepFormer() {
        if (!isRead) {
            return;
        }
        isRead = false;
        int[] left = formerStarts;
        formerStarts = starts;
        starts = left;
        if (former != current) {
            releaseFormer();
            former = buffer().retain();
        }
    }

    private void releaseFormer() {
        ByteBuf left = former;
        former = null;
        if (left != null) {
            left.release();
        }
    }

    /** Returns how the row that {@link #next} has left compares with the current one by a key; 0 when there was none. */
    int compareFormer(SortKey key) {
        ByteBuf left = former;
        if (left == null) {
            return 0;
        }
        int column = key.column();
        int start = formerStarts[column];
        return key.compare(left, start, left.getInt(start - Integer.BYTES), buffer(), start(column), length(column));
    }

    /** Moves the window to the next row without looking into it; returns false when there is none here. */
    boolean nextFrame() {
        if (!isInBuffer()) {
            leaveBuffer();
            ByteBuf following = later.poll();
            if (following == null) {
                return false;
            }
            current = following;
            rowEnd = following.readerIndex();
        }
        rowStart = rowEnd;
        rowEnd = rowStart + 1 + buffer().getInt(rowStart + 1);
        queuedBytes -= rowEnd - rowStart;
        return true;
    }

    /** Returns true when the next row stands in the same buffer as the current one. */
    boolean isInBuffer() {
        return current != null && rowEnd < current.writerIndex();
    }

    private void readColumns() {
        ByteBuf buffer = buffer();
        int position = rowStart + HEADER_BYTES;
        for (int k = 0; k < columnCount; k++) {
            if (rowEnd - position < Integer.BYTES) {
                throw ProtocolViolation.fatal("insufficient data left in message");
            }
            int length = buffer.getInt(position);
            position += Integer.BYTES;
            if (length < -1 || length > rowEnd - position) {
                throw ProtocolViolation.fatal("insufficient data left in message");
            }
            starts[k] = position;
            position += Math.max(length, 0);
        }
        if (position != rowEnd) {
            throw ProtocolViolation.fatal("invalid message format");
        }
    }

    /** Returns the buffer the current row stands in, borrowed. */
    ByteBuf buffer() {
        ByteBuf buffer = current;
        if (buffer == null) {
            throw new IllegalStateException("no row");
        }
        return buffer;
    }

    /** Returns where the current row begins, with its tag. */
    int rowStart() {
        return rowStart;
    }

    /** Returns where the current row ends. */
    int rowEnd() {
        return rowEnd;
    }

    /** Returns where a value of the current row begins. */
    int start(int column) {
        return starts[column];
    }

    /** Returns how many bytes a value of the current row has, -1 for NULL. */
    int length(int column) {
        return buffer().getInt(starts[column] - Integer.BYTES);
    }

    /** Returns where the first columns of the current row end. */
    int columnsEnd(int columns) {
        return columns < columnCount ? starts[columns] - Integer.BYTES : rowEnd;
    }

    /** Releases everything. */
    void clear() {
        leaveBuffer();
        releaseFormer();
        isRead = false;
        for (ByteBuf buffer : later) {
            buffer.release();
        }
        later.clear();
        queuedBytes = 0;
    }

    private void leaveBuffer() {
        ByteBuf left = current;
        current = null;
        if (left != null) {
            left.release();
        }
    }
}
