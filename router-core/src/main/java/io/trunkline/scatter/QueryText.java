// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.ScatterShape.GroupItem;
import io.trunkline.sql.ScatterShape.Item;
import io.trunkline.sql.ScatterShape.OrderItem;
import io.trunkline.sql.ScatterShape.TokenRange;
import io.trunkline.sql.TokenText;
import java.util.List;

/** The clauses of one query as texts. */
final class QueryText {
    private final ScatterShape shape;
    private final TokenText text;

    QueryText(ScatterShape shape, TokenText text) {
        this.shape = shape;
        this.text = text;
    }

    String of(TokenRange range) {
        return text.text(range);
    }

    /** Returns WITH and what belongs to it, and a space; empty without. */
    String with() {
        TokenRange with = shape.frame().with();
        return with.isEmpty() ? "" : of(with) + " ";
    }

    /** Returns the query without ORDER BY and LIMIT, with more expressions behind its select list; DISTINCT ON keeps its order, by which it chooses, and locks are taken. */
    String inner(List<String> hidden) {
        StringBuilder sql = new StringBuilder(with());
        if (shape.isCompound()) {
            return sql.append(of(shape.body())).toString();
        }
        sql.append("SELECT ");
        TokenRange distinctOn = shape.frame().distinctOn();
        if (shape.distinct() || !distinctOn.isEmpty()) {
            sql.append("DISTINCT ").append(of(distinctOn)).append(' ');
        }
        sql.append(selectList());
        for (String expression : hidden) {
            sql.append(", ").append(expression);
        }
        sql.append(' ').append(of(shape.body()));
        for (int i = 0; i < shape.groupBy().size(); i++) {
            GroupItem item = shape.groupBy().get(i);
            sql.append(i == 0 ? " GROUP BY " : ", ").append(of(item.expression()));
        }
        if (shape.having() != null) {
            sql.append(" HAVING ").append(of(shape.having()));
        }
        if (!distinctOn.isEmpty()) {
            appendOrder(sql);
        }
        if (shape.locksRows()) {
            sql.append(' ').append(of(shape.frame().locks()));
        }
        return sql.toString();
    }

    private void appendOrder(StringBuilder sql) {
        for (int i = 0; i < shape.orderBy().size(); i++) {
            OrderItem item = shape.orderBy().get(i);
            sql.append(i == 0 ? " ORDER BY " : ", ")
                    .append(of(item.expression()))
                    .append(item.descending() ? " DESC" : " ASC")
                    .append(item.nullsFirst() ? " NULLS FIRST" : " NULLS LAST");
        }
    }

    /** Returns the select list as the client wrote it, names and all: it ends where FROM begins. */
    private String selectList() {
        return of(
                new TokenRange(range(shape.items().get(0)).from(), shape.body().from()));
    }

    /** Returns the expression of an entry of the select list. */
    static TokenRange range(Item item) {
        if (item instanceof ScatterShape.Star star) {
            return star.range();
        }
        return item instanceof ScatterShape.Plain plain ? plain.expression() : ((ScatterShape.Aggregate) item).call();
    }

    /** Returns the column of the result, from 0, that an entry of ORDER BY names, or -1 when it is none of them. */
    static int outputColumn(OrderItem item, Described original) {
        if (item.kind() == OrderItem.Kind.ORDINAL) {
            return item.ordinal() - 1;
        }
        if (item.kind() == OrderItem.Kind.NAME) {
            for (int i = 0; i < original.columns().size(); i++) {
                if (original.columns().get(i).name().equals(item.name())) {
                    return i;
                }
            }
        }
        return -1;
    }

    /** Returns true when the text has a collation other than {@code C} anywhere. */
    boolean namesOtherCollation() {
        for (int i = 0; i + 1 < shape.tokenCount(); i++) {
            if (text.raw(i).equalsIgnoreCase("collate")
                    && !text.raw(i + 1).equals("\"C\"")
                    && !text.raw(i + 1).equals("\"POSIX\"")) {
                return true;
            }
        }
        return false;
    }
}
