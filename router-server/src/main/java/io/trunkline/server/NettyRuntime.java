// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.trunkline.server.config.RouterConfig.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The event loops of one router and the classes of sockets that run on them.
 *
 * <p>Threads: {@code router-accept} accepts, {@code router-loop-0} and on carry traffic. Closing ends the loops after their channels.
 */
public final class NettyRuntime implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(NettyRuntime.class);

    /** No new work is waited for: everything that matters has been drained before. */
    private static final long QUIET_MILLIS = 0;

    private static final long STOP_SECONDS_MAX = 5;

    private final Sockets sockets;
    private final EventLoopGroup acceptor;
    private final EventLoopGroup workers;

    /** A way of driving sockets, and whether it works here. */
    private enum Sockets {
        EPOLL(EpollServerSocketChannel.class, EpollSocketChannel.class) {
            @Override
            IoHandlerFactory handlers() {
                return EpollIoHandler.newFactory();
            }

            @Override
            @Nullable
            Throwable obstacle() {
                return Epoll.unavailabilityCause();
            }
        },
        IO_URING(IoUringServerSocketChannel.class, IoUringSocketChannel.class) {
            @Override
            IoHandlerFactory handlers() {
                return IoUringIoHandler.newFactory();
            }

            @Override
            @Nullable
            Throwable obstacle() {
                return IoUring.unavailabilityCause();
            }
        },
        NIO(NioServerSocketChannel.class, NioSocketChannel.class) {
            @Override
            IoHandlerFactory handlers() {
                return NioIoHandler.newFactory();
            }

            @Override
            @Nullable
            Throwable obstacle() {
                return null;
            }
        };

        private final Class<? extends ServerSocketChannel> serverChannel;
        private final Class<? extends SocketChannel> channel;

        Sockets(Class<? extends ServerSocketChannel> serverChannel, Class<? extends SocketChannel> channel) {
            this.serverChannel = serverChannel;
            this.channel = channel;
        }

        abstract IoHandlerFactory handlers();

        /** Returns why it does not work on this machine, null when it does. */
        abstract @Nullable Throwable obstacle();
    }

    /**
     * Starts the threads.
     *
     * @param wanted the configured transport; one that does not work here is replaced by NIO with a warning
     * @param loopCount how many loops carry traffic, at least 1
     */
    public NettyRuntime(Transport wanted, int loopCount) {
        sockets = choose(wanted);
        acceptor = new MultiThreadIoEventLoopGroup(1, named("router-accept"), sockets.handlers());
        workers = new MultiThreadIoEventLoopGroup(loopCount, numbered("router-loop-"), sockets.handlers());
        log.atInfo()
                .addKeyValue("transport", sockets.name().toLowerCase(java.util.Locale.ROOT))
                .addKeyValue("loops", loopCount)
                .log("event loops started");
    }

    private static Sockets choose(Transport wanted) {
        Sockets first = switch (wanted) {
            case AUTO, EPOLL -> Sockets.EPOLL;
            case IO_URING -> Sockets.IO_URING;
            case NIO -> Sockets.NIO;
        };
        Throwable obstacle = first.obstacle();
        if (obstacle == null) {
            return first;
        }
        log.atWarn()
                .addKeyValue("wanted", first.name().toLowerCase(java.util.Locale.ROOT))
                .addKeyValue("error", obstacle.toString())
                .log("transport does not work here, using nio");
        return Sockets.NIO;
    }

    private static ThreadFactory named(String name) {
        return work -> new FastThreadLocalThread(work, name);
    }

    private static ThreadFactory numbered(String prefix) {
        AtomicInteger next = new AtomicInteger();
        return work -> new FastThreadLocalThread(work, prefix + next.getAndIncrement());
    }

    /** Returns the group that accepts. */
    public EventLoopGroup acceptor() {
        return acceptor;
    }

    /** Returns the group that carries traffic. */
    public EventLoopGroup workers() {
        return workers;
    }

    /** Returns the loops that carry traffic, in the order of their numbers. */
    public List<EventLoop> loops() {
        List<EventLoop> loops = new ArrayList<>();
        for (EventExecutor executor : workers) {
            loops.add((EventLoop) executor);
        }
        return loops;
    }

    /** Returns the class of listening sockets. */
    public Class<? extends ServerSocketChannel> serverChannel() {
        return sockets.serverChannel;
    }

    /** Returns the class of connecting sockets. */
    public Class<? extends SocketChannel> channel() {
        return sockets.channel;
    }

    /** Returns the allocator of every channel; Netty's default, since nothing measured better. */
    public ByteBufAllocator allocator() {
        return ByteBufAllocator.DEFAULT;
    }

    /** Ends the threads: acceptor first, so that nothing new reaches the loops that end after it. */
    @Override
    public void close() {
        acceptor.shutdownGracefully(QUIET_MILLIS, STOP_SECONDS_MAX, TimeUnit.SECONDS)
                .awaitUninterruptibly();
        workers.shutdownGracefully(QUIET_MILLIS, STOP_SECONDS_MAX, TimeUnit.SECONDS)
                .awaitUninterruptibly();
    }
}
