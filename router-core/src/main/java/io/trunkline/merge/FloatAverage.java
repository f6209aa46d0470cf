// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.merge.OutputColumn.Combine;

/** The average of float8 of partial sums and counts. */
final class FloatAverage extends CombinedValue {
    private final int column;
    private final int countColumn;
    private double sum;
    private long count;

    FloatAverage(Combine combine) {
        this.column = combine.column();
        this.countColumn = combine.countColumn();
    }

    @Override
    void reset() {
        sum = 0;
        count = 0;
    }

    @Override
    void add(SourceRows row) {
        if (row.length(column) < 0) {
            return;
        }
        double partial = row.buffer().getDouble(requireLength(row, column, Double.BYTES));
        // See float8_combine in PostgreSQL's float.c: it takes over the other side when one has nothing.
        sum = count == 0 ? partial : FloatCombination.checked(sum, partial, sum + partial);
        count += row.buffer().getLong(requireLength(row, countColumn, Long.BYTES));
    }

    @Override
    boolean isNull() {
        return count == 0;
    }

    @Override
    void writeValue(ByteBuf out, ValueFormat format) {
        // A server begins with zero, and so has no negative one.
        double average = sum / count + 0.0;
        if (format == ValueFormat.TEXT) {
            writeAscii(out, FloatText.of(average));
        } else {
            out.writeDouble(average);
        }
    }
}
