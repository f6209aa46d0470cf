// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A table of the random schema.
 *
 * @param spread how its rows are spread; null for a reference table
 * @param key the column that decides about the shard; of a reference table, its unique column
 * @param others further columns
 * @param primaryKey names of columns
 */
record Table(String name, @Nullable Spread spread, Column key, List<Column> others, List<String> primaryKey) {
    Table {
        others = List.copyOf(others);
        primaryKey = List.copyOf(primaryKey);
    }

    boolean isReference() {
        return spread == null;
    }

    List<Column> columns() {
        List<Column> all = new ArrayList<>(others);
        all.add(others.size() / 2, key);
        return all;
    }

    String columnNames() {
        return columns().stream().map(Column::name).collect(Collectors.joining(", "));
    }

    /** Returns the columns by which an order is total, each behind the alias. */
    String primaryKeyOf(String alias) {
        return primaryKey.stream().map(column -> alias + "." + column).collect(Collectors.joining(", "));
    }

    List<Column> columnsOf(ValueType... types) {
        return others.stream()
                .filter(column -> Stream.of(types).anyMatch(type -> type == column.type()))
                .toList();
    }

    String sql() {
        return columns().stream()
                        .map(Column::sql)
                        .collect(Collectors.joining(", ", "create table " + name + " (", ", "))
                + "primary key (" + String.join(", ", primaryKey) + "))";
    }
}
