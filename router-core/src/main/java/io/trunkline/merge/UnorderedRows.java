// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;

/**
 * Rows without an order: those of one shard stay in order, shards are served in turn, a buffer at a time.
 *
 * <p>Where rows need no change a buffer is passed on by one slice, however many rows it has.
 */
final class UnorderedRows extends MergedRows {
    private final MergePlan plan;
    private final StagedRows staged = new StagedRows();
    private int turn;

    UnorderedRows(int sourceCount, MergePlan plan) {
        super(sourceCount, plan.columnCount(), plan.range());
        this.plan = plan;
    }

    @Override
    void pass(RowSink sink) {
        SourceRows[] sources = sources();
        int empty = 0;
        while (empty < sources.length && sink.isOpen() && !isOver()) {
            boolean had = plan.hidesColumns() ? copyBuffer(sources[turn], sink) : passBuffer(sources[turn], sink);
            empty = had ? 0 : empty + 1;
            turn = (turn + 1) % sources.length;
        }
        staged.flush(sink);
    }

    /** Passes on the rows of one buffer as they are; returns false when there is none. */
    private boolean passBuffer(SourceRows source, RowSink sink) {
        if (!source.nextFrame()) {
            return false;
        }
        while (skips()) {
            if (!source.isInBuffer()) {
                return true;
            }
            source.nextFrame();
        }
        int start = source.rowStart();
        long count = 1;
        while (count < remaining() && source.isInBuffer()) {
            source.nextFrame();
            count++;
        }
        ByteBuf run = source.buffer().retainedSlice(start, source.rowEnd() - start);
        passed(count);
        sink.rows(run);
        return true;
    }

    /** Passes on the rows of one buffer without their hidden columns; returns false when there is none. */
    private boolean copyBuffer(SourceRows source, RowSink sink) {
        if (!source.next()) {
            return false;
        }
        boolean more = true;
        while (more && !isOver()) {
            if (!skips()) {
                staged.append(source, plan.visibleColumns());
                passed(1);
            }
            more = source.isInBuffer() && !isOver() && source.next();
        }
        staged.flushIfFull(sink);
        return true;
    }

    @Override
    boolean isIdle() {
        return true;
    }

    @Override
    void release() {
        staged.release();
        super.release();
    }
}
