// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

/**
 * How the partial values of shards, which come in binary format, become the value of all rows. NULL partials do not count.
 *
 * <p>The types are those of the partial values: where PostgreSQL's {@code sum(int4)} is an int8 this is {@link #SUM_INT8}.
 */
public enum Aggregate {
    /** The sum of counts; 0 of nothing. All others are NULL of nothing. */
    COUNT,
    /** The sum of int8, as of {@code sum(int4)}; {@code 22003} when it is none any more. */
    SUM_INT8,
    /** The sum of numeric, exact, with the largest of the scales. */
    SUM_NUMERIC,
    /** The sum of float4, each step rounded to float4. Like every sum of floats it depends on the order of the rows. */
    SUM_FLOAT4,
    /** The sum of float8; {@code 22003} when finite values make an infinite one. */
    SUM_FLOAT8,
    /** The sum of money, whose text the locale of the server decides: {@link ValueFormat#BINARY} only. */
    SUM_MONEY,
    /** True when all are. */
    BOOL_AND,
    /** True when one is. */
    BOOL_OR,
    /** The bits all have; int2, int4 or int8, as the partials are. */
    BIT_AND,
    /** The bits one has; int2, int4 or int8, as the partials are. */
    BIT_OR,
    /** The bits an odd number has; int2, int4 or int8, as the partials are. */
    BIT_XOR,
    /** The numeric average of an int8 sum and a count: {@code avg(int2)} and {@code avg(int4)}. */
    AVG_INT8,
    /** The numeric average of a numeric sum and a count: {@code avg(int8)} and {@code avg(numeric)}. */
    AVG_NUMERIC,
    /**
     * The float8 average of a float8 sum and a count; for {@code avg(float4)} the shards must sum float8 values. Where PostgreSQL refuses an
     * average because the squares of the values overflow, beyond 1e154, this one is returned.
     */
    AVG_FLOAT8;

    /** Returns true when the aggregate is made of two partial values, a sum and a count. */
    public boolean isAverage() {
        return switch (this) {
            case AVG_INT8, AVG_NUMERIC, AVG_FLOAT8 -> true;
            case COUNT,
                    SUM_INT8,
                    SUM_NUMERIC,
                    SUM_FLOAT4,
                    SUM_FLOAT8,
                    SUM_MONEY,
                    BOOL_AND,
                    BOOL_OR,
                    BIT_AND,
                    BIT_OR,
                    BIT_XOR -> false;
        };
    }

    /** Returns true when values of this aggregate can be written in the format. */
    public boolean isOfferedIn(ValueFormat format) {
        return this != SUM_MONEY || format == ValueFormat.BINARY;
    }
}
