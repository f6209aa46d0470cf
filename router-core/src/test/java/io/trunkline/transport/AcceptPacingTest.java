// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.trunkline.testing.Case;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AcceptPacingTest {
    private static final int CLIENTS = 400;
    private static final int ACCEPTED_AT_A_TIME = 16;

    private final EventLoopGroup acceptor = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final EventLoopGroup worker = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final AtomicInteger accepted = new AtomicInteger();

    @AfterEach
    void stop() {
        acceptor.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        worker.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    @Case("X14")
    void X14_clientsWaitInTheKernelWhileTheEventLoopHasOthersToLookAt() throws Exception {
        int port = listen();
        CountDownLatch looksAgain = new CountDownLatch(1);
        worker.execute(() -> {
            try {
                looksAgain.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        List<Socket> clients = new ArrayList<>();
        try {
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(new Socket(InetAddress.getLoopbackAddress(), port));
            }
            await().until(() -> accepted.get() >= AcceptPacing.WAITING_MAX);
            await().during(Duration.ofMillis(300))
                    .until(() -> accepted.get() < AcceptPacing.WAITING_MAX + ACCEPTED_AT_A_TIME);

            looksAgain.countDown();

            await().until(() -> accepted.get() == CLIENTS);
        } finally {
            looksAgain.countDown();
            for (Socket client : clients) {
                client.close();
            }
        }
    }

    private int listen() throws InterruptedException {
        Channel listener = new ServerBootstrap()
                .group(acceptor, worker)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 2 * CLIENTS)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new AcceptPacing(), new ChannelInboundHandlerAdapter() {
                            @Override
                            public void channelRead(ChannelHandlerContext context, Object client) {
                                accepted.incrementAndGet();
                                context.fireChannelRead(client);
                            }
                        });
                    }
                })
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {}
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
        assertThat(listener.isActive()).isTrue();
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }
}
