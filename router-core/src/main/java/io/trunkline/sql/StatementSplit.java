// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/**
 * Where one statement ends and the next begins, fed token by token.
 *
 * <p>A semicolon ends a statement, except inside parentheses (the actions of {@code CREATE RULE}) and inside the body of
 * {@code CREATE FUNCTION ... BEGIN ATOMIC ... END}. {@code END} closes such a body only where a statement could begin: directly behind
 * {@code ATOMIC} or a semicolon. Everywhere else it closes a {@code CASE} or is a label, so none of them has to be counted.
 */
final class StatementSplit {
    private int parentheses;
    private Header header = Header.START;

    void reset() {
        parentheses = 0;
        header = Header.START;
    }

    /** Takes the next token and returns true when it is the semicolon that ends a statement. */
    boolean endsStatement(Token token, SqlLexer lexer) {
        if (token == Token.HINT) {
            return false;
        }
        if (token == Token.PUNCTUATION) {
            return endsAtPunctuation(lexer);
        }
        if (parentheses == 0) {
            header = header.next(token, lexer);
        }
        return false;
    }

    private boolean endsAtPunctuation(SqlLexer lexer) {
        if (lexer.isCharacter('(')) {
            parentheses++;
        } else if (lexer.isCharacter(')')) {
            parentheses--;
        } else if (lexer.isCharacter(';') && parentheses <= 0) {
            if (header.isInBody()) {
                header = Header.BODY_STATEMENT_START;
                return false;
            }
            reset();
            return true;
        }
        if (parentheses <= 1) {
            header = header.afterPunctuation();
        }
        return false;
    }

    /** How far the statement looks like {@code CREATE [OR REPLACE] {FUNCTION | PROCEDURE} ... BEGIN ATOMIC ...}. */
    private enum Header {
        START,
        CREATE,
        CREATE_OR,
        CREATE_OR_REPLACE,
        ROUTINE,
        ROUTINE_BEGIN,
        BODY_STATEMENT_START,
        BODY,
        OTHER;

        boolean isInBody() {
            return this == BODY_STATEMENT_START || this == BODY;
        }

        Header afterPunctuation() {
            return switch (this) {
                case ROUTINE, ROUTINE_BEGIN -> ROUTINE;
                case BODY_STATEMENT_START, BODY -> BODY;
                case START, CREATE, CREATE_OR, CREATE_OR_REPLACE, OTHER -> OTHER;
            };
        }

        Header next(Token token, SqlLexer lexer) {
            boolean word = token == Token.IDENTIFIER;
            return switch (this) {
                case START -> word && lexer.isWord("create") ? CREATE : OTHER;
                case CREATE -> word && lexer.isWord("or") ? CREATE_OR : routine(word, lexer);
                case CREATE_OR -> word && lexer.isWord("replace") ? CREATE_OR_REPLACE : OTHER;
                case CREATE_OR_REPLACE -> routine(word, lexer);
                case ROUTINE -> word && lexer.isWord("begin") ? ROUTINE_BEGIN : ROUTINE;
                case ROUTINE_BEGIN -> afterBegin(word, lexer);
                case BODY_STATEMENT_START -> word && lexer.isWord("end") ? OTHER : BODY;
                case BODY -> BODY;
                case OTHER -> OTHER;
            };
        }

        private static Header routine(boolean word, SqlLexer lexer) {
            return word && (lexer.isWord("function") || lexer.isWord("procedure")) ? ROUTINE : OTHER;
        }

        private static Header afterBegin(boolean word, SqlLexer lexer) {
            if (word && lexer.isWord("atomic")) {
                return BODY_STATEMENT_START;
            }
            return word && lexer.isWord("begin") ? ROUTINE_BEGIN : ROUTINE;
        }
    }
}
