// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.merge.OutputColumn.Combine;

/** Whether all or one of the partials are true. */
final class BooleanCombination extends CombinedValue {
    private final boolean isAnd;
    private final int column;
    private boolean value;
    private boolean isPresent;

    BooleanCombination(Combine combine) {
        this.isAnd = combine.aggregate() == Aggregate.BOOL_AND;
        this.column = combine.column();
    }

    @Override
    void reset() {
        isPresent = false;
    }

    @Override
    void add(SourceRows row) {
        if (row.length(column) < 0) {
            return;
        }
        boolean partial = row.buffer().getByte(requireLength(row, column, 1)) != 0;
        value = !isPresent ? partial : isAnd ? value && partial : value || partial;
        isPresent = true;
    }

    @Override
    boolean isNull() {
        return !isPresent;
    }

    @Override
    void writeValue(ByteBuf out, ValueFormat format) {
        if (format == ValueFormat.TEXT) {
            out.writeByte(value ? 't' : 'f');
        } else {
            out.writeBoolean(value);
        }
    }
}
