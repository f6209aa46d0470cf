// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.Locale;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.schema.Column;
import net.sf.jsqlparser.statement.select.AllColumns;
import net.sf.jsqlparser.statement.select.AllTableColumns;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.SelectItem;

/** DISTINCT ON of one block. */
final class DistinctOn {
    private DistinctOn() {}

    /** Returns true when rows that count as equal have one key, and so lie on one shard. */
    static boolean hasKey(PlainSelect select, QueryScope scope) {
        if (select.getDistinct() == null || select.getDistinct().getOnSelectItems() == null) {
            return false;
        }
        return select.getDistinct().getOnSelectItems().stream()
                .map(SelectItem::getExpression)
                .anyMatch(expression -> scope.ownKey(expression) != null && !meansOther(expression, select, scope));
    }

    /** A bare name means a column of the result first, then one of FROM. */
    private static boolean meansOther(Expression key, PlainSelect select, QueryScope scope) {
        Column column = (Column) key;
        boolean qualified = column.getTable() != null && column.getTable().getName() != null;
        if (qualified) {
            return false;
        }
        String name = Names.fold(column.getColumnName());
        return select.getSelectItems().stream().anyMatch(item -> mayBeNamed(item, name, scope));
    }

    private static boolean mayBeNamed(SelectItem<?> item, String name, QueryScope scope) {
        Expression expression = item.getExpression();
        if (expression instanceof AllTableColumns table) {
            KeyNode key = scope.keyOf(Names.fold(table.getTable().getName()));
            return key == null || !key.isColumn(name);
        }
        if (expression instanceof AllColumns || scope.ownKey(expression) != null) {
            return false;
        }
        return item.getAlias() == null
                ? expression.toString().toLowerCase(Locale.ROOT).contains(name.toLowerCase(Locale.ROOT))
                : Names.fold(item.getAlias().getName()).equals(name);
    }
}
