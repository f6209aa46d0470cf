// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.Set;

/**
 * A walk over what stands around aggregates and grouped expressions: constants, operators, and functions of PostgreSQL's own that see nothing but their arguments.
 *
 * <p>Nothing that may be the name of a column is passed over. So an expression that is passed over entirely, but for the stretches that are known to be aggregates or
 * grouped, means the same wherever those have the same values.
 */
final class ExpressionWords {
    private static final Set<String> SET_RETURNING = KnownFunctions.load("set-returning-functions.txt");

    /** Functions that tell how a value is stored or declared, which is lost on its way. */
    private static final Set<String> STORAGE = Set.of(
            "pg_collation_for", "pg_column_compression", "pg_column_size", "pg_column_toast_chunk_id", "pg_typeof");

    /** Words of the grammar that PostgreSQL never takes for columns, alone or where they stand here. */
    private static final Set<String> SYNTAX = Set.of(
            "all",
            "and",
            "any",
            "array",
            "asymmetric",
            "both",
            "case",
            "distinct",
            "else",
            "end",
            "false",
            "for",
            "from",
            "ilike",
            "in",
            "is",
            "isnull",
            "leading",
            "like",
            "not",
            "notnull",
            "null",
            "or",
            "placing",
            "similar",
            "some",
            "symmetric",
            "then",
            "to",
            "trailing",
            "true",
            "when");

    /** Words that are syntax before a parenthesis. */
    private static final Set<String> CALL_SYNTAX = Set.of(
            "cast",
            "coalesce",
            "extract",
            "greatest",
            "least",
            "nullif",
            "overlay",
            "position",
            "row",
            "substring",
            "trim");

    private final TokenList tokens;

    ExpressionWords(TokenList tokens) {
        this.tokens = tokens;
    }

    /**
     * Returns the index behind what stands at a token, which begins neither an aggregate nor a grouped expression.
     *
     * @param range the whole expression
     * @throws RefusedStatement when it may be a column, or anything else than the words known here
     */
    int behind(int i, TokenRange range) {
        Token token = tokens.token(i);
        return switch (token) {
            case STRING, ESCAPE_STRING, DOLLAR_STRING, INTEGER, NUMERIC, PARAMETER -> i + 1;
            case OPERATOR -> behindOperator(i);
            case PUNCTUATION -> behindPunctuation(i);
            case IDENTIFIER -> behindWord(i, range);
            case END,
                    BROKEN,
                    HINT,
                    QUOTED_IDENTIFIER,
                    UNICODE_IDENTIFIER,
                    NATIONAL_STRING,
                    UNICODE_STRING,
                    BIT_STRING -> throw refused(i);
        };
    }

    private int behindOperator(int i) {
        if (tokens.raw(i).equals("=>")) {
            throw refused(i);
        }
        return i + 1;
    }

    private int behindPunctuation(int i) {
        if (tokens.raw(i).equals("::")) {
            return behindType(i + 1);
        }
        boolean known = tokens.isCharacter(i, '(')
                || tokens.isCharacter(i, ')')
                || tokens.isCharacter(i, '[')
                || tokens.isCharacter(i, ']')
                // Between the bounds of a slice, nowhere else.
                || tokens.isCharacter(i, ':')
                || tokens.isCharacter(i, ',');
        if (!known) {
            throw refused(i);
        }
        return i + 1;
    }

    private int behindWord(int i, TokenRange range) {
        String word = tokens.name(i);
        if (SYNTAX.contains(word)) {
            return i + 1;
        }
        if (tokens.isCharacter(i + 1, '(')) {
            return behindFunctionName(i, word);
        }
        if (word.equals("pg_catalog")
                && tokens.isCharacter(i + 1, '.')
                && tokens.token(i + 2) == Token.IDENTIFIER
                && tokens.isCharacter(i + 3, '(')) {
            return behindFunctionName(i + 2, tokens.name(i + 2));
        }
        if (word.equals("between") && i > range.from()) {
            return i + 1;
        }
        if (tokens.isSequence(i, "at", "time", "zone") && i > range.from()) {
            return i + 3;
        }
        if (word.equals("escape") && tokens.token(i + 1).isLiteral() && i > range.from()) {
            return i + 1;
        }
        if (word.equals("as") && isCast(i, range)) {
            return behindType(i + 1);
        }
        if (word.equals("collate")) {
            return behindCollation(i + 1);
        }
        // date '2024-01-01'
        if (tokens.token(i + 1) == Token.STRING && !Keywords.isReserved(word)) {
            return i + 2;
        }
        throw refused(i);
    }

    private int behindFunctionName(int i, String name) {
        if (name.equals("extract")) {
            boolean field = tokens.token(i + 2) == Token.IDENTIFIER && tokens.isWord(i + 3, "from");
            if (!field) {
                throw refused(i);
            }
            return i + 4;
        }
        boolean known = CALL_SYNTAX.contains(name)
                || KnownFunctions.isSafe(name)
                        && !SET_RETURNING.contains(name)
                        && !STORAGE.contains(name)
                        && Aggregates.calledAt(tokens, i) == null;
        if (!known) {
            throw new RefusedStatement(RefusalCode.AGGREGATE_ACROSS_SHARDS.because(
                    "the function " + name + " is called around aggregates"));
        }
        return i + 1;
    }

    /** {@code CAST(x AS type)}: nothing else has the word there. */
    private boolean isCast(int i, TokenRange range) {
        int depth = 0;
        for (int k = i - 1; k >= range.from(); k--) {
            depth -= ClauseSplit.depthChange(tokens, k);
            if (depth < 0) {
                return tokens.isWord(k - 1, "cast");
            }
        }
        return false;
    }

    private int behindCollation(int i) {
        int name = tokens.isWord(i, "pg_catalog") && tokens.isCharacter(i + 1, '.') ? i + 2 : i;
        boolean known = tokens.token(name) == Token.QUOTED_IDENTIFIER
                && (tokens.name(name).equals("C") || tokens.name(name).equals("POSIX"));
        if (!known) {
            throw refused(i);
        }
        return name + 1;
    }

    /** Returns the index behind the name of a type. */
    int behindType(int i) {
        // The number of an object differs from shard to shard.
        if (!tokens.token(i).isName() || tokens.name(i).startsWith("reg")) {
            throw refused(i);
        }
        int k = i + 1;
        k += tokens.isSequence(i, "double", "precision") || tokens.isWord(k, "varying") ? 1 : 0;
        while (tokens.isCharacter(k, '.')
                && tokens.token(k + 1).isName()
                && !tokens.name(k + 1).startsWith("reg")) {
            k += 2;
        }
        if (tokens.isCharacter(k, '(')) {
            k = tokens.behindGroup(k);
        }
        boolean zone = tokens.isWord(k, "with", "without") && tokens.isSequence(k + 1, "time", "zone");
        k += zone ? 3 : 0;
        while (tokens.isCharacter(k, '[') && tokens.isCharacter(k + 1, ']')) {
            k += 2;
        }
        return k;
    }

    private RefusedStatement refused(int i) {
        return new RefusedStatement(RefusalCode.GROUP_ACROSS_SHARDS.because(
                tokens.raw(i) + " stands beside an aggregate or grouped expression"));
    }
}
