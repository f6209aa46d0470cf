// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import net.sf.jsqlparser.expression.Alias;
import net.sf.jsqlparser.expression.Expression;
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
    private final Placements placements = new Placements();
    private final List<WithQuery> withQueries = new ArrayList<>();
    private boolean modifiesInWith;
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

    /** Returns true when a common table expression writes. */
    boolean modifiesInWith() {
        return modifiesInWith;
    }

    /** Lets tables be known as far as what is read of them is; call when the whole statement was read. */
    void finish() {
        withQueries.forEach(WithQuery::tieToOnlyUse);
    }

    /** Refuses the statement because of something the tree has and this reader does not know. */
    static RefusedStatement unreadable(String what) {
        return new RefusedStatement(RefusalCode.UNREADABLE.because(what));
    }

    /** Reads a query and returns the scope of its FROM, when it is a single block. */
    @Nullable
    QueryScope read(Select select, @Nullable QueryScope outer, WithQueries around) {
        WithQueries with = readWith(select.getWithItemsList(), outer, around);
        int referenceReads = tables.referenceReads();
        QueryScope scope = null;
        if (select instanceof PlainSelect plain) {
            scope = readPlain(plain, outer, with);
        } else if (select instanceof ParenthesedSelect group) {
            scope = read(group.getSelect(), outer, with);
        }
        QueryScope tail = scope == null ? placements.enter(select, new QueryScope(outer)) : scope;
        if (select instanceof SetOperationList list) {
            for (Select part : list.getSelects()) {
                read(part, outer, with);
            }
        } else if (select instanceof Values values) {
            readNested(values.getExpressions(), tail, with);
        } else if (!(select instanceof PlainSelect) && !(select instanceof ParenthesedSelect)) {
            throw unreadable("there is a query of an unknown form");
        }
        if (!(select instanceof PlainSelect)) {
            noteLocks(select, null, referenceReads);
        }
        readTail(select, tail, with);
        return scope;
    }

    /** Reads ORDER BY, LIMIT, OFFSET and FETCH, for the sake of the sub-queries in them. */
    private void readTail(Select select, QueryScope scope, WithQueries with) {
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
                // PostgreSQL lets each read those behind it, of which nothing is known yet.
                with = with.and(new WithQuery(WithReader.nameOf(item), WithReader.READ_EARLY));
            }
        }
        for (WithItem<?> item : items) {
            if (item.getWithFunctionDeclaration() != null) {
                throw unreadable("there is a function declared in WITH");
            }
            String name = WithReader.nameOf(item);
            // It may read itself. What it reads beside must be the same everywhere, and so is it then.
            WithQueries inReach = recursive ? with.and(new WithQuery(name, new Placement.Whole(false))) : with;
            WithQuery query = new WithQuery(name, readWithItem(item, recursive, outer, inReach));
            withQueries.add(query);
            with = with.and(query);
        }
        return with;
    }

    private Placement readWithItem(WithItem<?> item, boolean recursive, @Nullable QueryScope outer, WithQueries with) {
        ParenthesedStatement body = item.getParenthesedStatement();
        if (body instanceof Select select) {
            read(select, outer, with);
            return WithReader.placementOf(item, recursive, placements.of(select));
        }
        modifiesInWith = true;
        modifications.read(body, with);
        return new Placement.Unproven(RefusalCode.CLAUSE_ACROSS_SHARDS.because("the query has a WITH that writes"));
    }

    private QueryScope readPlain(PlainSelect select, @Nullable QueryScope outer, WithQueries with) {
        selectCount++;
        refuseForeignClauses(select);
        QueryScope scope = placements.enter(select, new QueryScope(outer));
        int referenceReads = tables.referenceReads();
        readFrom(select.getFromItem(), select.getJoins(), scope, outer, with);
        noteLocks(select, scope, referenceReads);
        KeyFacts filter = predicates.read(select.getWhere(), scope);
        filter.apply(scope::owns);
        scope.filterBy(filter);
        for (SelectItem<?> item : select.getSelectItems()) {
            readNested(item.getExpression(), scope, with);
        }
        readNested(select.getWhere(), scope, with);
        readNested(select.getHaving(), scope, with);
        if (select.getDistinct() != null && select.getDistinct().getOnSelectItems() != null) {
            select.getDistinct().getOnSelectItems().forEach(item -> readNested(item.getExpression(), scope, with));
        }
        if (select.getGroupBy() != null) {
            readNested(select.getGroupBy().getGroupByExpressionList(), scope, with);
        }
        return scope;
    }

    /** Rows of all relations in FROM are locked, those of sub-queries there included, or those of OF alone. */
    private void noteLocks(Select select, @Nullable QueryScope scope, int referenceReadsBefore) {
        boolean locks = select.getForMode() != null || select.getForUpdate() != null;
        if (!locks || tables.referenceReads() == referenceReadsBefore) {
            return;
        }
        if (scope == null || !namesShardedOnly(select.getForUpdateTables(), scope)) {
            tables.lockReference();
        }
    }

    private static boolean namesShardedOnly(@Nullable List<Table> named, QueryScope scope) {
        if (named == null || named.isEmpty()) {
            return false;
        }
        for (Table table : named) {
            if (table.getNameParts().size() != 1 || !scope.isSharded(Names.fold(table.getName()))) {
                return false;
            }
        }
        return true;
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
            addSubquery(lateral, scope);
        } else if (item instanceof ParenthesedSelect select) {
            read(select, outer, with);
            addSubquery(select, scope);
        } else if (item instanceof Values values) {
            read(values, outer, with);
            addSubquery(values, scope);
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
        inside.keys().forEach(scope::addHidden);
        Refusal doubt = inside.doubt();
        if (doubt != null) {
            scope.doubt(doubt);
        }
        scope.addOther(aliasOf(group));
    }

    private void addSubquery(Select select, QueryScope scope) {
        KeyNode key = addRelation(aliasOf(select), select.getAlias(), placements.of(select), scope);
        if (key != null && placements.of(select) instanceof Placement.Partitioned rows) {
            rows.inherit(key);
        }
    }

    /** Adds a relation that is computed, and returns its key when its rows are divided by one. */
    private static @Nullable KeyNode addRelation(
            @Nullable String name, @Nullable Alias alias, Placement placement, QueryScope scope) {
        if (placement instanceof Placement.Partitioned rows) {
            KeyNode key = rows.renamed(columnsOf(alias)).carried();
            scope.addComputed(name, key);
            return key;
        }
        if (placement instanceof Placement.Unproven unproven) {
            scope.doubt(unproven.reason());
        }
        scope.addOther(name);
        return null;
    }

    private static List<String> columnsOf(@Nullable Alias alias) {
        return alias == null || alias.getAliasColumns() == null
                ? List.of()
                : alias.getAliasColumns().stream()
                        .map(column -> Names.fold(column.name))
                        .toList();
    }

    private void readTable(Table table, QueryScope scope, WithQueries with) {
        refuseForeignMarks(table);
        WithQuery query = with.find(table);
        if (query != null) {
            KeyNode key = addRelation(aliasOr(table), table.getAlias(), query.placement(), scope);
            if (key != null) {
                query.addUse(key);
            }
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
    void readNested(@Nullable Expression expression, QueryScope scope, WithQueries with) {
        if (expression != null) {
            expression.accept(new NestedQueries(this, predicates, scope, with), null);
        }
    }

    /** Returns where the rows of the queries lie that were read. */
    Placements placements() {
        return placements;
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
