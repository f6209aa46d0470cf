// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringSocketChannel;
import java.time.Duration;

/** Socket options of clients and nodes alike. */
final class TcpOptions {

    private TcpOptions() {}

    /**
     * Sets no delay, keep-alive and, where the transport has it, TCP_USER_TIMEOUT: without it a peer that vanished without a word is noticed
     * only after a quarter of an hour of retransmissions.
     */
    static void apply(Channel channel, Duration userTimeout) {
        if (!(channel instanceof SocketChannel)) {
            return; // in-process channels of tests
        }
        channel.config().setOption(ChannelOption.TCP_NODELAY, true);
        channel.config().setOption(ChannelOption.SO_KEEPALIVE, true);
        int millis = (int) Math.min(userTimeout.toMillis(), Integer.MAX_VALUE);
        if (millis > 0 && channel instanceof EpollSocketChannel) {
            channel.config().setOption(EpollChannelOption.TCP_USER_TIMEOUT, millis);
        } else if (millis > 0 && channel instanceof IoUringSocketChannel) {
            channel.config().setOption(IoUringChannelOption.TCP_USER_TIMEOUT, millis);
        }
    }
}
