// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.trunkline.error.RouterErrors;
import java.util.List;

/**
 * Sources by the order of their current rows: a binary heap whose top has the smallest one. Of equal rows that of the lower source is smaller.
 *
 * <p>A source without a current row that may still send one is missing; until it has come nothing is known about the smallest row.
 */
final class SourceHeap {
    private final SourceRows[] sources;
    private final SortKey[] keys;
    /** Numbers of sources; those of which the parent, at half the index, is not larger. */
    private final int[] heap;

    private final boolean[] inHeap;
    private int size;
    private boolean complete;

    SourceHeap(SourceRows[] sources, List<SortKey> keys) {
        this.sources = sources;
        this.keys = keys.toArray(new SortKey[0]);
        this.heap = new int[sources.length];
        this.inHeap = new boolean[sources.length];
    }

    /** Takes up what sources have sent or ended; returns false while one is missing. */
    boolean fill() {
        if (complete) {
            return true;
        }
        boolean missing = false;
        for (int source = 0; source < sources.length; source++) {
            if (inHeap[source]) {
                continue;
            }
            if (next(source)) {
                inHeap[source] = true;
                heap[size++] = source;
                siftUp(size - 1);
            } else if (!sources[source].isEnded()) {
                missing = true;
            }
        }
        complete = !missing;
        return complete;
    }

    /** Returns true when no source has rows, and the missing ones have ended too if {@link #fill} says so. */
    boolean isEmpty() {
        return size == 0;
    }

    /** Returns the source with the smallest row. */
    int top() {
        return heap[0];
    }

    /** Moves the source with the smallest row to its next one; returns false when that must be awaited. */
    boolean advance() {
        int source = heap[0];
        if (next(source)) {
            siftDown();
            return true;
        }
        inHeap[source] = false;
        heap[0] = heap[--size];
        if (size > 0) {
            siftDown();
        }
        complete = sources[source].isEnded();
        return complete;
    }

    /**
     * Moves a source to its next row.
     *
     * @throws MergeFailure when that belongs before the one it follows: whatever the reason, merged rows would be in no order, and groups in pieces
     */
    private boolean next(int source) {
        if (!sources[source].next()) {
            return false;
        }
        for (SortKey key : keys) {
            int compared = sources[source].compareFormer(key);
            if (compared != 0) {
                if (compared > 0) {
                    throw new MergeFailure(RouterErrors.shardOutOfOrder(source + 1));
                }
                break;
            }
        }
        return true;
    }

    private void siftUp(int from) {
        int source = heap[from];
        int i = from;
        while (i > 0 && isBefore(source, heap[(i - 1) / 2])) {
            heap[i] = heap[(i - 1) / 2];
            i = (i - 1) / 2;
        }
        heap[i] = source;
    }

    private void siftDown() {
        int source = heap[0];
        int i = 0;
        for (int child = 1; child < size; child = 2 * i + 1) {
            if (child + 1 < size && isBefore(heap[child + 1], heap[child])) {
                child++;
            }
            if (isBefore(source, heap[child])) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = source;
    }

    private boolean isBefore(int one, int other) {
        SourceRows a = sources[one];
        SourceRows b = sources[other];
        for (SortKey key : keys) {
            int column = key.column();
            int compared = key.compare(
                    a.buffer(), a.start(column), a.length(column), b.buffer(), b.start(column), b.length(column));
            if (compared != 0) {
                return compared < 0;
            }
        }
        return one < other;
    }
}
