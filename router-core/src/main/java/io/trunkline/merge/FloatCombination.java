// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.merge.OutputColumn.Combine;

/** The sum of float4 or float8, added as {@code float4pl} and {@code float8pl} of PostgreSQL add. */
final class FloatCombination extends CombinedValue {
    private final boolean isSingle;
    private final int column;
    /** Of float4 a value that is one. */
    private double sum;

    private boolean isPresent;

    FloatCombination(Combine combine) {
        this.isSingle = combine.aggregate() == Aggregate.SUM_FLOAT4;
        this.column = combine.column();
    }

    @Override
    void reset() {
        isPresent = false;
    }

    @Override
    void add(SourceRows row) {
        if (row.length(column) < 0) {
            return;
        }
        double partial = isSingle
                ? row.buffer().getFloat(requireLength(row, column, Float.BYTES))
                : row.buffer().getDouble(requireLength(row, column, Double.BYTES));
        // The first one is not added to 0: that would make a 0 of -0.
        sum = isPresent ? sum(sum, partial) : partial;
        isPresent = true;
    }

    private double sum(double a, double b) {
        return isSingle ? checked(a, b, (float) a + (float) b) : checked(a, b, a + b);
    }

    /** Returns the sum of two values unless it is infinite and they are not. */
    static double checked(double a, double b, double sum) {
        if (Double.isInfinite(sum) && !Double.isInfinite(a) && !Double.isInfinite(b)) {
            throw outOfRange("value out of range: overflow");
        }
        return sum;
    }

    @Override
    boolean isNull() {
        return !isPresent;
    }

    @Override
    void writeValue(ByteBuf out, ValueFormat format) {
        if (format == ValueFormat.TEXT) {
            writeAscii(out, isSingle ? FloatText.of((float) sum) : FloatText.of(sum));
        } else if (isSingle) {
            out.writeFloat((float) sum);
        } else {
            out.writeDouble(sum);
        }
    }
}
