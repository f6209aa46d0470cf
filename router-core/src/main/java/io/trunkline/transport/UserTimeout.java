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
import java.util.function.Supplier;

/**
 * TCP_USER_TIMEOUT of one connection, in force only while bytes are on their way to a peer that acknowledges nothing.
 *
 * <p>Linux counts more than that. It would end the connection of a client that merely stopped reading, and of a node whose COPY waits for a lock
 * and reads nothing meanwhile; PostgreSQL lets both wait, and so must the router:
 *
 * <ol>
 *   <li>the peer's receive buffer is full: it acknowledges everything and closes its window;
 *   <li>the kernel keeps what it has to send, nothing of it is in flight, and probes the window now and then; the peer acknowledges each probe;
 *   <li>once the timeout has passed since the first probe, the kernel gives the connection up all the same.
 * </ol>
 *
 * <p>Nor does the count begin anew when the peer reads on, unless its window opens at once as far as the kernel's next piece, of up to 64 KB, is
 * long: a peer that reads slowly is given up as well, even one that was slow some time ago and stops now, at the first probe.
 *
 * <p>So this looks several times within the timeout whether a connection is in such trouble, and puts the timeout in force for as long as it is.
 * That is early enough: the kernel counts from when the bytes were first sent. Before the first look it is in force anyway. What is silent with
 * nothing on its way is the business of {@link KeepAlive}.
 *
 * <p>Confined to the channel's event loop.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/tcp.7.html">tcp(7)</a>
 */
final class UserTimeout {
    /** The second look at the latest finds that the peer has fallen silent, and one may come late. */
    private static final int LOOKS_PER_TIMEOUT = 3;

    private static final long LOOK_INTERVAL_MIN_MILLIS = 100;
    /** The last probe's answer may be on its way, and one may have been lost. */
    private static final int UNANSWERED_PROBES_MAX = 2;

    private final SocketChannel channel;
    private final ChannelOption<Integer> option;
    private final Supplier<Look> look;
    private final int millis;
    private final long lookIntervalMillis;
    private int millisInForce;

    /**
     * What the kernel tells about a connection.
     *
     * @param unacked segments in flight
     * @param probes probes of the peer's window sent since something last came from the peer
     * @param silentMillis how long ago the peer last acknowledged anything, be it a probe
     */
    private record Look(long unacked, int probes, long silentMillis) {
        static Look at(EpollSocketChannel channel) {
            EpollTcpInfo info = channel.tcpInfo();
            return new Look(info.unacked(), info.probes(), info.lastAckRecv());
        }

        static Look at(IoUringSocketChannel channel) {
            IoUringTcpInfo info = channel.tcpInfo();
            return new Look(info.unacked(), info.probes(), info.lastAckRecv());
        }
    }

    private UserTimeout(SocketChannel channel, ChannelOption<Integer> option, Supplier<Look> look, int millis) {
        this.channel = channel;
        this.option = option;
        this.look = look;
        this.millis = millis;
        lookIntervalMillis = Math.max(LOOK_INTERVAL_MIN_MILLIS, millis / LOOKS_PER_TIMEOUT);
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
            new UserTimeout(epoll, EpollChannelOption.TCP_USER_TIMEOUT, () -> Look.at(epoll), millis).start();
        } else if (channel instanceof IoUringSocketChannel ring) {
            new UserTimeout(ring, IoUringChannelOption.TCP_USER_TIMEOUT, () -> Look.at(ring), millis).start();
        }
    }

    private void start() {
        putInForce(millis);
        if (!channel.isRegistered()) {
            return; // never leaves the test that made it
        }
        Future<?> looks = channel.eventLoop()
                .scheduleAtFixedRate(this::look, lookIntervalMillis, lookIntervalMillis, TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(closed -> looks.cancel(false));
    }

    private void look() {
        if (channel.isActive()) {
            putInForce(owesAcknowledgement(look.get()) ? millis : 0);
        }
    }

    private void putInForce(int wanted) {
        if (millisInForce != wanted) {
            millisInForce = wanted;
            channel.config().setOption(option, wanted);
        }
    }

    private boolean owesAcknowledgement(Look now) {
        return now.silentMillis() >= lookIntervalMillis && (now.unacked() > 0 || now.probes() > UNANSWERED_PROBES_MAX);
    }
}
