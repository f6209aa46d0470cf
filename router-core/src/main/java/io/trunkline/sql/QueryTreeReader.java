// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.TableReferences.WithQueries;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.sf.jsqlparser.expression.Alias;
import net.sf.jsqlparser.expression.AnyComparisonExpression;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.expression.ExpressionVisitorAdapter;
import net.sf.jsqlparser.schema.Column;
import net.sf.jsqlparser.schema.Table;
import net.sf.jsqlparser.statement.ParenthesedStatement;
import net.sf.jsqlparser.statement.select.Fetch;
import net.sf.jsqlparser.statement.select.FromItem;
import net.sf.jsqlparser.statement.select.Join;
import net.sf.jsqlparser.statement.select.LateralSubSelect;
import net.sf.jsqlparser.statement.select.Limit;
import net.sf.jsqlparser.statement.select.OrderByElement;
import net.sf.jsqlparser.statement.select.ParenthesedFromItem;
import net.sf.jsqlparser.statement.select.ParenthesedSelect;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.Select;
import net.sf.jsqlparser.statement.select.SelectItem;
import net.sf.jsqlparser.statement.select.SetOperationList;
import net.sf.jsqlparser.statement.select.TableFunction;
import net.sf.jsqlparser.statement.select.Values;
import net.sf.jsqlparser.statement.select.WithItem;
import org.jspecify.annotations.Nullable;

/**
 * Walks the query blocks of one statement and records their tables and what their predicates say about keys.
 *
 * <p>Sub-queries inside expressions are found by JSqlParser's own visitor; that it missed none is proven at the end, by comparing {@link #selectCount} with the
 * number of {@code SELECT}s in the text. Whatever is of a type not named here is refused.
 */
final class QueryTreeReader {
    private final MarkedStatement statement;
    private final TableReferences tables;
    private final PredicateReader predicates;
    private final ModificationReader modifications;
    private int selectCount;

    QueryTreeReader(MarkedStatement statement, TableReferences tables) {
        this.statement = statement;
        this.tables = tables;
        this.predicates = new PredicateReader(statement);
        this.modifications = new ModificationReader(this, tables, predicates);
    }

    ModificationReader modifications() {
        return modifications;
    }

    /** Returns how many {@code SELECT}s were walked. */
    int selectCount() {
        return selectCount;
    }

    /** Refuses the statement because of something the tree has and this reader does not know. */
    static RefusedStatement unreadable(String what) {
        return new RefusedStatement(RefusalCode.UNREADABLE.because(what));
    }

    /** Reads a query and returns the scope of its FROM, when it is a single block. */
    @Nullable
    QueryScope read(Select select, @Nullable QueryScope outer, WithQueries around) {
        WithQueries with = readWith(select.getWithItemsList(), outer, around);
        QueryScope scope = null;
        if (select instanceof PlainSelect plain) {
            scope = readPlain(plain, outer, with);
        } else if (select instanceof SetOperationList list) {
            for (Select part : list.getSelects()) {
                read(part, outer, with);
            }
        } else if (select instanceof Values values) {
            readNested(values.getExpressions(), outer, with);
        } else if (select instanceof ParenthesedSelect group) {
            scope = read(group.getSelect(), outer, with);
        } else {
            throw unreadable("there is a query of an unknown form");
        }
        readTail(select, scope == null ? outer : scope, with);
        return scope;
    }

    /** Reads ORDER BY, LIMIT, OFFSET and FETCH, for the sake of the sub-queries in them. */
    private void readTail(Select select, @Nullable QueryScope scope, WithQueries with) {
        if (select.getOrderByElements() != null) {
            for (OrderByElement element : select.getOrderByElements()) {
                readNested(element.getExpression(), scope, with);
            }
        }
        Limit limit = select.getLimit();
        if (limit != null) {
            readNested(limit.getRowCount(), scope, with);
            readNested(limit.getOffset(), scope, with);
        }
        if (select.getOffset() != null) {
            readNested(select.getOffset().getOffset(), scope, with);
        }
        Fetch fetch = select.getFetch();
        if (fetch != null) {
            readNested(fetch.getExpression(), scope, with);
        }
    }

    /** Reads common table expressions and returns the names that are in reach behind them. */
    WithQueries readWith(@Nullable List<WithItem<?>> items, @Nullable QueryScope outer, WithQueries around) {
        WithQueries with = around;
        if (items == null) {
            return with;
        }
        boolean recursive = items.stream().anyMatch(WithItem::isRecursive);
        if (recursive) {
            for (WithItem<?> item : items) {
                with = with.and(nameOf(item));
            }
        }
        for (WithItem<?> item : items) {
            if (item.getWithFunctionDeclaration() != null) {
                throw unreadable("there is a function declared in WITH");
            }
            ParenthesedStatement body = item.getParenthesedStatement();
            if (body instanceof Select select) {
                read(select, outer, with);
            } else {
                modifications.read(body, with);
            }
            with = with.and(nameOf(item));
        }
        return with;
    }

    private static String nameOf(WithItem<?> item) {
        if (item.getAlias() == null) {
            throw unreadable("there is a common table expression without a name");
        }
        return Names.fold(item.getAlias().getName());
    }

    private QueryScope readPlain(PlainSelect select, @Nullable QueryScope outer, WithQueries with) {
        selectCount++;
        refuseForeignClauses(select);
        QueryScope scope = new QueryScope(outer);
        readFrom(select.getFromItem(), select.getJoins(), scope, outer, with);
        KeyFacts filter = predicates.read(select.getWhere(), scope);
        filter.apply(scope::owns);
        scope.filterBy(filter);
        for (SelectItem<?> item : select.getSelectItems()) {
            readNested(item.getExpression(), scope, with);
        }
        readNested(select.getWhere(), scope, with);
        readNested(select.getHaving(), scope, with);
        if (select.getGroupBy() != null) {
            readNested(select.getGroupBy().getGroupByExpressionList(), scope, with);
        }
        return scope;
    }

    /** Clauses of other databases: their words are names to PostgreSQL, so the tree is not what PostgreSQL sees. */
    private static void refuseForeignClauses(PlainSelect select) {
        boolean foreign = select.getTop() != null
                || select.getSkip() != null
                || select.getFirst() != null
                || select.getPreWhere() != null
                || select.getQualify() != null
                || select.getOracleHierarchical() != null
                || select.getLateralViews() != null
                || select.getPreferringClause() != null
                || select.getForXmlPath() != null
                || select.getKsqlWindow() != null
                || select.getSampleClause() != null
                || select.isUsingFinal()
                || select.getForClause() != null
                || select.getOptimizeFor() != null;
        if (foreign) {
            throw unreadable("there is a clause of another database in a query");
        }
        if (select.getIntoTables() != null || select.getIntoTempTable() != null) {
            throw new RefusedStatement(RefusalCode.ALL_SHARDS.because("the query creates a table by INTO"));
        }
    }

    // FROM

    /**
     * Reads FROM: its tables into the scope, its join conditions into their keys.
     *
     * @param outer the scope a sub-query in FROM sees when it is not lateral
     */
    void readFrom(
            @Nullable FromItem first,
            @Nullable List<Join> joins,
            QueryScope scope,
            @Nullable QueryScope outer,
            WithQueries with) {
        int groupStart = scope.size();
        if (first != null) {
            readFromItem(first, scope, outer, with);
        }
        if (joins == null) {
            return;
        }
        for (Join join : joins) {
            int right = scope.size();
            if (join.isSimple()) {
                groupStart = right;
            }
            readFromItem(join.getFromItem(), scope, outer, with);
            JoinReader reader = new JoinReader(predicates, scope, groupStart, right);
            scope.addJoin(reader.read(join));
            Collection<Expression> conditions = join.getOnExpressions();
            if (conditions != null) {
                conditions.forEach(condition -> readNested(condition, scope, with));
            }
        }
    }

    private void readFromItem(FromItem item, QueryScope scope, @Nullable QueryScope outer, WithQueries with) {
        if (item.getPivot() != null || item.getUnPivot() != null) {
            throw unreadable("there is a PIVOT");
        }
        if (item instanceof Table table) {
            readTable(table, scope, with);
        } else if (item instanceof LateralSubSelect lateral) {
            read(lateral, scope, with);
            scope.addOther(aliasOf(item));
        } else if (item instanceof ParenthesedSelect select) {
            read(select, outer, with);
            scope.addOther(aliasOf(item));
        } else if (item instanceof Values values) {
            read(values, outer, with);
            scope.addOther(aliasOf(item));
        } else if (item instanceof TableFunction function) {
            function.getFunctions().forEach(each -> readNested(each, scope, with));
            scope.addOther(aliasOf(function));
        } else if (item instanceof ParenthesedFromItem group) {
            readGroup(group, scope, outer, with);
        } else {
            throw unreadable("there is a relation of an unknown form in FROM");
        }
    }

    private void readGroup(ParenthesedFromItem group, QueryScope scope, @Nullable QueryScope outer, WithQueries with) {
        if (group.getAlias() == null) {
            readFrom(group.getFromItem(), group.getJoins(), scope, outer, with);
            return;
        }
        // The alias hides the names inside, so nothing outside can say anything about these tables.
        QueryScope inside = new QueryScope(outer);
        readFrom(group.getFromItem(), group.getJoins(), inside, outer, with);
        inside.keysSince(0).forEach(scope::addHidden);
        scope.addOther(aliasOf(group));
    }

    private void readTable(Table table, QueryScope scope, WithQueries with) {
        refuseForeignMarks(table);
        if (with.hides(table)) {
            scope.addOther(aliasOr(table));
            return;
        }
        addTable(table, tables.read(table), scope);
    }

    /** Adds a table to a scope under the name it goes by there. */
    static void addTable(Table table, @Nullable KeyNode key, QueryScope scope) {
        Alias alias = table.getAlias();
        boolean renamed = alias != null && alias.getAliasColumns() != null;
        String schema = alias == null && table.getSchemaName() != null ? Names.fold(table.getSchemaName()) : null;
        scope.addTable(aliasOr(table), schema, renamed ? null : key);
        if (renamed && key != null) {
            scope.addHidden(key);
        }
    }

    private static void refuseForeignMarks(Table table) {
        boolean foreign = table.getIndexHint() != null
                || table.getSqlServerHints() != null
                || table.getTimeTravel() != null
                || table.getTimeTravelStrAfterAlias() != null
                || table.isTableVariable();
        if (foreign) {
            throw unreadable("relation " + table.getFullyQualifiedName() + " has a mark of another database");
        }
    }

    private static String aliasOr(Table table) {
        return Names.fold(
                table.getAlias() == null ? table.getName() : table.getAlias().getName());
    }

    private static @Nullable String aliasOf(TableFunction function) {
        if (function.getAlias() != null && function.getAlias().getName() != null) {
            return Names.fold(function.getAlias().getName());
        }
        if (function.isRowsFrom() || function.getFunction() == null) {
            return null;
        }
        String name = function.getFunction().getName();
        return Names.fold(name.substring(name.lastIndexOf('.') + 1));
    }

    private static @Nullable String aliasOf(FromItem item) {
        return item.getAlias() == null || item.getAlias().getName() == null
                ? null
                : Names.fold(item.getAlias().getName());
    }

    // Sub-queries inside expressions

    /** Reads the sub-queries in an expression. */
    void readNested(@Nullable Expression expression, @Nullable QueryScope scope, WithQueries with) {
        if (expression != null) {
            expression.accept(new NestedQueries(scope, with), null);
        }
    }

    private final class NestedQueries extends ExpressionVisitorAdapter<Void> {
        private final @Nullable QueryScope scope;
        private final WithQueries with;
        private final Set<Select> seen = new HashSet<>();

        NestedQueries(@Nullable QueryScope scope, WithQueries with) {
            this.scope = scope;
            this.with = with;
        }

        @Override
        public <S> Void visit(ParenthesedSelect select, S context) {
            return readOnce(select);
        }

        @Override
        public <S> Void visit(Select select, S context) {
            return readOnce(select);
        }

        @Override
        public <S> Void visit(AnyComparisonExpression comparison, S context) {
            // The adapter does not look inside these.
            return readOnce(comparison.getSelect());
        }

        @SuppressWarnings("NullAway") // The visitor's answer is not used.
        private Void readOnce(Select select) {
            if (seen.add(select)) {
                QueryTreeReader.this.read(select, scope, with);
            }
            return null;
        }
    }

    /** Returns the item of a plain select list that gives its n-th column, or null when a star or nothing is there. */
    static @Nullable Expression itemAt(PlainSelect select, int index, int columnCount) {
        List<Expression> items = new ArrayList<>();
        for (SelectItem<?> item : select.getSelectItems()) {
            items.add(item.getExpression());
        }
        boolean plain = items.size() == columnCount && items.stream().noneMatch(QueryTreeReader::isStar);
        return plain ? items.get(index) : null;
    }

    private static boolean isStar(Expression expression) {
        return !(expression instanceof Column) && expression.toString().endsWith("*");
    }

    /** Returns how often a word stands in the statement's text. */
    int count(String word) {
        return statement.count(word);
    }
}
