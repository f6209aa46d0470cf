// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.merge.MergePlan;
import io.trunkline.merge.MergedRows;
import io.trunkline.merge.RowRange;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The statement by which one shard makes the client's rows of groups that have been combined.
 *
 * <p>The groups are parameters behind the client's own: one array for each of their columns, which {@code unnest} makes rows again. So PostgreSQL computes, filters, sorts
 * and counts, and the statement is as long for a million groups as for one.
 *
 * @param sql the statement
 * @param parameterTypes the OIDs of all parameters, 0 for the arrays, which are cast in the text
 * @param columns what it returns: the client's columns
 * @param values what the groups have, one for each of their columns, all in binary format
 * @param rowsMax the limit of the client's Execute, 0 for all rows
 * @param memoryBytesMax most bytes of groups
 */
record GroupFinish(
        String sql,
        int[] parameterTypes,
        List<ScatterPlan.Column> columns,
        List<GroupValue> values,
        int rowsMax,
        long memoryBytesMax) {

    /** Returns what is run on the one shard. */
    ScatterPlan plan() {
        byte[] text = sql.getBytes(StandardCharsets.UTF_8);
        MergePlan rows = new MergePlan(columns.size(), columns.size(), List.of(), RowRange.ALL);
        return new ScatterPlan(
                shard -> text, parameterTypes, columns, rowsMax, shards -> MergedRows.of(shards, rows), null);
    }
}
