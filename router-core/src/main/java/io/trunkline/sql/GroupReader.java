// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.Aggregate;
import io.trunkline.sql.ScatterShape.GroupItem;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
import java.util.List;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.schema.Column;
import net.sf.jsqlparser.statement.select.GroupByElement;
import net.sf.jsqlparser.statement.select.PlainSelect;

/**
 * Reads GROUP BY: which entries of the select list it names, by position or by being the same, and whether a key is among them.
 *
 * <p>A bare name means a column of FROM if there is one, else a column of the result. Which columns FROM has is not known here, except for keys and what the select list
 * uses. The name that one entry gives itself is taken for that entry, and noted: a server must say that FROM has no such column. Any other name that could be both is refused.
 */
final class GroupReader {
    private final TokenList tokens;
    private final PlainSelect select;
    private final QueryScope scope;
    private final SelectList list;
    private final TokenTwins twins;
    private final List<String> resultNames = new ArrayList<>();
    private boolean key;

    GroupReader(TokenList tokens, PlainSelect select, QueryScope scope, SelectList list, TokenTwins twins) {
        this.tokens = tokens;
        this.select = select;
        this.scope = scope;
        this.list = list;
        this.twins = twins;
    }

    /** Returns true when a sharding key is grouped by, so that every group lies on one shard. */
    boolean hasKey() {
        return key;
    }

    /** Returns the names that were taken for columns of the result. */
    List<String> resultNames() {
        return resultNames;
    }

    List<GroupItem> read(List<TokenRange> ranges) {
        List<GroupItem> groups = new ArrayList<>();
        if (ranges.isEmpty()) {
            return groups;
        }
        List<? extends Expression> trees = trees(ranges);
        for (int i = 0; i < ranges.size(); i++) {
            TokenRange range = ranges.get(i);
            Spelling.require(tokens, range, trees.get(i));
            groups.add(
                    tokens.token(range.from()).isLiteral() && range.isSingle()
                            ? byPosition(range)
                            : byExpression(range, trees.get(i)));
        }
        if (!key) {
            ranges.forEach(this::refuseAmbiguous);
        }
        return groups;
    }

    private List<? extends Expression> trees(List<TokenRange> ranges) {
        GroupByElement element = select.getGroupBy();
        boolean plain = element != null
                && !element.isUsingBrackets()
                && !element.isMysqlWithRollup()
                && (element.getGroupingSets() == null
                        || element.getGroupingSets().isEmpty())
                && !tokens.isWord(ranges.get(0).from(), "all", "distinct");
        for (TokenRange range : ranges) {
            // Parentheses around an entry may make it a row, a position or an empty grouping set.
            boolean enclosed = tokens.isCharacter(range.from(), '(') && tokens.behindGroup(range.from()) == range.to();
            plain = plain && !enclosed;
        }
        if (!plain) {
            throw ClauseSplit.clause("a GROUP BY that is no plain list of expressions");
        }
        if (element.getGroupByExpressionList().size() != ranges.size()) {
            throw ClauseSplit.unclear("the parser finds another number of grouped expressions");
        }
        return element.getGroupByExpressionList();
    }

    private GroupItem byPosition(TokenRange range) {
        int item = (int) Math.min(TokenText.number(tokens, range.from()), Integer.MAX_VALUE) - 1;
        boolean usable =
                item >= 0 && item < list.size() && list.hasFixedPlace(item) && !(list.item(item) instanceof Aggregate);
        if (!usable) {
            throw new RefusedStatement(RefusalCode.GROUP_ACROSS_SHARDS.because(
                    "it groups by position " + tokens.raw(range.from()) + ", which has no expression of its own"));
        }
        key |= SelectList.isKey(list.tree(item), scope);
        return new GroupItem(range, item);
    }

    private GroupItem byExpression(TokenRange range, Expression tree) {
        int named = namedItem(range, tree);
        if (named >= 0) {
            resultNames.add(tokens.name(range.from()));
            key |= SelectList.isKey(list.tree(named), scope);
            return new GroupItem(range, named);
        }
        key |= SelectList.isKey(tree, scope);
        return new GroupItem(range, twins.indexOf(range, list.expressions(), true));
    }

    private int namedItem(TokenRange range, Expression tree) {
        boolean bare = range.isSingle() && twins.isColumn(range);
        if (!bare || tree instanceof Column column && scope.resolve(column) != null) {
            return -1;
        }
        String name = tokens.name(range.from());
        boolean other = list.givesNameToOther(name, twins) && !list.usesColumn(name, twins);
        return other ? list.entryCalled(name) : -1;
    }

    private void refuseAmbiguous(TokenRange range) {
        boolean bare = range.isSingle() && tokens.token(range.from()).isName();
        String name = bare ? tokens.name(range.from()) : "";
        if (bare
                && !resultNames.contains(name)
                && list.givesNameToOther(name, twins)
                && !list.usesColumn(name, twins)) {
            throw new RefusedStatement(RefusalCode.GROUP_ACROSS_SHARDS.because("it groups by "
                    + tokens.raw(range.from()) + ", which may be a column of a table or of the result"));
        }
    }
}
