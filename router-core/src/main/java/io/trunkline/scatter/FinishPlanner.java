// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.merge.GroupPlan;
import io.trunkline.merge.MergedRows;
import io.trunkline.merge.OutputColumn;
import io.trunkline.merge.RowRange;
import io.trunkline.merge.SortKey;
import io.trunkline.merge.ValueFormat;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.ScatterShape.Aggregate;
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
        return columns(null).sql(shape);
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
        int valueCount = groupCount + finish.aggregates().size();
        if (valueCount > VALUES_MAX || original.parameterTypes().length + valueCount > PARAMETERS_MAX) {
            throw new ScatterRefused(
                    RouteRefusal.SCATTER_AGGREGATE.because(valueCount + " values are needed of each group"));
        }
        GroupColumns described = columns(null);
        GroupColumns inner = columns(
                item -> isFloat(parts.columns().get(described.ofItem(item)).type()));
        AggregateOutputs aggregates = new AggregateOutputs(read, orders);
        ShardColumns columns = new ShardColumns();
        List<SortKey> keys = new ArrayList<>();
        List<OutputColumn> outputs = new ArrayList<>();
        List<Integer> types = new ArrayList<>();
        StringBuilder orderBy = new StringBuilder();
        for (int g = 0; g < groupCount; g++) {
            int column = inner.ofGroup(g);
            Described.Column group = parts.columns().get(column);
            SortKey key = orders.key(columns, column, group, -1, true, false, false);
            orders.appendTo(orderBy, column, key);
            keys.add(key);
            outputs.add(new OutputColumn.Pass(key.column()));
            types.add(group.type());
        }
        for (int a = 0; a < finish.aggregates().size(); a++) {
            Aggregate call = finish.aggregates().get(a);
            int column = inner.ofItem(groupCount + a);
            Described.Column partial = parts.columns().get(column);
            if (isFloat(partial.type()) && call.function().equals("avg")) {
                partial = new Described.Column(partial.name(), FLOAT8);
            }
            OutputColumn output = aggregates.of(call, ValueFormat.BINARY, column, partial, columns);
            outputs.add(output);
            types.add(AggregateOutputs.type(output, partial.type()));
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
                columns.size(), keys, groupKeys, outputs, outputs.size(), List.of(), RowRange.ALL, memoryBytesMax);
        byte[] bytes = sql.getBytes(StandardCharsets.UTF_8);
        return new ScatterPlan(
                shard -> bytes,
                original.parameterTypes(),
                List.copyOf(columns.columns()),
                0,
                shards -> MergedRows.of(shards, merge),
                finish(original, types));
    }

    private static boolean isFloat(int type) {
        return type == FLOAT4 || type == FLOAT8;
    }

    private GroupFinish finish(Described original, List<Integer> types) {
        int parameterCount = original.parameterTypes().length;
        int[] parameterTypes = new int[parameterCount + types.size()];
        System.arraycopy(original.parameterTypes(), 0, parameterTypes, 0, parameterCount);
        List<ScatterPlan.Column> columns = new ArrayList<>();
        for (int i = 0; i < original.columns().size(); i++) {
            columns.add(new ScatterPlan.Column(original.columns().get(i).type(), read.format(i)));
        }
        return new GroupFinish(
                new FinishText(shape, finish, text).sql(original, types, parameterCount, counts),
                parameterTypes,
                columns,
                List.copyOf(types),
                read.rowsMax(),
                memoryBytesMax);
    }
}
