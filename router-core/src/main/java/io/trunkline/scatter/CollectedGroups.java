// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.trunkline.error.RouterErrors;
import io.trunkline.merge.MergeFailure;
import io.trunkline.merge.RowSink;
import java.util.ArrayList;
import java.util.List;

/**
 * Combined groups on their way to the shard that finishes them: each column as the elements of an array in binary format.
 *
 * <p>Bounded by {@code limits.merge_memory}. Owned by a {@link ScatteredQuery}; confined to its event loop.
 */
final class CollectedGroups implements RowSink {
    /** PostgreSQL takes no message of a gigabyte, and more room for short values than they have on the wire. */
    private static final long MESSAGE_BYTES_MAX = 512L << 20;

    private static final int CHUNK_BYTES = 64 * 1024;
    private static final int ROW_HEADER_BYTES = 7;
    /** {@code int32 dimensions · int32 flags · int32 element type · int32 length · int32 lower bound}. */
    private static final int ARRAY_HEADER_BYTES = 20;

    private final List<Integer> types;
    private final long bytesMax;
    private final ByteBufAllocator allocator;
    private final List<Column> columns = new ArrayList<>();
    private int groupCount;
    private long bytes;

    /** One column: its elements so far, {@code int32 length or -1 · bytes} each. */
    private static final class Column {
        private final List<ByteBuf> chunks = new ArrayList<>();
        private int bytes;
    }

    /** Prepares for groups whose columns have these types. */
    CollectedGroups(GroupFinish finish, ByteBufAllocator allocator) {
        this.types = finish.groupTypes();
        this.bytesMax = Math.min(finish.memoryBytesMax(), MESSAGE_BYTES_MAX);
        this.allocator = allocator;
        types.forEach(type -> columns.add(new Column()));
    }

    @Override
    public void rows(ByteBuf messages) {
        try {
            int index = messages.readerIndex();
            while (index < messages.writerIndex()) {
                int end = index + 1 + messages.getInt(index + 1);
                add(messages, index + ROW_HEADER_BYTES);
                index = end;
            }
        } finally {
            messages.release();
        }
    }

    private void add(ByteBuf row, int firstValue) {
        int index = firstValue;
        groupCount++;
        for (Column column : columns) {
            int valueBytes = Integer.BYTES + Math.max(0, row.getInt(index));
            bytes += valueBytes;
            if (bytes > bytesMax) {
                throw new MergeFailure(RouterErrors.mergeMemory(bytes, bytesMax));
            }
            chunk(column, valueBytes).writeBytes(row, index, valueBytes);
            column.bytes += valueBytes;
            index += valueBytes;
        }
    }

    private ByteBuf chunk(Column column, int valueBytes) {
        if (!column.chunks.isEmpty()) {
            ByteBuf last = column.chunks.get(column.chunks.size() - 1);
            if (last.readableBytes() + valueBytes <= CHUNK_BYTES) {
                return last;
            }
        }
        // The first is small: mostly there are few groups.
        ByteBuf added = allocator.buffer(Math.max(valueBytes, column.chunks.isEmpty() ? 256 : CHUNK_BYTES));
        column.chunks.add(added);
        return added;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    /** Returns how many parameters they are. */
    int columnCount() {
        return columns.size();
    }

    /** Appends the values of the parameters, which own the groups from now on: {@code int32 length · array} each. */
    void moveTo(CompositeByteBuf out) {
        for (int i = 0; i < columns.size(); i++) {
            Column column = columns.get(i);
            ByteBuf header = allocator.buffer(Integer.BYTES + ARRAY_HEADER_BYTES);
            if (groupCount == 0) {
                header.writeInt(3 * Integer.BYTES).writeInt(0).writeInt(0).writeInt(types.get(i));
            } else {
                header.writeInt(ARRAY_HEADER_BYTES + column.bytes)
                        .writeInt(1)
                        .writeInt(1)
                        .writeInt(types.get(i))
                        .writeInt(groupCount)
                        .writeInt(1);
            }
            out.addComponent(true, header);
            column.chunks.forEach(chunk -> out.addComponent(true, chunk));
            column.chunks.clear();
        }
    }

    /** Releases those that are here. */
    void release() {
        for (Column column : columns) {
            column.chunks.forEach(ByteBuf::release);
            column.chunks.clear();
        }
    }
}
