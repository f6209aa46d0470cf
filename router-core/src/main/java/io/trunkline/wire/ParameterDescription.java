// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;

/**
 * A view of a ParameterDescription: {@code 't' · int32 length · int16 count · count × int32 type}.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-message-formats.html">Message formats</a>
 */
public final class ParameterDescription extends MessageView {
    private int count;

    /** Creates a view of nothing; {@link #wrap} moves it. */
    public ParameterDescription() {
        super(ProtocolViolation.Consequence.FATAL);
    }

    /**
     * Moves this view to the message whose tag stands at {@code index}; returns itself.
     *
     * @throws ProtocolViolation when it is malformed, or beyond the inspection limit
     */
    public ParameterDescription wrap(ByteBuf buffer, int index, int available) {
        move(buffer, index, available);
        count = unsignedShort(bodyStart());
        int types = bodyStart() + Short.BYTES;
        require(types, count * Integer.BYTES);
        requireEnd(types + count * Integer.BYTES);
        return this;
    }

    /** Returns the OIDs of the parameters' types, in a new array. */
    public int[] types() {
        int[] types = new int[count];
        for (int i = 0; i < count; i++) {
            types[i] = buffer().getInt(bodyStart() + Short.BYTES + i * Integer.BYTES);
        }
        return types;
    }
}
