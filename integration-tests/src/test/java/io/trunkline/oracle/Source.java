// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

/** A table as one FROM clause names it. */
record Source(Table table, String alias) {
    /** Returns a column with the alias before it, or as it is when there is no alias. */
    String column(Column column) {
        return column(column.name());
    }

    String column(String name) {
        return alias.isEmpty() ? name : alias + "." + name;
    }

    String key() {
        return column(table.key());
    }

    /** Returns how it is named in FROM. */
    String from() {
        return alias.isEmpty() ? table.name() : table.name() + " " + alias;
    }

    /** Returns the columns that make an order total. */
    String total() {
        return alias.isEmpty() ? String.join(", ", table.primaryKey()) : table.primaryKeyOf(alias);
    }
}
