// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the rows that a query finds on several shards make up its answer: its clauses, as indexes of the statement's tokens.
 *
 * <p>Tokens, because the shape is remembered by fingerprint while literals, and so the places of bytes, differ from text to text. {@link TokenText} has the
 * text of a range in the statement at hand.
 *
 * <p>Every relation in the body is either whole on every shard or part of one group of tables whose joined rows lie on one shard. So the rows of the body
 * over all data are those of all shards together, each on one of them.
 *
 * <p>A set operation has no select list of its own; its rows are those of the operation as each shard makes it, where need be without those that are equal to others.
 *
 * @param tokenCount how many tokens the statement has; a text with another number is another statement
 * @param frame what stands around all that
 * @param distinct whether equal rows count once
 * @param items the select list, empty for a set operation
 * @param body FROM and WHERE, or the whole set operation
 * @param groupBy the grouping, empty without GROUP BY
 * @param having the predicate behind HAVING, or null; only where groups are whole
 * @param orderBy the order
 * @param limit how many rows at most
 * @param offset how many rows are left out first
 * @param keepsGroupsWhole whether all rows of every group, or all equal rows of a DISTINCT, lie on one shard, so that HAVING, aggregates and DISTINCT are
 *     finished there; false when there is neither
 * @param sameTexts tokens that were taken to be equal although their texts are not part of the fingerprint
 */
public record ScatterShape(
        int tokenCount,
        Frame frame,
        boolean distinct,
        List<Item> items,
        TokenRange body,
        List<GroupItem> groupBy,
        @Nullable TokenRange having,
        List<OrderItem> orderBy,
        RowCount limit,
        RowCount offset,
        boolean keepsGroupsWhole,
        List<SameText> sameTexts) {

    public ScatterShape {
        items = List.copyOf(items);
        groupBy = List.copyOf(groupBy);
        orderBy = List.copyOf(orderBy);
        sameTexts = List.copyOf(sameTexts);
    }

    /** Returns true when the query makes one row of many: by GROUP BY or by an aggregate. */
    public boolean isGrouped() {
        return !groupBy.isEmpty() || items.stream().anyMatch(item -> item instanceof Aggregate);
    }

    /** Returns true when rows are locked where they are found. */
    public boolean locksRows() {
        return !frame.locks.isEmpty();
    }

    /** Returns true for a set operation. */
    public boolean isCompound() {
        return items.isEmpty();
    }

    /**
     * What stands before the select list, beside SELECT and DISTINCT, and at the end.
     *
     * @param with WITH and the common table expressions, empty without
     * @param distinctOn ON and the expressions behind DISTINCT, empty without; rows that are equal in them lie on one shard
     * @param locks FOR UPDATE and the like, empty without; then there is neither order nor limit
     */
    public record Frame(TokenRange with, TokenRange distinctOn, TokenRange locks) {}

    /**
     * Tokens that follow each other.
     *
     * @param from the first
     * @param to behind the last
     */
    public record TokenRange(int from, int to) {
        /** Returns true when there is none. */
        public boolean isEmpty() {
            return from == to;
        }

        /** Returns true when there is only one. */
        boolean isSingle() {
            return to == from + 1;
        }
    }

    /** One entry of the select list. */
    public sealed interface Item {}

    /** {@code *} or {@code table.*}: any number of columns. */
    public record Star(TokenRange range) implements Item {}

    /**
     * An expression. Where groups are not whole it has no aggregate, and in a grouped query is one of the grouped expressions or a constant.
     *
     * @param alias the folded name the statement gives it, or null
     */
    public record Plain(TokenRange expression, @Nullable String alias) implements Item {}

    /**
     * One call of an aggregate and nothing else.
     *
     * @param call all of it, with its FILTER
     * @param function the folded name, without schema
     * @param argument the only argument, or null for {@code count(*)}
     * @param distinct whether equal arguments count once; where groups are not whole only for {@code count}
     * @param filter the predicate of its FILTER, or null
     * @param alias the folded name the statement gives it, or null
     */
    public record Aggregate(
            TokenRange call,
            String function,
            @Nullable TokenRange argument,
            boolean distinct,
            @Nullable TokenRange filter,
            @Nullable String alias)
            implements Item {}

    /**
     * One entry of GROUP BY.
     *
     * @param expression as it is written; maybe the number of a column, which is then that of {@code item}
     * @param item the index of the entry of the select list that is the same, or -1
     */
    public record GroupItem(TokenRange expression, int item) {}

    /**
     * One entry of ORDER BY.
     *
     * @param expression without direction
     * @param ordinal for {@link Kind#ORDINAL} which column of the result, from 1, else 0; the expression may be a number, or one that the select list has too
     * @param name for {@link Kind#NAME} the folded name: a column of the result when there is one of that name, else one of the body
     * @param nullsFirst where nulls go, PostgreSQL's default included
     * @param collateC whether the expression ends in {@code COLLATE "C"}
     */
    public record OrderItem(
            TokenRange expression,
            Kind kind,
            int ordinal,
            @Nullable String name,
            boolean descending,
            boolean nullsFirst,
            boolean collateC) {
        /** What an entry of ORDER BY refers to. */
        public enum Kind {
            /** A column of the result by its position. */
            ORDINAL,
            /** A bare name. */
            NAME,
            /** An expression over the columns of the body that is no entry of the select list. */
            EXPRESSION
        }
    }

    /** What LIMIT or OFFSET says. */
    public sealed interface RowCount {
        /** Nothing. */
        record None() implements RowCount {}

        /** A whole number in the text; it may be of any base and size, {@link TokenText#number} reads it. */
        record Literal(int token) implements RowCount {}

        /** A parameter, which may stand elsewhere in the statement too. */
        record Parameter(int number) implements RowCount {}
    }

    /** Two tokens, both literals of one kind, that must have the same text for the shape to hold. */
    public record SameText(int token, int other) {}
}
