// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.Channel;
import io.trunkline.frontend.ClientIdentity;
import io.trunkline.frontend.StartupNegotiation.CancelOrigin;
import io.trunkline.wire.BackendKey;

/** Takes over where login ends. Called on the event loop of the channel. */
public interface SessionStarter {

    /**
     * Starts the session of an authenticated client.
     *
     * <p>AuthenticationOk is written. The callee adds its handler at the end of the pipeline before it returns: bytes the client sent ahead are
     * passed on right after. It owes the client the {@link io.trunkline.frontend.Greeting} or an ErrorResponse, and calls
     * {@link LoginDeadline#lift} when it has written the greeting; until then the login deadline still runs and fires {@link LoginDeadline#PASSED} before it closes the channel.
     * How the login ended is counted by the callee.
     */
    void start(Channel channel, ClientIdentity client);

    /**
     * Cancels what the session with this key is doing.
     *
     * @param channel carries the request
     * @param delivered to be run once on any thread, when the cancel was passed on or has come to nothing; then the connection that asked is
     *     closed. It is closed at the login deadline in any case.
     */
    void cancel(Channel channel, CancelOrigin origin, BackendKey key, Runnable delivered);
}
