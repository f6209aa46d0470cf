// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import java.util.List;

/**
 * How rows are merged that stay as they are.
 *
 * @param columnCount the columns of the shards' rows
 * @param visibleColumns how many of them, from the first on, the client gets
 * @param keys what the shards' rows are sorted by, most significant first; none for rows in order of arrival
 * @param range which rows the client gets
 */
public record MergePlan(int columnCount, int visibleColumns, List<SortKey> keys, RowRange range) {

    /** Creates a plan. */
    public MergePlan {
        keys = List.copyOf(keys);
        if (visibleColumns < 0 || visibleColumns > columnCount) {
            throw new IllegalArgumentException(visibleColumns + " visible columns of " + columnCount);
        }
        checkKeys(keys, columnCount);
    }

    /** Returns true when the client gets fewer columns than the shards send. */
    boolean hidesColumns() {
        return visibleColumns < columnCount;
    }

    static void checkKeys(List<SortKey> keys, int columnCount) {
        for (SortKey key : keys) {
            checkColumn(key.column(), columnCount);
        }
    }

    static void checkColumn(int column, int columnCount) {
        if (column < 0 || column >= columnCount) {
            throw new IllegalArgumentException("column " + column + " of " + columnCount);
        }
    }
}
