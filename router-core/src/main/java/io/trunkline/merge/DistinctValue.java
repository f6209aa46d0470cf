// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A value of which equal arguments count once. They come one behind the other, from one shard or several, because the rows of a group are sorted by them.
 */
final class DistinctValue extends CombinedValue {
    private final CombinedValue value;
    private final SortKey key;
    /** Tells whether a row has the argument: NULL or 0 when its FILTER left out all of them. */
    private final int presenceColumn;

    private final boolean isCounted;
    /** The argument whose rows are coming; null without one, or when it is NULL. */
    private @Nullable ByteBuf current;

    private boolean isBegun;
    private boolean isTaken;

    /**
     * Prepares for groups.
     *
     * @param key the arguments
     */
    DistinctValue(OutputColumn.Distinct distinct, SortKey key) {
        this.value = CombinedValue.of(distinct.of());
        this.key = key;
        this.presenceColumn = distinct.of().presenceColumn();
        this.isCounted = distinct.of().isCounted();
    }

    @Override
    void reset() {
        value.reset();
        leave();
        isBegun = false;
    }

    private void leave() {
        ByteBuf left = current;
        current = null;
        if (left != null) {
            left.release();
        }
    }

    @Override
    void add(SourceRows row) {
        if (!isBegun || !isCurrent(row)) {
            begin(row);
        }
        if (!isTaken && isPresent(row)) {
            isTaken = true;
            value.add(row);
        }
    }

    private boolean isCurrent(SourceRows row) {
        int column = key.column();
        int length = row.length(column);
        ByteBuf argument = current;
        if (argument == null || length < 0) {
            return argument == null && length < 0;
        }
        return key.compare(
                        argument,
                        argument.readerIndex(),
                        argument.readableBytes(),
                        row.buffer(),
                        row.start(column),
                        length)
                == 0;
    }

    private void begin(SourceRows row) {
        leave();
        isBegun = true;
        isTaken = false;
        int length = row.length(key.column());
        current = length < 0 ? null : row.buffer().retainedSlice(row.start(key.column()), length);
    }

    private boolean isPresent(SourceRows row) {
        if (row.length(presenceColumn) < 0) {
            return false;
        }
        return !isCounted || row.buffer().getLong(requireLength(row, presenceColumn, Long.BYTES)) > 0;
    }

    @Override
    boolean isNull() {
        return value.isNull();
    }

    @Override
    void writeValue(ByteBuf out, ValueFormat format) {
        value.writeValue(out, format);
    }
}
