// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.merge.GroupPlan;
import io.trunkline.merge.MergedRows;
import io.trunkline.merge.OutputColumn;
import io.trunkline.merge.RowRange;
import io.trunkline.merge.SortKey;
import io.trunkline.merge.ValueFormat;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.scatter.GroupValue.Kind;
import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.ScatterShape.Aggregate;
import io.trunkline.sql.ScatterShape.Collected;
import io.trunkline.sql.ScatterShape.Finish;
import io.trunkline.sql.ScatterShape.GroupItem;
import io.trunkline.sql.TokenText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Plans queries of which more is asked than what groups are made of: expressions over aggregates, HAVING, DISTINCT or an order by such expressions.
 *
 * <p>Groups are combined in the order of their keys, without the client's order and limits, and all of them are handed to one shard ({@link GroupFinish}).
 */
final class FinishPlanner implements ShapePlanner {
    /** PostgreSQL's own limit of parameters of a statement. */
    private static final int PARAMETERS_MAX = 65_535;
    /** Wide enough for every query seen, and far from the limits of a FROM. */
    private static final int VALUES_MAX = 400;

    private static final int FLOAT4 = 700;
    private static final int FLOAT8 = 701;

    private final ScatterRead read;
    private final ScatterShape shape;
    private final Finish finish;
    private final QueryText text;
    private final RowCounts counts;
    private final KeyOrders orders;
    private final long memoryBytesMax;

    FinishPlanner(ScatterRead read, Finish finish, TokenText text, long memoryBytesMax) {
        this.read = read;
        this.shape = read.shape();
        this.finish = finish;
        this.text = new QueryText(shape, text);
        this.counts = RowCounts.of(read, text);
        this.orders = new KeyOrders(read, this.text);
        this.memoryBytesMax = memoryBytesMax;
    }

    @Override
    public String label() {
        return shape.groupBy().isEmpty() ? "Finalize Aggregate" : "Finalize GroupAggregate";
    }

    @Override
    public @Nullable String parts(Described original) {
        return columns(null).described(shape);
    }

    private GroupColumns columns(@Nullable IntPredicate wide) {
        List<ScatterShape.Item> items = new ArrayList<>();
        List<GroupItem> groups = new ArrayList<>();
        for (GroupItem group : shape.groupBy()) {
            groups.add(new GroupItem(group.expression(), items.size()));
            items.add(new ScatterShape.Plain(text.grouped(group), null));
        }
        items.addAll(finish.aggregates());
        return new GroupColumns(items, groups, text, wide);
    }

    @Override
    public ScatterPlan plan(Described original, @Nullable Described parts) {
        if (parts == null) {
            throw new IllegalStateException("columns not described");
        }
        int groupCount = shape.groupBy().size();
        GroupColumns described = columns(null);
        GroupColumns inner = columns(
                item -> isFloat(parts.columns().get(described.ofItem(item)).type()));
        AggregateOutputs aggregates = new AggregateOutputs(read, orders);
        ShardColumns columns = new ShardColumns();
        List<SortKey> keys = new ArrayList<>();
        List<OutputColumn> outputs = new ArrayList<>();
        List<GroupValue> values = new ArrayList<>();
        StringBuilder orderBy = new StringBuilder();
        for (int g = 0; g < groupCount; g++) {
            int column = inner.ofGroup(g);
            Described.Column group = parts.columns().get(column);
            SortKey key = orders.key(columns, column, group, -1, true, false, false);
            orders.appendTo(orderBy, column, key);
            keys.add(key);
            outputs.add(new OutputColumn.Pass(key.column()));
            values.add(new GroupValue(group.type(), Kind.SINGLE));
        }
        for (int a = 0; a < finish.aggregates().size(); a++) {
            Aggregate call = finish.aggregates().get(a);
            int column = inner.ofItem(groupCount + a);
            if (call.collected() != null) {
                int samples = described.ofSamples(groupCount + a);
                addRows(call, call.collected(), column, samples, parts, columns, outputs, values);
                continue;
            }
            Described.Column partial = parts.columns().get(column);
            if (isFloat(partial.type()) && call.function().equals("avg")) {
                partial = new Described.Column(partial.name(), FLOAT8);
            }
            OutputColumn output = aggregates.of(call, ValueFormat.BINARY, column, partial, columns);
            outputs.add(output);
            values.add(new GroupValue(AggregateOutputs.type(output, partial.type()), Kind.SINGLE));
        }
        int arrayCount = GroupValue.arrayCount(values);
        if (arrayCount > VALUES_MAX || original.parameterTypes().length + arrayCount > PARAMETERS_MAX) {
            throw new ScatterRefused(
                    RouteRefusal.SCATTER_AGGREGATE.because(arrayCount + " values are needed of each group"));
        }
        int groupKeys = keys.size();
        if (inner.distinctColumn() >= 0) {
            int column = inner.distinctColumn();
            SortKey key = orders.key(columns, column, parts.columns().get(column), -1, true, false, false);
            orders.appendTo(orderBy, column, key);
            keys.add(key);
        }
        String sql =
                columns.select(inner.sql(shape), inner.size()).append(orderBy).toString();
        GroupPlan merge = new GroupPlan(
                columns.size(),
                keys,
                groupKeys,
                outputs,
                outputs.size(),
                List.of(),
                RowRange.ALL,
                CollectedGroups.bytesMax(memoryBytesMax));
        byte[] bytes = sql.getBytes(StandardCharsets.UTF_8);
        return new ScatterPlan(
                shard -> bytes,
                original.parameterTypes(),
                List.copyOf(columns.columns()),
                0,
                shards -> MergedRows.of(shards, merge),
                finish(original, values));
    }

    /** Adds the arrays of what an aggregate sees of its rows. */
    private static void addRows(
            Aggregate call,
            Collected collected,
            int column,
            int sample,
            Described parts,
            ShardColumns columns,
            List<OutputColumn> outputs,
            List<GroupValue> values) {
        for (int v = 0; v < collected.values().size(); v++) {
            int array = parts.columns().get(column + v).type();
            int type = parts.columns().get(sample + v).type();
            // A domain has arrays of its own, an array has none but itself.
            if (ValueTypes.arrayOf(type) != array) {
                throw new ScatterRefused(RouteRefusal.SCATTER_AGGREGATE.because(
                        "the aggregate is " + call.function() + " over values of type " + Integer.toUnsignedString(type)
                                + (type == array ? "" : " or of a domain")));
            }
            outputs.add(new OutputColumn.Elements(columns.addBinary(column + v, array)));
            values.add(new GroupValue(type, v == 0 ? Kind.OF_ROWS : Kind.OF_SAME_ROWS));
        }
    }

    private static boolean isFloat(int type) {
        return type == FLOAT4 || type == FLOAT8;
    }

    private GroupFinish finish(Described original, List<GroupValue> values) {
        int parameterCount = original.parameterTypes().length;
        int[] parameterTypes = new int[parameterCount + GroupValue.arrayCount(values)];
        System.arraycopy(original.parameterTypes(), 0, parameterTypes, 0, parameterCount);
        List<ScatterPlan.Column> columns = new ArrayList<>();
        for (int i = 0; i < original.columns().size(); i++) {
            columns.add(new ScatterPlan.Column(original.columns().get(i).type(), read.format(i)));
        }
        return new GroupFinish(
                new FinishText(shape, finish, text).sql(original, values, parameterCount, counts),
                parameterTypes,
                columns,
                List.copyOf(values),
                read.rowsMax(),
                memoryBytesMax);
    }
}
