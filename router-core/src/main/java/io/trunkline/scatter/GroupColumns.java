// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.routing.RouteRefusal;
import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.ScatterShape.Aggregate;
import io.trunkline.sql.ScatterShape.GroupItem;
import io.trunkline.sql.ScatterShape.Item;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
import java.util.List;

/**
 * The inner query of one that combines groups: the client's select list with partial values in place of its aggregates, then the grouped expressions
 * that it does not show.
 *
 * <p>All columns are counted from 0.
 */
final class GroupColumns {
    private static final int FLOAT8 = 701;

    private final QueryText text;
    private final List<String> expressions = new ArrayList<>();
    private final List<Integer> itemColumns = new ArrayList<>();
    private final List<Integer> groupColumns = new ArrayList<>();

    GroupColumns(ScatterShape shape, QueryText text, Described original) {
        this.text = text;
        for (int i = 0; i < shape.items().size(); i++) {
            Item item = shape.items().get(i);
            itemColumns.add(expressions.size());
            if (item instanceof Aggregate aggregate) {
                addPartials(aggregate, original.columns().get(i));
            } else {
                expressions.add(text.of(QueryText.range(item)));
            }
        }
        for (GroupItem group : shape.groupBy()) {
            if (group.item() >= 0) {
                groupColumns.add(itemColumns.get(group.item()));
            } else {
                groupColumns.add(expressions.size());
                expressions.add(text.of(group.expression()));
            }
        }
    }

    private void addPartials(Aggregate aggregate, Described.Column described) {
        TokenRange argument = aggregate.argument();
        if (aggregate.distinct()) {
            throw new ScatterRefused(
                    RouteRefusal.SCATTER_AGGREGATE.because("equal values of " + aggregate.function() + " count once"));
        }
        if (!aggregate.function().equals("avg") || argument == null) {
            expressions.add(text.of(aggregate.call()));
            return;
        }
        String filter = aggregate.filter() == null ? "" : " FILTER (WHERE " + text.of(aggregate.filter()) + ")";
        // The server, too, adds up float4 as float8 when it is for an average.
        String cast = described.type() == FLOAT8 ? "::pg_catalog.float8" : "";
        expressions.add("pg_catalog.sum((" + text.of(argument) + ")" + cast + ")" + filter);
        expressions.add("pg_catalog.count(" + text.of(argument) + ")" + filter);
    }

    /** Returns the column of an entry of the select list; the count of an average stands behind it. */
    int ofItem(int item) {
        return itemColumns.get(item);
    }

    /** Returns the column of an entry of GROUP BY. */
    int ofGroup(int group) {
        return groupColumns.get(group);
    }

    int size() {
        return expressions.size();
    }

    /** Returns the query: by number, an entry of GROUP BY is a column whatever it looks like. */
    String sql(ScatterShape shape) {
        StringBuilder sql = new StringBuilder(text.with())
                .append("SELECT ")
                .append(String.join(", ", expressions))
                .append(' ')
                .append(text.of(shape.body()));
        for (int i = 0; i < groupColumns.size(); i++) {
            sql.append(i == 0 ? " GROUP BY " : ", ").append(groupColumns.get(i) + 1);
        }
        return sql.toString();
    }
}
