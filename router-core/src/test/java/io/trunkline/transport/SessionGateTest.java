// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.trunkline.frontend.ClientIdentity;
import io.trunkline.frontend.ClientStartup;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.session.CancelRegistry;
import io.trunkline.session.SessionIdentity;
import io.trunkline.session.SessionRegistry;
import io.trunkline.testing.LogGate;
import io.trunkline.wire.ProtocolVersion;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SessionGateTest {
    private static final SessionGate.Databases NONE = new SessionGate.Databases() {
        @Override
        public boolean areKnown() {
            return true;
        }

        @Override
        public @Nullable SessionIdentity find(ClientIdentity client) {
            return null;
        }
    };

    /** A reset that nobody takes for the end that it is would be a WARN line of Netty. */
    @RegisterExtension
    final LogGate log = new LogGate();

    @Test
    void aRefusedClientIsToldWhyAndMayLeaveAsItLikes() throws Exception {
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        PeerRouters nobody = new PeerRouters(
                ClientTls.DISABLED,
                BackendAccess.Limits.DEFAULT,
                1,
                RouterMetrics.NONE,
                NioSocketChannel::new,
                Runnable::run);
        CancelRequests cancels =
                new CancelRequests(new CancelRegistry(), nobody, CancelLimits.DEFAULT, RouterMetrics.NONE);
        SessionGate gate = new SessionGate(Map.of(), NONE, new SessionRegistry(10), cancels, RouterMetrics.NONE, 10);
        ClientIdentity client = new ClientIdentity(
                TestUsers.LOCAL, new ClientStartup(ProtocolVersion.V3_0, "local", "nowhere", Map.of()));
        CompletableFuture<Channel> accepted = new CompletableFuture<>();
        try {
            Channel server = new ServerBootstrap()
                    .group(loop)
                    .channel(NioServerSocketChannel.class)
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            gate.start(channel, client);
                            accepted.complete(channel);
                        }
                    })
                    .bind(InetAddress.getLoopbackAddress(), 0)
                    .sync()
                    .channel();
            try (Socket socket = new Socket()) {
                socket.connect(server.localAddress());
                String told = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
                assertThat(told).contains("C3D000").contains("database \"nowhere\" does not exist");
                socket.getOutputStream().write(new byte[100]);
                socket.setSoLinger(true, 0);
            }

            assertThat(accepted.get(10, TimeUnit.SECONDS).closeFuture().await(10, TimeUnit.SECONDS))
                    .isTrue();
        } finally {
            loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();
        }
    }
}
