// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A view of a DataRow: {@code 'D' · int32 length · int16 count · count × (int32 length or -1 · bytes)}.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-message-formats.html">Message formats</a>
 */
public final class DataRow extends MessageView {
    private int[] starts = new int[32];
    private int columnCount;

    /** Creates a view of nothing; {@link #wrap} moves it. */
    public DataRow() {
        super(ProtocolViolation.Consequence.FATAL);
    }

    /**
     * Moves this view to the message whose tag stands at {@code index}; returns itself.
     *
     * @throws ProtocolViolation when it is malformed, or beyond the inspection limit
     */
    public DataRow wrap(ByteBuf buffer, int index, int available) {
        move(buffer, index, available);
        int count = unsignedShort(bodyStart());
        columnCount = 0;
        int position = bodyStart() + 2;
        while (columnCount < count) {
            int length = int32(position);
            position += 4;
            if (length != -1) {
                require(position, length);
            }
            // Grown by what was found, never by what the count claims.
            if (columnCount == starts.length) {
                starts = Arrays.copyOf(starts, 2 * columnCount);
            }
            starts[columnCount++] = position;
            position += Math.max(length, 0);
        }
        requireEnd(position);
        return this;
    }

    /** Returns the number of columns. */
    public int columnCount() {
        return columnCount;
    }

    /** Returns where the value of the column {@code k} from 0 begins. */
    public int columnStart(int k) {
        if (k < 0 || k >= columnCount) {
            throw new IndexOutOfBoundsException(k);
        }
        return starts[k];
    }

    /** Returns how many bytes the value of the column {@code k} from 0 has, -1 for NULL. */
    public int columnLength(int k) {
        return buffer().getInt(columnStart(k) - 4);
    }

    /** Returns the value of a column in text format, or null for NULL. */
    public @Nullable String text(int k) {
        int start = columnStart(k);
        int length = columnLength(k);
        return length < 0 ? null : WireText.read(buffer(), start, start + length);
    }
}
