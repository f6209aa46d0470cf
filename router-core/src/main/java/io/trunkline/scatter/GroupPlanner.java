// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.merge.FinalKey;
import io.trunkline.merge.GroupPlan;
import io.trunkline.merge.MergedRows;
import io.trunkline.merge.OutputColumn;
import io.trunkline.merge.SortKey;
import io.trunkline.merge.ValueFormat;
import io.trunkline.merge.ValueOrder;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.ScatterShape.Aggregate;
import io.trunkline.sql.ScatterShape.OrderItem;
import io.trunkline.sql.TokenText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Plans queries whose groups have rows on several shards, by GROUP BY, DISTINCT or an aggregate over all.
 *
 * <p>Each shard groups its own rows and sorts the groups by what they are grouped by; equal groups of different shards then come one behind the
 * other, and are combined without being collected. Only an order by an aggregate needs them all.
 */
final class GroupPlanner implements ShapePlanner {
    private static final int FLOAT8 = 701;

    private final ScatterRead read;
    private final ScatterShape shape;
    private final QueryText text;
    private final RowCounts counts;
    private final KeyOrders orders;
    private final long memoryBytesMax;

    GroupPlanner(ScatterRead read, TokenText text, long memoryBytesMax) {
        this.read = read;
        this.shape = read.shape();
        this.text = new QueryText(shape, text);
        this.counts = RowCounts.of(read, text);
        this.orders = new KeyOrders(read, this.text);
        this.memoryBytesMax = memoryBytesMax;
    }

    @Override
    public boolean needsServersOrder(Described original) {
        return shape.orderBy().stream().anyMatch(item -> {
            int output = QueryText.outputColumn(item, original);
            // Of which type another grouped expression is, nobody has said yet.
            return !item.collateC()
                    && (output < 0
                            ? orders.hasLanguage()
                            : orders.isOfLanguage(original.columns().get(output)));
        });
    }

    @Override
    public String label() {
        return !shape.isGrouped()
                ? "Unique"
                : shape.groupBy().isEmpty() ? "Finalize Aggregate" : "Finalize GroupAggregate";
    }

    @Override
    public @Nullable String parts(Described original) {
        return shape.isGrouped() ? columns(original).sql(shape) : null;
    }

    private GroupColumns columns(Described original) {
        return new GroupColumns(
                shape.items(),
                shape.groupBy(),
                text,
                item -> original.columns().get(item).type() == FLOAT8);
    }

    @Override
    public ScatterPlan plan(Described original, @Nullable Described parts) {
        return parts == null ? new Plan(original).ofDistinct() : new Plan(original).ofGroups(parts);
    }

    /** One plan in the making. */
    private final class Plan {
        private final Described original;
        private final ShardColumns columns = new ShardColumns();
        private final List<OutputColumn> outputs = new ArrayList<>();
        /** What equal rows are equal in. */
        private final List<Grouping> groupings = new ArrayList<>();
        /** Behind them, what values are equal in that count once, or null. */
        private @Nullable Grouping distinct;

        Plan(Described original) {
            this.original = original;
        }

        /**
         * A column that rows are grouped by.
         *
         * @param column of the inner query
         * @param place among the shards' columns if the client sees it, or -1
         */
        private record Grouping(int column, Described.Column described, int place) {}

        ScatterPlan ofDistinct() {
            for (int i = 0; i < original.columns().size(); i++) {
                Described.Column column = original.columns().get(i);
                int place = columns.add(i, column.type(), read.format(i));
                outputs.add(new OutputColumn.Pass(place));
                groupings.add(new Grouping(i, column, place));
            }
            List<Grouping> ordered = new ArrayList<>();
            for (OrderItem item : shape.orderBy()) {
                ordered.add(groupings.get(known(QueryText.outputColumn(item, original), item)));
            }
            return inOrderOfKeys(text.inner(List.of()), original.columns().size(), ordered);
        }

        ScatterPlan ofGroups(Described parts) {
            GroupColumns inner = columns(original);
            AggregateOutputs aggregates = new AggregateOutputs(read, orders);
            for (int i = 0; i < shape.items().size(); i++) {
                int column = inner.ofItem(i);
                Described.Column described = parts.columns().get(column);
                outputs.add(
                        shape.items().get(i) instanceof Aggregate aggregate
                                ? aggregates.of(aggregate, ValueFormat.of(read.format(i)), column, described, columns)
                                : new OutputColumn.Pass(columns.add(column, described.type(), read.format(i))));
            }
            for (int g = 0; g < shape.groupBy().size(); g++) {
                int column = inner.ofGroup(g);
                int item = shape.groupBy().get(g).item();
                int place = item < 0 ? -1 : ((OutputColumn.Pass) outputs.get(item)).column();
                groupings.add(new Grouping(column, parts.columns().get(column), place));
            }
            if (inner.distinctColumn() >= 0) {
                distinct = new Grouping(inner.distinctColumn(), parts.columns().get(inner.distinctColumn()), -1);
            }
            boolean byAggregate = false;
            List<Grouping> ordered = new ArrayList<>();
            for (OrderItem item : shape.orderBy()) {
                int output = QueryText.outputColumn(item, original);
                if (output >= 0 && shape.items().get(output) instanceof Aggregate) {
                    byAggregate = true;
                } else {
                    ordered.add(grouping(item, output));
                }
            }
            return byAggregate ? inFinalOrder(inner, ordered) : inOrderOfKeys(inner.sql(shape), inner.size(), ordered);
        }

        /** Returns the grouped column that an entry of ORDER BY is. */
        private Grouping grouping(OrderItem item, int output) {
            String ordered = text.of(
                    output < 0
                            ? item.expression()
                            : QueryText.range(shape.items().get(output)));
            for (int g = 0; g < groupings.size(); g++) {
                if (output >= 0 && shape.groupBy().get(g).item() == output) {
                    return groupings.get(g);
                }
            }
            for (int g = 0; g < groupings.size(); g++) {
                if (isSame(text.of(text.grouped(shape.groupBy().get(g))), ordered)) {
                    return groupings.get(g);
                }
            }
            throw refusedOrder(item);
        }

        /** Only in what is not quoted the case of letters does not matter. */
        private static boolean isSame(String one, String other) {
            boolean quotes = one.indexOf('\'') >= 0 || one.indexOf('"') >= 0 || one.indexOf('$') >= 0;
            return quotes ? one.equals(other) : one.equalsIgnoreCase(other);
        }

        private int known(int output, OrderItem item) {
            if (output < 0) {
                throw refusedOrder(item);
            }
            return output;
        }

        private ScatterRefused refusedOrder(OrderItem item) {
            return new ScatterRefused(RouteRefusal.SCATTER_ORDER.because(
                    "entry " + (shape.orderBy().indexOf(item) + 1) + " of ORDER BY is no column of the result"));
        }

        /** The client's order, then what else the rows are grouped by. */
        private ScatterPlan inOrderOfKeys(String inner, int innerColumns, List<Grouping> ordered) {
            List<SortKey> keys = new ArrayList<>();
            StringBuilder orderBy = new StringBuilder();
            List<Grouping> seen = new ArrayList<>();
            for (int i = 0; i < ordered.size(); i++) {
                Grouping grouping = ordered.get(i);
                if (!seen.contains(grouping)) {
                    seen.add(grouping);
                    OrderItem item = shape.orderBy().get(i);
                    addKey(keys, orderBy, grouping, item.collateC(), item.descending(), item.nullsFirst());
                }
            }
            for (Grouping grouping : groupings) {
                if (!seen.contains(grouping)) {
                    seen.add(grouping);
                    addKey(keys, orderBy, grouping, true, false, false);
                }
            }
            addDistinct(keys, orderBy);
            StringBuilder sql = columns.select(inner, innerColumns).append(orderBy);
            if (distinct == null && !keys.isEmpty() || counts.isInvalid()) {
                counts.appendTo(sql);
            }
            return plan(sql, keys, List.of());
        }

        private ScatterPlan inFinalOrder(GroupColumns inner, List<Grouping> ordered) {
            List<FinalKey> finalOrder = new ArrayList<>();
            int nextOrdered = 0;
            for (OrderItem item : shape.orderBy()) {
                int output = QueryText.outputColumn(item, original);
                if (output >= 0 && shape.items().get(output) instanceof Aggregate) {
                    ValueOrder order = orders.order(original.columns().get(output), item.collateC());
                    finalOrder.add(
                            new FinalKey.OfOutput(new SortKey(output, order, item.descending(), item.nullsFirst())));
                } else {
                    Grouping grouping = ordered.get(nextOrdered++);
                    finalOrder.add(new FinalKey.OfRow(orders.key(
                            columns,
                            grouping.column(),
                            grouping.described(),
                            grouping.place(),
                            item.collateC(),
                            item.descending(),
                            item.nullsFirst())));
                }
            }
            List<SortKey> keys = new ArrayList<>();
            StringBuilder orderBy = new StringBuilder();
            for (Grouping grouping : groupings) {
                addKey(keys, orderBy, grouping, true, false, false);
            }
            addDistinct(keys, orderBy);
            StringBuilder sql = columns.select(inner.sql(shape), inner.size()).append(orderBy);
            if (counts.isInvalid()) {
                counts.appendTo(sql);
            }
            return plan(sql, keys, finalOrder);
        }

        private void addDistinct(List<SortKey> keys, StringBuilder orderBy) {
            if (distinct != null) {
                addKey(keys, orderBy, distinct, true, false, false);
            }
        }

        private void addKey(
                List<SortKey> keys,
                StringBuilder orderBy,
                Grouping grouping,
                boolean collateC,
                boolean descending,
                boolean nullsFirst) {
            SortKey key = orders.key(
                    columns,
                    grouping.column(),
                    grouping.described(),
                    grouping.place(),
                    collateC,
                    descending,
                    nullsFirst);
            keys.add(key);
            orders.appendTo(orderBy, grouping.column(), key);
        }

        private ScatterPlan plan(StringBuilder sql, List<SortKey> keys, List<FinalKey> finalOrder) {
            GroupPlan merge = new GroupPlan(
                    columns.size(),
                    keys,
                    keys.size() - (distinct == null ? 0 : 1),
                    outputs,
                    outputs.size(),
                    finalOrder,
                    counts.range(read.rowsMax()),
                    memoryBytesMax);
            byte[] text = sql.toString().getBytes(StandardCharsets.UTF_8);
            return new ScatterPlan(
                    shard -> text,
                    original.parameterTypes(),
                    List.copyOf(columns.columns()),
                    // The first in an order of their own may be any of the shards' groups, and a group may have many
                    // rows.
                    finalOrder.isEmpty() && distinct == null ? counts.rowsOfShard(read.rowsMax()) : 0,
                    shards -> MergedRows.of(shards, merge),
                    null);
        }
    }
}
