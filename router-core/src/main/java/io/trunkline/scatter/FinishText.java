// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.routing.RouteRefusal;
import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.ScatterShape.Aggregate;
import io.trunkline.sql.ScatterShape.Collected;
import io.trunkline.sql.ScatterShape.Finish;
import io.trunkline.sql.ScatterShape.GroupItem;
import io.trunkline.sql.ScatterShape.OrderItem;
import io.trunkline.sql.ScatterShape.RowValue;
import io.trunkline.sql.ScatterShape.Substitute;
import io.trunkline.sql.ScatterShape.Tie;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The words of a {@link GroupFinish}: the client's clauses with columns of the groups where grouped expressions and aggregates stood.
 *
 * <p>The groups are {@code g}. An aggregate that is made of rows is computed from rows of its own, each with the number of its group, and joined to the groups by it. It is
 * NULL where there are none, as each of these aggregates is of no rows, but for a count.
 */
final class FinishText {
    /** No column in the client's text is likely to have such names: the number of a group, and the place of a row among all. */
    private static final String NUMBER = "\"#\"";

    private static final String PLACE = "\"##\"";

    private final ScatterShape shape;
    private final Finish finish;
    private final QueryText text;
    /** What stands for each value of a group. */
    private final List<String> references = new ArrayList<>();
    /** The number of the parameter that was used last. */
    private int parameter;

    FinishText(ScatterShape shape, Finish finish, QueryText text) {
        this.shape = shape;
        this.finish = finish;
        this.text = text;
    }

    /**
     * Returns the statement.
     *
     * @param original what the client's own words return: a bare name that is ordered by may be one of its columns
     * @param values the columns of the groups
     * @param parameterCount how many parameters the client's statement has
     */
    String sql(Described original, List<GroupValue> values, int parameterCount, RowCounts counts) {
        parameter = parameterCount;
        String groups = groups(values);
        StringBuilder sql = new StringBuilder(shape.distinct() ? "SELECT DISTINCT" : "SELECT");
        for (int i = 0; i < shape.items().size(); i++) {
            sql.append(i == 0 ? " " : ", ")
                    .append(ofGroup(QueryText.range(shape.items().get(i))));
        }
        sql.append(" FROM ").append(groups);
        if (shape.having() != null) {
            sql.append(" WHERE ").append(ofGroup(shape.having()));
        }
        for (int i = 0; i < shape.orderBy().size(); i++) {
            OrderItem item = shape.orderBy().get(i);
            sql.append(i == 0 ? " ORDER BY " : ", ")
                    .append(ordered(item, i, original))
                    .append(item.descending() ? " DESC" : " ASC")
                    .append(item.nullsFirst() ? " NULLS FIRST" : " NULLS LAST");
        }
        counts.appendAsGiven(sql);
        return sql.toString();
    }

    private String ordered(OrderItem item, int index, Described original) {
        int output = QueryText.outputColumn(item, original);
        if (output >= 0) {
            return Integer.toString(output + 1);
        }
        if (item.kind() == OrderItem.Kind.NAME && nextIn(item.expression(), finish.substitutes()) == null) {
            // It depends on what is grouped by, as columns do on a primary key.
            throw new ScatterRefused(RouteRefusal.SCATTER_ORDER.because(
                    "entry " + (index + 1) + " of ORDER BY is neither a column of the result nor grouped by"));
        }
        return ofGroup(item.expression());
    }

    // what it reads from

    /** Returns the words behind FROM, and notes what stands for each value of a group. */
    private String groups(List<GroupValue> values) {
        ArrayRows groups = new ArrayRows();
        if (GroupValue.haveRows(values)) {
            groups.add(NUMBER, ValueTypes.INT4, ++parameter, null);
        }
        Iterator<GroupValue> next = values.iterator();
        for (GroupItem group : shape.groupBy()) {
            String name = name(references.size());
            groups.addGrouped(name, next.next().type(), ++parameter, text.of(text.grouped(group)));
            references.add("g." + name);
        }
        StringBuilder joined = new StringBuilder();
        for (Aggregate call : finish.aggregates()) {
            String name = name(references.size());
            if (call.collected() == null) {
                groups.add(name, next.next().type(), ++parameter, text.of(call.call()));
                references.add("g." + name);
            } else {
                String alias = "a" + (references.size() + 1);
                appendRows(joined, alias, name, call.collected(), next);
                String value = alias + "." + name;
                references.add(call.function().equals("count") ? "coalesce(" + value + ", 0)" : value);
            }
        }
        return sql(groups, "g") + joined;
    }

    private void appendRows(
            StringBuilder joined, String alias, String name, Collected collected, Iterator<GroupValue> next) {
        ArrayRows rows = new ArrayRows();
        rows.add(NUMBER, ValueTypes.INT4, ++parameter, null);
        List<String> columns = new ArrayList<>();
        for (RowValue value : collected.values()) {
            String column = name(columns.size());
            rows.add(column, next.next().type(), ++parameter, text.of(value.expression()));
            columns.add("e." + column);
        }
        if (collected.tie() != Tie.NONE) {
            rows.addPlace(PLACE);
        }
        joined.append(" LEFT JOIN (SELECT e.")
                .append(NUMBER)
                .append(", ")
                .append(call(collected, columns))
                .append(" FROM ")
                .append(sql(rows, "e"))
                .append(" GROUP BY 1) AS ")
                .append(alias)
                .append('(')
                .append(NUMBER)
                .append(", ")
                .append(name)
                .append(") ON ")
                .append(alias)
                .append('.')
                .append(NUMBER)
                .append(" OPERATOR(pg_catalog.=) g.")
                .append(NUMBER);
    }

    /** Rows keep the order in which they came, the same in all aggregates, where the client's order says nothing. */
    private String call(Collected collected, List<String> columns) {
        TokenRange words = collected.words();
        int close = words.to() - 1;
        String call = of(new TokenRange(words.from(), close), collected.places(), columns);
        return call
                + switch (collected.tie()) {
                    case ORDER -> " ORDER BY e." + PLACE;
                    case LAST_OF_ORDER -> ", e." + PLACE;
                    case NONE -> "";
                }
                + ")";
    }

    private String sql(ArrayRows rows, String alias) {
        return rows.sql(alias, text.with(), text.of(shape.body()));
    }

    private static String name(int value) {
        return "\"#" + (value + 1) + "\"";
    }

    // stretches of the client's text

    private String ofGroup(TokenRange range) {
        return of(range, finish.substitutes(), references);
    }

    private String of(TokenRange range, List<Substitute> substitutes, List<String> values) {
        StringBuilder sql = new StringBuilder();
        int from = range.from();
        while (from < range.to()) {
            Substitute next = nextIn(new TokenRange(from, range.to()), substitutes);
            int to = next == null ? range.to() : next.range().from();
            if (from < to) {
                sql.append(sql.length() == 0 ? "" : " ").append(text.of(new TokenRange(from, to)));
            }
            if (next != null) {
                sql.append(sql.length() == 0 ? "" : " ").append(values.get(next.value()));
                to = next.range().to();
            }
            from = to;
        }
        return sql.toString();
    }

    private static @Nullable Substitute nextIn(TokenRange range, List<Substitute> substitutes) {
        for (Substitute substitute : substitutes) {
            if (substitute.range().from() >= range.from() && substitute.range().to() <= range.to()) {
                return substitute;
            }
        }
        return null;
    }
}
