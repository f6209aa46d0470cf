// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.merge.ValueOrder;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.ScatterShape.Finish;
import io.trunkline.sql.ScatterShape.OrderItem;
import io.trunkline.sql.ScatterShape.Substitute;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The words of a {@link GroupFinish}: the client's clauses with columns of the groups where grouped expressions and aggregates stood. */
final class FinishText {
    private final ScatterShape shape;
    private final Finish finish;
    private final QueryText text;

    FinishText(ScatterShape shape, Finish finish, QueryText text) {
        this.shape = shape;
        this.finish = finish;
        this.text = text;
    }

    /**
     * Returns the statement.
     *
     * @param original what the client's own words return: a bare name that is ordered by may be one of its columns
     * @param groupTypes the types of the groups' columns
     * @param parameterCount how many parameters the client's statement has
     */
    String sql(Described original, List<Integer> groupTypes, int parameterCount, RowCounts counts) {
        StringBuilder sql = new StringBuilder(shape.distinct() ? "SELECT DISTINCT" : "SELECT");
        for (int i = 0; i < shape.items().size(); i++) {
            sql.append(i == 0 ? " " : ", ")
                    .append(of(QueryText.range(shape.items().get(i))));
        }
        appendGroups(sql, groupTypes, parameterCount);
        if (shape.having() != null) {
            sql.append(" WHERE ").append(of(shape.having()));
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
        if (item.kind() == OrderItem.Kind.NAME && nextIn(item.expression()) == null) {
            // It depends on what is grouped by, as columns do on a primary key.
            throw new ScatterRefused(RouteRefusal.SCATTER_ORDER.because(
                    "entry " + (index + 1) + " of ORDER BY is neither a column of the result nor grouped by"));
        }
        return of(item.expression());
    }

    /**
     * Appends the FROM that makes rows of the arrays.
     *
     * <p>Texts of an array have the collation of the database. Those they come from may have another, so beside them stands a query without rows that has it: a column of both gets
     * the collation that is not the default, as the client's own words have it.
     */
    private void appendGroups(StringBuilder sql, List<Integer> groupTypes, int parameterCount) {
        boolean collated = groupTypes.stream().anyMatch(FinishText::isCollated);
        sql.append(" FROM ");
        if (collated) {
            sql.append("(SELECT * FROM (")
                    .append(origins(groupTypes))
                    .append(") AS o WHERE false UNION ALL SELECT * FROM ");
        }
        // By these words nobody can have redefined the function.
        sql.append("ROWS FROM (");
        for (int i = 0; i < groupTypes.size(); i++) {
            sql.append(i == 0 ? "" : ", ")
                    .append("pg_catalog.unnest($")
                    .append(parameterCount + i + 1)
                    .append("::")
                    .append(typeName(groupTypes.get(i)))
                    .append("[])");
        }
        sql.append(collated ? ") AS r) AS g(" : ") AS g(");
        for (int i = 0; i < groupTypes.size(); i++) {
            sql.append(i == 0 ? "" : ", ").append(name(i));
        }
        sql.append(')');
    }

    private String origins(List<Integer> groupTypes) {
        StringBuilder sql = new StringBuilder(text.with()).append("SELECT ");
        StringBuilder groupBy = new StringBuilder();
        int groupCount = shape.groupBy().size();
        for (int i = 0; i < groupTypes.size(); i++) {
            sql.append(i == 0 ? "" : ", ");
            if (!isCollated(groupTypes.get(i))) {
                sql.append("NULL::").append(typeName(groupTypes.get(i)));
            } else if (i < groupCount) {
                sql.append(text.of(text.grouped(shape.groupBy().get(i))));
                groupBy.append(groupBy.isEmpty() ? " GROUP BY " : ", ").append(i + 1);
            } else {
                sql.append(text.of(finish.aggregates().get(i - groupCount).call()));
            }
        }
        return sql.append(' ').append(text.of(shape.body())).append(groupBy).toString();
    }

    private static boolean isCollated(int type) {
        ValueOrder order = ValueOrder.of(type);
        return order != null && order.isCollated();
    }

    /** A name that no column in the client's text is likely to have. */
    private static String name(int value) {
        return "\"#" + (value + 1) + "\"";
    }

    private String of(TokenRange range) {
        StringBuilder sql = new StringBuilder();
        int from = range.from();
        while (from < range.to()) {
            Substitute next = nextIn(new TokenRange(from, range.to()));
            int to = next == null ? range.to() : next.range().from();
            if (from < to) {
                sql.append(sql.length() == 0 ? "" : " ").append(text.of(new TokenRange(from, to)));
            }
            if (next != null) {
                sql.append(sql.length() == 0 ? "" : " ").append("g.").append(name(next.value()));
                to = next.range().to();
            }
            from = to;
        }
        return sql.toString();
    }

    private @Nullable Substitute nextIn(TokenRange range) {
        for (Substitute substitute : finish.substitutes()) {
            if (substitute.range().from() >= range.from() && substitute.range().to() <= range.to()) {
                return substitute;
            }
        }
        return null;
    }

    private static String typeName(int type) {
        return switch (type) {
            case 16 -> "pg_catalog.bool";
            case 17 -> "pg_catalog.bytea";
            case 18 -> "pg_catalog.\"char\"";
            case 19 -> "pg_catalog.name";
            case 20 -> "pg_catalog.int8";
            case 21 -> "pg_catalog.int2";
            case 23 -> "pg_catalog.int4";
            case 25 -> "pg_catalog.text";
            case 26 -> "pg_catalog.oid";
            case 700 -> "pg_catalog.float4";
            case 701 -> "pg_catalog.float8";
            case 774 -> "pg_catalog.macaddr8";
            case 790 -> "pg_catalog.money";
            case 829 -> "pg_catalog.macaddr";
            case 1042 -> "pg_catalog.bpchar";
            case 1043 -> "pg_catalog.varchar";
            case 1082 -> "pg_catalog.date";
            case 1083 -> "pg_catalog.time";
            case 1114 -> "pg_catalog.timestamp";
            case 1184 -> "pg_catalog.timestamptz";
            case 1186 -> "pg_catalog.interval";
            case 1266 -> "pg_catalog.timetz";
            case 1700 -> "pg_catalog.numeric";
            case 2950 -> "pg_catalog.uuid";
            case 3220 -> "pg_catalog.pg_lsn";
            case 5069 -> "pg_catalog.xid8";
            default ->
                throw new IllegalArgumentException("type " + Integer.toUnsignedString(type) + " is not compared");
        };
    }
}
