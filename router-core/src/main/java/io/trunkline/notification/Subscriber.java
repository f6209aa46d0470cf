// SPDX-License-Identifier: Apache-2.0
package io.trunkline.notification;

import io.trunkline.error.RouterError;

/** A session as the backend knows it that listens for it. Called on the event loop of both, never from inside a call of the session's own. */
public interface Subscriber {
    /** What was asked by {@link ListeningBackend#await} has come to pass. */
    void onListening();

    /** What was asked by {@link ListeningBackend#await} will not come to pass. */
    void onRefused(RouterError error);

    /** A notification arrived of a channel that was joined, or a notice about all of them. */
    void onMessage(AsynchronousMessage message);

    /** All messages that were there have been read: a good moment to flush. */
    void onReadComplete();
}
