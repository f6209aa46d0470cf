// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * The variance or standard deviation of integers and numeric, of partial counts, sums and sums of squares: exact until the division.
 *
 * @see <a href="https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/numeric.c">numeric_stddev_internal</a>
 */
final class NumericDeviation extends CombinedValue {
    private final Deviation deviation;
    private final int countColumn;
    private final int sumColumn;
    private final int squaresColumn;
    private long count;
    private BigDecimal sum = BigDecimal.ZERO;
    private BigDecimal squares = BigDecimal.ZERO;
    /** Whether there is NaN or an infinity among the values. */
    private boolean isNan;

    NumericDeviation(OutputColumn.Variance variance) {
        this.deviation = variance.deviation();
        this.countColumn = variance.countColumn();
        this.sumColumn = variance.sumColumn();
        this.squaresColumn = variance.squaresColumn();
    }

    @Override
    void reset() {
        count = 0;
        sum = BigDecimal.ZERO;
        squares = BigDecimal.ZERO;
        isNan = false;
    }

    @Override
    void add(SourceRows row) {
        if (row.length(sumColumn) < 0) {
            return;
        }
        count += row.buffer().getLong(requireLength(row, countColumn, Long.BYTES));
        sum = sum.add(finite(row, sumColumn));
        squares = squares.add(finite(row, squaresColumn));
    }

    private BigDecimal finite(SourceRows row, int column) {
        int start = row.start(column);
        NumericFormat.check(row.buffer(), start, row.length(column));
        if (NumericFormat.isFinite(NumericFormat.sign(row.buffer(), start))) {
            return NumericFormat.read(row.buffer(), start);
        }
        isNan = true;
        return BigDecimal.ZERO;
    }

    @Override
    boolean isNull() {
        return count < (deviation.isOfSample() ? 2 : 1);
    }

    @Override
    void writeValue(ByteBuf out, ValueFormat format) {
        if (isNan) {
            NumericCombination.writeSpecial(out, format == ValueFormat.TEXT, "NaN", NumericFormat.NAN);
            return;
        }
        BigDecimal value = value();
        if (format == ValueFormat.TEXT) {
            writeAscii(out, value.toPlainString());
        } else {
            NumericFormat.write(out, value);
        }
    }

    private BigDecimal value() {
        BigDecimal all = BigDecimal.valueOf(count);
        BigDecimal numerator = all.multiply(squares).subtract(sum.multiply(sum));
        if (numerator.signum() <= 0) {
            // Without decimals, as the server has it.
            return BigDecimal.ZERO;
        }
        BigDecimal divisor = all.multiply(deviation.isOfSample() ? BigDecimal.valueOf(count - 1) : all);
        BigDecimal variance = NumericDivision.divide(numerator, divisor);
        return deviation.isRoot() ? root(variance) : variance;
    }

    /** Returns the square root with as many decimals as the square has. */
    private static BigDecimal root(BigDecimal square) {
        int scale = square.scale();
        BigInteger moreDigits = square.setScale(2 * (scale + 1), RoundingMode.UNNECESSARY)
                .unscaledValue()
                .sqrt();
        // What was cut off lies behind the digit that decides.
        return new BigDecimal(moreDigits, scale + 1).setScale(scale, RoundingMode.HALF_UP);
    }
}
