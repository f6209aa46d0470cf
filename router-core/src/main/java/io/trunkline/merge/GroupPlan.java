// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.trunkline.merge.OutputColumn.Combine;
import io.trunkline.merge.OutputColumn.Extreme;
import io.trunkline.merge.OutputColumn.Pass;
import java.util.List;

/**
 * How rows become groups.
 *
 * @param columnCount the columns of the shards' rows
 * @param keys what the shards' rows are sorted by; rows equal in all of them are one group, and without keys all rows are the one group there is
 * @param outputs what a group becomes
 * @param visibleOutputs how many of the outputs, from the first on, the client gets; others can be ordered by
 * @param finalOrder what the groups are ordered by, most significant first, when that is not the order of the keys; else none
 * @param range which groups the client gets
 * @param memoryBytesMax how many bytes of groups may be kept for the final order
 */
public record GroupPlan(
        int columnCount,
        List<SortKey> keys,
        List<OutputColumn> outputs,
        int visibleOutputs,
        List<FinalKey> finalOrder,
        RowRange range,
        long memoryBytesMax) {

    /** Creates a plan. */
    public GroupPlan {
        keys = List.copyOf(keys);
        outputs = List.copyOf(outputs);
        finalOrder = List.copyOf(finalOrder);
        if (visibleOutputs < 0 || visibleOutputs > outputs.size()) {
            throw new IllegalArgumentException(visibleOutputs + " visible outputs of " + outputs.size());
        }
        MergePlan.checkKeys(keys, columnCount);
        for (OutputColumn output : outputs) {
            checkColumns(output, columnCount);
        }
        for (FinalKey finalKey : finalOrder) {
            int column = finalKey.key().column();
            if (finalKey instanceof FinalKey.OfRow) {
                MergePlan.checkColumn(column, columnCount);
            } else {
                MergePlan.checkColumn(column, outputs.size());
                if (outputs.get(column) instanceof Pass) {
                    throw new IllegalArgumentException("output " + column + " is passed on and may be no binary value");
                }
            }
        }
    }

    private static void checkColumns(OutputColumn output, int columnCount) {
        if (output instanceof Pass pass) {
            MergePlan.checkColumn(pass.column(), columnCount);
        } else if (output instanceof Extreme extreme) {
            MergePlan.checkColumn(extreme.keyColumn(), columnCount);
            MergePlan.checkColumn(extreme.visibleColumn(), columnCount);
        } else if (output instanceof Combine combine) {
            MergePlan.checkColumn(combine.column(), columnCount);
            if (combine.countColumn() != Combine.NO_COUNT) {
                MergePlan.checkColumn(combine.countColumn(), columnCount);
            }
        }
    }
}
