// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
import java.util.List;

/**
 * The parts of an INSERT ... VALUES as its tokens show them.
 *
 * @param head everything up to and with VALUES
 * @param rows the rows, each with its parentheses
 * @param tail what follows them
 */
record ValuesSplit(TokenRange head, List<TokenRange> rows, TokenRange tail) {

    /** Splits the tokens before {@code end}, the first of which is INSERT. */
    static ValuesSplit of(TokenList tokens, int end) {
        int values = source(tokens, 0);
        if (!tokens.isWord(values, "values")) {
            throw ClauseSplit.unclear("VALUES does not follow the list of columns");
        }
        List<TokenRange> rows = new ArrayList<>();
        int i = values;
        do {
            // Behind VALUES or a comma.
            int row = i + 1;
            i = tokens.behindGroup(row);
            if (!tokens.isCharacter(row, '(') || i > end || !tokens.isCharacter(i - 1, ')')) {
                throw ClauseSplit.unclear("a row of VALUES is not in parentheses");
            }
            rows.add(new TokenRange(row, i));
        } while (i < end && tokens.isCharacter(i, ','));
        if (i < end && !tokens.isSequence(i, "on", "conflict") && !tokens.isWord(i, "returning")) {
            throw ClauseSplit.unclear("something unknown follows the rows of VALUES");
        }
        return new ValuesSplit(new TokenRange(0, values + 1), rows, new TokenRange(i, end));
    }

    /**
     * Returns the index behind {@code INSERT INTO schema.table AS alias (columns) OVERRIDING SYSTEM VALUE}, where the rows begin.
     *
     * @param insert the index of INSERT
     */
    static int source(TokenList tokens, int insert) {
        int i = insert + 2;
        while (tokens.isCharacter(i + 1, '.')) {
            i += 2;
        }
        i++;
        if (tokens.isWord(i, "as")) {
            i += 2;
        }
        if (!tokens.isCharacter(i, '(')) {
            throw ClauseSplit.unclear("the list of columns does not follow the table");
        }
        i = tokens.behindGroup(i);
        return tokens.isWord(i, "overriding") ? i + 3 : i;
    }
}
