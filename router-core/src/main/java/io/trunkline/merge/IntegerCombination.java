// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.merge.OutputColumn.Combine;
import io.trunkline.wire.ProtocolViolation;

/** Counts, sums of int8 and money, and bits of any integer. */
final class IntegerCombination extends CombinedValue {
    private final Aggregate aggregate;
    private final int column;
    private long value;
    private boolean isPresent;
    /** How many bytes the partials have. */
    private int bytes;

    IntegerCombination(Combine combine) {
        this.aggregate = combine.aggregate();
        this.column = combine.column();
        reset();
    }

    @Override
    void reset() {
        value = 0;
        bytes = Long.BYTES;
        isPresent = aggregate == Aggregate.COUNT;
    }

    @Override
    void add(SourceRows row) {
        if (row.length(column) < 0) {
            return;
        }
        long partial = read(row);
        value = isPresent ? combine(value, partial) : partial;
        isPresent = true;
    }

    private long read(SourceRows row) {
        if (isOfBits()) {
            if (isPresent) {
                requireLength(row, column, bytes);
            }
            bytes = row.length(column);
        }
        int start = requireLength(row, column, bytes);
        return switch (bytes) {
            case Short.BYTES -> row.buffer().getShort(start);
            case Integer.BYTES -> row.buffer().getInt(start);
            case Long.BYTES -> row.buffer().getLong(start);
            default -> throw ProtocolViolation.fatal("partial value of " + bytes + " bytes (expected: an integer)");
        };
    }

    private boolean isOfBits() {
        return aggregate == Aggregate.BIT_AND || aggregate == Aggregate.BIT_OR || aggregate == Aggregate.BIT_XOR;
    }

    private long combine(long a, long b) {
        return switch (aggregate) {
            case BIT_AND -> a & b;
            case BIT_OR -> a | b;
            case BIT_XOR -> a ^ b;
            case SUM_MONEY -> sum(a, b, "money out of range");
            default -> sum(a, b, "bigint out of range");
        };
    }

    private static long sum(long a, long b, String failure) {
        long sum = a + b;
        // Overflow: both have the sign the sum has not.
        if (((a ^ sum) & (b ^ sum)) < 0) {
            throw outOfRange(failure);
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
            writeAscii(out, Long.toString(value));
        } else if (bytes == Short.BYTES) {
            out.writeShort((int) value);
        } else if (bytes == Integer.BYTES) {
            out.writeInt((int) value);
        } else {
            out.writeLong(value);
        }
    }
}
