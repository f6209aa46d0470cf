// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.channel.uring.IoUringTcpInfo;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * TCP_USER_TIMEOUT of one connection, in force except while the peer answers that it has no room for more.
 *
 * <p>Linux counts that time, too. It would end the connection of a client that merely stopped reading, and of a node whose COPY waits for a lock
 * and reads nothing meanwhile; PostgreSQL lets both wait, and so must the router:
 *
 * <ol>
 *   <li>the peer's receive buffer is full: it acknowledges everything and closes its window;
 *   <li>the kernel keeps what it has to send, nothing of it is in flight, and probes the window now and then; the peer acknowledges each probe;
 *   <li>once the timeout has passed since the first probe, the kernel gives the connection up all the same.
 * </ol>
 *
 * <p>So this looks several times within the timeout whether a connection is at step 2, and lifts the timeout until it no longer is. A peer that
 * vanishes while its window is closed leaves probes unanswered, which puts the timeout in force again.
 *
 * <p>Confined to the channel's event loop.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/tcp.7.html">tcp(7)</a>
 */
final class UserTimeout {
    /** Three looks fit into a timeout: one may find the window not yet probed, and one may come late. */
    private static final int LOOKS_PER_TIMEOUT = 3;

    private static final long LOOK_INTERVAL_MIN_MILLIS = 100;
    /** The last probe's answer may be on its way, and one may have been lost. */
    private static final int UNANSWERED_PROBES_MAX = 2;

    private final SocketChannel channel;
    private final ChannelOption<Integer> option;
    private final BooleanSupplier windowClosed;
    private final int millis;
    private int millisInForce;

    private UserTimeout(
            SocketChannel channel, ChannelOption<Integer> option, BooleanSupplier windowClosed, int millis) {
        this.channel = channel;
        this.option = option;
        this.windowClosed = windowClosed;
        this.millis = millis;
    }

    /**
     * Sets the timeout where the transport has it; without it a peer that vanished without a word is noticed only after a quarter of an hour of
     * retransmissions.
     *
     * @param timeout zero leaves it to the system
     */
    static void apply(SocketChannel channel, Duration timeout) {
        int millis = (int) Math.min(timeout.toMillis(), Integer.MAX_VALUE);
        if (millis == 0) {
            return;
        }
        if (channel instanceof EpollSocketChannel epoll) {
            new UserTimeout(epoll, EpollChannelOption.TCP_USER_TIMEOUT, () -> isWindowClosed(epoll), millis).start();
        } else if (channel instanceof IoUringSocketChannel ring) {
            new UserTimeout(ring, IoUringChannelOption.TCP_USER_TIMEOUT, () -> isWindowClosed(ring), millis).start();
        }
    }

    private void start() {
        putInForce(millis);
        if (!channel.isRegistered()) {
            return; // never leaves the test that made it
        }
        long interval = Math.max(LOOK_INTERVAL_MIN_MILLIS, millis / LOOKS_PER_TIMEOUT);
        Future<?> looks =
                channel.eventLoop().scheduleAtFixedRate(this::look, interval, interval, TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(closed -> looks.cancel(false));
    }

    private void look() {
        if (channel.isActive()) {
            putInForce(windowClosed.getAsBoolean() ? 0 : millis);
        }
    }

    private void putInForce(int wanted) {
        if (millisInForce != wanted) {
            millisInForce = wanted;
            channel.config().setOption(option, wanted);
        }
    }

    private static boolean isWindowClosed(EpollSocketChannel channel) {
        EpollTcpInfo info = channel.tcpInfo();
        return isWindowClosed(info.unacked(), info.backoff(), info.probes());
    }

    private static boolean isWindowClosed(IoUringSocketChannel channel) {
        IoUringTcpInfo info = channel.tcpInfo();
        return isWindowClosed(info.unacked(), info.backoff(), info.probes());
    }

    /**
     * Returns whether the kernel probes the peer's window and the peer answers.
     *
     * @param unacked segments in flight
     * @param backoff how often the interval between probes, or else between retransmissions, was doubled
     * @param probes probes sent since something last came from the peer
     */
    private static boolean isWindowClosed(long unacked, int backoff, int probes) {
        return unacked == 0 && backoff > 0 && probes <= UNANSWERED_PROBES_MAX;
    }
}
