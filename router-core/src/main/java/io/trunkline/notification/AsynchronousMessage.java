// SPDX-License-Identifier: Apache-2.0
package io.trunkline.notification;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.NotificationResponse;
import java.util.Arrays;
import java.util.Set;

/**
 * One message that a client is sent without having asked: a notification, or the notice that some may have been missed. Immutable; shared by
 * the queues of all sessions it is for.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-ASYNC">Asynchronous operations</a>
 */
public final class AsynchronousMessage {
    /** No channel has this name. */
    private static final String ALL_CHANNELS = "";

    private static final AsynchronousMessage MISSED = new AsynchronousMessage(ALL_CHANNELS, missedNotice());

    private final String channel;
    private final byte[] bytes;

    private AsynchronousMessage(String channel, byte[] bytes) {
        this.channel = channel;
        this.bytes = bytes;
    }

    /** Returns the notification that a view shows, as coming from another process. */
    static AsynchronousMessage notification(NotificationResponse view, int processId) {
        return new AsynchronousMessage(view.channel(), view.withProcessId(processId));
    }

    /** Returns the notice that notifications may have been missed. */
    static AsynchronousMessage missed() {
        return MISSED;
    }

    private static byte[] missedNotice() {
        ByteBuf out = Unpooled.buffer();
        RouterErrors.notificationsMissed().response().encodeNotice(out);
        return Arrays.copyOf(out.array(), out.writerIndex());
    }

    /** Returns true when the message is for a session that listens to these channels. */
    public boolean isFor(Set<String> channels) {
        return isAboutAll() ? !channels.isEmpty() : channels.contains(channel);
    }

    /** Returns true for a notice about all channels of a session. */
    public boolean isAboutAll() {
        return channel.equals(ALL_CHANNELS);
    }

    /** Returns the channel of a notification. */
    public String channel() {
        return channel;
    }

    /** Returns the length of the message. */
    public int sizeBytes() {
        return bytes.length;
    }

    /** Appends the message. */
    public void writeTo(ByteBuf out) {
        out.writeBytes(bytes);
    }
}
