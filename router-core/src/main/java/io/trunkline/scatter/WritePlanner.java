// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.merge.MergePlan;
import io.trunkline.merge.MergedRows;
import io.trunkline.merge.RowRange;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Plans writes: each shard gets its own words, and what RETURNING gives is put together. */
final class WritePlanner implements ShapePlanner {
    private final ShardWrite write;

    WritePlanner(ShardWrite write) {
        this.write = write;
    }

    @Override
    public String label() {
        return "Append";
    }

    @Override
    public @Nullable String parts(Described original) {
        return null;
    }

    @Override
    public ScatterPlan plan(Described original, @Nullable Described parts) {
        List<ScatterPlan.Column> columns = new ArrayList<>();
        for (int i = 0; i < original.columns().size(); i++) {
            columns.add(new ScatterPlan.Column(
                    original.columns().get(i).type(), write.statement().format(i)));
        }
        MergePlan merge = new MergePlan(columns.size(), columns.size(), List.of(), RowRange.ALL);
        return new ScatterPlan(
                shard -> write.texts().get(shard),
                original.parameterTypes(),
                columns,
                0,
                shards -> write.turns().length == 0
                        ? MergedRows.of(shards, merge)
                        : MergedRows.of(shards, columns.size(), write.turns()),
                null);
    }
}
