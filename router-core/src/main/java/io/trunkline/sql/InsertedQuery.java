// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.CalledFunctions.Call;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
import java.util.List;
import net.sf.jsqlparser.statement.insert.Insert;
import net.sf.jsqlparser.statement.select.FromItem;
import net.sf.jsqlparser.statement.select.Join;
import net.sf.jsqlparser.statement.select.ParenthesedFromItem;
import net.sf.jsqlparser.statement.select.ParenthesedSelect;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.Select;
import net.sf.jsqlparser.statement.select.SetOperationList;
import net.sf.jsqlparser.statement.select.TableFunction;
import net.sf.jsqlparser.statement.select.Values;
import org.jspecify.annotations.Nullable;

/**
 * The query of an INSERT ... SELECT that is to run on several shards, each of which inserts its own rows.
 *
 * <p>Where its rows lie is proven elsewhere ({@link SourceKeyReader}). Here is what a query that only reads need not ask: functions that may give another value with each call are
 * taken in the select list, but not where one server calls them once for all rows; and rows that are returned come in the order of the query.
 */
final class InsertedQuery {
    private final TokenList tokens;
    private final int insert;
    private final int end;
    private final Insert tree;

    /**
     * Takes a statement.
     *
     * @param insert the index of INSERT, behind WITH
     * @param end behind the last token
     */
    InsertedQuery(TokenList tokens, int insert, int end, Insert tree) {
        this.tokens = tokens;
        this.insert = insert;
        this.end = end;
        this.tree = tree;
    }

    /** Returns true when the rows come from a query that is no mere VALUES. */
    static boolean isIn(Insert tree) {
        return tree.getSelect() != null && !(tree.getSelect() instanceof Values);
    }

    /** Refuses the statement when its answer or what it stores may be another than that of one server. */
    void require() {
        int query = ValuesSplit.source(tokens, insert);
        int conflict = conflict(query);
        boolean returning = tree.getReturningClause() != null;
        if (returning && isOrdered(tree.getSelect())) {
            throw new RefusedStatement(
                    RefusalCode.ORDER_ACROSS_SHARDS.because("the rows that are returned have the order of the query"));
        }
        if (tree.getSelect() instanceof PlainSelect plain && tokens.isWord(query, "select")) {
            int returned = ClauseSplit.indexOutside(tokens, query, end, "returning");
            int tail = conflict >= 0 ? conflict : returning && returned >= 0 ? returned : end;
            SelectList.read(tokens, ClauseSplit.of(tokens, query, tail).items(), plain.getSelectItems());
        }
        if (blocks(tree.getSelect()).stream().anyMatch(InsertedQuery::callsInFrom)) {
            requireSafeFunctions();
        }
    }

    /** Returns the index of ON CONFLICT, or -1. */
    private int conflict(int query) {
        int depth = 0;
        int found = -1;
        int count = 0;
        for (int i = query; i < end; i++) {
            depth += ClauseSplit.depthChange(tokens, i);
            if (depth == 0 && tokens.isSequence(i, "on", "conflict")) {
                found = i;
                count++;
            }
        }
        if (count != (tree.getConflictAction() == null ? 0 : 1)) {
            throw ClauseSplit.unclear("the parser and the text disagree about ON CONFLICT");
        }
        return found;
    }

    private static boolean isOrdered(Select query) {
        Select inner = query;
        while (inner.getOrderByElements() == null && inner instanceof ParenthesedSelect group) {
            inner = group.getSelect();
        }
        return inner.getOrderByElements() != null;
    }

    /** Returns the query blocks that are no sub-queries. Recursion is bounded by the statement's depth. */
    private static List<PlainSelect> blocks(Select query) {
        List<PlainSelect> blocks = new ArrayList<>();
        if (query instanceof PlainSelect plain) {
            blocks.add(plain);
        } else if (query instanceof ParenthesedSelect group) {
            blocks.addAll(blocks(group.getSelect()));
        } else if (query instanceof SetOperationList list) {
            list.getSelects().forEach(part -> blocks.addAll(blocks(part)));
        }
        return blocks;
    }

    private static boolean callsInFrom(PlainSelect block) {
        return callsIn(block.getFromItem(), block.getJoins());
    }

    private static boolean callsIn(@Nullable FromItem first, @Nullable List<Join> joins) {
        return isCall(first) || joins != null && joins.stream().anyMatch(join -> isCall(join.getFromItem()));
    }

    /** Returns true for a function in FROM, and for relations in parentheses with one among them. */
    static boolean isCall(@Nullable FromItem item) {
        return item instanceof TableFunction
                || item instanceof ParenthesedFromItem group && callsIn(group.getFromItem(), group.getJoins());
    }

    /** A function in FROM may be called once for all rows: on several shards it must give the same. */
    private void requireSafeFunctions() {
        for (Call call : new CalledFunctions(tokens, new TokenRange(insert, end)).calls()) {
            if (!KnownFunctions.isSafe(call.name())) {
                throw new RefusedStatement(
                        RefusalCode.RELATION_ACROSS_SHARDS.because("there is a function among the relations, and "
                                + call.name() + " may give another value on each shard"));
            }
        }
    }
}
