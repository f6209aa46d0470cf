// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.ProtocolViolation;

/**
 * The rows of several shards becoming one stream.
 *
 * <p>Shards are numbered from 0. Whoever owns this reads from them, offers what they send and calls {@link #drain} whenever something came or
 * the client takes rows again. Confined to one event loop. Keeps as many bytes of each shard as its owner reads after {@link #wants} says no.
 *
 * <p>Bytes of a shard that are no rows of the plan are a {@link ProtocolViolation}; a sum that leaves its type's range or groups that need too much
 * memory are a {@link MergeFailure}. After an exception only {@link #close} may follow.
 */
public abstract sealed class MergedRows permits UnorderedRows, SortedRows, GroupedRows, InterleavedRows {
    /** How many bytes of a shard may lie here before it is not read any more. */
    static final int QUEUED_BYTES_MAX = 64 * 1024;

    private final SourceRows[] sources;
    private final RowRange range;
    private long skippedCount;
    private long passedCount;
    /** How many rows may have been passed on before there is a pause. */
    private long allowedCount = Long.MAX_VALUE;

    private boolean closed;

    MergedRows(int sourceCount, int columnCount, RowRange range) {
        this.range = range;
        sources = new SourceRows[sourceCount];
        for (int i = 0; i < sourceCount; i++) {
            sources[i] = new SourceRows(columnCount);
        }
    }

    /** Returns a merge of rows that are sorted by the plan's keys, or of rows in order of arrival when it has none. */
    public static MergedRows of(int sourceCount, MergePlan plan) {
        return plan.keys().isEmpty() ? new UnorderedRows(sourceCount, plan) : new SortedRows(sourceCount, plan);
    }

    /** Returns a merge that makes groups of rows. */
    public static MergedRows of(int sourceCount, GroupPlan plan) {
        return new GroupedRows(sourceCount, plan);
    }

    /**
     * Returns a merge of rows in an order that was fixed beforehand.
     *
     * @param turns the source of each row; one that has ended gives up its turns
     */
    public static MergedRows of(int sourceCount, int columnCount, int[] turns) {
        return new InterleavedRows(sourceCount, columnCount, turns);
    }

    /**
     * Takes rows of a shard.
     *
     * @param rows whole DataRow messages with their headers, one or many; consumed
     */
    public final void offer(int source, ByteBuf rows) {
        if (closed || isLimitReached()) {
            rows.release();
            return;
        }
        sources[source].offer(rows);
    }

    /** The shard has sent its last row. */
    public final void end(int source) {
        sources[source].end();
    }

    /** Returns false while rows of this shard lie here in plenty: it should not be read. */
    public final boolean wants(int source) {
        return sources[source].queuedBytes() < QUEUED_BYTES_MAX;
    }

    /** Lets so many rows more pass, at least one; then there is a pause until this is said again. */
    public final void allow(long rows) {
        allowedCount = rows > Long.MAX_VALUE - passedCount ? Long.MAX_VALUE : passedCount + rows;
    }

    /** Returns true when as many rows have been passed on as were allowed, be there more or not. */
    public final boolean isPaused() {
        return passedCount >= allowedCount;
    }

    /** Returns true when all rows of a shard that lie here have been taken up, and more are to come. */
    public final boolean lacks(int source) {
        return !sources[source].isEnded() && sources[source].queuedBytes() == 0;
    }

    /** Returns how many bytes are held in all: whole buffers, of which the current rows are part, and what has been made of rows. */
    public final long keptBytes() {
        long bytes = madeBytes();
        for (SourceRows source : sources) {
            bytes += source.keptBytes();
        }
        return bytes;
    }

    /** Returns how many bytes of what was made of rows are held. */
    long madeBytes() {
        return 0;
    }

    /** Returns true when no row can be passed on before all of each shard's are here. */
    public boolean needsAll() {
        return false;
    }

    /** Passes on rows while possible: stops when the sink is closed or a shard's next row must be awaited. */
    public final void drain(RowSink sink) {
        if (closed) {
            return;
        }
        if (!isLimitReached()) {
            pass(sink);
        }
        if (isLimitReached()) {
            release();
        }
    }

    /** Returns true when all shards have ended and everything was passed on, or the limit of rows has been reached. */
    public final boolean isDone() {
        return isLimitReached() || (isIdle() && haveEnded());
    }

    private boolean haveEnded() {
        for (SourceRows source : sources) {
            if (!source.isEnded() || source.queuedBytes() > 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns how many rows were passed on so far: the number of the command tag. */
    public final long rowCount() {
        return passedCount;
    }

    /** Releases everything; what is offered from now on is released too. */
    public final void close() {
        if (!closed) {
            closed = true;
            release();
        }
    }

    /** Passes on rows while possible; the limit has not been reached. */
    abstract void pass(RowSink sink);

    /** Returns true when nothing was taken from the sources that was not passed on yet. */
    abstract boolean isIdle();

    /** Releases all rows. */
    void release() {
        for (SourceRows source : sources) {
            source.clear();
        }
    }

    final SourceRows[] sources() {
        return sources;
    }

    /** Returns true when nothing more may be passed on now. */
    final boolean isOver() {
        return isFinished() || isPaused();
    }

    /** Returns true when nothing more may ever be passed on: the client has all it asked for, or the merge was closed by the sink. */
    final boolean isFinished() {
        return closed || isLimitReached();
    }

    final boolean isLimitReached() {
        return passedCount >= range.limit();
    }

    /** Returns how many rows may still be passed on. */
    final long remaining() {
        return Math.min(range.limit(), allowedCount) - passedCount;
    }

    /** Returns true when the next row is one of those left out, and counts it as such. */
    final boolean skips() {
        if (skippedCount == range.offset()) {
            return false;
        }
        skippedCount++;
        return true;
    }

    /** Counts rows that are passed on. */
    final void passed(long rows) {
        passedCount += rows;
    }
}
