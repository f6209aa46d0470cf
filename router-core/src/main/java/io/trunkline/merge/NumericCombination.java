// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.merge.OutputColumn.Combine;
import java.math.BigDecimal;

/** The sum of numeric, and the numeric average of partial sums and counts. */
final class NumericCombination extends CombinedValue {
    private final Aggregate aggregate;
    private final int column;
    private final int countColumn;
    private BigDecimal finite = BigDecimal.ZERO;
    private boolean hasNan;
    private boolean hasInfinity;
    private boolean hasNegativeInfinity;
    private boolean isPresent;
    private long count;

    NumericCombination(Combine combine) {
        this.aggregate = combine.aggregate();
        this.column = combine.column();
        this.countColumn = combine.countColumn();
    }

    @Override
    void reset() {
        finite = BigDecimal.ZERO;
        hasNan = false;
        hasInfinity = false;
        hasNegativeInfinity = false;
        isPresent = false;
        count = 0;
    }

    @Override
    void add(SourceRows row) {
        int length = row.length(column);
        if (length < 0) {
            return;
        }
        isPresent = true;
        if (aggregate.isAverage()) {
            count += row.buffer().getLong(requireLength(row, countColumn, Long.BYTES));
        }
        if (aggregate == Aggregate.AVG_INT8) {
            int start = requireLength(row, column, Long.BYTES);
            finite = finite.add(BigDecimal.valueOf(row.buffer().getLong(start)));
        } else {
            addNumeric(row.buffer(), row.start(column), length);
        }
    }

    private void addNumeric(ByteBuf buffer, int index, int length) {
        NumericFormat.check(buffer, index, length);
        switch (NumericFormat.sign(buffer, index)) {
            case NumericFormat.NAN -> hasNan = true;
            case NumericFormat.INFINITY -> hasInfinity = true;
            case NumericFormat.NEGATIVE_INFINITY -> hasNegativeInfinity = true;
            default -> finite = finite.add(NumericFormat.read(buffer, index));
        }
    }

    @Override
    boolean isNull() {
        return !isPresent || (aggregate.isAverage() && count == 0);
    }

    @Override
    void writeValue(ByteBuf out, ValueFormat format) {
        boolean asText = format == ValueFormat.TEXT;
        if (hasNan || (hasInfinity && hasNegativeInfinity)) {
            writeSpecial(out, asText, "NaN", NumericFormat.NAN);
        } else if (hasInfinity) {
            writeSpecial(out, asText, "Infinity", NumericFormat.INFINITY);
        } else if (hasNegativeInfinity) {
            writeSpecial(out, asText, "-Infinity", NumericFormat.NEGATIVE_INFINITY);
        } else {
            BigDecimal value = aggregate.isAverage() ? NumericDivision.divide(finite, count) : finite;
            if (NumericFormat.weight(value) > Short.MAX_VALUE) {
                throw outOfRange("value overflows numeric format");
            }
            if (asText) {
                writeAscii(out, value.toPlainString());
            } else {
                NumericFormat.write(out, value);
            }
        }
    }

    static void writeSpecial(ByteBuf out, boolean asText, String text, int sign) {
        if (asText) {
            writeAscii(out, text);
        } else {
            out.writeShort(0).writeShort(0).writeShort(sign);
            out.writeShort(sign == NumericFormat.NAN ? 0 : NumericFormat.INFINITY_SCALE);
        }
    }
}
