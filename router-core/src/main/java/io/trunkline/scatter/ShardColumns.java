// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import java.util.ArrayList;
import java.util.List;

/**
 * The columns that shards are asked for, picked from those of an inner query, which go by the names {@code s.c1}, {@code s.c2} and so on.
 *
 * <p>What the client sees comes as it wants it; what is compared or computed with here comes in binary format, beside it where need be.
 */
final class ShardColumns {
    private static final int BINARY = 1;

    private final List<String> names = new ArrayList<>();
    private final List<ScatterPlan.Column> columns = new ArrayList<>();

    /** Returns the name of a column of the inner query, counted from 0. */
    static String name(int column) {
        return "s.c" + (column + 1);
    }

    /** Adds a column of the inner query in a format; returns its place. */
    int add(int column, int type, int format) {
        names.add(name(column));
        columns.add(new ScatterPlan.Column(type, format));
        return columns.size() - 1;
    }

    /** Returns the place of a column in binary format, which is added when it is not there. */
    int addBinary(int column, int type) {
        for (int place = 0; place < names.size(); place++) {
            if (isBinary(place) && names.get(place).equals(name(column))) {
                return place;
            }
        }
        return add(column, type, BINARY);
    }

    /** Returns true when the column at a place comes in binary format. */
    boolean isBinary(int place) {
        return columns.get(place).format() == BINARY;
    }

    int size() {
        return columns.size();
    }

    List<ScatterPlan.Column> columns() {
        return columns;
    }

    /**
     * Returns the query that picks them.
     *
     * @param innerColumns how many columns the inner query has
     */
    StringBuilder select(CharSequence inner, int innerColumns) {
        StringBuilder sql = new StringBuilder("SELECT ")
                .append(String.join(", ", names))
                .append(" FROM (")
                .append(inner)
                .append(") AS s(");
        for (int i = 0; i < innerColumns; i++) {
            sql.append(i == 0 ? "c" : ", c").append(i + 1);
        }
        return sql.append(')');
    }
}
