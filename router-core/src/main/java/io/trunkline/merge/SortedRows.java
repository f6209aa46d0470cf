// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;

/**
 * Rows of shards that sorted them, as one sorted stream; of equal rows those of the lower shard come first.
 *
 * <p>Where rows need no change, those of one shard that follow each other in a buffer leave as one slice.
 */
final class SortedRows extends MergedRows {
    private final MergePlan plan;
    private final SourceHeap heap;
    private final StagedRows staged = new StagedRows();

    SortedRows(int sourceCount, MergePlan plan) {
        super(sourceCount, plan.columnCount(), plan.range());
        this.plan = plan;
        this.heap = new SourceHeap(sources(), plan.keys());
    }

    @Override
    void pass(RowSink sink) {
        while (sink.isOpen() && !isOver() && heap.fill() && !heap.isEmpty()) {
            if (skips()) {
                heap.advance();
            } else if (plan.hidesColumns()) {
                staged.append(sources()[heap.top()], plan.visibleColumns());
                passed(1);
                heap.advance();
                staged.flushIfFull(sink);
            } else {
                passRun(sink);
            }
        }
        staged.flush(sink);
    }

    private void passRun(RowSink sink) {
        int source = heap.top();
        SourceRows rows = sources()[source];
        ByteBuf buffer = rows.buffer();
        int start = rows.rowStart();
        int end = rows.rowEnd();
        long count = 1;
        boolean isNext = rows.isInBuffer();
        while (isNext) {
            heap.advance();
            isNext = heap.top() == source && count < remaining();
            if (isNext) {
                end = rows.rowEnd();
                count++;
                isNext = rows.isInBuffer();
            }
        }
        // The window may stand on the next row by now, but has not left the buffer.
        boolean isLastInBuffer = rows.rowEnd() == end;
        ByteBuf run = buffer.retainedSlice(start, end - start);
        passed(count);
        sink.rows(run);
        if (isLastInBuffer && !isFinished()) {
            heap.advance();
        }
    }

    @Override
    boolean isIdle() {
        return heap.isEmpty();
    }

    @Override
    void release() {
        staged.release();
        super.release();
    }
}
