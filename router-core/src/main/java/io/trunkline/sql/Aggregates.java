// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** PostgreSQL's own aggregates, by name, and where they are called. One that a user made cannot be told from a function here. */
final class Aggregates {
    private static final Set<String> ALL = KnownFunctions.load("aggregate-functions.txt");

    /** Those whose value over all rows follows from their values over the rows of each shard, in any order. */
    private static final Set<String> MERGEABLE =
            Set.of("count", "sum", "min", "max", "avg", "bool_and", "bool_or", "every", "bit_and", "bit_or", "bit_xor");

    private Aggregates() {}

    /**
     * A call that is a whole expression and has the simple form {@code name([DISTINCT] argument) [FILTER (WHERE predicate)]}.
     *
     * @param argument null for a star
     */
    record Call(
            String function,
            @Nullable TokenRange argument,
            boolean distinct,
            @Nullable TokenRange filter) {
        /** Returns true when the values of the shards give the value of the whole. */
        boolean isMergeable() {
            return MERGEABLE.contains(function) && (!distinct || function.equals("count"));
        }
    }

    static boolean isMergeable(String function) {
        return MERGEABLE.contains(function);
    }

    /** Returns the name of the aggregate that is called at a token, the last of its qualified name, or null; called over a window it is none. */
    static @Nullable String calledAt(TokenList tokens, int i) {
        if (!tokens.token(i).isName() || !tokens.isCharacter(i + 1, '(')) {
            return null;
        }
        boolean qualified = tokens.isCharacter(i - 1, '.');
        boolean own = !qualified
                || tokens.token(i - 2).isName()
                        && tokens.name(i - 2).equals("pg_catalog")
                        && !tokens.isCharacter(i - 3, '.');
        String name = tokens.name(i);
        return own && ALL.contains(name) && !isOverWindow(tokens, i + 1) ? name : null;
    }

    private static boolean isOverWindow(TokenList tokens, int arguments) {
        int behind = tokens.behindGroup(arguments);
        boolean filter = tokens.isWord(behind, "filter") && tokens.isCharacter(behind + 1, '(');
        return tokens.isWord(filter ? tokens.behindGroup(behind + 1) : behind, "over");
    }

    /** Returns the first token in a range, outside of sub-queries, at which an aggregate is called, or -1. */
    static int find(TokenList tokens, TokenRange range) {
        SubqueryDepth depth = new SubqueryDepth(tokens);
        for (int i = range.from(); i < range.to(); i++) {
            depth.enter(i);
            if (!depth.isInside() && calledAt(tokens, i) != null) {
                return i;
            }
        }
        return -1;
    }

    /** Returns the call that a range is, and nothing else is, or null. */
    static @Nullable Call read(TokenList tokens, TokenRange range) {
        int name = range.from();
        if (tokens.isCharacter(name + 1, '.')) {
            name += 2;
        }
        String function = name < range.to() ? calledAt(tokens, name) : null;
        if (function == null) {
            return null;
        }
        int behind = tokens.behindGroup(name + 1);
        TokenRange filter = null;
        if (behind != range.to()) {
            filter = filter(tokens, behind, range.to());
            if (filter == null) {
                return null;
            }
        }
        return read(tokens, function, new TokenRange(name + 2, behind - 1), filter);
    }

    /** {@code FILTER (WHERE ...)}. */
    private static @Nullable TokenRange filter(TokenList tokens, int i, int end) {
        boolean filter = tokens.isWord(i, "filter")
                && tokens.isCharacter(i + 1, '(')
                && tokens.isWord(i + 2, "where")
                && tokens.behindGroup(i + 1) == end
                && end - 1 > i + 3;
        return filter ? new TokenRange(i + 3, end - 1) : null;
    }

    private static @Nullable Call read(
            TokenList tokens, String function, TokenRange inside, @Nullable TokenRange filter) {
        if (inside.isSingle() && tokens.isCharacter(inside.from(), '*')) {
            return function.equals("count") ? new Call(function, null, false, filter) : null;
        }
        boolean distinct = tokens.isWord(inside.from(), "distinct");
        TokenRange argument = new TokenRange(inside.from() + (distinct ? 1 : 0), inside.to());
        boolean simple = !argument.isEmpty()
                && !tokens.isWord(argument.from(), "all", "variadic")
                && isOneArgument(tokens, argument);
        return simple ? new Call(function, argument, distinct, filter) : null;
    }

    private static boolean isOneArgument(TokenList tokens, TokenRange argument) {
        int depth = 0;
        for (int i = argument.from(); i < argument.to(); i++) {
            depth += ClauseSplit.depthChange(tokens, i);
            if (depth == 0 && (tokens.isCharacter(i, ',') || tokens.isSequence(i, "order", "by"))) {
                return false;
            }
        }
        return true;
    }
}
