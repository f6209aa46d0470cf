// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.CopyWrite.Conflict;
import io.trunkline.sql.CopyWrite.TimeCall;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import net.sf.jsqlparser.schema.Column;
import net.sf.jsqlparser.statement.Statement;
import net.sf.jsqlparser.statement.delete.Delete;
import net.sf.jsqlparser.statement.insert.Insert;
import net.sf.jsqlparser.statement.insert.InsertConflictAction;
import net.sf.jsqlparser.statement.update.Update;
import net.sf.jsqlparser.statement.update.UpdateSet;
import org.jspecify.annotations.Nullable;

/** Reads how a write of a reference table may run on every shard, or why it may not. */
final class CopyWriteReader {
    private final TokenList tokens;
    private final int end;
    private final TableReferences references;

    private CopyWriteReader(TokenList tokens, int end, TableReferences references) {
        this.tokens = tokens;
        this.end = end;
        this.references = references;
    }

    /**
     * Adds to the shape of a statement what this reading finds.
     *
     * @param last the last token of the statement
     * @param tree what was made of the whole statement
     */
    static ShardingShape addTo(
            ShardingShape shape, TokenList tokens, int last, Statement tree, TableReferences references) {
        try {
            return shape.spreadAs(new CopyWriteReader(tokens, last + 1, references).read(tree));
        } catch (RefusedStatement e) {
            return shape.notScatteredFor(e.refusal());
        } catch (NullPointerException | ClassCastException | IndexOutOfBoundsException e) {
            // A part of the tree is missing that every such tree had so far.
            return shape.notScatteredFor(RefusalCode.CLAUSES_UNCLEAR.because("the parser's tree has an unknown form"));
        }
    }

    private CopyWrite read(Statement tree) {
        for (int i = 0; i < end; i++) {
            if (tokens.isWord(i, "with") && !tokens.isWord(i + 1, "time") && !tokens.isCharacter(i - 1, '.')) {
                throw copies("it has WITH");
            }
            if (tokens.token(i) == Token.UNICODE_IDENTIFIER) {
                throw ClauseSplit.unclear("a name is written with Unicode escapes");
            }
        }
        if (references.readsCatalog()) {
            throw copies("it reads the system catalogue, which is different on each shard");
        }
        if (tree instanceof Insert insert && tokens.isSequence(0, "insert", "into")) {
            return readInsert(insert);
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

    private CopyWrite readUpdate(Update update) {
        if (update.getFromItem() != null) {
            throw copies("a row may find several partners in FROM, and which one counts is not told");
        }
        return sameWords(assigned(update.getUpdateSets()), update.getReturningClause() != null, false);
    }

    private CopyWrite readDelete(Delete delete) {
        return sameWords(Set.of(), delete.getReturningClause() != null, true);
    }

    private CopyWrite sameWords(Set<String> assigned, boolean returning, boolean deletes) {
        if (returningAt(1) > 0 != returning) {
            throw ClauseSplit.unclear("the parser and the text disagree about RETURNING");
        }
        new QueryWords(tokens, 0, end).refuse();
        SameEverywhere words = new SameEverywhere(tokens, end);
        words.refuseOthers();
        List<TimeCall> times = words.times();
        return new CopyWrite.SameWords(
                end, tables(assigned), returning, words.functions(), names(), operators(), times, deletes);
    }

    private CopyWrite.Tables tables(Set<String> assigned) {
        return new CopyWrite.Tables(references.written(), references.referenceNames(), assigned);
    }

    private static Set<String> assigned(@Nullable List<UpdateSet> sets) {
        Set<String> assigned = new HashSet<>();
        if (sets != null) {
            for (UpdateSet set : sets) {
                for (Column column : set.getColumns()) {
                    assigned.add(ModificationReader.assigned(column));
                }
            }
        }
        return assigned;
    }

    // INSERT

    private CopyWrite readInsert(Insert insert) {
        int targetEnd = 3;
        while (tokens.isCharacter(targetEnd, '.')) {
            targetEnd += 2;
        }
        int returning = returningAt(targetEnd);
        if (returning > 0 != (insert.getReturningClause() != null)) {
            throw ClauseSplit.unclear("the parser and the text disagree about RETURNING");
        }
        int bodyEnd = returning > 0 ? returning : end;
        InsertConflictAction action = insert.getConflictAction();
        Conflict conflict = conflict(action, bodyEnd);
        Set<String> assigned = action == null ? Set.of() : assigned(action.getUpdateSets());
        if (conflict != null && assigned.stream().anyMatch(conflict.columns()::contains)) {
            throw copies("ON CONFLICT changes a column by which it finds the row");
        }
        return new CopyWrite.SameRows(
                end,
                tables(assigned),
                new CalledFunctions(tokens, new TokenRange(behindColumns(targetEnd), end)).names(),
                names(),
                operators(),
                new TokenRange(0, bodyEnd),
                new TokenRange(returning > 0 ? returning + 1 : end, end),
                new TokenRange(2, targetEnd),
                conflict);
    }

    /** The list of columns behind a name looks like the arguments of a function. */
    private int behindColumns(int targetEnd) {
        int i = tokens.isWord(targetEnd, "as") ? targetEnd + 2 : targetEnd;
        boolean columns = tokens.isCharacter(i, '(') && !tokens.isWord(i + 1, "select", "values", "table");
        return columns && !tokens.isCharacter(i + 1, '(') ? tokens.behindGroup(i) : i;
    }

    private @Nullable Conflict conflict(@Nullable InsertConflictAction action, int bodyEnd) {
        int on = ClauseSplit.indexOutside(tokens, 2, bodyEnd, "conflict");
        while (on > 0 && !tokens.isWord(on - 1, "on")) {
            on = ClauseSplit.indexOutside(tokens, on + 1, bodyEnd, "conflict");
        }
        if (on > 0 != (action != null)) {
            throw ClauseSplit.unclear("the parser and the text disagree about ON CONFLICT");
        }
        if (action == null) {
            return null;
        }
        int open = on + 1;
        int close = tokens.isCharacter(open, '(') ? tokens.behindGroup(open) : open;
        int act = ClauseSplit.indexOutside(tokens, close, bodyEnd, "do");
        if (act > 0 && tokens.isWord(act + 1, "nothing")) {
            return null;
        }
        if (act != close || close == open || !tokens.isSequence(act + 1, "update", "set")) {
            throw copies("ON CONFLICT DO UPDATE does not name plain columns");
        }
        Set<String> columns = new HashSet<>();
        for (int i = open + 1; i < close; i += 2) {
            boolean listed = tokens.token(i).isName() && (tokens.isCharacter(i + 1, ',') || i + 2 == close);
            if (!listed) {
                throw copies("ON CONFLICT DO UPDATE does not name plain columns");
            }
            columns.add(tokens.name(i));
        }
        return new Conflict(new TokenRange(open, close), columns);
    }

    // both

    /** Returns where RETURNING stands, or -1; the word is reserved, and a name only behind a dot or AS. */
    private int returningAt(int from) {
        int i = ClauseSplit.indexOutside(tokens, from, end, "returning");
        while (i > 0 && (tokens.isCharacter(i - 1, '.') || tokens.isWord(i - 1, "as"))) {
            i = ClauseSplit.indexOutside(tokens, i + 1, end, "returning");
        }
        return i;
    }

    private Set<String> names() {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < end; i++) {
            if (tokens.token(i).isName()) {
                names.add(tokens.name(i));
            }
        }
        return names;
    }

    private Set<String> operators() {
        Set<String> operators = new HashSet<>();
        for (int i = 0; i < end; i++) {
            if (tokens.token(i) == Token.OPERATOR) {
                operators.add(tokens.raw(i));
            }
        }
        return operators;
    }

    static RefusedStatement copies(String what) {
        return new RefusedStatement(RefusalCode.COPIES_MAY_DIFFER.because(what));
    }

    static RefusedStatement word(String word) {
        return copies("it has " + word.toUpperCase(Locale.ROOT));
    }
}
