// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.notification.AsynchronousMessage;
import java.util.ArrayDeque;
import java.util.Set;

/**
 * What one listening client will be sent when it may be, in the order in which it arrived.
 *
 * <p>Belongs to {@link SessionChannels}; bounded by {@code limits.notifications} and {@code limits.notification_bytes}.
 */
final class NotificationQueue {
    /** How much is put into one buffer. */
    private static final int BUFFER_BYTES_MAX = 16 * 1024;

    private final SessionLimits.Listening limits;
    private final ArrayDeque<AsynchronousMessage> messages = new ArrayDeque<>(0);
    private long bytes;

    NotificationQueue(SessionLimits.Listening limits) {
        this.limits = limits;
    }

    boolean isEmpty() {
        return messages.isEmpty();
    }

    /** Appends a message, or returns false when it does not fit. */
    boolean offer(AsynchronousMessage message) {
        if (messages.size() >= limits.notificationsMax()
                || bytes + message.sizeBytes() > limits.notificationBytesMax()) {
            return false;
        }
        messages.add(message);
        bytes += message.sizeBytes();
        return true;
    }

    /** Moves messages into a buffer, about as many as one should hold; returns how many of them are notifications. */
    int moveTo(ByteBuf out) {
        int count = 0;
        while (!messages.isEmpty() && out.readableBytes() < BUFFER_BYTES_MAX) {
            AsynchronousMessage next = messages.remove();
            bytes -= next.sizeBytes();
            next.writeTo(out);
            count += next.isAboutAll() ? 0 : 1;
        }
        return count;
    }

    /** Drops what is for none of these channels. */
    void retain(Set<String> channels) {
        if (messages.removeIf(message -> !message.isFor(channels))) {
            bytes = 0;
            messages.forEach(message -> bytes += message.sizeBytes());
        }
    }

    void clear() {
        messages.clear();
        bytes = 0;
    }
}
