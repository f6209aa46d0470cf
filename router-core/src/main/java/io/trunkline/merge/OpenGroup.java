// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.merge.OutputColumn.Combined;
import io.trunkline.merge.OutputColumn.Distinct;
import io.trunkline.merge.OutputColumn.Elements;
import io.trunkline.merge.OutputColumn.Extreme;
import io.trunkline.merge.OutputColumn.Pass;
import io.trunkline.wire.BackendTag;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The group whose rows are coming: its first row and its combined values. Used for one group after the other. */
final class OpenGroup {
    private final GroupPlan plan;
    private final SortKey[] keys;
    /** One for each output; null for those that are passed on. */
    private final @Nullable CombinedValue[] values;

    private final ElementsMemory memory;
    private @Nullable ByteBuf first;
    private final int[] starts;
    private final int[] lengths;

    OpenGroup(GroupPlan plan) {
        this.plan = plan;
        this.keys = plan.keys().subList(0, plan.groupKeys()).toArray(new SortKey[0]);
        this.values = new CombinedValue[plan.outputs().size()];
        this.memory = new ElementsMemory(plan.memoryBytesMax());
        for (int i = 0; i < values.length; i++) {
            OutputColumn output = plan.outputs().get(i);
            if (output instanceof Combined combined) {
                values[i] = CombinedValue.of(combined);
            } else if (output instanceof Distinct distinct) {
                values[i] = new DistinctValue(distinct, plan.keys().get(plan.groupKeys()));
            } else if (output instanceof Extreme extreme) {
                values[i] = new ExtremeValue(extreme);
            } else if (output instanceof Elements elements) {
                values[i] = new ElementsValue(elements, memory);
            }
        }
        this.starts = new int[plan.columnCount()];
        this.lengths = new int[plan.columnCount()];
    }

    /** Returns how many bytes it keeps: its first row, and what is collected of all. */
    long memoryBytes() {
        return memory.bytes() + (first == null ? 0 : first.readableBytes());
    }

    /** Returns true when the group has a row. */
    boolean isBegun() {
        return first != null;
    }

    /** Returns true when the current row of a source belongs to the group, which is begun. */
    boolean has(SourceRows row) {
        ByteBuf buffer = first();
        for (SortKey key : keys) {
            int column = key.column();
            if (key.compare(
                            buffer,
                            starts[column],
                            lengths[column],
                            row.buffer(),
                            row.start(column),
                            row.length(column))
                    != 0) {
                return false;
            }
        }
        return true;
    }

    /** Takes in the current row of a source. */
    void add(SourceRows row) {
        if (first == null) {
            begin(row);
        }
        for (CombinedValue value : values) {
            if (value != null) {
                value.add(row);
            }
        }
    }

    private void begin(SourceRows row) {
        int rowStart = row.rowStart();
        first = row.buffer().retainedSlice(rowStart, row.rowEnd() - rowStart);
        for (int k = 0; k < starts.length; k++) {
            starts[k] = row.start(k) - rowStart;
            lengths[k] = row.length(k);
        }
    }

    /** Appends the group's row as the client gets it. */
    void writeRow(ByteBuf out) {
        int start = out.writerIndex();
        out.writeByte(BackendTag.DATA_ROW).writeInt(0).writeShort(plan.visibleOutputs());
        List<OutputColumn> outputs = plan.outputs();
        for (int i = 0; i < plan.visibleOutputs(); i++) {
            OutputColumn output = outputs.get(i);
            if (output instanceof Pass pass) {
                writePassed(out, pass.column());
            } else {
                value(i).write(out, format(output));
            }
        }
        out.setInt(start + 1, out.writerIndex() - start - 1);
    }

    private static ValueFormat format(OutputColumn output) {
        if (output instanceof Distinct distinct) {
            return distinct.of().format();
        }
        // An extreme comes as the client wants it.
        return output instanceof Combined combined ? combined.format() : ValueFormat.TEXT;
    }

    /** Appends {@code int32 length or -1 · bytes} of what a key of the final order looks at. */
    void writeKey(ByteBuf out, FinalKey key) {
        if (key instanceof FinalKey.OfRow) {
            writePassed(out, key.key().column());
        } else {
            value(key.key().column()).write(out, ValueFormat.BINARY);
        }
    }

    private void writePassed(ByteBuf out, int column) {
        int length = first == null ? -1 : lengths[column];
        out.writeInt(length);
        if (length > 0) {
            out.writeBytes(first(), starts[column], length);
        }
    }

    private CombinedValue value(int output) {
        CombinedValue value = values[output];
        if (value == null) {
            throw new IllegalStateException("output " + output + " is passed on");
        }
        return value;
    }

    private ByteBuf first() {
        ByteBuf row = first;
        if (row == null) {
            throw new IllegalStateException("no row");
        }
        return row;
    }

    /** Forgets the group and releases its rows. */
    void clear() {
        ByteBuf left = first;
        first = null;
        if (left != null) {
            left.release();
        }
        for (CombinedValue value : values) {
            if (value != null) {
                value.reset();
            }
        }
    }
}
