// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.ScatterShape.Aggregate;
import io.trunkline.sql.ScatterShape.Collected;
import io.trunkline.sql.ScatterShape.GroupItem;
import io.trunkline.sql.ScatterShape.Item;
import io.trunkline.sql.ScatterShape.Repeats;
import io.trunkline.sql.ScatterShape.RowValue;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The inner query of one that combines groups: partial values in place of aggregates, and the grouped expressions.
 *
 * <p>All columns are counted from 0.
 */
final class GroupColumns {
    private static final String FLOAT8 = "::pg_catalog.float8";
    private static final String NUMERIC = "::pg_catalog.numeric";

    private final QueryText text;
    private final List<String> expressions = new ArrayList<>();
    private final List<Integer> itemColumns = new ArrayList<>();
    private final List<Integer> groupColumns = new ArrayList<>();
    /** Expressions of the types that the elements of arrays have, which are only described. */
    private final List<String> samples = new ArrayList<>();
    /** How many of them stand before those of an item. */
    private final List<Integer> itemSamples = new ArrayList<>();
    /** The argument of which each value counts once, or -1. */
    private int distinctColumn = -1;

    /**
     * Makes the columns.
     *
     * @param items the entries that groups are made of; those that are no aggregates are constants or grouped expressions
     * @param groups what is grouped by
     * @param wide says of an item that is an average or variance whether it is computed in float8; null while that is not known, and only the types matter
     */
    GroupColumns(List<? extends Item> items, List<GroupItem> groups, QueryText text, @Nullable IntPredicate wide) {
        this.text = text;
        for (int i = 0; i < items.size(); i++) {
            Item item = items.get(i);
            itemColumns.add(expressions.size());
            itemSamples.add(samples.size());
            if (item instanceof Aggregate aggregate) {
                addPartials(aggregate, i, wide);
            } else {
                expressions.add(text.of(QueryText.range(item)));
            }
        }
        for (GroupItem group : groups) {
            if (group.item() >= 0) {
                groupColumns.add(itemColumns.get(group.item()));
            } else {
                groupColumns.add(expressions.size());
                expressions.add(text.of(group.expression()));
            }
        }
        for (Item item : items) {
            TokenRange argument = item instanceof Aggregate call && call.distinct() ? call.argument() : null;
            if (argument != null && distinctColumn < 0) {
                distinctColumn = expressions.size();
                expressions.add(text.of(argument));
            }
        }
    }

    private void addPartials(Aggregate aggregate, int item, @Nullable IntPredicate wide) {
        if (aggregate.collected() != null) {
            addArrays(aggregate, aggregate.collected());
            return;
        }
        TokenRange argument = aggregate.argument();
        boolean average = aggregate.function().equals("avg");
        boolean variance = AggregateOutputs.deviation(aggregate.function()) != null;
        if (argument == null || !average && !variance) {
            expressions.add(text.of(aggregate.call()));
            return;
        }
        String distinct = aggregate.distinct() ? "DISTINCT " : "";
        String value = "(" + text.of(argument) + ")";
        String filter = filter(aggregate);
        boolean isWide = wide != null && wide.test(item);
        if (average) {
            // The server, too, adds up float4 as float8 when it is for an average.
            expressions.add("pg_catalog.sum(" + distinct + value + (isWide ? FLOAT8 : "") + ")" + filter);
        } else if (wide == null) {
            expressions.add(text.of(aggregate.call()));
        } else {
            expressions.add("pg_catalog.sum(" + distinct + value + (isWide ? FLOAT8 : NUMERIC) + ")" + filter);
        }
        expressions.add("pg_catalog.count(" + distinct + text.of(argument) + ")" + filter);
        if (variance) {
            String square = value + NUMERIC + " OPERATOR(pg_catalog.*) " + value + NUMERIC;
            expressions.add(
                    isWide
                            ? "pg_catalog.var_pop(" + distinct + value + FLOAT8 + ")" + filter
                            : "pg_catalog.sum(" + distinct + square + ")" + filter);
        }
    }

    /** In one query without an order of their own all arrays have the same order of rows. */
    private void addArrays(Aggregate aggregate, Collected collected) {
        // Of several values each may be repeated where all together are not.
        boolean once = collected.repeats() == Repeats.ARE_LEFT_OUT
                && collected.values().size() == 1;
        for (RowValue value : collected.values()) {
            String expression = value(value);
            expressions.add("pg_catalog.array_agg(" + (once ? "DISTINCT " : "") + expression + ")" + filter(aggregate));
            samples.add(expression);
        }
    }

    private String value(RowValue value) {
        String expression = text.of(value.expression());
        return value.sentBy() == null ? expression : "pg_catalog." + value.sentBy() + "(" + expression + ")";
    }

    private String filter(Aggregate aggregate) {
        return aggregate.filter() == null ? "" : " FILTER (WHERE " + text.of(aggregate.filter()) + ")";
    }

    /** Returns the column of an entry of the select list; the count of an average, the squares of a variance, and further arrays stand behind it. */
    int ofItem(int item) {
        return itemColumns.get(item);
    }

    /** Returns the column, in the described query, of the first element that an entry of the select list has. */
    int ofSamples(int item) {
        return expressions.size() + itemSamples.get(item);
    }

    /** Returns the column of an entry of GROUP BY. */
    int ofGroup(int group) {
        return groupColumns.get(group);
    }

    /** Returns the column of the argument of which equal values count once, or -1 when there is none. */
    int distinctColumn() {
        return distinctColumn;
    }

    int size() {
        return expressions.size();
    }

    /**
     * Returns the query with one more column for each array, of the type of its elements. An array of arrays has the type that they have.
     */
    String described(ScatterShape shape) {
        StringBuilder more = new StringBuilder();
        for (String sample : samples) {
            more.append(", (SELECT ")
                    .append(sample)
                    .append(' ')
                    .append(text.of(shape.body()))
                    .append(" LIMIT 1)");
        }
        return sql(shape, more);
    }

    /** Returns the query: by number, an entry of GROUP BY is a column whatever it looks like. */
    String sql(ScatterShape shape) {
        return sql(shape, "");
    }

    private String sql(ScatterShape shape, CharSequence more) {
        StringBuilder sql = new StringBuilder(text.with())
                .append("SELECT ")
                .append(String.join(", ", expressions))
                .append(more)
                .append(' ')
                .append(text.of(shape.body()));
        List<Integer> grouped = new ArrayList<>(groupColumns);
        if (distinctColumn >= 0) {
            grouped.add(distinctColumn);
        }
        for (int i = 0; i < grouped.size(); i++) {
            sql.append(i == 0 ? " GROUP BY " : ", ").append(grouped.get(i) + 1);
        }
        return sql.toString();
    }
}
