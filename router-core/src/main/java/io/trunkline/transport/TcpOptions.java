// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.Channel;
import io.netty.channel.socket.SocketChannel;
import java.time.Duration;

/** Socket options of clients and nodes alike. */
final class TcpOptions {

    private TcpOptions() {}

    /** Sets no delay, {@link KeepAlive} and, where the transport has it, the {@link UserTimeout}; called in the channel's event loop. */
    static void apply(Channel channel, Duration userTimeout) {
        if (channel instanceof SocketChannel socket) { // and not an in-process channel of a test
            socket.config().setTcpNoDelay(true);
            KeepAlive.apply(socket, userTimeout);
            UserTimeout.apply(socket, userTimeout);
        }
    }
}
