// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.merge.Aggregate;
import io.trunkline.merge.OutputColumn;
import io.trunkline.merge.OutputColumn.Combine;
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
     * @param output its place among the client's columns
     * @param column of the inner query with the partial values
     * @throws ScatterRefused when they cannot be combined exactly
     */
    OutputColumn of(
            ScatterShape.Aggregate call, int output, int column, Described.Column partial, ShardColumns columns) {
        ValueFormat format = read.format(output) == 1 ? ValueFormat.BINARY : ValueFormat.TEXT;
        if (call.function().equals("min") || call.function().equals("max")) {
            return extreme(call, output, column, partial, columns);
        }
        Aggregate aggregate = aggregate(call.function(), partial.type());
        boolean isFloat = partial.type() == FLOAT4 || partial.type() == FLOAT8;
        if (aggregate == null
                || !aggregate.isOfferedIn(format)
                || isFloat && format == ValueFormat.TEXT && !read.shortestFloats()) {
            throw new ScatterRefused(RouteRefusal.SCATTER_AGGREGATE.because("the aggregate is " + call.function()
                    + " with partial values of type " + Integer.toUnsignedString(partial.type())));
        }
        int place = columns.addBinary(column, partial.type());
        return aggregate.isAverage()
                ? new Combine(aggregate, place, columns.addBinary(column + 1, INT8), format)
                : new Combine(aggregate, place, format);
    }

    private OutputColumn extreme(
            ScatterShape.Aggregate call, int output, int column, Described.Column partial, ShardColumns columns) {
        int visible = columns.add(column, partial.type(), read.format(output));
        int key = orders.key(columns, column, partial, visible, false, false, false)
                .column();
        OutputColumn.End end = call.function().equals("min") ? OutputColumn.End.LEAST : OutputColumn.End.GREATEST;
        return new OutputColumn.Extreme(end, key, visible, orders.order(partial, false));
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
