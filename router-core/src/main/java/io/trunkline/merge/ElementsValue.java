// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.merge.OutputColumn.Elements;
import io.trunkline.wire.ProtocolViolation;
import org.jspecify.annotations.Nullable;

/**
 * The elements of a group's arrays. What they are is not looked at: a server that is given them reads them.
 *
 * <p>{@code int32 dimensions · int32 flags · int32 element type · int32 length · int32 lower bound · length × (int32 length or -1 · bytes)}
 */
final class ElementsValue extends CombinedValue {
    private static final int LENGTH_INDEX = 3 * Integer.BYTES;
    private static final int HEADER_BYTES = 5 * Integer.BYTES;

    private final int column;
    private final ElementsMemory memory;
    private @Nullable ByteBuf elements;
    private int count;

    ElementsValue(Elements elements, ElementsMemory memory) {
        this.column = elements.column();
        this.memory = memory;
    }

    @Override
    void reset() {
        ByteBuf left = elements;
        elements = null;
        count = 0;
        if (left != null) {
            memory.giveBack(left.readableBytes());
            left.release();
        }
    }

    @Override
    void add(SourceRows row) {
        int length = row.length(column);
        if (length < 0) {
            return;
        }
        ByteBuf buffer = row.buffer();
        int start = row.start(column);
        int dimensions = length < LENGTH_INDEX ? -1 : buffer.getInt(start);
        if (dimensions == 0) {
            return;
        }
        if (dimensions != 1 || length < HEADER_BYTES || buffer.getInt(start + LENGTH_INDEX) < 0) {
            throw ProtocolViolation.fatal("array of " + length + " bytes and " + dimensions + " dimensions");
        }
        int added = length - HEADER_BYTES;
        memory.take(added);
        ByteBuf all = elements;
        if (all == null) {
            all = ByteBufAllocator.DEFAULT.buffer(added);
            elements = all;
        }
        all.writeBytes(buffer, start + HEADER_BYTES, added);
        count += buffer.getInt(start + LENGTH_INDEX);
    }

    @Override
    boolean isNull() {
        return elements == null;
    }

    @Override
    void writeValue(ByteBuf out, ValueFormat format) {
        ByteBuf all = elements;
        if (all == null) {
            throw new IllegalStateException("no elements");
        }
        out.writeInt(count).writeBytes(all, all.readerIndex(), all.readableBytes());
    }
}
