// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.sql.Colocation.Rows;
import io.trunkline.sql.Placement.KeyColumn;
import io.trunkline.sql.Placement.Partitioned;
import io.trunkline.sql.Placement.Unproven;
import io.trunkline.sql.Placement.Whole;
import io.trunkline.sql.Placements.RowOrder;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.schema.Column;
import net.sf.jsqlparser.statement.select.AllColumns;
import net.sf.jsqlparser.statement.select.AllTableColumns;
import net.sf.jsqlparser.statement.select.GroupByElement;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.SelectItem;

/**
 * Where the rows of one block inside a statement lie.
 *
 * <p>The clauses are those of the block as the parser writes it: what the statement's own words are compared with. Of rows divided by a key, what sees several of them must
 * see those of one key only: groups, DISTINCT and windows must contain it. Of rows that are whole, what chooses among them may choose others on each shard, unless
 * only one shard is ever asked.
 */
final class BlockPlacement {
    private final PlainSelect select;
    private final QueryScope scope;
    private final RowOrder order;
    private final TokenList tokens = new TokenList();
    private final int start;
    private final ClauseSplit clauses;

    private BlockPlacement(PlainSelect select, QueryScope scope, RowOrder order) {
        this.select = select;
        this.scope = scope;
        this.order = order;
        ByteBuf text = Unpooled.wrappedBuffer(select.toString().getBytes(StandardCharsets.UTF_8));
        tokens.read(text, 0, text.writerIndex(), true);
        start = ClauseSplit.indexOutside(tokens, 0, tokens.size(), "select");
        if (start < 0) {
            throw ClauseSplit.unclear("a sub-query does not begin with SELECT");
        }
        clauses = ClauseSplit.of(tokens, start, tokens.size());
    }

    /** Returns where the rows of a block lie that was read to its end. */
    static Placement of(PlainSelect select, QueryScope scope, RowOrder order) {
        try {
            Rows rows = Colocation.rowsOf(scope);
            return new BlockPlacement(select, scope, order).place(rows);
        } catch (RefusedStatement e) {
            return new Unproven(e.refusal());
        }
    }

    private Placement place(Rows rows) {
        if (!clauses.locks().isEmpty()) {
            throw ClauseSplit.clause("FOR in a sub-query");
        }
        refuseForeignAggregates(rows);
        return switch (rows) {
            case OF_ALL -> {
                refuseChoice();
                yield new Whole(false);
            }
            case TIED -> new Whole(true);
            case PARTITIONED -> {
                refusePartsOfGroups();
                yield new Partitioned(scope.keysSince(0).get(0).distribution(), columns());
            }
        };
    }

    /** What may choose among rows, or depend on their order, may be another thing on each shard. */
    private void refuseChoice() {
        if (!clauses.tail().isEmpty()) {
            throw subquery("it has LIMIT, OFFSET or FETCH");
        }
        if (!clauses.distinctOn().isEmpty()) {
            throw subquery("it has DISTINCT ON");
        }
        if (!scope.windows().isEmpty() || ClauseSplit.indexOutside(tokens, start, tokens.size(), "over") >= 0) {
            throw subquery("it has a window function");
        }
    }

    /** Groups, equal rows and windows must lie on one shard. */
    private void refusePartsOfGroups() {
        if (!clauses.tail().isEmpty()) {
            throw subquery("it has LIMIT, OFFSET or FETCH, and its rows lie on several shards");
        }
        boolean keepsOrder = order == RowOrder.COUNTS && clauses.distinctOn().isEmpty();
        if (!clauses.orderBy().isEmpty() && keepsOrder) {
            throw subquery("it has ORDER BY, and its rows lie on several shards");
        }
        boolean grouped = !clauses.groupBy().isEmpty() || clauses.having() != null || hasAggregate();
        if (grouped && !groupsByKey()) {
            throw group("a sub-query groups rows, and not by a key");
        }
        if (clauses.distinct() && columns().isEmpty()) {
            throw group("a sub-query has DISTINCT without a key");
        }
        if (!clauses.distinctOn().isEmpty() && !DistinctOn.hasKey(select, scope)) {
            throw group("a sub-query has DISTINCT ON without a key");
        }
        WindowReader.requireKeys(scope, tokens, new TokenRange(start, tokens.size()));
    }

    private boolean hasAggregate() {
        return Stream.concat(clauses.items().stream(), clauses.orderBy().stream())
                .anyMatch(range -> Aggregates.find(tokens, range) >= 0);
    }

    private boolean groupsByKey() {
        GroupByElement element = select.getGroupBy();
        boolean plain = element != null
                && !element.isMysqlWithRollup()
                && (element.getGroupingSets() == null
                        || element.getGroupingSets().isEmpty());
        return plain && element.getGroupByExpressionList().stream().anyMatch(each -> scope.ownKey(each) != null);
    }

    /** Returns the columns that have the key. */
    private List<KeyColumn> columns() {
        List<KeyColumn> columns = new ArrayList<>();
        int position = 0;
        for (SelectItem<?> item : select.getSelectItems()) {
            Expression expression = item.getExpression();
            if (expression instanceof AllColumns star) {
                columns.addAll(columnsOf(star));
                position = -1;
                continue;
            }
            KeyNode key = scope.ownKey(expression);
            if (key != null) {
                String name = item.getAlias() == null
                        ? ((Column) expression).getColumnName()
                        : item.getAlias().getName();
                columns.add(new KeyColumn(position, Names.fold(name), List.of(key)));
            }
            position += position < 0 ? 0 : 1;
        }
        return columns;
    }

    private List<KeyColumn> columnsOf(AllColumns star) {
        if (!(star instanceof AllTableColumns table)) {
            return scope.keysSince(0).stream()
                    .flatMap(key -> columnsOf(key).filter(column -> !scope.isMerged(String.valueOf(column.name()))))
                    .toList();
        }
        KeyNode key = table.getTable().getSchemaName() == null
                ? scope.keyOf(Names.fold(table.getTable().getName()))
                : null;
        return key == null ? List.of() : columnsOf(key).toList();
    }

    private static Stream<KeyColumn> columnsOf(KeyNode key) {
        return key.isNullable()
                ? Stream.of()
                : key.columns().stream().map(name -> new KeyColumn(-1, name, List.of(key)));
    }

    /**
     * An aggregate in a sub-query belongs to the innermost query around it that its arguments name a column of, which may be an outer one. It is the block's own when
     * there is no other, when it counts rows, or when a relation of the block qualifies one of its columns.
     */
    private void refuseForeignAggregates(Rows rows) {
        SubqueryDepth depth = new SubqueryDepth(tokens);
        for (int i = start; i < tokens.size(); i++) {
            depth.enter(i);
            String aggregate = depth.isInside() ? null : Aggregates.calledAt(tokens, i);
            if (aggregate == null) {
                continue;
            }
            if (rows == Rows.OF_ALL && !Aggregates.isMergeable(aggregate)) {
                throw subquery("it has " + aggregate + ", which may depend on the order of rows");
            }
            if (scope.seesOuterRelations() && !isOwn(i)) {
                throw subquery(
                        "the columns of " + aggregate + " are not qualified, so it may belong to the outer query");
            }
        }
    }

    private boolean isOwn(int aggregate) {
        int close = tokens.behindGroup(aggregate + 1) - 1;
        boolean countsRows = close == aggregate + 3 && tokens.isCharacter(aggregate + 2, '*');
        return countsRows && !tokens.isWord(close + 1, "filter") || namesOwn(new TokenRange(aggregate + 2, close));
    }

    private boolean namesOwn(TokenRange range) {
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
            if (qualified && scope.hasAlias(tokens.name(i))) {
                return true;
            }
        }
        return false;
    }

    private static RefusedStatement subquery(String what) {
        return new RefusedStatement(RefusalCode.SUBQUERY_ACROSS_SHARDS.because(what));
    }

    private static RefusedStatement group(String what) {
        return new RefusedStatement(RefusalCode.GROUP_ACROSS_SHARDS.because(what));
    }
}
