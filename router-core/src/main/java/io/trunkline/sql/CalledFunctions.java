// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The functions that the tokens of a write call; none is missing, and some may be no functions. */
final class CalledFunctions {
    private final TokenList tokens;
    private final List<Call> calls = new ArrayList<>();

    /**
     * One call.
     *
     * @param name folded, qualified when it was
     * @param inSubquery whether it is inside a sub-query
     */
    record Call(String name, boolean inSubquery) {
        /** Returns its name when it can be that of a function in {@code pg_catalog}; else its qualified name. */
        String systemName() {
            return name.startsWith("pg_catalog.") ? name.substring("pg_catalog.".length()) : name;
        }
    }

    /** Looks at the tokens of a range, which begins outside of all sub-queries. */
    CalledFunctions(TokenList tokens, TokenRange range) {
        this.tokens = tokens;
        SubqueryDepth depth = new SubqueryDepth(tokens);
        Deque<Integer> open = new ArrayDeque<>();
        int lastOpen = -1;
        for (int i = range.from(); i < range.to(); i++) {
            depth.enter(i);
            if (tokens.isCharacter(i, '(')) {
                open.push(i);
            } else if (tokens.isCharacter(i, ')') && !open.isEmpty()) {
                lastOpen = open.pop();
            } else if (tokens.token(i).isName()
                    && tokens.isCharacter(i + 1, '(')
                    && !isInsertTarget(i)
                    && isCall(i, lastOpen)) {
                calls.add(new Call(qualified(i), depth.isInside()));
            }
        }
    }

    List<Call> calls() {
        return calls;
    }

    /** Returns the names of all. */
    Set<String> names() {
        Set<String> names = new TreeSet<>();
        calls.forEach(call -> names.add(call.name));
        return names;
    }

    /**
     * Returns whether a name before a parenthesis may be a function.
     *
     * @param lastOpen where the group opened that was closed last
     */
    private boolean isCall(int i, int lastOpen) {
        if (tokens.isCharacter(i - 1, '.')) {
            return true;
        }
        // (VALUES (1, 2)) v (a, b)
        boolean alias = tokens.isCharacter(i - 1, ')')
                && !tokens.isWord(lastOpen - 1, "operator")
                && !tokens.isSequence(lastOpen - 2, "distinct", "on");
        boolean syntax = tokens.token(i) == Token.IDENTIFIER
                && (Keywords.isSyntax(tokens.name(i)) || isClause(i) || isOperator(i));
        return !alias && !syntax && !tokens.isWord(i - 1, "as");
    }

    /** {@code INSERT INTO t (a, b)}. */
    private boolean isInsertTarget(int i) {
        int first = i;
        while (tokens.isCharacter(first - 1, '.')) {
            first -= 2;
        }
        return tokens.isWord(first - 1, "into");
    }

    /** {@code UPDATE t SET (a, b) =}, {@code DO UPDATE SET (a, b) =} and {@code ON CONFLICT (a)}. */
    private boolean isClause(int i) {
        if (tokens.isWord(i, "set")) {
            return tokens.isSequence(i - 2, "do", "update")
                    || tokens.isWord(0, "update") && ClauseSplit.indexOutside(tokens, 1, i + 1, "set") == i;
        }
        if (!tokens.isSequence(i - 1, "on", "conflict")) {
            return false;
        }
        // WITH may stand before it.
        int insert = ClauseSplit.indexOutside(tokens, 0, i, "insert");
        return insert >= 0
                && tokens.isWord(insert + 1, "into")
                && ClauseSplit.indexOutside(tokens, 1, i + 1, "conflict") == i;
    }

    /** {@code OPERATOR(schema.+)}. */
    private boolean isOperator(int i) {
        if (!tokens.isWord(i, "operator")) {
            return false;
        }
        int k = i + 2;
        while (tokens.token(k).isName() && tokens.isCharacter(k + 1, '.')) {
            k += 2;
        }
        return tokens.token(k) == Token.OPERATOR;
    }

    private String qualified(int i) {
        StringBuilder name = new StringBuilder(tokens.name(i));
        for (int k = i; tokens.isCharacter(k - 1, '.') && tokens.token(k - 2).isName(); k -= 2) {
            name.insert(0, tokens.name(k - 2) + ".");
        }
        return name.toString();
    }
}
