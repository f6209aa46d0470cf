// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;

/**
 * The variance or standard deviation of floats, of partial counts, sums and population variances. As every sum of floats it depends on the order of
 * the rows in its last digits.
 *
 * @see <a href="https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/float.c">float8_combine</a>
 */
final class FloatDeviation extends CombinedValue {
    private final Deviation deviation;
    private final int countColumn;
    private final int sumColumn;
    private final int varianceColumn;
    private double count;
    private double sum;
    /** The sum of the squares of the distances from the mean. */
    private double squares;

    FloatDeviation(OutputColumn.Variance variance) {
        this.deviation = variance.deviation();
        this.countColumn = variance.countColumn();
        this.sumColumn = variance.sumColumn();
        this.varianceColumn = variance.squaresColumn();
    }

    @Override
    void reset() {
        count = 0;
        sum = 0;
        squares = 0;
    }

    @Override
    void add(SourceRows row) {
        if (row.length(sumColumn) < 0) {
            return;
        }
        double otherCount = row.buffer().getLong(requireLength(row, countColumn, Long.BYTES));
        double otherSum = row.buffer().getDouble(requireLength(row, sumColumn, Double.BYTES));
        double otherSquares = row.buffer().getDouble(requireLength(row, varianceColumn, Double.BYTES)) * otherCount;
        if (count == 0) {
            count = otherCount;
            sum = otherSum;
            squares = otherSquares;
            return;
        }
        double all = count + otherCount;
        double distance = sum / count - otherSum / otherCount;
        double together = squares + otherSquares + count * otherCount * distance * distance / all;
        squares = FloatCombination.checked(squares, otherSquares, together);
        sum = FloatCombination.checked(sum, otherSum, sum + otherSum);
        count = all;
    }

    @Override
    boolean isNull() {
        return count < (deviation.isOfSample() ? 2 : 1);
    }

    @Override
    void writeValue(ByteBuf out, ValueFormat format) {
        double variance = squares / (deviation.isOfSample() ? count - 1 : count);
        double value = deviation.isRoot() ? Math.sqrt(variance) : variance;
        if (format == ValueFormat.TEXT) {
            writeAscii(out, FloatText.of(value));
        } else {
            out.writeDouble(value);
        }
    }
}
