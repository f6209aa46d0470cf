// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.merge.OutputColumn.End;
import io.trunkline.merge.OutputColumn.Extreme;
import org.jspecify.annotations.Nullable;

/** The smallest or largest value so far; of equal ones the first. Keeps the row it stands in. */
final class ExtremeValue extends CombinedValue {
    private final Extreme extreme;
    private @Nullable ByteBuf best;
    private int keyStart;
    private int keyLength;
    private int visibleStart;
    private int visibleLength;

    ExtremeValue(Extreme extreme) {
        this.extreme = extreme;
    }

    @Override
    void reset() {
        ByteBuf left = best;
        best = null;
        if (left != null) {
            left.release();
        }
    }

    @Override
    void add(SourceRows row) {
        int key = extreme.keyColumn();
        int length = row.length(key);
        if (length < 0) {
            return;
        }
        // The first one is compared with itself, so that it is checked.
        int compared = extreme.order()
                .compare(
                        row.buffer(),
                        row.start(key),
                        length,
                        best == null ? row.buffer() : best,
                        best == null ? row.start(key) : keyStart,
                        best == null ? length : keyLength);
        if (best == null || (extreme.end() == End.LEAST ? compared < 0 : compared > 0)) {
            keep(row);
        }
    }

    private void keep(SourceRows row) {
        reset();
        int rowStart = row.rowStart();
        best = row.buffer().retainedSlice(rowStart, row.rowEnd() - rowStart);
        keyStart = row.start(extreme.keyColumn()) - rowStart;
        keyLength = row.length(extreme.keyColumn());
        visibleStart = row.start(extreme.visibleColumn()) - rowStart;
        visibleLength = row.length(extreme.visibleColumn());
    }

    @Override
    boolean isNull() {
        return best == null || visibleLength < 0;
    }

    /** Appends the value as it came: in the client's format, or in binary format for a final order. */
    @Override
    void writeValue(ByteBuf out, ValueFormat format) {
        ByteBuf row = best;
        if (row == null) {
            throw new IllegalStateException("no value");
        }
        boolean asKey = format == ValueFormat.BINARY;
        out.writeBytes(row, asKey ? keyStart : visibleStart, asKey ? keyLength : visibleLength);
    }
}
