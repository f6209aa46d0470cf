// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;

/**
 * A view of an Execute: {@code 'E' · int32 length · string portal · int32 rows}.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-message-formats.html">Message formats</a>
 */
public final class Execute extends MessageView {
    private final NameCache names = new NameCache();
    private int portalEnd;

    /** Creates a view of nothing; {@link #wrap} moves it. */
    public Execute() {
        super(ProtocolViolation.Consequence.ERROR);
    }

    /**
     * Moves this view to the message whose tag stands at {@code index}; returns itself.
     *
     * @throws ProtocolViolation when PostgreSQL would not read it either; the connection lives on
     */
    public Execute wrap(ByteBuf buffer, int index, int available) {
        move(buffer, index, available);
        portalEnd = stringEnd(bodyStart());
        require(portalEnd + 1, 4);
        requireEnd(portalEnd + 5);
        return this;
    }

    /** Returns the portal's name; empty for the unnamed portal. */
    public String portal() {
        return names.read(buffer(), bodyStart(), portalEnd);
    }

    /** Returns the largest number of rows to return; 0 or less means all. */
    public int rowsMax() {
        return buffer().getInt(portalEnd + 1);
    }
}
