// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.CalledFunctions.Call;
import io.trunkline.sql.ModificationReader.KeyedRow;
import io.trunkline.sql.ModificationReader.Modification;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import net.sf.jsqlparser.statement.Statement;
import net.sf.jsqlparser.statement.delete.Delete;
import net.sf.jsqlparser.statement.insert.Insert;
import net.sf.jsqlparser.statement.insert.InsertConflictAction;
import net.sf.jsqlparser.statement.select.FromItem;
import net.sf.jsqlparser.statement.update.Update;

/**
 * Reads how a write may run on several shards, or why it may not.
 *
 * <p>As for queries, two readings must agree, that of the tree and that of the tokens, and what is not known to be right is refused: a write to one shard
 * is not touched by the answer.
 */
final class SpreadWriteReader {
    private static final Set<String> SET_RETURNING = KnownFunctions.load("set-returning-functions.txt");

    private final TokenList tokens;
    private final int end;
    private final Modification modification;
    private final TableReferences references;

    private SpreadWriteReader(TokenList tokens, int end, Modification modification, TableReferences references) {
        this.tokens = tokens;
        this.end = end;
        this.modification = modification;
        this.references = references;
    }

    /**
     * Adds to the shape of a statement what this reading finds.
     *
     * @param last the last token of the statement
     * @param tree what was made of the whole statement
     * @param modification what the walk through it found
     * @param reader what walked through it
     */
    static ShardingShape addTo(
            ShardingShape shape,
            TokenList tokens,
            int last,
            Statement tree,
            Modification modification,
            TableReferences references,
            QueryTreeReader reader) {
        try {
            if (reader.modifiesInWith()) {
                throw write("it has WITH that writes");
            }
            return shape.spreadAs(new SpreadWriteReader(tokens, last + 1, modification, references).read(tree));
        } catch (RefusedStatement e) {
            return shape.notScatteredFor(e.refusal());
        } catch (NullPointerException | ClassCastException | IndexOutOfBoundsException e) {
            // A part of the tree is missing that every such tree had so far.
            return shape.notScatteredFor(RefusalCode.CLAUSES_UNCLEAR.because("the parser's tree has an unknown form"));
        }
    }

    private SpreadWrite read(Statement tree) {
        int first = WithReader.behind(tokens);
        boolean ofQuery = tree instanceof Insert insert && InsertedQuery.isIn(insert);
        if (first > 0 && !ofQuery) {
            throw write("it has WITH");
        }
        if (references.readsCatalog()) {
            throw new RefusedStatement(
                    RefusalCode.RELATION_ACROSS_SHARDS.because("the system catalogue is different on each shard"));
        }
        if (tree instanceof Insert insert && tokens.isWord(first, "insert")) {
            return ofQuery ? readInsertOfQuery(insert, first) : readInsert(insert);
        }
        if (tree instanceof Update update && tokens.isWord(0, "update")) {
            return readUpdate(update);
        }
        if (tree instanceof Delete delete && tokens.isWord(0, "delete")) {
            return readDelete(delete);
        }
        throw ClauseSplit.unclear("the parser finds another kind of statement");
    }

    // UPDATE and DELETE

    private SpreadWrite readUpdate(Update update) {
        requireAgreement("from", 1, update.getFromItem() != null);
        List<FromItem> others = update.getFromItem() == null ? List.of() : List.of(update.getFromItem());
        refuseWords(0, end);
        others.forEach(SpreadWriteReader::refuseFunction);
        if (update.getJoins() != null) {
            update.getJoins().forEach(join -> refuseFunction(join.getFromItem()));
        }
        Colocation.prove(modification.scope());
        return everywhere(update.getReturningClause() != null);
    }

    private SpreadWrite readDelete(Delete delete) {
        List<FromItem> using = delete.getUsingFromItemList();
        List<FromItem> others = using == null ? List.of() : using;
        requireAgreement("using", 1, !others.isEmpty());
        refuseWords(0, end);
        others.forEach(SpreadWriteReader::refuseFunction);
        Colocation.prove(modification.scope());
        return everywhere(delete.getReturningClause() != null);
    }

    /** A function in FROM is called once, for all rows; on several shards once on each. */
    private static void refuseFunction(FromItem item) {
        if (InsertedQuery.isCall(item)) {
            throw new RefusedStatement(
                    RefusalCode.RELATION_ACROSS_SHARDS.because("there is a function among the relations"));
        }
    }

    private SpreadWrite everywhere(boolean returning) {
        requireAgreement("returning", 1, returning);
        return new SpreadWrite.Everywhere(returning, functions(0));
    }

    /** The words are reserved, so outside of parentheses they begin a clause, or are names behind a dot or AS; the latter are not worth telling apart. */
    private void requireAgreement(String word, int from, boolean clause) {
        int i = ClauseSplit.indexOutside(tokens, from, end, word);
        while (i > 0 && !beginsClause(i)) {
            i = ClauseSplit.indexOutside(tokens, i + 1, end, word);
        }
        if (i > 0 != clause) {
            throw ClauseSplit.unclear("the parser and the text disagree about " + word);
        }
    }

    private boolean beginsClause(int i) {
        return !tokens.isCharacter(i - 1, '.') && !ClauseSplit.isDistinctFrom(tokens, i);
    }

    private void refuseWords(int from, int to) {
        new QueryWords(tokens, from, to).refuse();
    }

    /**
     * Returns the functions called behind a token. A sub-query that does not depend on the row is run once, and all rows get what its functions gave; on several
     * shards it is run on each, so they must give the same there.
     */
    private Set<String> functions(int first) {
        CalledFunctions functions = new CalledFunctions(tokens, new TokenRange(first, end));
        for (Call call : functions.calls()) {
            if (call.inSubquery() && !KnownFunctions.isSafe(call.name())) {
                throw new RefusedStatement(RefusalCode.SUBQUERY_ACROSS_SHARDS.because(
                        "function " + call.name() + " in it may give another value on each shard"));
            }
        }
        return functions.names();
    }

    // INSERT

    /** Each shard inserts what comes of its own rows: {@link SourceKeyReader} says whether those belong there. */
    private SpreadWrite readInsertOfQuery(Insert insert, int first) {
        Colocation.prove(modification.scope());
        refuseWords(0, first);
        // The word INTO is its own.
        refuseWords(first + 2, end);
        new InsertedQuery(tokens, first, end, insert).require();
        return everywhere(insert.getReturningClause() != null);
    }

    private SpreadWrite readInsert(Insert insert) {
        if (modification.rows().size() < 2) {
            throw insert("it has one row");
        }
        ValuesSplit split = ValuesSplit.of(tokens, end);
        List<SpreadWrite.Row> rows = rows(split);
        // The word INTO is its own.
        refuseWords(2, end);
        Colocation.prove(modification.scope());
        boolean returning = insert.getReturningClause() != null;
        int tail = split.tail().from();
        requireAgreement("returning", tail, returning);
        return new SpreadWrite.Rows(
                end,
                split.head(),
                rows,
                split.tail(),
                returning,
                mayOmitRows(insert, tail),
                functions(split.head().to()));
    }

    private List<SpreadWrite.Row> rows(ValuesSplit split) {
        List<KeyedRow> trees = modification.rows();
        if (trees.size() != split.rows().size()) {
            throw ClauseSplit.unclear("the parser finds another number of rows");
        }
        List<SpreadWrite.Row> rows = new ArrayList<>();
        for (int i = 0; i < trees.size(); i++) {
            TokenRange range = split.rows().get(i);
            Spelling.require(tokens, range, trees.get(i).values());
            refuseValues(range);
            rows.add(new SpreadWrite.Row(range, trees.get(i).key()));
        }
        return rows;
    }

    /**
     * PostgreSQL takes a function that returns a set when it stands in the only row of VALUES, and refuses it beside other rows. So a row must not be given alone to
     * a shard unless no function in it does.
     */
    private void refuseValues(TokenRange row) {
        for (int i = row.from(); i < row.to(); i++) {
            if (tokens.isWord(i, "select", "values", "table", "with")) {
                throw values("there is a sub-query in a row");
            }
        }
        for (Call call : new CalledFunctions(tokens, row).calls()) {
            boolean known = KnownFunctions.isSafe(call.name()) || KnownFunctions.isHarmless(call.name());
            if (!known || SET_RETURNING.contains(call.systemName())) {
                throw values("function " + call.name() + " is not known to return one value");
            }
        }
    }

    private boolean mayOmitRows(Insert insert, int tail) {
        InsertConflictAction action = insert.getConflictAction();
        int conflict = tail < end && tokens.isSequence(tail, "on", "conflict")
                ? ClauseSplit.indexOutside(tokens, tail, end, "do")
                : -1;
        if ((action == null) != (conflict < 0)) {
            throw ClauseSplit.unclear("the parser and the text disagree about ON CONFLICT");
        }
        if (action == null) {
            return false;
        }
        if (tokens.isWord(conflict + 1, "nothing")) {
            return true;
        }
        if (!tokens.isSequence(conflict + 1, "update", "set")) {
            throw ClauseSplit.unclear("ON CONFLICT does something unknown");
        }
        return ClauseSplit.indexOutside(tokens, conflict, end, "where") > 0;
    }

    private static RefusedStatement write(String what) {
        return new RefusedStatement(RefusalCode.WRITE_ACROSS_SHARDS.because(what));
    }

    private static RefusedStatement insert(String what) {
        return new RefusedStatement(RefusalCode.INSERT_ACROSS_SHARDS.because(what));
    }

    private static RefusedStatement values(String what) {
        return new RefusedStatement(RefusalCode.VALUES_ACROSS_SHARDS.because(what));
    }
}
