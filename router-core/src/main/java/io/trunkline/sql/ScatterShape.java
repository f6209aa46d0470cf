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
 * @param having the predicate behind HAVING, or null
 * @param orderBy the order
 * @param limit how many rows at most
 * @param offset how many rows are left out first
 * @param keepsGroupsWhole whether all rows of every group, or all equal rows of a DISTINCT, lie on one shard, so that HAVING, aggregates and DISTINCT are
 *     finished there; false when there is neither
 * @param sameTexts tokens that were taken to be equal although their texts are not part of the fingerprint
 * @param resultNames names in GROUP BY that mean entries of the select list, unless FROM has a column of that name: then the shape does not hold
 * @param finish what must be computed of groups after they have been combined, or null when that is nothing or cannot be told
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
        List<SameText> sameTexts,
        List<String> resultNames,
        @Nullable Finish finish) {

    public ScatterShape {
        items = List.copyOf(items);
        groupBy = List.copyOf(groupBy);
        orderBy = List.copyOf(orderBy);
        sameTexts = List.copyOf(sameTexts);
        resultNames = List.copyOf(resultNames);
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

    /** Returns true when the rows of all shards, one behind the other in any order, are the answer. */
    boolean isConcatenation() {
        boolean isPlain = !isCompound() && !locksRows() && frame.with.isEmpty() && frame.distinctOn.isEmpty();
        return isPlain
                && (keepsGroupsWhole || !distinct && !isGrouped())
                // Expressions over aggregates are no items of their own, but have to be finished.
                && finish == null
                && orderBy.isEmpty()
                && sameTexts.isEmpty()
                && limit instanceof RowCount.None
                && offset instanceof RowCount.None;
    }

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
     * An expression. Where groups are not whole and no {@link Finish} is needed, it has no aggregate, and in a grouped query is one of the grouped expressions or a constant.
     *
     * @param alias the folded name the statement gives it, or null
     */
    public record Plain(TokenRange expression, @Nullable String alias) implements Item {}

    /**
     * One call of an aggregate and nothing else.
     *
     * @param call all of it, with its FILTER
     * @param function the folded name, without schema
     * @param argument the only argument, or null for {@code count(*)} and for what is collected
     * @param distinct whether equal arguments count once, where that makes a difference; where groups are not whole, all such aggregates have the same argument
     * @param filter the predicate of its FILTER, or null
     * @param alias the folded name the statement gives it, or null
     * @param collected what is sent of each row of an aggregate that only all rows together give, or null
     */
    public record Aggregate(
            TokenRange call,
            String function,
            @Nullable TokenRange argument,
            boolean distinct,
            @Nullable TokenRange filter,
            @Nullable String alias,
            @Nullable Collected collected)
            implements Item {}

    /**
     * What an aggregate is made of that has no partial values: the shards send what it sees of each row.
     *
     * @param words the call without FILTER
     * @param values the expressions over rows
     * @param places where those stand in the words, in order
     * @param repeats which equal rows count
     * @param tie how rows that are equal in its order keep one order
     */
    public record Collected(
            TokenRange words, List<RowValue> values, List<Substitute> places, Repeats repeats, Tie tie) {
        /** Copies the lists. */
        public Collected {
            values = List.copyOf(values);
            places = List.copyOf(places);
        }
    }

    /**
     * What is sent of a row.
     *
     * @param expression as the client wrote it
     * @param sentBy the function of {@code pg_catalog} whose value is sent in its place, or null
     */
    public record RowValue(TokenRange expression, @Nullable String sentBy) {}

    /** Which of equal rows an aggregate sees. */
    public enum Repeats {
        /** Each. */
        COUNT,
        /** One of them: DISTINCT. */
        ARE_LEFT_OUT
    }

    /** How the rows an aggregate sees keep one order where it does not say which. */
    public enum Tie {
        /** An order by the row is added where there is none. */
        ORDER,
        /** The row is added to the order there is. */
        LAST_OF_ORDER,
        /** It makes no difference, or nothing may be added. */
        NONE
    }

    /**
     * One entry of GROUP BY.
     *
     * @param expression as it is written; maybe the number or name of a column, which is then that of {@code item}
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

    /**
     * What is computed of combined groups: the select list, HAVING and what is ordered by, where they have more than a grouped expression or an aggregate for itself.
     * Beside those nothing in them depends on rows.
     *
     * @param isNeeded false when combined groups are all that is asked for, and only their order may be one that a server must make
     * @param aggregates the calls in them, which are combined first
     * @param substitutes where grouped expressions and those calls stand, in the order of the clauses
     */
    public record Finish(boolean isNeeded, List<Aggregate> aggregates, List<Substitute> substitutes) {
        /** Copies the lists. */
        public Finish {
            aggregates = List.copyOf(aggregates);
            substitutes = List.copyOf(substitutes);
        }
    }

    /**
     * A stretch that stands for a value of the group, or of a row within a {@link Collected} aggregate.
     *
     * @param value from 0, first those grouped by in the order of GROUP BY, then the aggregates; of a row one of its values
     */
    public record Substitute(TokenRange range, int value) {}

    /** Two tokens, both literals of one kind, that must have the same text for the shape to hold. */
    public record SameText(int token, int other) {}
}
