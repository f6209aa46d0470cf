// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** PostgreSQL's own aggregates, by name, and where they are called. One that a user made cannot be told from a function here. */
final class Aggregates {
    private static final Set<String> ALL = KnownFunctions.load("aggregate-functions.txt");

    /** Those whose value over all rows follows from their values over the rows of each shard, in any order. */
    private static final Set<String> MERGEABLE = Set.of(
            "count",
            "sum",
            "min",
            "max",
            "avg",
            "bool_and",
            "bool_or",
            "every",
            "bit_and",
            "bit_or",
            "bit_xor",
            "stddev",
            "stddev_pop",
            "stddev_samp",
            "variance",
            "var_pop",
            "var_samp");

    /** Those that are made of what they see of each row; of no rows all are NULL. */
    private static final Set<String> COLLECTED = Set.of(
            "array_agg",
            "string_agg",
            "json_agg",
            "json_agg_strict",
            "json_object_agg",
            "json_object_agg_strict",
            "json_object_agg_unique",
            "json_object_agg_unique_strict",
            "jsonb_agg",
            "jsonb_agg_strict",
            "jsonb_object_agg",
            "jsonb_object_agg_strict",
            "jsonb_object_agg_unique",
            "jsonb_object_agg_unique_strict",
            "mode",
            "percentile_cont",
            "percentile_disc");

    /** Those to which it makes no difference how often a value comes. */
    private static final Set<String> OF_SETS =
            Set.of("min", "max", "bool_and", "bool_or", "every", "bit_and", "bit_or");

    private Aggregates() {}

    /**
     * A call of the simple form {@code name([DISTINCT] argument) [FILTER (WHERE predicate)]}.
     *
     * @param argument null for a star
     * @param end the token behind it
     */
    record Call(
            String function,
            @Nullable TokenRange argument,
            boolean distinct,
            @Nullable TokenRange filter,
            int end) {
        /** Returns true when the values of the shards give the value of the whole. */
        boolean isMergeable() {
            return MERGEABLE.contains(function);
        }

        /** Returns the entry that the call makes. */
        ScatterShape.Aggregate as(TokenRange range, @Nullable String alias) {
            return new ScatterShape.Aggregate(
                    range, function, argument, distinct && !OF_SETS.contains(function), filter, alias, null);
        }
    }

    static boolean isMergeable(String function) {
        return MERGEABLE.contains(function);
    }

    /** Returns true when the shards send what it sees of each row, see {@link CollectedReader}. */
    static boolean isCollected(String function) {
        return COLLECTED.contains(function);
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
        Call call = callAt(tokens, range.from());
        return call == null || call.end != range.to() ? null : call;
    }

    /** Returns the call that begins at a token, its FILTER included, or null when there is none of the simple form. */
    static @Nullable Call callAt(TokenList tokens, int i) {
        int name = tokens.isCharacter(i + 1, '.') ? i + 2 : i;
        String function = calledAt(tokens, name);
        if (function == null) {
            return null;
        }
        int behind = tokens.behindGroup(name + 1);
        TokenRange inside = new TokenRange(name + 2, behind - 1);
        if (!tokens.isWord(behind, "filter") || !tokens.isCharacter(behind + 1, '(')) {
            return read(tokens, function, inside, null, behind);
        }
        int end = tokens.behindGroup(behind + 1);
        TokenRange filter = new TokenRange(behind + 3, end - 1);
        return tokens.isWord(behind + 2, "where") && filter.from() < filter.to()
                ? read(tokens, function, inside, filter, end)
                : null;
    }

    private static @Nullable Call read(
            TokenList tokens, String function, TokenRange inside, @Nullable TokenRange filter, int end) {
        if (inside.isSingle() && tokens.isCharacter(inside.from(), '*')) {
            return function.equals("count") ? new Call(function, null, false, filter, end) : null;
        }
        boolean distinct = tokens.isWord(inside.from(), "distinct");
        TokenRange argument = new TokenRange(inside.from() + (distinct ? 1 : 0), inside.to());
        boolean simple = !argument.isEmpty()
                && !tokens.isWord(argument.from(), "all", "variadic")
                && isOneArgument(tokens, argument);
        return simple ? new Call(function, argument, distinct, filter, end) : null;
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
