// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.trunkline.error.RouterErrors;
import io.trunkline.merge.MergeFailure;
import io.trunkline.merge.RowSink;
import io.trunkline.scatter.GroupValue.Kind;
import io.trunkline.wire.ProtocolViolation;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Combined groups on their way to the shard that finishes them: each column as the elements of an array in binary format.
 *
 * <p>Where aggregates are made of rows, the number of each group comes first, and of each row the number of its group. Bounded by {@code limits.merge_memory}. Owned by a
 * {@link ScatteredQuery}; confined to its event loop.
 */
final class CollectedGroups implements RowSink {
    /** PostgreSQL takes no message of a gigabyte, and more room for short values than they have on the wire. */
    private static final long MESSAGE_BYTES_MAX = 512L << 20;

    private static final int CHUNK_BYTES = 64 * 1024;
    private static final int ROW_HEADER_BYTES = 7;
    private static final int NUMBER_BYTES = 2 * Integer.BYTES;
    /** {@code int32 dimensions · int32 flags · int32 element type · int32 length · int32 lower bound}. */
    private static final int ARRAY_HEADER_BYTES = 20;

    private final List<GroupValue> values;
    private final long bytesMax;
    private final ByteBufAllocator allocator;
    private final List<Array> arrays = new ArrayList<>();
    /** The numbers of the groups, or null where no rows refer to them. */
    private final @Nullable Array numbers;

    private int groupCount;
    private long bytes;

    /** The elements of one array so far, {@code int32 length or -1 · bytes} each. */
    private static final class Array {
        private final int type;
        private final List<ByteBuf> chunks = new ArrayList<>();
        private int count;
        private int bytes;

        Array(int type) {
            this.type = type;
        }
    }

    /** Prepares for the groups of a plan. */
    CollectedGroups(GroupFinish finish, ByteBufAllocator allocator) {
        this.values = finish.values();
        this.bytesMax = bytesMax(finish.memoryBytesMax());
        this.allocator = allocator;
        this.numbers = GroupValue.haveRows(values) ? added(ValueTypes.INT4) : null;
        for (GroupValue value : values) {
            if (value.kind() == Kind.OF_ROWS) {
                added(ValueTypes.INT4);
            }
            added(value.type());
        }
    }

    /** Returns how many bytes groups may have where so many are allowed. */
    static long bytesMax(long memoryBytesMax) {
        return Math.min(memoryBytesMax, MESSAGE_BYTES_MAX);
    }

    private Array added(int type) {
        Array array = new Array(type);
        arrays.add(array);
        return array;
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
        groupCount++;
        Iterator<Array> next = arrays.iterator();
        if (numbers != null) {
            addNumbers(next.next(), 1);
        }
        int index = firstValue;
        int rowCount = 0;
        for (GroupValue value : values) {
            int valueBytes = Math.max(0, row.getInt(index));
            if (value.kind() == Kind.SINGLE) {
                append(next.next(), 1, row, index, Integer.BYTES + valueBytes);
            } else {
                int count = valueBytes == 0 ? 0 : row.getInt(index + Integer.BYTES);
                if (value.kind() == Kind.OF_ROWS) {
                    rowCount = count;
                    addNumbers(next.next(), count);
                } else if (count != rowCount) {
                    throw ProtocolViolation.fatal(count + " values of " + rowCount + " rows");
                }
                if (count > 0) {
                    append(next.next(), count, row, index + 2 * Integer.BYTES, valueBytes - Integer.BYTES);
                } else {
                    next.next();
                }
            }
            index += Integer.BYTES + valueBytes;
        }
    }

    private void append(Array array, int count, ByteBuf row, int index, int length) {
        require(length);
        chunk(array, length).writeBytes(row, index, length);
        array.count += count;
        array.bytes += length;
    }

    /** Appends the number of the group that is being added, once for each of its rows. */
    private void addNumbers(Array array, int count) {
        require((long) count * NUMBER_BYTES);
        for (int i = 0; i < count; i++) {
            chunk(array, NUMBER_BYTES).writeInt(Integer.BYTES).writeInt(groupCount);
        }
        array.count += count;
        array.bytes += count * NUMBER_BYTES;
    }

    private void require(long added) {
        if (bytes + added > bytesMax) {
            throw new MergeFailure(RouterErrors.mergeMemory(bytes + added, bytesMax));
        }
        bytes += added;
    }

    private ByteBuf chunk(Array array, int length) {
        if (!array.chunks.isEmpty()) {
            ByteBuf last = array.chunks.get(array.chunks.size() - 1);
            if (last.readableBytes() + length <= CHUNK_BYTES) {
                return last;
            }
        }
        // The first is small: mostly there are few groups.
        ByteBuf added = allocator.buffer(Math.max(length, array.chunks.isEmpty() ? 256 : CHUNK_BYTES));
        array.chunks.add(added);
        return added;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    /** Returns how many parameters they are. */
    int parameterCount() {
        return arrays.size();
    }

    /** Appends the values of the parameters, which own the groups from now on: {@code int32 length · array} each. */
    void moveTo(CompositeByteBuf out) {
        for (Array array : arrays) {
            ByteBuf header = allocator.buffer(Integer.BYTES + ARRAY_HEADER_BYTES);
            if (array.count == 0) {
                header.writeInt(3 * Integer.BYTES).writeInt(0).writeInt(0).writeInt(array.type);
            } else {
                header.writeInt(ARRAY_HEADER_BYTES + array.bytes)
                        .writeInt(1)
                        .writeInt(1)
                        .writeInt(array.type)
                        .writeInt(array.count)
                        .writeInt(1);
            }
            out.addComponent(true, header);
            array.chunks.forEach(chunk -> out.addComponent(true, chunk));
            array.chunks.clear();
        }
    }

    /** Releases those that are here. */
    void release() {
        for (Array array : arrays) {
            array.chunks.forEach(ByteBuf::release);
            array.chunks.clear();
        }
    }
}
