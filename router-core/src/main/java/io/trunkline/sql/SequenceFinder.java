// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.Set;

/** Finds what a statement has to do with sequences: by its kind and by the functions it names. What functions, triggers and views do is not seen. */
final class SequenceFinder {
    /** PostgreSQL's own that are neither safe nor bound to their host and yet touch no sequence; nor does any that begins with {@code pg_}. */
    private static final Set<String> WITHOUT_SEQUENCES = Set.of(
            "clock_timestamp",
            "gen_random_uuid",
            "random",
            "random_normal",
            "set_config",
            "setseed",
            "timeofday",
            "uuidv7");

    private final TokenList tokens;

    SequenceFinder(TokenList tokens) {
        this.tokens = tokens;
    }

    /**
     * Returns what the statement in the token list does.
     *
     * @param query what was read of the query it is or contains
     * @param isPlain whether that was all, and it modifies nothing
     */
    SequenceUse find(StatementKind kind, QueryBody query, boolean isPlain) {
        return readsValue() ? SequenceUse.READS : byKind(kind, query, isPlain);
    }

    private boolean readsValue() {
        for (int i = 0; i < tokens.size(); i++) {
            int bytes = tokens.end(i) - tokens.start(i);
            // Quoted, or with escapes in it, a name is longer.
            if (bytes >= "lastval".length() && tokens.token(i).isName()) {
                String name = tokens.name(i);
                if (name.equals("lastval") || name.equals("currval")) {
                    return true;
                }
            }
        }
        return false;
    }

    private static SequenceUse byKind(StatementKind kind, QueryBody query, boolean isPlain) {
        return switch (kind) {
            case SELECT, VALUES, TABLE, EXPLAIN, DECLARE_CURSOR, COPY_OUT ->
                isPlain && query.functions().stream().allMatch(SequenceFinder::isWithoutSequences)
                        ? SequenceUse.NONE
                        : SequenceUse.ADVANCES;
            case INSERT, MERGE, CALL, DO, EXECUTE, FETCH, MOVE, OTHER -> SequenceUse.ADVANCES;
            // A commit runs deferred triggers, of statements that count themselves.
            case UPDATE, DELETE, COPY_IN, COPY_ON_SERVER, TRUNCATE, DDL, MAINTENANCE -> SequenceUse.MAY_ADVANCE;
            default -> SequenceUse.NONE;
        };
    }

    private static boolean isWithoutSequences(String function) {
        String name = function.startsWith("pg_catalog.") ? function.substring("pg_catalog.".length()) : function;
        return KnownFunctions.isSafe(name)
                || KnownFunctions.isBoundToHost(name)
                || name.startsWith("pg_")
                || WITHOUT_SEQUENCES.contains(name);
    }
}
