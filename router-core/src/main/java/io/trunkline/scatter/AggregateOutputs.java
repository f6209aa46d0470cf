// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.merge.Aggregate;
import io.trunkline.merge.Deviation;
import io.trunkline.merge.OutputColumn;
import io.trunkline.merge.OutputColumn.Combine;
import io.trunkline.merge.OutputColumn.Combined;
import io.trunkline.merge.OutputColumn.Distinct;
import io.trunkline.merge.OutputColumn.Numbers;
import io.trunkline.merge.OutputColumn.Variance;
import io.trunkline.merge.ValueFormat;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.sql.ScatterShape;
import org.jspecify.annotations.Nullable;

/** How the partial values of an aggregate are combined, by its name and the type of those values. */
final class AggregateOutputs {
    private static final int BOOL = 16;
    private static final int INT8 = 20;
    private static final int INT2 = 21;
    private static final int INT4 = 23;
    private static final int FLOAT4 = 700;
    private static final int FLOAT8 = 701;
    private static final int MONEY = 790;
    private static final int NUMERIC = 1700;

    private final ScatterRead read;
    private final KeyOrders orders;

    AggregateOutputs(ScatterRead read, KeyOrders orders) {
        this.read = read;
        this.orders = orders;
    }

    /**
     * Returns the output, for which columns are added.
     *
     * @param format that of the output
     * @param column of the inner query with the partial values
     * @throws ScatterRefused when they cannot be combined exactly
     */
    OutputColumn of(
            ScatterShape.Aggregate call,
            ValueFormat format,
            int column,
            Described.Column partial,
            ShardColumns columns) {
        OutputColumn output = combined(call, format, column, partial, columns);
        return call.distinct() && output instanceof Combined combined ? new Distinct(combined) : output;
    }

    private OutputColumn combined(
            ScatterShape.Aggregate call,
            ValueFormat format,
            int column,
            Described.Column partial,
            ShardColumns columns) {
        if (call.function().equals("min") || call.function().equals("max")) {
            return extreme(call, format, column, partial, columns);
        }
        Deviation deviation = deviation(call.function());
        if (deviation != null) {
            return variance(call, deviation, format, column, partial, columns);
        }
        Aggregate aggregate = aggregate(call.function(), partial.type());
        boolean isFloat = partial.type() == FLOAT4 || partial.type() == FLOAT8;
        if (aggregate == null
                || !aggregate.isOfferedIn(format)
                || isFloat && format == ValueFormat.TEXT && !read.shortestFloats()) {
            throw refused(call, partial);
        }
        int place = columns.addBinary(column, partial.type());
        return aggregate.isAverage()
                ? new Combine(aggregate, place, columns.addBinary(column + 1, INT8), format)
                : new Combine(aggregate, place, format);
    }

    private OutputColumn variance(
            ScatterShape.Aggregate call,
            Deviation deviation,
            ValueFormat format,
            int column,
            Described.Column partial,
            ShardColumns columns) {
        boolean isFloat = partial.type() == FLOAT8;
        if (!isFloat && partial.type() != NUMERIC || isFloat && format == ValueFormat.TEXT && !read.shortestFloats()) {
            throw refused(call, partial);
        }
        return new Variance(
                deviation,
                isFloat ? Numbers.FLOAT8 : Numbers.NUMERIC,
                columns.addBinary(column + 1, INT8),
                columns.addBinary(column, partial.type()),
                columns.addBinary(column + 2, partial.type()),
                format);
    }

    private static ScatterRefused refused(ScatterShape.Aggregate call, Described.Column partial) {
        return new ScatterRefused(RouteRefusal.SCATTER_AGGREGATE.because("the aggregate is " + call.function()
                + " with partial values of type " + Integer.toUnsignedString(partial.type())));
    }

    /** Returns what an aggregate says of how far values lie apart, or null when it says nothing of it. */
    static @Nullable Deviation deviation(String function) {
        return switch (function) {
            case "stddev", "stddev_samp" -> Deviation.STDDEV_SAMP;
            case "stddev_pop" -> Deviation.STDDEV_POP;
            case "variance", "var_samp" -> Deviation.VAR_SAMP;
            case "var_pop" -> Deviation.VAR_POP;
            default -> null;
        };
    }

    private OutputColumn extreme(
            ScatterShape.Aggregate call,
            ValueFormat format,
            int column,
            Described.Column partial,
            ShardColumns columns) {
        int visible = columns.add(column, partial.type(), format == ValueFormat.BINARY ? 1 : 0);
        int key = orders.key(columns, column, partial, visible, false, false, false)
                .column();
        OutputColumn.End end = call.function().equals("min") ? OutputColumn.End.LEAST : OutputColumn.End.GREATEST;
        return new OutputColumn.Extreme(end, key, visible, orders.order(partial, false));
    }

    /** Returns the OID of the type of an output's values. */
    static int type(OutputColumn output, int partialType) {
        OutputColumn combined = output instanceof Distinct distinct ? distinct.of() : output;
        boolean numeric = combined instanceof Combine combine && combine.aggregate() == Aggregate.AVG_INT8;
        return numeric ? NUMERIC : partialType;
    }

    private static @Nullable Aggregate aggregate(String function, int type) {
        return switch (function) {
            case "count" -> type == INT8 ? Aggregate.COUNT : null;
            case "sum" -> sum(type);
            case "avg" -> average(type);
            case "bool_and", "every" -> type == BOOL ? Aggregate.BOOL_AND : null;
            case "bool_or" -> type == BOOL ? Aggregate.BOOL_OR : null;
            case "bit_and" -> isInteger(type) ? Aggregate.BIT_AND : null;
            case "bit_or" -> isInteger(type) ? Aggregate.BIT_OR : null;
            case "bit_xor" -> isInteger(type) ? Aggregate.BIT_XOR : null;
            default -> null;
        };
    }

    private static @Nullable Aggregate sum(int type) {
        return switch (type) {
            case INT8 -> Aggregate.SUM_INT8;
            case NUMERIC -> Aggregate.SUM_NUMERIC;
            case FLOAT4 -> Aggregate.SUM_FLOAT4;
            case FLOAT8 -> Aggregate.SUM_FLOAT8;
            case MONEY -> Aggregate.SUM_MONEY;
            default -> null;
        };
    }

    private static @Nullable Aggregate average(int type) {
        return switch (type) {
            case INT8 -> Aggregate.AVG_INT8;
            case NUMERIC -> Aggregate.AVG_NUMERIC;
            case FLOAT8 -> Aggregate.AVG_FLOAT8;
            default -> null;
        };
    }

    private static boolean isInteger(int type) {
        return type == INT2 || type == INT4 || type == INT8;
    }
}
