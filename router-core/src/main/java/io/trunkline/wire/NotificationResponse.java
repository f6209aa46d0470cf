// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;

/**
 * A view of a NotificationResponse: {@code 'A' · int32 length · int32 process id · string channel · string payload}.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-ASYNC">Asynchronous operations</a>
 */
public final class NotificationResponse extends MessageView {
    private final NameCache channels = new NameCache();
    private int channelEnd;

    /** Creates a view of nothing; {@link #wrap} moves it. */
    public NotificationResponse() {
        super(ProtocolViolation.Consequence.FATAL);
    }

    /**
     * Moves this view to the message whose tag stands at {@code index}; returns itself.
     *
     * @throws ProtocolViolation when it is malformed, or beyond the inspection limit
     */
    public NotificationResponse wrap(ByteBuf buffer, int index, int available) {
        move(buffer, index, available);
        channelEnd = stringEnd(require(bodyStart(), Integer.BYTES) + Integer.BYTES);
        requireEnd(stringEnd(channelEnd + 1) + 1);
        return this;
    }

    /** Returns the process id of the backend that notified. */
    public int processId() {
        return int32(bodyStart());
    }

    /** Returns the channel. */
    public String channel() {
        return channels.read(buffer(), bodyStart() + Integer.BYTES, channelEnd);
    }

    /** Returns the whole message with another process id in it. */
    public byte[] withProcessId(int processId) {
        byte[] message = new byte[1 + length()];
        buffer().getBytes(index(), message);
        for (int i = 0; i < Integer.BYTES; i++) {
            message[Frame.HEADER_BYTES + i] = (byte) (processId >>> 8 * (Integer.BYTES - 1 - i));
        }
        return message;
    }
}
