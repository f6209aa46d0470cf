// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/**
 * Reads {@code FETCH} and {@code MOVE}: the cursor, and how many rows forward.
 *
 * @see <a href="https://www.postgresql.org/docs/18/sql-fetch.html">FETCH</a>
 */
final class FetchReader {
    private final TokenList tokens;
    /** The next token; the first is the command. */
    private int at = 1;

    FetchReader(TokenList tokens) {
        this.tokens = tokens;
    }

    SessionCommand read() {
        int rows = direction();
        if (tokens.isWord(at, "from", "in")) {
            at++;
        }
        boolean named = at == tokens.size() - 1 && tokens.token(at).isName();
        return named ? new SessionCommand.Fetch(tokens.name(at), rows) : new SessionCommand.Other();
    }

    private int direction() {
        if (at == tokens.size() - 1) {
            // The words of directions are names, too.
            return 1;
        }
        if (tokens.isWord(at, "next")) {
            at++;
            return 1;
        }
        if (tokens.isWord(at, "forward")) {
            at++;
            return isBehindCount() ? 1 : count();
        }
        if (tokens.isWord(at, "prior", "first", "last")) {
            at++;
            return SessionCommand.Fetch.NOT_FORWARD;
        }
        if (tokens.isWord(at, "backward")) {
            at++;
            if (!isBehindCount()) {
                count();
            }
            return SessionCommand.Fetch.NOT_FORWARD;
        }
        if (tokens.isWord(at, "absolute", "relative")) {
            at++;
            count();
            return SessionCommand.Fetch.NOT_FORWARD;
        }
        return tokens.isWord(at, "from", "in") ? 1 : count();
    }

    /** Returns true where FROM, IN or the cursor's name stands instead of a count. */
    private boolean isBehindCount() {
        return at == tokens.size() - 1 || tokens.isWord(at, "from", "in");
    }

    private int count() {
        if (tokens.isWord(at, "all")) {
            at++;
            return SessionCommand.Fetch.ALL;
        }
        boolean signed = tokens.isCharacter(at, '+') || tokens.isCharacter(at, '-');
        boolean forward = !tokens.isCharacter(at, '-');
        if (signed) {
            at++;
        }
        if (tokens.token(at) != Token.INTEGER) {
            // No count: what is left is no cursor's name either.
            return SessionCommand.Fetch.NOT_FORWARD;
        }
        int count = number(tokens.raw(at++));
        return forward && count > 0 ? count : SessionCommand.Fetch.NOT_FORWARD;
    }

    /** Returns a number that is written in digits alone, else 0. */
    private static int number(String digits) {
        try {
            return Integer.parseInt(digits);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
