// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/**
 * A view of a RowDescription: {@code 'T' · int32 length · int16 count · count × (string name · int32 table · int16 column · int32 type · int16
 * size · int32 modifier · int16 format)}.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-message-formats.html">Message formats</a>
 */
public final class RowDescription extends MessageView {
    /** Bytes of a column after its name's terminator. */
    private static final int ATTRIBUTE_BYTES = 18;

    private int[] nameEnds = new int[32];
    private int columnCount;

    /** Creates a view of nothing; {@link #wrap} moves it. */
    public RowDescription() {
        super(ProtocolViolation.Consequence.FATAL);
    }

    /**
     * Moves this view to the message whose tag stands at {@code index}; returns itself.
     *
     * @throws ProtocolViolation when it is malformed
     */
    public RowDescription wrap(ByteBuf buffer, int index, int available) {
        move(buffer, index, available);
        int count = unsignedShort(bodyStart());
        columnCount = 0;
        int position = bodyStart() + 2;
        while (columnCount < count) {
            int nameEnd = stringEnd(position);
            require(nameEnd + 1, ATTRIBUTE_BYTES);
            // Grown by what was found, never by what the count claims.
            if (columnCount == nameEnds.length) {
                nameEnds = Arrays.copyOf(nameEnds, 2 * columnCount);
            }
            nameEnds[columnCount++] = nameEnd;
            position = nameEnd + 1 + ATTRIBUTE_BYTES;
        }
        requireEnd(position);
        return this;
    }

    /** Returns the number of columns. */
    public int columnCount() {
        return columnCount;
    }

    /** Returns the name of the column {@code i} from 0. */
    public String name(int i) {
        int start = i == 0 ? bodyStart() + 2 : nameEnds[i - 1] + 1 + ATTRIBUTE_BYTES;
        return WireText.read(buffer(), start, nameEnd(i));
    }

    /** Returns the OID of the table the column {@code i} comes from, 0 when from none. */
    public int table(int i) {
        return buffer().getInt(nameEnd(i) + 1);
    }

    /** Returns the number of the column {@code i} within its table, 0 when it has none. */
    public int tableColumn(int i) {
        return buffer().getShort(nameEnd(i) + 5);
    }

    /** Returns the type's OID of the column {@code i}. */
    public int type(int i) {
        return buffer().getInt(nameEnd(i) + 7);
    }

    /** Returns the type's modifier of the column {@code i}, -1 when it has none. */
    public int typeModifier(int i) {
        return buffer().getInt(nameEnd(i) + 13);
    }

    /** Returns the format of the column {@code i}: 0 text, 1 binary; 0 in answer to Describe of a statement, where it is not known yet. */
    public int format(int i) {
        return buffer().getShort(formatStart(i));
    }

    /** Returns where the format of the column {@code i} stands in the buffer, as two bytes. */
    public int formatStart(int i) {
        return nameEnd(i) + 17;
    }

    private int nameEnd(int i) {
        if (i < 0 || i >= columnCount) {
            throw new IndexOutOfBoundsException(i);
        }
        return nameEnds[i];
    }
}
