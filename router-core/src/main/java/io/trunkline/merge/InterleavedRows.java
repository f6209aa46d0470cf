// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;

/**
 * Rows in an order that was fixed beforehand, by the shard each comes from: what an INSERT returns whose rows were spread.
 *
 * <p>A shard that has ended gives up its turns, so rows that a trigger or ON CONFLICT kept from being inserted are missed by nobody.
 */
final class InterleavedRows extends MergedRows {
    private final int[] turns;
    private int next;

    /**
     * Sets the order.
     *
     * @param turns the source of each row
     */
    InterleavedRows(int sourceCount, int columnCount, int[] turns) {
        super(sourceCount, columnCount, RowRange.ALL);
        this.turns = turns;
    }

    @Override
    void pass(RowSink sink) {
        while (next < turns.length && sink.isOpen() && !isOver()) {
            SourceRows source = sources()[turns[next]];
            if (source.nextFrame()) {
                ByteBuf row = source.buffer().retainedSlice(source.rowStart(), source.rowEnd() - source.rowStart());
                passed(1);
                sink.rows(row);
            } else if (!source.isEnded()) {
                return;
            }
            next++;
        }
    }

    @Override
    boolean isIdle() {
        return next == turns.length;
    }
}
