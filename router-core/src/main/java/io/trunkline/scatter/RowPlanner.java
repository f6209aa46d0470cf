// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.merge.MergePlan;
import io.trunkline.merge.MergedRows;
import io.trunkline.merge.SortKey;
import io.trunkline.sql.ScatterShape.OrderItem;
import io.trunkline.sql.TokenText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Plans queries whose rows are each finished on one shard: they are put together, in order where the client asks for one.
 *
 * <p>Each shard sorts its rows by the client's own ORDER BY. What is no column of the result becomes a hidden one.
 */
final class RowPlanner implements ShapePlanner {
    private final ScatterRead read;
    private final QueryText text;
    private final RowCounts counts;
    private final KeyOrders orders;

    RowPlanner(ScatterRead read, TokenText text) {
        this.read = read;
        this.text = new QueryText(read.shape(), text);
        this.counts = RowCounts.of(read, text);
        this.orders = new KeyOrders(read, this.text);
    }

    @Override
    public String label() {
        return read.shape().orderBy().isEmpty() ? "Append" : "Merge Append";
    }

    @Override
    public @Nullable String parts(Described original) {
        List<String> hidden = hidden(original);
        return hidden.isEmpty() ? null : text.inner(hidden);
    }

    private List<String> hidden(Described original) {
        List<String> hidden = new ArrayList<>();
        for (OrderItem item : read.shape().orderBy()) {
            if (QueryText.outputColumn(item, original) < 0) {
                hidden.add(text.of(item.expression()));
            }
        }
        return hidden;
    }

    @Override
    public ScatterPlan plan(Described original, @Nullable Described parts) {
        Described inner = parts == null ? original : parts;
        int visible = original.columns().size();
        ShardColumns columns = new ShardColumns();
        for (int i = 0; i < visible; i++) {
            columns.add(i, inner.columns().get(i).type(), read.format(i));
        }
        List<SortKey> keys = new ArrayList<>();
        StringBuilder orderBy = new StringBuilder();
        int nextHidden = visible;
        for (OrderItem item : read.shape().orderBy()) {
            int output = QueryText.outputColumn(item, original);
            int column = output < 0 ? nextHidden++ : output;
            keys.add(orders.key(
                    columns,
                    column,
                    inner.columns().get(column),
                    output,
                    item.collateC(),
                    item.descending(),
                    item.nullsFirst()));
            orderBy.append(orderBy.isEmpty() ? " ORDER BY " : ", ")
                    .append(ShardColumns.name(column))
                    .append(item.descending() ? " DESC" : " ASC")
                    .append(item.nullsFirst() ? " NULLS FIRST" : " NULLS LAST");
        }
        StringBuilder sql = keys.isEmpty()
                ? new StringBuilder(text.inner(List.of()))
                : columns.select(text.inner(hidden(original)), inner.columns().size())
                        .append(orderBy);
        counts.appendTo(sql);
        MergePlan merge = new MergePlan(columns.size(), visible, keys, counts.range(read.rowsMax()));
        byte[] text = sql.toString().getBytes(StandardCharsets.UTF_8);
        return new ScatterPlan(
                shard -> text,
                original.parameterTypes(),
                List.copyOf(columns.columns()),
                counts.rowsOfShard(read.rowsMax()),
                shards -> MergedRows.of(shards, merge),
                null);
    }
}
