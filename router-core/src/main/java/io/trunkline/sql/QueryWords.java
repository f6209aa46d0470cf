// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.TokenRange;
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
    private final QueryScope scope;

    /**
     * Prepares to look.
     *
     * @param first the first token to look at, outside of all parentheses
     * @param end behind the last token
     * @param scope the relations of the outer FROM
     */
    QueryWords(TokenList tokens, int first, int end, QueryScope scope) {
        this.first = first;
        this.tokens = tokens;
        this.end = end;
        this.scope = scope;
    }

    /** Refuses the query if there is such a thing. */
    void refuse() {
        SubqueryDepth depth = new SubqueryDepth(tokens);
        for (int i = first; i < end; i++) {
            depth.enter(i);
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
                if (depth.isEnclosed()) {
                    refuseWordInside(i);
                }
            }
            if (depth.isInside()) {
                refuseAggregate(i);
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
            case "over", "window", "natural", "lateral", "tablesample", "into", "ordinality" -> true;
            case "with" -> !tokens.isWord(i + 1, "time");
            case "for" -> tokens.isWord(i + 1, "update", "share", "no", "key");
            case "rollup", "cube", "grouping" -> tokens.isCharacter(i + 1, '(') || tokens.isWord(i + 1, "sets");
            default -> false;
        };
        if (refused) {
            throw ClauseSplit.clause(tokens.raw(i).toUpperCase(Locale.ROOT));
        }
    }

    /** What may choose among rows, and so may choose others on each shard; inside parentheses these words are a sub-query's. */
    private void refuseWordInside(int i) {
        boolean refused = tokens.isWord(i, "limit", "offset", "fetch") || tokens.isSequence(i, "distinct", "on");
        if (refused) {
            throw subquery("it has " + tokens.raw(i).toUpperCase(Locale.ROOT));
        }
    }

    /**
     * An aggregate in a sub-query belongs to the innermost query around it that its arguments name a column of, which may be the outer one. It is the sub-query's own when
     * it counts rows, or when a relation that is not in the outer FROM qualifies one of its columns.
     */
    private void refuseAggregate(int i) {
        String aggregate = Aggregates.calledAt(tokens, i);
        if (aggregate == null) {
            return;
        }
        if (!Aggregates.isMergeable(aggregate)) {
            throw subquery("it has " + aggregate + ", which may depend on the order of rows");
        }
        int close = tokens.behindGroup(i + 1) - 1;
        boolean countsRows = close == i + 3 && tokens.isCharacter(i + 2, '*');
        boolean own = countsRows && !tokens.isWord(close + 1, "filter") || namesOther(new TokenRange(i + 2, close));
        if (!own) {
            throw subquery("the columns of " + aggregate + " are not qualified, so it may belong to the outer query");
        }
    }

    private boolean namesOther(TokenRange range) {
        for (int i = range.from(); i < range.to(); i++) {
            if (tokens.isWord(i, "select", "values", "table")) {
                // Columns of a query inside the argument do not count.
                return false;
            }
        }
        for (int i = range.from(); i + 2 < range.to(); i++) {
            boolean qualified = tokens.token(i).isName()
                    && tokens.isCharacter(i + 1, '.')
                    && tokens.token(i + 2).isName()
                    && !tokens.isCharacter(i - 1, '.')
                    && !tokens.isCharacter(i + 3, '.')
                    && !tokens.isCharacter(i + 3, '(');
            if (qualified && !scope.hasName(tokens.name(i))) {
                return true;
            }
        }
        return false;
    }

    private static RefusedStatement subquery(String what) {
        return new RefusedStatement(RefusalCode.SUBQUERY_ACROSS_SHARDS.because(what));
    }
}
