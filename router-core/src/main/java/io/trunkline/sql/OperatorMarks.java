// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.Set;

/**
 * The operators of a statement in a form that JSqlParser reads with PostgreSQL's precedence.
 *
 * <p>PostgreSQL gives all operators but those of standard SQL one and the same precedence: below {@code +} and {@code -}, above comparisons. JSqlParser does not know most of
 * them, and reads some as something else ({@code &&} as AND, {@code ?} as a parameter). Between operands each becomes {@code ||}, which is one of them for both; before an
 * operand each becomes {@code ~}. Neither makes a comparison of a key, so what the operator really does is of no consequence here.
 *
 * @see <a href="https://www.postgresql.org/docs/17/sql-syntax-lexical.html#SQL-PRECEDENCE">Operator Precedence</a>
 */
final class OperatorMarks {
    private static final Set<String> STANDARD =
            Set.of("+", "-", "*", "/", "%", "^", "<", ">", "=", "<=", ">=", "<>", "!=", "=>");

    /** Reserved words that are operands, or end one. */
    private static final Set<String> OPERAND_WORDS = Set.of(
            "null",
            "true",
            "false",
            "end",
            "default",
            "user",
            "current_catalog",
            "current_date",
            "current_role",
            "current_time",
            "current_timestamp",
            "current_user",
            "localtime",
            "localtimestamp",
            "session_user",
            "system_user");

    private OperatorMarks() {}

    /** Returns the index behind the operator to be marked that begins at a token, or {@code i} when none does. */
    static int behind(TokenList tokens, int i, int last) {
        if (tokens.token(i) == Token.OPERATOR) {
            return STANDARD.contains(tokens.raw(i)) ? i : i + 1;
        }
        return tokens.isWord(i, "operator") ? behindQualified(tokens, i, last) : i;
    }

    /** {@code OPERATOR(schema.+)}. */
    private static int behindQualified(TokenList tokens, int i, int last) {
        if (!tokens.isCharacter(i + 1, '(')) {
            return i;
        }
        int k = i + 2;
        while (tokens.token(k).isName() && tokens.isCharacter(k + 1, '.')) {
            k += 2;
        }
        boolean operator = k < last && tokens.token(k) == Token.OPERATOR && tokens.isCharacter(k + 1, ')');
        return operator ? k + 2 : i;
    }

    /** Returns what to write for the operator at a token, with space around it. */
    static String mark(TokenList tokens, int i, int first) {
        return i > first && endsOperand(tokens, i - 1) ? " || " : " ~ ";
    }

    private static boolean endsOperand(TokenList tokens, int i) {
        return switch (tokens.token(i)) {
            case IDENTIFIER -> !Keywords.isReserved(tokens.name(i)) || OPERAND_WORDS.contains(tokens.name(i));
            case PUNCTUATION -> tokens.isCharacter(i, ')') || tokens.isCharacter(i, ']');
            case OPERATOR -> false;
            default -> true;
        };
    }
}
