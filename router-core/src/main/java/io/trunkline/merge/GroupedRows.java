// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Groups of rows that are equal in all keys, in the order of the keys or in a final order of their own.
 *
 * <p>In the order of the keys one group is open at a time; a final order needs them all, or the best of them, in memory.
 */
final class GroupedRows extends MergedRows {
    private final GroupPlan plan;
    private final SourceHeap heap;
    private final OpenGroup group;
    private final @Nullable RankedGroups ranked;
    private final StagedRows staged = new StagedRows();
    private boolean isComplete;

    GroupedRows(int sourceCount, GroupPlan plan) {
        super(sourceCount, plan.columnCount(), plan.range());
        this.plan = plan;
        this.heap = new SourceHeap(sources(), plan.keys());
        this.group = new OpenGroup(plan);
        this.ranked = plan.finalOrder().isEmpty() ? null : new RankedGroups(plan);
    }

    @Override
    void pass(RowSink sink) {
        if (ranked == null) {
            passInOrderOfKeys(sink);
        } else {
            collect(ranked);
            passRanked(ranked, sink);
        }
        staged.flush(sink);
    }

    private void passInOrderOfKeys(RowSink sink) {
        while (sink.isOpen() && !isOver() && nextGroup()) {
            if (!skips()) {
                group.writeRow(staged.buffer(ByteBufAllocator.DEFAULT));
                passed(1);
            }
            group.clear();
            staged.flushIfFull(sink);
        }
    }

    private void collect(RankedGroups all) {
        if (isComplete) {
            return;
        }
        ByteBuf scratch = ByteBufAllocator.DEFAULT.buffer();
        try {
            while (nextGroup()) {
                all.add(group, scratch);
                group.clear();
            }
        } finally {
            scratch.release();
        }
        if (isComplete) {
            all.rank();
        }
    }

    private void passRanked(RankedGroups all, RowSink sink) {
        while (all.hasNext() && sink.isOpen() && !isOver()) {
            if (skips()) {
                all.skip();
                continue;
            }
            ByteBuf row = all.next();
            staged.buffer(ByteBufAllocator.DEFAULT).writeBytes(row);
            row.release();
            passed(1);
            staged.flushIfFull(sink);
        }
    }

    /** Takes in rows until the open group has all of its own; returns false when more must come first, or none is left. */
    private boolean nextGroup() {
        while (!isComplete && heap.fill()) {
            if (heap.isEmpty()) {
                isComplete = true;
                // Without groups there is a row even of nothing.
                return group.isBegun() || plan.groupKeys() == 0;
            }
            SourceRows row = sources()[heap.top()];
            if (group.isBegun() && !group.has(row)) {
                return true;
            }
            group.add(row);
            heap.advance();
        }
        return false;
    }

    @Override
    long madeBytes() {
        return group.memoryBytes() + (ranked == null ? 0 : ranked.memoryBytes());
    }

    @Override
    public boolean needsAll() {
        return ranked != null;
    }

    @Override
    boolean isIdle() {
        return isComplete && (ranked == null || !ranked.hasNext());
    }

    @Override
    void release() {
        group.clear();
        staged.release();
        if (ranked != null) {
            ranked.clear();
        }
        super.release();
    }
}
