// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.trunkline.merge.OutputColumn.Combine;
import io.trunkline.merge.OutputColumn.Distinct;
import io.trunkline.merge.OutputColumn.Elements;
import io.trunkline.merge.OutputColumn.Extreme;
import io.trunkline.merge.OutputColumn.Pass;
import io.trunkline.merge.OutputColumn.Variance;
import java.util.List;

/**
 * How rows become groups.
 *
 * @param columnCount the columns of the shards' rows
 * @param keys what the shards' rows are sorted by
 * @param groupKeys how many of the keys, from the first on, the rows of one group are equal in; with none all rows are the one group there is. A further key is the
 *     argument of which {@link OutputColumn.Distinct} values count each once
 * @param outputs what a group becomes
 * @param visibleOutputs how many of the outputs, from the first on, the client gets; others can be ordered by
 * @param finalOrder what the groups are ordered by, most significant first, when that is not the order of the keys; else none
 * @param range which groups the client gets
 * @param memoryBytesMax how many bytes of groups may be kept for the final order, and of the elements of one group
 */
public record GroupPlan(
        int columnCount,
        List<SortKey> keys,
        int groupKeys,
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
        if (groupKeys < 0 || groupKeys > keys.size() || keys.size() > groupKeys + 1) {
            throw new IllegalArgumentException(groupKeys + " of " + keys.size() + " keys are of groups");
        }
        for (OutputColumn output : outputs) {
            checkColumns(output, columnCount);
            if (output instanceof Distinct && keys.size() == groupKeys) {
                throw new IllegalArgumentException("no key of the values that count once");
            }
        }
        for (FinalKey finalKey : finalOrder) {
            int column = finalKey.key().column();
            if (finalKey instanceof FinalKey.OfRow) {
                MergePlan.checkColumn(column, columnCount);
            } else {
                MergePlan.checkColumn(column, outputs.size());
                if (outputs.get(column) instanceof Pass || outputs.get(column) instanceof Elements) {
                    throw new IllegalArgumentException("output " + column + " may be no binary value");
                }
            }
        }
    }

    /** Creates a plan in which every key is one of the groups. */
    public GroupPlan(
            int columnCount,
            List<SortKey> keys,
            List<OutputColumn> outputs,
            int visibleOutputs,
            List<FinalKey> finalOrder,
            RowRange range,
            long memoryBytesMax) {
        this(columnCount, keys, keys.size(), outputs, visibleOutputs, finalOrder, range, memoryBytesMax);
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
        } else if (output instanceof Variance variance) {
            MergePlan.checkColumn(variance.countColumn(), columnCount);
            MergePlan.checkColumn(variance.sumColumn(), columnCount);
            MergePlan.checkColumn(variance.squaresColumn(), columnCount);
        } else if (output instanceof Distinct distinct) {
            checkColumns(distinct.of(), columnCount);
        } else if (output instanceof Elements elements) {
            MergePlan.checkColumn(elements.column(), columnCount);
        }
    }
}
