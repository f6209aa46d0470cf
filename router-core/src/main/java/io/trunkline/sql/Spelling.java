// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.TokenRange;
import org.jspecify.annotations.Nullable;

/** Whether a part of the parser's tree is what some of the statement's tokens spell. */
final class Spelling {
    private Spelling() {}

    /** Refuses the query unless a part of the tree, written out, has the tokens of a range. */
    static void require(TokenList tokens, TokenRange range, @Nullable Object part) {
        boolean same = part != null
                && !range.isEmpty()
                && MarkedStatement.of(tokens, range.from(), range.to() - 1).hasSameTokens(part.toString());
        if (!same) {
            throw ClauseSplit.unclear("the parser divides them in another way");
        }
    }
}
