// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the rows of a relation expression lie, when every shard computes it from its own rows.
 *
 * <p>The same relation, computed from all rows, is what one server would give. So the rows of {@link Whole} may be read once on whichever shard needs them, those of
 * {@link Partitioned} are the rows of all shards together.
 */
sealed interface Placement {

    /**
     * Every shard that is asked has all its rows: it reads reference tables only, or, inside a sub-query, only rows of sharded tables whose key is that of the row around it.
     *
     * @param tied whether it is the latter
     */
    record Whole(boolean tied) implements Placement {}

    /**
     * Each of its rows is computed on exactly one shard, from rows there.
     *
     * @param distribution what divides them
     * @param columns its columns that have the key of the row, which is never null
     */
    record Partitioned(String distribution, List<KeyColumn> columns) implements Placement {
        public Partitioned {
            columns = List.copyOf(columns);
        }

        /** Returns the same with names given from outside, one for each of the first columns. */
        Partitioned renamed(List<String> names) {
            if (names.isEmpty()) {
                return this;
            }
            List<KeyColumn> renamed = new ArrayList<>();
            for (KeyColumn column : columns) {
                if (column.position >= names.size()) {
                    renamed.add(column);
                } else if (column.position >= 0) {
                    renamed.add(new KeyColumn(column.position, names.get(column.position), column.keys));
                }
            }
            return new Partitioned(distribution, renamed);
        }

        /** Returns the column at a position, or null when it does not have the key. */
        @Nullable
        KeyColumn at(int position) {
            return columns.stream()
                    .filter(column -> column.position == position)
                    .findFirst()
                    .orElse(null);
        }

        /** Returns a key for the rows, by whose columns they can be named; it is known as far as that of the rows is. */
        KeyNode carried() {
            Set<String> names = new LinkedHashSet<>();
            for (KeyColumn column : columns) {
                if (column.name != null) {
                    names.add(column.name);
                }
            }
            KeyNode carried = new KeyNode(distribution, names, "a sub-query");
            for (KeyColumn column : columns) {
                if (column.keys.size() == 1) {
                    carried.inherit(column.keys.get(0));
                }
            }
            return carried;
        }

        /** Lets the rows be known as far as those of another key are: other rows are not missed. */
        void inherit(KeyNode other) {
            columns.forEach(column -> column.keys.forEach(key -> key.inherit(other)));
        }
    }

    /** Nothing of this is proven. */
    record Unproven(Refusal reason) implements Placement {}

    /**
     * A column that has the key.
     *
     * @param position from 0, or -1 when a star stands before it
     * @param name folded, or null when it has none that could be told
     * @param keys the keys it comes from, one in each part of a set operation
     */
    record KeyColumn(int position, @Nullable String name, List<KeyNode> keys) {
        public KeyColumn {
            keys = List.copyOf(keys);
        }
    }
}
