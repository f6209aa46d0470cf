// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.error.RouterErrors;
import io.trunkline.merge.OutputColumn.Combine;
import io.trunkline.merge.OutputColumn.Combined;
import io.trunkline.merge.OutputColumn.Variance;
import io.trunkline.wire.ProtocolViolation;
import java.nio.charset.StandardCharsets;

/** The value of an output column in the group that is being collected. Used for one group after the other. */
abstract sealed class CombinedValue
        permits IntegerCombination,
                FloatCombination,
                BooleanCombination,
                NumericCombination,
                FloatAverage,
                NumericDeviation,
                FloatDeviation,
                DistinctValue,
                ExtremeValue,
                ElementsValue {

    /** Returns a value for combining. */
    static CombinedValue of(Combined combined) {
        if (combined instanceof Variance variance) {
            return switch (variance.numbers()) {
                case NUMERIC -> new NumericDeviation(variance);
                case FLOAT8 -> new FloatDeviation(variance);
            };
        }
        Combine combine = (Combine) combined;
        return switch (combine.aggregate()) {
            case COUNT, SUM_INT8, SUM_MONEY, BIT_AND, BIT_OR, BIT_XOR -> new IntegerCombination(combine);
            case SUM_NUMERIC, AVG_INT8, AVG_NUMERIC -> new NumericCombination(combine);
            case SUM_FLOAT4, SUM_FLOAT8 -> new FloatCombination(combine);
            case AVG_FLOAT8 -> new FloatAverage(combine);
            case BOOL_AND, BOOL_OR -> new BooleanCombination(combine);
        };
    }

    /** Forgets the group before. */
    abstract void reset();

    /** Takes in the current row of a source. */
    abstract void add(SourceRows row);

    abstract boolean isNull();

    /** Appends the value, which is not NULL, without its length. */
    abstract void writeValue(ByteBuf out, ValueFormat format);

    /** Appends {@code int32 length or -1 · bytes}. */
    final void write(ByteBuf out, ValueFormat format) {
        int start = out.writerIndex();
        out.writeInt(-1);
        if (!isNull()) {
            writeValue(out, format);
            out.setInt(start, out.writerIndex() - start - Integer.BYTES);
        }
    }

    static void writeAscii(ByteBuf out, String text) {
        out.writeCharSequence(text, StandardCharsets.US_ASCII);
    }

    /** Returns where a value of exactly so many bytes begins. */
    static int requireLength(SourceRows row, int column, int bytes) {
        int length = row.length(column);
        if (length != bytes) {
            throw ProtocolViolation.fatal("partial value of " + length + " bytes (expected: " + bytes + ")");
        }
        return row.start(column);
    }

    static MergeFailure outOfRange(String message) {
        return new MergeFailure(RouterErrors.combinedOutOfRange(message));
    }
}
