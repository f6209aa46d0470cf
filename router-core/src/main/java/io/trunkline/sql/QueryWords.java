// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.Locale;
import java.util.Set;

/**
 * A look at every token of a query, or a write, for what makes its rows on one shard depend on more than the rows of that shard, wherever it stands.
 *
 * <p>The words looked for are reserved or nearly so; a column with such a name costs a refusal, never correctness.
 */
final class QueryWords {
    /** Columns every table has, whose values tell about one server. */
    private static final Set<String> SYSTEM_COLUMNS = Set.of("ctid", "tableoid", "xmin", "xmax", "cmin", "cmax");

    private final TokenList tokens;
    private final int first;
    private final int end;

    /**
     * Prepares to look.
     *
     * @param first the first token to look at, outside of all parentheses
     * @param end behind the last token
     */
    QueryWords(TokenList tokens, int first, int end) {
        this.first = first;
        this.tokens = tokens;
        this.end = end;
    }

    /** Refuses the query if there is such a thing. */
    void refuse() {
        for (int i = first; i < end; i++) {
            Token token = tokens.token(i);
            if (!token.isName()) {
                continue;
            }
            if (token == Token.UNICODE_IDENTIFIER) {
                throw ClauseSplit.unclear("a name is written with Unicode escapes");
            }
            refuseSystemColumn(i);
            if (token == Token.IDENTIFIER && !isLabel(i)) {
                refuseWord(i);
            }
        }
    }

    /** Behind AS and a dot any word is a name. */
    private boolean isLabel(int i) {
        return tokens.isCharacter(i - 1, '.') || tokens.isWord(i - 1, "as") && !tokens.isCharacter(i + 1, '(');
    }

    private void refuseSystemColumn(int i) {
        if (SYSTEM_COLUMNS.contains(tokens.name(i)) && !tokens.isCharacter(i + 1, '(')) {
            throw new RefusedStatement(RefusalCode.RELATION_ACROSS_SHARDS.because(
                    "the system column " + tokens.name(i) + " tells about one server"));
        }
    }

    private void refuseWord(int i) {
        boolean refused = switch (tokens.name(i)) {
            case "window", "natural", "tablesample", "into", "ordinality" -> true;
            case "rollup", "cube", "grouping" -> tokens.isCharacter(i + 1, '(') || tokens.isWord(i + 1, "sets");
            default -> false;
        };
        if (refused) {
            throw ClauseSplit.clause(tokens.raw(i).toUpperCase(Locale.ROOT));
        }
        if (tokens.isWord(i, "array") && tokens.isCharacter(i + 1, '(')) {
            throw new RefusedStatement(
                    RefusalCode.SUBQUERY_ACROSS_SHARDS.because("it makes an array, which has an order"));
        }
    }
}
