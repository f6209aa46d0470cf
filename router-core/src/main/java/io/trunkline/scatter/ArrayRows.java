// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The words of an entry of FROM whose columns are arrays that are given as parameters.
 *
 * <p>Texts of an array have the collation of the database. Those they come from may have another, so beside them stands a query without rows that has it: a column of both gets
 * the collation that is not the default, as the client's own words have it.
 */
final class ArrayRows {
    private final List<Column> columns = new ArrayList<>();
    /** Names the place of each row, or null where none is asked for. */
    private @Nullable String place;

    private record Column(
            String name, int type, int parameter, @Nullable String origin, boolean isGrouped) {
        String typeName() {
            return ValueTypes.name(type);
        }

        boolean isCollated() {
            return origin != null && ValueTypes.isCollated(type);
        }
    }

    /**
     * Adds a column.
     *
     * @param parameter the number of the parameter that its array is
     * @param origin the expression its values come from, or null when it has no collation
     */
    void add(String name, int type, int parameter, @Nullable String origin) {
        columns.add(new Column(name, type, parameter, origin, false));
    }

    /** Adds a column of values that are grouped by. */
    void addGrouped(String name, int type, int parameter, String origin) {
        columns.add(new Column(name, type, parameter, origin, true));
    }

    /** Adds a column, behind all others, with the place of each row. */
    void addPlace(String name) {
        place = name;
    }

    /**
     * Returns the words.
     *
     * @param with WITH and what belongs to it, and a space, or nothing
     * @param body the FROM and WHERE of the client, where the values come from
     */
    String sql(String alias, String with, String body) {
        // By these words nobody can have redefined the function.
        String arrays = columns.stream()
                .map(column -> "pg_catalog.unnest($" + column.parameter + "::" + column.typeName() + "[])")
                .collect(Collectors.joining(", ", "ROWS FROM (", ")" + (place == null ? "" : " WITH ORDINALITY")));
        String names = columns.stream().map(Column::name).collect(Collectors.joining(", "))
                + (place == null ? "" : ", " + place);
        boolean collated = columns.stream().anyMatch(Column::isCollated);
        String rows = collated
                ? "(SELECT * FROM (" + origins(with, body) + ") AS o WHERE false UNION ALL SELECT * FROM " + arrays
                        + " AS r)"
                : arrays;
        return rows + " AS " + alias + "(" + names + ")";
    }

    private String origins(String with, String body) {
        List<String> expressions = new ArrayList<>();
        List<Integer> grouped = new ArrayList<>();
        for (Column column : columns) {
            boolean collated = column.isCollated();
            expressions.add(collated ? column.origin : "NULL::" + column.typeName());
            if (collated && column.isGrouped) {
                grouped.add(expressions.size());
            }
        }
        if (place != null) {
            expressions.add("NULL::" + ValueTypes.name(ValueTypes.INT8));
        }
        String groupBy = grouped.isEmpty()
                ? ""
                : grouped.stream().map(String::valueOf).collect(Collectors.joining(", ", " GROUP BY ", ""));
        return with + "SELECT " + String.join(", ", expressions) + " " + body + groupBy;
    }
}
