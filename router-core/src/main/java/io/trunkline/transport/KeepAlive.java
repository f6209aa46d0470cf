// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringSocketChannel;
import java.time.Duration;

/**
 * How the kernel asks a peer that says nothing whether it is still there.
 *
 * <p>{@link UserTimeout} is about bytes that are on their way. A client that waits for the answer to a long statement, and a node that waits for
 * the next one, have none: a peer that loses its power then is noticed by keep-alive alone, which Linux begins after two hours. So it begins at
 * half of the user timeout, and the kernel gives the connection up once nothing came for the whole of it, be the user timeout in force or not.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/tcp.7.html">tcp(7)</a>
 */
final class KeepAlive {
    /** The first probe is sent after this part of the timeout. */
    private static final int IDLE_DIVISOR = 2;
    /** Later ones follow at this part of it, so that several may be lost. */
    private static final int INTERVAL_DIVISOR = 6;
    /** So many fill the rest of the timeout. */
    private static final int PROBES = 3;

    private KeepAlive() {}

    /**
     * Switches it on; called in the channel's event loop.
     *
     * @param userTimeout after which a silent peer is given up, in whole seconds where the transport has these options; zero leaves the times to
     *     the system
     */
    static void apply(SocketChannel channel, Duration userTimeout) {
        channel.config().setKeepAlive(true);
        if (userTimeout.isZero()) {
            return;
        }
        if (channel instanceof EpollSocketChannel) {
            set(
                    channel,
                    EpollChannelOption.TCP_KEEPIDLE,
                    EpollChannelOption.TCP_KEEPINTVL,
                    EpollChannelOption.TCP_KEEPCNT,
                    userTimeout);
        } else if (channel instanceof IoUringSocketChannel) {
            set(
                    channel,
                    IoUringChannelOption.TCP_KEEPIDLE,
                    IoUringChannelOption.TCP_KEEPINTVL,
                    IoUringChannelOption.TCP_KEEPCNT,
                    userTimeout);
        }
    }

    private static void set(
            SocketChannel channel,
            ChannelOption<Integer> idle,
            ChannelOption<Integer> interval,
            ChannelOption<Integer> count,
            Duration timeout) {
        channel.config().setOption(idle, part(timeout, IDLE_DIVISOR));
        channel.config().setOption(interval, part(timeout, INTERVAL_DIVISOR));
        channel.config().setOption(count, PROBES);
    }

    /** Returns a part of a time in seconds, at least one. */
    private static int part(Duration timeout, int divisor) {
        return (int) Math.max(1, timeout.toSeconds() / divisor);
    }
}
