// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import org.jspecify.annotations.Nullable;

/** What a function without arguments gives that says when the transaction began: the same for all shards, once one of them has been asked. */
public enum TimeFunction {
    /** {@code now()}, {@code transaction_timestamp()} and {@code CURRENT_TIMESTAMP}. */
    INSTANT(
            "pg_catalog.to_char(pg_catalog.timezone('UTC', pg_catalog.now()), 'YYYY-MM-DD HH24:MI:SS.US\"+00\"')",
            "timestamptz"),
    /** {@code CURRENT_DATE}. */
    DATE("pg_catalog.to_char(CURRENT_DATE, 'YYYY-MM-DD')", "date"),
    /** {@code LOCALTIMESTAMP}. */
    LOCAL("pg_catalog.to_char(LOCALTIMESTAMP, 'YYYY-MM-DD HH24:MI:SS.US')", "timestamp");

    private final String question;
    private final String type;

    TimeFunction(String question, String type) {
        this.question = question;
        this.type = type;
    }

    /** Returns the expression that gives its value as text, in a form that no DateStyle reads in another way. */
    public String question() {
        return question;
    }

    /** Returns the constant that stands for the function. */
    public String constant(String answer) {
        return "('" + answer + "'::pg_catalog." + type + ")";
    }

    /** Returns what is called at a token, or null. A number of digits, as in {@code CURRENT_TIMESTAMP(0)}, makes it another function. */
    static @Nullable TimeFunction at(TokenList tokens, int i) {
        boolean named = tokens.isCharacter(i - 1, '.');
        if (named && !(tokens.isWord(i - 2, "pg_catalog") && !tokens.isCharacter(i - 3, '.'))) {
            return null;
        }
        if (tokens.isWord(i, "now", "transaction_timestamp")) {
            return tokens.isCharacter(i + 1, '(') && tokens.isCharacter(i + 2, ')') ? INSTANT : null;
        }
        if (named || tokens.isWord(i - 1, "as") || tokens.isCharacter(i + 1, '(')) {
            return null;
        }
        if (tokens.isWord(i, "current_timestamp")) {
            return INSTANT;
        }
        if (tokens.isWord(i, "current_date")) {
            return DATE;
        }
        return tokens.isWord(i, "localtimestamp") ? LOCAL : null;
    }
}
