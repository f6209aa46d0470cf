// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

/** One column of the rows that groups become, made of columns of the shards' rows, which are counted from 0. */
public sealed interface OutputColumn {

    /**
     * The bytes of the group's first row.
     *
     * @param column the column they stand in
     */
    record Pass(int column) implements OutputColumn {}

    /**
     * A value combined of partial values.
     *
     * @param aggregate how
     * @param column the partial values, in binary format
     * @param countColumn for averages the counts of what {@code column} has the sums of, int8 in binary format; else {@link #NO_COUNT}
     * @param format how the client wants it. For float4 and float8 as text, {@code extra_float_digits} must be 1 or more
     */
    record Combine(Aggregate aggregate, int column, int countColumn, ValueFormat format) implements OutputColumn {
        /** The count column of aggregates that are no averages. */
        public static final int NO_COUNT = -1;

        /** Creates an average. */
        public Combine {
            if (!aggregate.isOfferedIn(format) || aggregate.isAverage() != (countColumn != NO_COUNT)) {
                throw new IllegalArgumentException(aggregate + " with count column " + countColumn + " as " + format);
            }
        }

        /** Creates an aggregate that is no average. */
        public Combine(Aggregate aggregate, int column, ValueFormat format) {
            this(aggregate, column, NO_COUNT, format);
        }
    }

    /**
     * The smallest or largest of partial values, of which the bytes are handed on; NULL ones do not count.
     *
     * @param end which
     * @param keyColumn the values in binary format
     * @param visibleColumn the same values as the client wants them; may be the same column
     * @param order the order of their type
     */
    record Extreme(End end, int keyColumn, int visibleColumn, ValueOrder order) implements OutputColumn {}

    /** An end of an order. */
    enum End {
        /** The smallest value: {@code min}. */
        LEAST,
        /** The largest value: {@code max}. */
        GREATEST
    }
}
