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

    /** A value combined of partial values. */
    sealed interface Combined extends OutputColumn {
        /** Returns how the client wants it. */
        ValueFormat format();

        /** Returns the column that is NULL in rows that have no partial value. */
        int presenceColumn();

        /** Returns true when rows without a partial value have a 0 there, not NULL. */
        boolean isCounted();
    }

    /**
     * A value combined of partial values of one kind, or of sums and counts.
     *
     * @param aggregate how
     * @param column the partial values, in binary format
     * @param countColumn for averages the counts of what {@code column} has the sums of, int8 in binary format; else {@link #NO_COUNT}
     * @param format how the client wants it. For float4 and float8 as text, {@code extra_float_digits} must be 1 or more
     */
    record Combine(Aggregate aggregate, int column, int countColumn, ValueFormat format) implements Combined {
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

        @Override
        public int presenceColumn() {
            return column;
        }

        @Override
        public boolean isCounted() {
            return aggregate == Aggregate.COUNT;
        }
    }

    /**
     * How far values lie apart.
     *
     * @param deviation what of it
     * @param numbers what is computed with
     * @param countColumn the partial counts, int8 in binary format
     * @param sumColumn the partial sums, numeric or float8 in binary format
     * @param squaresColumn of numeric the partial sums of squares, of float8 the partial population variances
     * @param format how the client wants it
     */
    record Variance(
            Deviation deviation, Numbers numbers, int countColumn, int sumColumn, int squaresColumn, ValueFormat format)
            implements Combined {

        @Override
        public int presenceColumn() {
            return sumColumn;
        }

        @Override
        public boolean isCounted() {
            return false;
        }
    }

    /** What a variance is computed with. */
    enum Numbers {
        /** numeric, of integers too. */
        NUMERIC,
        /** float8, of float4 too; as text {@code extra_float_digits} must be 1 or more. */
        FLOAT8
    }

    /**
     * A combined value of which the rows that are equal in the last of the plan's keys count once, see {@link GroupPlan#groupKeys}.
     *
     * @param of what is combined of the first of them that has a value
     */
    record Distinct(Combined of) implements OutputColumn {}

    /**
     * The smallest or largest of partial values, of which the bytes are handed on; NULL ones do not count.
     *
     * @param end which
     * @param keyColumn the values in binary format
     * @param visibleColumn the same values as the client wants them; may be the same column
     * @param order the order of their type
     */
    record Extreme(End end, int keyColumn, int visibleColumn, ValueOrder order) implements OutputColumn {}

    /**
     * The elements of arrays, one behind the other, with how many they are: {@code int32 count · count × (int32 length or -1 · bytes)}; NULL when there are none.
     * NULL arrays do not count.
     *
     * @param column the arrays in binary format, of one dimension
     */
    record Elements(int column) implements OutputColumn {}

    /** An end of an order. */
    enum End {
        /** The smallest value: {@code min}. */
        LEAST,
        /** The largest value: {@code max}. */
        GREATEST
    }
}
