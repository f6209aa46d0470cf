// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.TokenRange;
import net.sf.jsqlparser.expression.AnalyticExpression;
import net.sf.jsqlparser.expression.AnalyticType;

/** Whether the window functions of a block see rows of one shard only: each divides its rows by a key, among others. */
final class WindowReader {
    private WindowReader() {}

    /**
     * Refuses a block with a window that may go over rows of several shards.
     *
     * @param scope the block as the tree shows it
     * @param range the block as tokens show it, or the parts of it that can have windows
     */
    static void requireKeys(QueryScope scope, TokenList tokens, TokenRange range) {
        if (scope.windows().size() != count(tokens, range)) {
            throw ClauseSplit.unclear("the parser finds other windows");
        }
        for (AnalyticExpression call : scope.windows()) {
            if (call.getType() != AnalyticType.OVER || !hasKey(scope, call)) {
                throw ClauseSplit.clause("a window that is not partitioned by a key");
            }
        }
    }

    private static boolean hasKey(QueryScope scope, AnalyticExpression call) {
        return call.getWindowName() == null
                && call.getPartitionExpressionList() != null
                && call.getPartitionExpressionList().stream().anyMatch(each -> scope.ownKey(each) != null);
    }

    /** Behind AS and a dot the word is a name. */
    private static long count(TokenList tokens, TokenRange range) {
        SubqueryDepth depth = new SubqueryDepth(tokens);
        long count = 0;
        for (int i = range.from(); i < range.to(); i++) {
            depth.enter(i);
            boolean over = !depth.isInside()
                    && tokens.isWord(i, "over")
                    && !tokens.isCharacter(i - 1, '.')
                    && !tokens.isWord(i - 1, "as");
            count += over ? 1 : 0;
        }
        return count;
    }
}
