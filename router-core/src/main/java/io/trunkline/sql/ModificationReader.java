// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.expression.operators.relational.ExpressionList;
import net.sf.jsqlparser.expression.operators.relational.ParenthesedExpressionList;
import net.sf.jsqlparser.schema.Column;
import net.sf.jsqlparser.schema.Table;
import net.sf.jsqlparser.statement.ParenthesedStatement;
import net.sf.jsqlparser.statement.ReturningClause;
import net.sf.jsqlparser.statement.Statement;
import net.sf.jsqlparser.statement.delete.Delete;
import net.sf.jsqlparser.statement.delete.ParenthesedDelete;
import net.sf.jsqlparser.statement.insert.Insert;
import net.sf.jsqlparser.statement.insert.InsertConflictAction;
import net.sf.jsqlparser.statement.insert.ParenthesedInsert;
import net.sf.jsqlparser.statement.select.FromItem;
import net.sf.jsqlparser.statement.select.Select;
import net.sf.jsqlparser.statement.select.Values;
import net.sf.jsqlparser.statement.update.ParenthesedUpdate;
import net.sf.jsqlparser.statement.update.Update;
import net.sf.jsqlparser.statement.update.UpdateSet;
import org.jspecify.annotations.Nullable;

/** Reads INSERT, UPDATE and DELETE, at the top of a statement or in WITH. */
final class ModificationReader {
    private final QueryTreeReader queries;
    private final TableReferences tables;
    private final PredicateReader predicates;

    ModificationReader(QueryTreeReader queries, TableReferences tables, PredicateReader predicates) {
        this.queries = queries;
        this.tables = tables;
        this.predicates = predicates;
    }

    /** Reads a statement in parentheses, as WITH has them. */
    void read(ParenthesedStatement body, WithQueries with) {
        if (body instanceof ParenthesedInsert insert) {
            read(insert.getInsert(), with);
        } else if (body instanceof ParenthesedUpdate update) {
            read(update.getUpdate(), with);
        } else if (body instanceof ParenthesedDelete delete) {
            read(delete.getDelete(), with);
        } else {
            throw QueryTreeReader.unreadable("there is a statement of an unknown kind in WITH");
        }
    }

    /**
     * What a statement writes.
     *
     * @param scope its table and the relations beside it; of an INSERT ... SELECT it says why several shards cannot insert each its own rows
     * @param rows the rows of an INSERT ... VALUES into a sharded table, else empty
     */
    record Modification(QueryScope scope, List<KeyedRow> rows) {}

    /**
     * A row to insert.
     *
     * @param values its values, in parentheses
     */
    record KeyedRow(ExpressionList<?> values, KeyCondition.Equal key) {}

    /** Reads a statement that is no query. */
    Modification read(Statement statement, WithQueries with) {
        if (statement instanceof Insert insert) {
            return readInsert(insert, with);
        }
        if (statement instanceof Update update) {
            return new Modification(readUpdate(update, with), List.of());
        }
        if (statement instanceof Delete delete) {
            return new Modification(readDelete(delete, with), List.of());
        }
        throw QueryTreeReader.unreadable("the statement is of a kind the router does not read");
    }

    // UPDATE and DELETE

    private QueryScope readUpdate(Update update, WithQueries around) {
        boolean foreign = update.getStartJoins() != null
                || update.isFromBeforeSet()
                || update.isModifierIgnore()
                || update.getModifierPriority() != null
                || update.getLimit() != null
                || update.getOrderByElements() != null
                || update.getOutputClause() != null
                || update.getForPortionClause() != null
                || update.getPreferringClause() != null
                || update.getOption() != null;
        if (foreign) {
            throw QueryTreeReader.unreadable("there is a clause of another database in UPDATE");
        }
        WithQueries with = queries.readWith(update.getWithItemsList(), null, around);
        QueryScope scope = new QueryScope(null);
        KeyNode key = target(update.getTable(), scope);
        queries.readFrom(update.getFromItem(), update.getJoins(), scope, null, with);
        readWhere(update.getWhere(), scope);
        queries.readNested(update.getWhere(), scope, with);
        readSets(update.getUpdateSets(), key, update.getTable(), scope, with);
        readReturning(update.getReturningClause(), scope, with);
        return scope;
    }

    private QueryScope readDelete(Delete delete, WithQueries around) {
        boolean foreign = delete.getTables() != null && !delete.getTables().isEmpty()
                || delete.getJoins() != null
                || delete.getLimit() != null
                || delete.getOrderByElements() != null
                        && !delete.getOrderByElements().isEmpty()
                || delete.isModifierIgnore()
                || delete.isModifierQuick()
                || delete.getModifierPriority() != null
                || delete.getOutputClause() != null
                || delete.getForPortionClause() != null
                || delete.getPreferringClause() != null
                || !delete.isHasFrom();
        if (foreign) {
            throw QueryTreeReader.unreadable("there is a clause of another database in DELETE");
        }
        WithQueries with = queries.readWith(delete.getWithItemsList(), null, around);
        QueryScope scope = new QueryScope(null);
        target(delete.getTable(), scope);
        List<FromItem> using = delete.getUsingFromItemList();
        if (using != null) {
            for (FromItem item : using) {
                queries.readFrom(item, null, scope, null, with);
            }
        }
        readWhere(delete.getWhere(), scope);
        queries.readNested(delete.getWhere(), scope, with);
        readReturning(delete.getReturningClause(), scope, with);
        return scope;
    }

    private void readWhere(@Nullable Expression where, QueryScope scope) {
        KeyFacts filter = predicates.read(where, scope);
        filter.apply(scope::owns);
        scope.filterBy(filter);
    }

    private @Nullable KeyNode target(Table table, QueryScope scope) {
        KeyNode key = tables.write(table);
        QueryTreeReader.addTable(table, key, scope);
        return key;
    }

    /** Reads assignments; that of a key is refused unless the row may prove to stay on its shard. */
    private void readSets(
            @Nullable List<UpdateSet> sets, @Nullable KeyNode key, Table table, QueryScope scope, WithQueries with) {
        if (sets == null) {
            return;
        }
        for (UpdateSet set : sets) {
            if (key != null) {
                readNewKey(set, key, table, scope);
            }
            for (Expression value : set.getValues()) {
                queries.readNested(value, scope, with);
            }
        }
    }

    /** A key that becomes a constant or parameter is left to be compared with what it was. */
    private void readNewKey(UpdateSet set, KeyNode key, Table table, QueryScope scope) {
        Column column = set.getColumns().size() == 1 ? set.getColumns().get(0) : null;
        boolean plain = column != null
                && set.getValues().size() == 1
                && isPlain(column)
                && Names.fold(column.getColumnName()).equals(key.column());
        KeyOperand operand = plain ? predicates.operand(set.getValues().get(0)) : null;
        if (operand == null) {
            refuseOtherKey(set, key, table, scope);
        } else {
            tables.updateKeys(new KeyCondition.Equal(key.distribution(), operand));
        }
    }

    private static boolean isPlain(Column column) {
        return (column.getTable() == null || column.getTable().getName() == null)
                && column.getArrayConstructor() == null;
    }

    private static void refuseOtherKey(UpdateSet set, KeyNode key, Table table, QueryScope scope) {
        ExpressionList<Column> columns = set.getColumns();
        for (Column column : columns) {
            if (!assigned(column).equals(key.column())) {
                continue;
            }
            boolean alone = columns.size() == 1 && set.getValues().size() == 1;
            if (!alone || !isSameKey(set.getValues().get(0), key, scope)) {
                throw new RefusedStatement(RefusalCode.KEY_UPDATE.because(
                        "column " + key.column() + " is the sharding key of " + table.getName()));
            }
        }
    }

    /** Returns the folded name of the column that is given a value; "SET a.b = 1" assigns to a field of the composite column a. */
    static String assigned(Column column) {
        return Names.fold(
                column.getTable() == null || column.getTable().getName() == null
                        ? column.getColumnName()
                        : column.getFullyQualifiedName().split("\\.", -1)[0]);
    }

    private static boolean isSameKey(Expression value, KeyNode key, QueryScope scope) {
        return value instanceof Column column && scope.resolve(column) == key;
    }

    private void readReturning(@Nullable ReturningClause returning, QueryScope scope, WithQueries with) {
        if (returning != null) {
            returning.forEach(item -> queries.readNested(item.getExpression(), scope, with));
        }
    }

    // INSERT

    private Modification readInsert(Insert insert, WithQueries around) {
        boolean foreign = insert.isModifierIgnore()
                || insert.getModifierPriority() != null
                || insert.isOverwrite()
                || insert.isTableKeyword()
                || insert.getSetUpdateSets() != null
                || insert.getDuplicateUpdateSets() != null
                || insert.getDuplicateAction() != null
                || insert.getOutputClause() != null
                || insert.getPartitions() != null
                || insert.isOracleMultiInsert()
                || insert.getRowAlias() != null;
        if (foreign) {
            throw QueryTreeReader.unreadable("there is a clause of another database in INSERT");
        }
        WithQueries with = queries.readWith(insert.getWithItemsList(), null, around);
        QueryScope scope = new QueryScope(null);
        Table table = insert.getTable();
        KeyNode key = target(table, scope);
        Select source = insert.getSelect();
        QueryScope sourceScope = source == null ? null : queries.read(source, null, with);
        List<KeyedRow> rows = List.of();
        if (key != null) {
            tables.storeKeys();
            rows = readKey(insert, key, scope, source, sourceScope);
        }
        readConflict(insert, key, table, scope, with);
        readReturning(insert.getReturningClause(), scope, with);
        return new Modification(scope, rows);
    }

    /** Reads the keys that are inserted, and returns the rows of VALUES with theirs. */
    private List<KeyedRow> readKey(
            Insert insert, KeyNode key, QueryScope scope, @Nullable Select source, @Nullable QueryScope sourceScope) {
        ExpressionList<Column> columns = insert.getColumns();
        if (source == null) {
            throw new RefusedStatement(RefusalCode.INSERT_WITHOUT_KEY.because("the insert gives default values only"));
        }
        if (columns == null || columns.isEmpty()) {
            throw new RefusedStatement(RefusalCode.INSERT_WITHOUT_COLUMNS.because(
                    "without it the value of column " + key.column() + " cannot be told"));
        }
        if (queries.count("overriding") > 0 && queries.count("user") > 0) {
            throw new RefusedStatement(RefusalCode.INSERT_WITHOUT_KEY.because(
                    "by OVERRIDING USER VALUE an identity column takes its value from a sequence"));
        }
        int index = indexOf(columns, key);
        if (source instanceof Values values) {
            List<KeyedRow> rows = keyed(rows(values.getExpressions(), columns.size()), index, key);
            key.add(condition(rows, key));
            return rows;
        }
        new SourceKeyReader(queries, predicates, key).read(source, sourceScope, index, columns.size(), scope);
        return List.of();
    }

    private static int indexOf(ExpressionList<Column> columns, KeyNode key) {
        int found = -1;
        for (int i = 0; i < columns.size(); i++) {
            Column column = columns.get(i);
            if (isPlain(column) && Names.fold(column.getColumnName()).equals(key.column())) {
                found = i;
            }
        }
        if (found < 0) {
            throw new RefusedStatement(
                    RefusalCode.INSERT_WITHOUT_KEY.because("the list of columns lacks " + key.column()));
        }
        return found;
    }

    /** Returns the rows of VALUES; JSqlParser keeps a single row without a list around it. */
    private static List<ExpressionList<?>> rows(ExpressionList<?> expressions, int columnCount) {
        boolean single = expressions instanceof ParenthesedExpressionList<?>;
        List<ExpressionList<?>> rows = new ArrayList<>();
        if (single) {
            rows.add(expressions);
        } else {
            for (Expression each : expressions) {
                if (!(each instanceof ParenthesedExpressionList<?> row)) {
                    throw QueryTreeReader.unreadable("there is a row of VALUES in an unknown form");
                }
                rows.add(row);
            }
        }
        for (ExpressionList<?> row : rows) {
            if (row.size() != columnCount) {
                throw QueryTreeReader.unreadable(
                        "a row of VALUES has " + row.size() + " values for " + columnCount + " columns");
            }
        }
        return rows;
    }

    private List<KeyedRow> keyed(List<ExpressionList<?>> rows, int index, KeyNode key) {
        List<KeyedRow> keyed = new ArrayList<>();
        for (ExpressionList<?> row : rows) {
            keyed.add(new KeyedRow(row, new KeyCondition.Equal(key.distribution(), operand(row.get(index), key))));
        }
        return keyed;
    }

    private KeyOperand operand(Expression value, KeyNode key) {
        KeyOperand operand = predicates.operand(value);
        if (operand != null) {
            return operand;
        }
        throw new RefusedStatement(
                isDefault(value)
                        ? RefusalCode.INSERT_WITHOUT_KEY.because("column " + key.column() + " is left to its default")
                        : RefusalCode.INSERT_COMPUTED_KEY.because(
                                "column " + key.column() + " is given an expression"));
    }

    /** Returns that the key is one of those of the rows. */
    private static KeyCondition condition(List<KeyedRow> rows, KeyNode key) {
        List<KeyOperand> operands =
                rows.stream().map(row -> row.key().operand()).distinct().toList();
        return operands.size() == 1
                ? new KeyCondition.Equal(key.distribution(), operands.get(0))
                : new KeyCondition.InList(key.distribution(), operands);
    }

    private static boolean isDefault(Expression value) {
        return value.toString().toLowerCase(Locale.ROOT).equals("default");
    }

    private void readConflict(Insert insert, @Nullable KeyNode key, Table table, QueryScope scope, WithQueries with) {
        InsertConflictAction action = insert.getConflictAction();
        if (insert.getConflictTarget() != null) {
            queries.readNested(insert.getConflictTarget().getWhereExpression(), scope, with);
        }
        if (action == null) {
            return;
        }
        if (key != null && action.getUpdateSets() != null) {
            // EXCLUDED.key is the key of the row to insert, which is on this shard by routing.
            for (UpdateSet set : action.getUpdateSets()) {
                boolean excluded = set.getColumns().size() == 1
                        && set.getValues().size() == 1
                        && isExcludedKey(set.getValues().get(0), key);
                if (!excluded) {
                    refuseOtherKey(set, key, table, scope);
                }
            }
        }
        readSets(action.getUpdateSets(), null, table, scope, with);
        queries.readNested(action.getWhereExpression(), scope, with);
    }

    private static boolean isExcludedKey(Expression value, KeyNode key) {
        return value instanceof Column column
                && column.getArrayConstructor() == null
                && column.getTable() != null
                && column.getTable().getName() != null
                && Names.fold(column.getTable().getName()).equals("excluded")
                && column.getTable().getSchemaName() == null
                && Names.fold(column.getColumnName()).equals(key.column());
    }
}
