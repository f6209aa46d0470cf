// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;

/**
 * A view of a ParameterStatus: {@code 'S' · int32 length · string name · string value}.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-ASYNC">Asynchronous operations</a>
 */
public final class ParameterStatus extends MessageView {
    private final NameCache names = new NameCache();
    private int nameEnd;
    private int valueEnd;

    /** Creates a view of nothing; {@link #wrap} moves it. */
    public ParameterStatus() {
        super(ProtocolViolation.Consequence.FATAL);
    }

    /**
     * Moves this view to the message whose tag stands at {@code index}; returns itself.
     *
     * @throws ProtocolViolation when it is malformed, or beyond the inspection limit
     */
    public ParameterStatus wrap(ByteBuf buffer, int index, int available) {
        move(buffer, index, available);
        nameEnd = stringEnd(bodyStart());
        valueEnd = stringEnd(nameEnd + 1);
        requireEnd(valueEnd + 1);
        return this;
    }

    /** Returns the parameter's name, as the server spells it. */
    public String name() {
        return names.read(buffer(), bodyStart(), nameEnd);
    }

    /** Returns its value. */
    public String value() {
        return names.read(buffer(), nameEnd + 1, valueEnd);
    }
}
