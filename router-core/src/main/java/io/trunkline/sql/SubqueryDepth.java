// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayDeque;
import java.util.Deque;

/** Whether a walk over tokens is inside a sub-query: parentheses in which a query stands. */
final class SubqueryDepth {
    private final TokenList tokens;
    /** For each open parenthesis, whether it or one around it holds a query. */
    private final Deque<Boolean> open = new ArrayDeque<>();

    SubqueryDepth(TokenList tokens) {
        this.tokens = tokens;
    }

    /** Takes the next token. */
    void enter(int i) {
        if (tokens.isCharacter(i, '(')) {
            open.push(isInside() || tokens.isWord(i + 1, "select", "values", "with", "table"));
        } else if (tokens.isCharacter(i, ')') && !open.isEmpty()) {
            open.pop();
        } else if (tokens.isWord(i, "select") && !open.isEmpty() && !open.peek()) {
            // The second part of a UNION whose first has parentheses of its own.
            open.pop();
            open.push(true);
        }
    }

    /** Returns true inside any parentheses. */
    boolean isEnclosed() {
        return !open.isEmpty();
    }

    /** Returns true inside a sub-query, as far as it began. */
    boolean isInside() {
        return !open.isEmpty() && open.peek();
    }
}
