// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.HashSet;
import java.util.Set;

/**
 * Looks through a query for anything that makes it more than a read, and collects what a catalogue must vouch for.
 *
 * <p>The words {@code INSERT}, {@code UPDATE}, {@code DELETE}, {@code MERGE} and {@code INTO} make a query write wherever they stand unquoted, and so does
 * {@code FOR} before a locking strength: a column with such a name costs a replica read, never correctness.
 */
final class QueryBody {
    /** A query that names more than this many different things goes to the primary. */
    static final int NAMES_MAX = 1_024;

    private static final int DEPTH_MAX = 256;

    private final TokenList tokens;
    private final Set<String> functions = new HashSet<>();
    private final Set<String> names = new HashSet<>();
    private final Set<String> operators = new HashSet<>();
    private final boolean[] inWithHeader = new boolean[DEPTH_MAX];
    private final int[] opening = new int[DEPTH_MAX];
    private int lastClosed;
    private boolean into;

    QueryBody(TokenList tokens) {
        this.tokens = tokens;
    }

    Set<String> functions() {
        return functions;
    }

    Set<String> names() {
        return names;
    }

    Set<String> operators() {
        return operators;
    }

    /** Returns true when the statement selects into a table, and so sends no rows. */
    boolean hasInto() {
        return into;
    }

    /** Forgets the query looked at last. */
    void reset() {
        functions.clear();
        names.clear();
        operators.clear();
        into = false;
    }

    /** Looks at the tokens from {@code first} on; returns false when the query must run on the primary. */
    boolean read(int first) {
        reset();
        inWithHeader[0] = false;
        lastClosed = 0;
        int depth = 0;
        boolean reads = true;
        for (int i = first; i < tokens.size(); i++) {
            Token token = tokens.token(i);
            if (token == Token.OPERATOR) {
                operators.add(tokens.raw(i));
            } else if (tokens.isCharacter(i, '(')) {
                if (++depth == DEPTH_MAX) {
                    return false;
                }
                inWithHeader[depth] = false;
                opening[depth] = i;
            } else if (tokens.isCharacter(i, ')') && depth > 0) {
                lastClosed = opening[depth--];
            } else if (token.isName()) {
                reads &= readName(i, depth);
            }
        }
        return reads && names.size() + functions.size() + operators.size() <= NAMES_MAX;
    }

    private boolean readName(int i, int depth) {
        boolean unquoted = tokens.token(i) == Token.IDENTIFIER;
        String name = tokens.name(i);
        if (unquoted) {
            switch (name) {
                case "insert", "update", "delete", "merge":
                    return false;
                case "into":
                    into |= !tokens.isWord(i - 1, "insert", "merge");
                    return false;
                case "for":
                    return !tokens.isWord(i + 1, "update", "share", "no", "key");
                case "with":
                    inWithHeader[depth] = !tokens.isWord(i + 1, "ordinality", "ties");
                    return true;
                case "select", "values", "table":
                    inWithHeader[depth] = false;
                    break;
                default:
                    break;
            }
        }
        boolean syntax = unquoted && (isSyntax(i, name) || isOperatorSyntax(i)) || depth == 0 && isCopied(i);
        if (isCalled(i) && !isAliasOrWithQuery(i, depth) && !syntax) {
            functions.add(qualified(i, name));
            return !KnownFunctions.isBoundToHost(name);
        }
        if (!unquoted || !Keywords.isReserved(name)) {
            names.add(name);
        }
        return !KnownFunctions.isHostView(name);
    }

    /** Words before a parenthesis that call nothing: keywords, and the ends of type names and of interval constants. */
    private boolean isSyntax(int i, String name) {
        return switch (name) {
            case "varying" -> tokens.isWord(i - 1, "character", "char", "nchar", "bit");
            case "stdout" -> tokens.isWord(i - 1, "to");
            case "second" -> tokens.token(i - 1).isLiteral() || tokens.isWord(i - 1, "to");
            default -> Keywords.isSyntax(name);
        };
    }

    /** The table of a COPY, with its columns in parentheses. */
    private boolean isCopied(int i) {
        return tokens.isWord(0, "copy") && (i == 1 || i == 3 && tokens.isCharacter(2, '.'));
    }

    private boolean isCalled(int i) {
        boolean escaped = tokens.token(i) == Token.UNICODE_IDENTIFIER && tokens.isWord(i + 1, "uescape");
        return tokens.isCharacter(escaped ? i + 3 : i + 1, '(');
    }

    /** {@code OPERATOR(schema.+)}. */
    private boolean isOperatorSyntax(int i) {
        if (!tokens.isWord(i, "operator")) {
            return false;
        }
        int k = i + 2;
        while (tokens.token(k).isName() && tokens.isCharacter(k + 1, '.')) {
            k += 2;
        }
        return tokens.token(k) == Token.OPERATOR;
    }

    /**
     * A name with columns in parentheses calls nothing behind {@code AS}, at the head of a common table expression, and behind a closing parenthesis, where only an
     * alias can stand; {@code DISTINCT ON (...)} and {@code OPERATOR(...)} are the groups an expression may follow.
     */
    private boolean isAliasOrWithQuery(int i, int depth) {
        boolean behindGroup = tokens.isCharacter(i - 1, ')')
                && !tokens.isWord(lastClosed - 1, "operator")
                && !tokens.isSequence(lastClosed - 2, "distinct", "on");
        return inWithHeader[depth] || tokens.isWord(i - 1, "as") || behindGroup;
    }

    /** Returns a function's name with up to three qualifiers; PostgreSQL knows no more. */
    private String qualified(int i, String name) {
        String qualified = name;
        for (int k = i;
                k > i - 6
                        && tokens.isCharacter(k - 1, '.')
                        && tokens.token(k - 2).isName();
                k -= 2) {
            qualified = tokens.name(k - 2) + "." + qualified;
        }
        return qualified;
    }
}
