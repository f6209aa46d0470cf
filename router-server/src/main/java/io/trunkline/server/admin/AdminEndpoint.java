// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.admin;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small HTTP server with a fixed set of pages, for metrics, health checks, the topology and the clients.
 *
 * <p>Runs on one thread of its own, {@code admin}, so a slow scrape delays no client of the router; pages are made on that thread. Bounded:
 * {@value #CONNECTIONS_MAX} connections, {@value #REQUEST_BYTES_MAX} bytes per request head and per body, {@value #IDLE_SECONDS_MAX} seconds
 * without traffic. It has no authentication: listen on a private address.
 */
public final class AdminEndpoint implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(AdminEndpoint.class);

    static final int CONNECTIONS_MAX = 64;
    static final int REQUEST_BYTES_MAX = 8 * 1024;
    static final int IDLE_SECONDS_MAX = 30;

    private final EventLoopGroup loop;
    private final Channel listener;

    private AdminEndpoint(EventLoopGroup loop, Channel listener) {
        this.loop = loop;
        this.listener = listener;
    }

    /**
     * Starts listening.
     *
     * @param sources by path; asked on the thread {@code admin} for each request
     * @throws IOException when the address cannot be bound
     */
    public static AdminEndpoint start(InetSocketAddress address, Map<String, AdminSource> sources) throws IOException {
        Map<String, AdminSource> fixedSources = Map.copyOf(sources);
        ThreadFactory adminThread = work -> new FastThreadLocalThread(work, "admin");
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, adminThread, NioIoHandler.newFactory());
        ChannelGroup connections = new DefaultChannelGroup(loop.next());
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        if (connections.size() >= CONNECTIONS_MAX) {
                            log.atWarn()
                                    .addKeyValue("client", channel.remoteAddress())
                                    .log("admin connection closed: there are already {}", CONNECTIONS_MAX);
                            channel.close();
                            return;
                        }
                        connections.add(channel);
                        channel.pipeline()
                                .addLast(new IdleStateHandler(0, 0, IDLE_SECONDS_MAX))
                                .addLast(new HttpServerCodec(new HttpDecoderConfig()
                                        .setMaxInitialLineLength(REQUEST_BYTES_MAX)
                                        .setMaxHeaderSize(REQUEST_BYTES_MAX)))
                                .addLast(new HttpObjectAggregator(REQUEST_BYTES_MAX, true))
                                .addLast(new AdminHandler(fixedSources));
                    }
                });
        var bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            throw new IOException("admin endpoint cannot listen on " + address, bound.cause());
        }
        return new AdminEndpoint(loop, bound.channel());
    }

    /** Returns the address it listens on, with the port that was taken. */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /** Stops listening, ends the connections and the thread. */
    @Override
    public void close() {
        listener.close().awaitUninterruptibly();
        loop.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
