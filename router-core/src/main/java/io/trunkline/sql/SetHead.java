// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/** The many forms of {@code SET}, told apart by the words behind it. */
final class SetHead {
    private SetHead() {}

    /** Returns the kind of the {@code SET} at a token. */
    static StatementKind kind(TokenList tokens, int set) {
        int i = behindScope(tokens, set);
        if (isAssignment(tokens, i + 1)) {
            return StatementKind.SET;
        }
        if (tokens.isWord(i, "transaction")) {
            return StatementKind.SET_TRANSACTION;
        }
        if (tokens.isSequence(i, "session", "characteristics")) {
            return StatementKind.SET_SESSION_CHARACTERISTICS;
        }
        if (tokens.isSequence(i, "session", "authorization")) {
            return StatementKind.SET_SESSION_AUTHORIZATION;
        }
        if (tokens.isWord(i, "role")) {
            return StatementKind.SET_ROLE;
        }
        if (tokens.isWord(i, "constraints")) {
            return StatementKind.SET_CONSTRAINTS;
        }
        return StatementKind.SET;
    }

    /** Returns the index behind {@code SET} and a {@code LOCAL} or {@code SESSION} that is a scope. */
    static int behindScope(TokenList tokens, int set) {
        boolean scope = tokens.isWord(set + 1, "local", "session")
                && !isAssignment(tokens, set + 2)
                && !tokens.isSequence(set + 1, "session", "characteristics")
                && !tokens.isSequence(set + 1, "session", "authorization");
        return scope ? set + 2 : set + 1;
    }

    /** Returns true when the token says that the one before it is the name, or part of the name, of a parameter. */
    static boolean isAssignment(TokenList tokens, int i) {
        return tokens.isCharacter(i, '=') || tokens.isCharacter(i, '.') || tokens.isWord(i, "to");
    }
}
