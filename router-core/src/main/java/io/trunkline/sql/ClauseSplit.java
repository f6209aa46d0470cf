// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The clauses of a plain query as its tokens show them: split at the words that PostgreSQL reserves for them, outside of all parentheses and brackets.
 *
 * @param distinct whether the select list is headed by DISTINCT without ON
 * @param distinctOn ON and the group behind it, empty without
 * @param items the entries of the select list
 * @param body FROM and what follows up to the next clause named here
 * @param groupBy the entries of GROUP BY
 * @param having the predicate, or null
 * @param orderBy the entries of ORDER BY
 * @param tail LIMIT, OFFSET and FETCH
 * @param locks FOR UPDATE and the like
 */
record ClauseSplit(
        boolean distinct,
        TokenRange distinctOn,
        List<TokenRange> items,
        TokenRange body,
        List<TokenRange> groupBy,
        @Nullable TokenRange having,
        List<TokenRange> orderBy,
        TokenRange tail,
        TokenRange locks) {

    /** PostgreSQL has no wider select list. */
    private static final int ITEMS_MAX = 1_664;

    /** Longer lists are refused: each entry is compared with each that is selected. */
    static final int KEYS_MAX = 64;

    /** The clauses in the only order they may have. */
    private enum Clause {
        FROM,
        WHERE,
        GROUP,
        HAVING,
        ORDER,
        TAIL,
        LOCKS
    }

    /** Splits the tokens from SELECT up to {@code end}. */
    static ClauseSplit of(TokenList tokens, int select, int end) {
        boolean distinct = tokens.isWord(select + 1, "distinct");
        if (tokens.isWord(select + 1, "all")) {
            throw clause("SELECT ALL");
        }
        int[] starts = starts(tokens, select, end);
        int from = starts[Clause.FROM.ordinal()];
        int group = starts[Clause.GROUP.ordinal()];
        int having = starts[Clause.HAVING.ordinal()];
        int order = starts[Clause.ORDER.ordinal()];
        int tail = starts[Clause.TAIL.ordinal()];
        int locks = starts[Clause.LOCKS.ordinal()];
        TokenRange distinctOn = distinctOn(tokens, select + 1 + (distinct ? 1 : 0), distinct);
        return new ClauseSplit(
                distinct && distinctOn.isEmpty(),
                distinctOn,
                list(tokens, distinctOn.to(), from, ITEMS_MAX),
                new TokenRange(from, group),
                group == having ? List.of() : list(tokens, group + 2, having, KEYS_MAX),
                having == order ? null : new TokenRange(having + 1, order),
                order == tail ? List.of() : list(tokens, order + 2, tail, KEYS_MAX),
                new TokenRange(tail, locks),
                new TokenRange(locks, end));
    }

    private static TokenRange distinctOn(TokenList tokens, int i, boolean distinct) {
        boolean on = distinct && tokens.isWord(i, "on") && tokens.isCharacter(i + 1, '(');
        return new TokenRange(i, on ? tokens.behindGroup(i + 1) : i);
    }

    /** Returns where each clause begins; one that is not there begins where the next does. */
    private static int[] starts(TokenList tokens, int select, int end) {
        int[] starts = new int[Clause.values().length];
        int next = 0;
        int depth = 0;
        for (int i = select + 1; i < end && next <= Clause.LOCKS.ordinal(); i++) {
            depth += depthChange(tokens, i);
            Clause clause = depth == 0 && tokens.token(i) == Token.IDENTIFIER ? clauseAt(tokens, i) : null;
            if (clause == null || clause == Clause.TAIL && next == Clause.LOCKS.ordinal()) {
                // LIMIT and OFFSET stand side by side.
                continue;
            }
            if (clause.ordinal() < next) {
                throw unclear("its clauses have another order than the router knows");
            }
            while (next <= clause.ordinal()) {
                starts[next++] = i;
            }
        }
        while (next <= Clause.LOCKS.ordinal()) {
            starts[next++] = end;
        }
        return starts;
    }

    private static @Nullable Clause clauseAt(TokenList tokens, int i) {
        if (tokens.isWord(i - 1, "as") || tokens.isCharacter(i - 1, '.')) {
            return null;
        }
        return switch (tokens.name(i)) {
            case "from" -> isDistinctFrom(tokens, i) ? null : Clause.FROM;
            case "where" -> Clause.WHERE;
            case "group" -> by(tokens, i, Clause.GROUP);
            case "having" -> Clause.HAVING;
            case "order" -> by(tokens, i, Clause.ORDER);
            case "limit", "offset", "fetch" -> Clause.TAIL;
            case "for" -> Clause.LOCKS;
            case "into", "window", "union", "intersect", "except" ->
                throw clause(tokens.raw(i).toUpperCase(Locale.ROOT));
            default -> null;
        };
    }

    private static @Nullable Clause by(TokenList tokens, int i, Clause clause) {
        if (tokens.isWord(i + 1, "by")) {
            return clause;
        }
        if (clause == Clause.GROUP && tokens.isWord(i - 1, "within") && tokens.isCharacter(i + 1, '(')) {
            return null;
        }
        throw unclear("there is " + tokens.name(i) + " without by");
    }

    /** Returns true when the word FROM is part of a comparison. */
    static boolean isDistinctFrom(TokenList tokens, int i) {
        return tokens.isWord(i - 1, "distinct")
                && (tokens.isWord(i - 2, "is") || tokens.isSequence(i - 3, "is", "not"));
    }

    static List<TokenRange> list(TokenList tokens, int from, int to, int partsMax) {
        List<TokenRange> parts = new ArrayList<>();
        int depth = 0;
        int start = from;
        for (int i = from; i <= to; i++) {
            depth += i < to ? depthChange(tokens, i) : 0;
            if (i == to || depth == 0 && tokens.isCharacter(i, ',')) {
                if (i <= start) {
                    throw unclear("there is a list with an empty place");
                }
                if (parts.size() == partsMax) {
                    throw clause("a list of more than " + partsMax + " entries");
                }
                parts.add(new TokenRange(start, i));
                start = i + 1;
            }
        }
        return parts;
    }

    /** Returns the index of the first unquoted word of that spelling outside of all parentheses and brackets, or -1. */
    static int indexOutside(TokenList tokens, int from, int to, String word) {
        int depth = 0;
        for (int i = from; i < to; i++) {
            depth += depthChange(tokens, i);
            if (depth == 0 && tokens.isWord(i, word)) {
                return i;
            }
        }
        return -1;
    }

    /** Returns how much deeper in parentheses and brackets the next token is. */
    static int depthChange(TokenList tokens, int i) {
        if (tokens.isCharacter(i, '(') || tokens.isCharacter(i, '[')) {
            return 1;
        }
        return tokens.isCharacter(i, ')') || tokens.isCharacter(i, ']') ? -1 : 0;
    }

    static RefusedStatement clause(String what) {
        return new RefusedStatement(RefusalCode.CLAUSE_ACROSS_SHARDS.because("the query has " + what));
    }

    static RefusedStatement unclear(String what) {
        return new RefusedStatement(RefusalCode.CLAUSES_UNCLEAR.because(what));
    }
}
