// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.OrderItem;
import io.trunkline.sql.ScatterShape.OrderItem.Kind;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
import java.util.List;
import net.sf.jsqlparser.statement.select.OrderByElement;
import org.jspecify.annotations.Nullable;

/** Reads ORDER BY: what each entry refers to, its direction and its collation. */
final class OrderReader {
    private final TokenList tokens;
    private final SelectList list;
    private final TokenTwins twins;
    private final boolean oneRelation;

    /**
     * Prepares to read.
     *
     * @param oneRelation whether FROM has only one relation, so that the qualifier of a column makes no difference
     */
    OrderReader(TokenList tokens, SelectList list, TokenTwins twins, boolean oneRelation) {
        this.tokens = tokens;
        this.list = list;
        this.twins = twins;
        this.oneRelation = oneRelation;
    }

    /**
     * The rows that are ordered.
     *
     * @param distinct whether equal ones are one
     * @param partial whether they are groups of which the shards have parts
     * @param groupBy the entries of GROUP BY
     */
    record Rows(boolean distinct, boolean partial, List<TokenRange> groupBy) {}

    List<OrderItem> read(List<TokenRange> ranges, @Nullable List<OrderByElement> elements, Rows rows) {
        List<OrderItem> order = new ArrayList<>();
        List<OrderByElement> trees = elements == null ? List.of() : elements;
        if (ranges.size() != trees.size()) {
            throw ClauseSplit.unclear("the parser finds another number of expressions to order by");
        }
        for (int i = 0; i < ranges.size(); i++) {
            order.add(read(ranges.get(i), trees.get(i), rows));
        }
        return order;
    }

    private OrderItem read(TokenRange range, OrderByElement tree, Rows rows) {
        int behind = range.to();
        boolean first = tokens.isWord(behind - 1, "first");
        boolean nulls = tokens.isWord(behind - 2, "nulls") && (first || tokens.isWord(behind - 1, "last"));
        behind -= nulls ? 2 : 0;
        boolean descending = tokens.isWord(behind - 1, "desc");
        behind -= descending || tokens.isWord(behind - 1, "asc") ? 1 : 0;
        if (behind <= range.from() || descending == tree.isAsc() || nulls != (tree.getNullOrdering() != null)) {
            throw ClauseSplit.unclear("the parser finds another direction to order by");
        }
        TokenRange expression = new TokenRange(range.from(), behind);
        Spelling.require(tokens, expression, tree.getExpression());
        refuseForeign(expression);
        return item(expression, descending, nulls ? first : descending, rows);
    }

    private void refuseForeign(TokenRange expression) {
        int depth = 0;
        for (int i = expression.from(); i < expression.to(); i++) {
            depth += ClauseSplit.depthChange(tokens, i);
            if (depth == 0 && tokens.isWord(i, "using")) {
                throw order("it orders by an operator");
            }
        }
        boolean enclosed =
                tokens.isCharacter(expression.from(), '(') && tokens.behindGroup(expression.from()) == expression.to();
        if (enclosed && isPositionInside(expression)) {
            throw order("a position is written in parentheses");
        }
    }

    /** {@code ((1))} is a position too. */
    private boolean isPositionInside(TokenRange expression) {
        int i = expression.from();
        while (tokens.isCharacter(i, '(')) {
            i++;
        }
        return tokens.token(i) == Token.INTEGER && tokens.isCharacter(i + 1, ')');
    }

    private OrderItem item(TokenRange expression, boolean descending, boolean nullsFirst, Rows rows) {
        int token = expression.from();
        if (expression.isSingle() && tokens.token(token).isLiteral()) {
            long position = TokenText.number(tokens, token);
            if (position < 1 || position > Short.MAX_VALUE) {
                throw order("it orders by the constant " + tokens.raw(token));
            }
            return new OrderItem(expression, Kind.ORDINAL, (int) position, null, descending, nullsFirst, false);
        }
        if (expression.isSingle() && twins.isColumn(expression)) {
            String name = tokens.name(token);
            requireGrouped(expression, rows, list.givesName(name, twins));
            return new OrderItem(expression, Kind.NAME, 0, name, descending, nullsFirst, false);
        }
        boolean collateC = isCollateC(expression);
        // Where it makes no difference, nothing is made to depend on literals: data->>'a' and data->>'b' may be meant.
        int selected = rows.distinct || rows.partial
                ? twins.indexOf(expression, list.expressions(), oneRelation)
                : twins.indexOfCertain(expression, list.expressions(), oneRelation);
        if (selected >= 0 && list.hasFixedPlace(selected)) {
            return new OrderItem(expression, Kind.ORDINAL, selected + 1, null, descending, nullsFirst, collateC);
        }
        if (rows.distinct) {
            throw order("distinct rows are ordered by what is not selected");
        }
        return new OrderItem(expression, Kind.EXPRESSION, 0, null, descending, nullsFirst, collateC);
    }

    /** A column that groups are ordered by is one of the result, or grouped by. */
    private void requireGrouped(TokenRange expression, Rows rows, boolean selected) {
        boolean common = !rows.partial || selected || twins.indexOf(expression, rows.groupBy, true) >= 0;
        if (!common) {
            throw order("groups are ordered by what is neither selected nor grouped by");
        }
    }

    private boolean isCollateC(TokenRange expression) {
        int name = expression.to() - 1;
        if (tokens.token(name) != Token.QUOTED_IDENTIFIER || !tokens.name(name).equals("C")) {
            return false;
        }
        boolean qualified = tokens.isCharacter(name - 1, '.')
                && tokens.token(name - 2).isName()
                && tokens.name(name - 2).equals("pg_catalog");
        return tokens.isWord(qualified ? name - 3 : name - 1, "collate");
    }

    private static RefusedStatement order(String what) {
        return new RefusedStatement(RefusalCode.ORDER_ACROSS_SHARDS.because(what));
    }
}
