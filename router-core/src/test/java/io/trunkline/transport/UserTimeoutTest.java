// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the kernel makes of the timeout, over real sockets. */
class UserTimeoutTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    /** More than the kernel keeps for a peer that does not read. */
    private static final int BYTES = 16 << 20;

    private static final int SLOW_PEERS = 48;

    private EventLoopGroup loops;

    @BeforeEach
    void start() {
        assumeTrue(Epoll.isAvailable());
        loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    }

    @AfterEach
    void stop() {
        if (loops != null) {
            loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    @Test
    void letsAPeerStopReadingForLongerThanTheTimeout() throws Exception {
        try (Socket peer = new Socket()) {
            EpollSocketChannel channel = connect(peer);

            channel.writeAndFlush(channel.alloc().directBuffer(BYTES).writeZero(BYTES))
                    .addListener(ChannelFutureListener.CLOSE);

            // Twice the timeout and the time for two looks.
            await().atMost(TIMEOUT.multipliedBy(4))
                    .during(TIMEOUT.multipliedBy(3))
                    .until(channel::isOpen);
            assertThat(channel.config().getTcpUserTimeout()).isZero();
            assertThat(count(peer.getInputStream())).isEqualTo(BYTES);
        }
    }

    /** Only some of the peers would be given up: those whose window is open at a moment at which the router looks. */
    @Test
    void letsPeersReadSlowlyForLongerThanTheTimeout() throws Exception {
        List<Socket> peers = new ArrayList<>();
        List<EpollSocketChannel> channels = new ArrayList<>();
        ByteBuf bytes = Unpooled.directBuffer(BYTES).writeZero(BYTES);
        try {
            for (int i = 0; i < SLOW_PEERS; i++) {
                Socket peer = new Socket();
                peers.add(peer);
                EpollSocketChannel channel = connect(peer);
                channels.add(channel);
                channel.writeAndFlush(bytes.retainedDuplicate());
            }

            long end = System.nanoTime() + TIMEOUT.multipliedBy(4).toNanos();
            for (int step = 0; System.nanoTime() < end; step++) {
                for (int i = 0; i < SLOW_PEERS; i++) {
                    if (step % (15 + i % 8) == 0) {
                        peers.get(i).getInputStream().skipNBytes(16 * 1024);
                    }
                }
                TimeUnit.MILLISECONDS.sleep(30);
            }

            assertThat(channels).allMatch(Channel::isOpen);
        } finally {
            for (Socket peer : peers) {
                peer.close();
            }
            bytes.release();
        }
    }

    @Test
    void isInForceOnlyBeforeThePeerHasShownThatItAnswers() throws Exception {
        try (Socket peer = new Socket()) {
            EpollSocketChannel channel = connect(peer);
            assertThat(channel.config().getTcpUserTimeout()).isEqualTo((int) TIMEOUT.toMillis());

            await().until(() -> channel.config().getTcpUserTimeout() == 0);
        }
    }

    /** Connects a peer and returns the channel of the other side. */
    private EpollSocketChannel connect(Socket peer) throws Exception {
        CompletableFuture<EpollSocketChannel> accepted = new CompletableFuture<>();
        Channel listener = new ServerBootstrap()
                .group(loops)
                .channel(EpollServerSocketChannel.class)
                .childHandler(new ChannelInitializer<EpollSocketChannel>() {
                    @Override
                    protected void initChannel(EpollSocketChannel channel) {
                        TcpOptions.apply(channel, TIMEOUT);
                        accepted.complete(channel);
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .syncUninterruptibly()
                .channel();
        peer.setReceiveBufferSize(64 * 1024);
        peer.connect(listener.localAddress());
        return accepted.get(10, TimeUnit.SECONDS);
    }

    private static long count(InputStream in) throws Exception {
        byte[] piece = new byte[64 * 1024];
        long bytes = 0;
        for (int read = in.read(piece); read >= 0; read = in.read(piece)) {
            bytes += read;
        }
        return bytes;
    }
}
