// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;

/**
 * A view of a Query: {@code 'Q' · int32 length · string sql}.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-message-formats.html">Message formats</a>
 */
public final class Query extends MessageView {
    private int sqlEnd;

    /** Creates a view of nothing; {@link #wrap} moves it. */
    public Query() {
        super(ProtocolViolation.Consequence.ERROR);
    }

    /** Moves this view to the message whose tag stands at {@code index}; returns itself. */
    public Query wrap(ByteBuf buffer, int index, int available) {
        move(buffer, index, available);
        sqlEnd = isWhole() ? stringEnd(bodyStart()) : end();
        if (isWhole()) {
            requireEnd(sqlEnd + 1);
        }
        return this;
    }

    /** Returns where the SQL begins. */
    public int sqlStart() {
        return bodyStart();
    }

    /** Returns where the SQL ends, without its terminator; what is there of it when the message is not whole. */
    public int sqlEnd() {
        return sqlEnd;
    }
}
