// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.trunkline.frontend.EncryptionPolicy;
import io.trunkline.frontend.StartupNegotiation.CancelOrigin;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.metrics.RouterMetrics.CancelOutcome;
import io.trunkline.session.CancelRegistry;
import io.trunkline.testing.Case;
import io.trunkline.wire.BackendKey;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CancelRequestsTest {
    private static final Path TLS = Path.of("src/test/resources/tls");
    private static final CancelLimits LIMITS = new CancelLimits(5, 3, 2);

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final List<CancelOutcome> outcomes = new CopyOnWriteArrayList<>();
    private final List<String> over = new CopyOnWriteArrayList<>();
    private final CancelRegistry registry = new CancelRegistry();

    @AfterEach
    void stop() {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    @Case("X14")
    void X14_oneAddressAndAllTogetherHaveALimitThatCountsUntilTheRequestIsDealtWith() {
        CancelRequests requests = requests(ClientTls.DISABLED);
        List<Runnable> deliveries = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            EmbeddedChannel channel = from("192.0.2.1");
            BackendKey key = registry.register(4, deliveries::add);
            requests.take(channel, CancelOrigin.CLIENT, key, () -> over.add("taken"));
            // Who does not wait for the end gains nothing by it.
            channel.close();
        }

        requests.take(from("192.0.2.1"), CancelOrigin.CLIENT, stuckKey(), () -> over.add("fourth of one address"));
        requests.take(from("192.0.2.2"), CancelOrigin.CLIENT, stuckKey(), () -> over.add("stuck"));
        requests.take(from("192.0.2.2"), CancelOrigin.CLIENT, stuckKey(), () -> over.add("stuck"));
        requests.take(from("192.0.2.3"), CancelOrigin.CLIENT, stuckKey(), () -> over.add("sixth of all"));
        deliveries.get(0).run();
        requests.take(from("192.0.2.1"), CancelOrigin.CLIENT, stuckKey(), () -> over.add("stuck"));

        assertThat(over).containsExactly("fourth of one address", "sixth of all", "taken");
        assertThat(outcomes).containsExactly(CancelOutcome.SURPLUS, CancelOutcome.SURPLUS);
    }

    @Test
    @Case("X14")
    void X14_aKeyIsUnderWayOnceAndThoseThatCameMeanwhileGoTogether() {
        List<Runnable> deliveries = new ArrayList<>();
        BackendKey key = registry.register(4, deliveries::add);
        CancelRequests requests = requests(ClientTls.DISABLED);
        EmbeddedChannel first = from("192.0.2.1");

        requests.take(first, CancelOrigin.CLIENT, key, () -> over.add("first"));
        requests.take(from("192.0.2.1"), CancelOrigin.CLIENT, key, () -> over.add("second"));
        requests.take(from("192.0.2.2"), CancelOrigin.CLIENT, key, () -> over.add("third"));
        int before = deliveries.size();
        deliveries.get(0).run();
        first.runPendingTasks();
        List<String> afterFirst = List.copyOf(over);
        deliveries.get(1).run();
        requests.take(from("192.0.2.2"), CancelOrigin.CLIENT, key, () -> over.add("later"));

        assertThat(before).isEqualTo(1);
        assertThat(afterFirst).containsExactly("first");
        assertThat(over).containsExactly("first", "second", "third");
        assertThat(deliveries).hasSize(3);
        assertThat(outcomes).containsExactly(CancelOutcome.JOINED, CancelOutcome.JOINED);
    }

    @Test
    void X08_aKeyOfNobodyIsDropped() {
        registry.routerNumber(4);
        CancelRequests requests = requests(ClientTls.DISABLED);

        requests.take(from("192.0.2.1"), CancelOrigin.CLIENT, new BackendKey(7, new byte[4]), () -> over.add("none"));
        requests.take(from("192.0.2.1"), CancelOrigin.CLIENT, key(4), () -> over.add("own"));
        requests.take(from("192.0.2.1"), CancelOrigin.CLIENT, key(9), () -> over.add("unknown router"));

        assertThat(over).containsExactly("none", "own", "unknown router");
        assertThat(outcomes)
                .containsExactly(CancelOutcome.UNKNOWN_KEY, CancelOutcome.UNKNOWN_KEY, CancelOutcome.UNKNOWN_ROUTER);
    }

    @Test
    @Case("X12")
    void X12_whatARouterPassedOnIsNotPassedOnAgain() {
        PeerRouters peers = peers(ClientTls.DISABLED);
        peers.addresses(Map.of(9, new PeerRouters.Address("127.0.0.1", 1)));
        CancelRequests requests = new CancelRequests(registry, peers, LIMITS, metrics());

        requests.take(from("192.0.2.1"), CancelOrigin.ROUTER, key(9), () -> over.add("dropped"));

        assertThat(over).containsExactly("dropped");
        assertThat(outcomes).containsExactly(CancelOutcome.UNKNOWN_ROUTER);
    }

    @ParameterizedTest
    @EnumSource(EncryptionPolicy.class)
    @Case("X12")
    void X12_theSamePacketReachesTheOwnerWhoseClosingEndsTheRequest(EncryptionPolicy listening) throws Exception {
        GreetingSessions owner = new GreetingSessions();
        ServerTls certificate = listening == EncryptionPolicy.OFF
                ? null
                : ServerTls.load(new ServerTls.Source(TLS.resolve("server.crt"), TLS.resolve("server.key"), null));
        FrontendAccess access = new FrontendAccess(
                listening, certificate, TestUsers.AUTHORITY, owner, FrontendSettings.DEFAULT, RouterMetrics.NONE);
        Channel listener = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new FrontendInitializer(access))
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
        PeerRouters peers = peers(
                listening == EncryptionPolicy.REQUIRED
                        ? ClientTls.of(ClientTls.Mode.VERIFY_FULL, TLS.resolve("ca.crt"))
                        : ClientTls.of(ClientTls.Mode.PREFER, null));
        peers.addresses(Map.of(
                9, new PeerRouters.Address("localhost", ((InetSocketAddress) listener.localAddress()).getPort())));
        CancelRequests requests = new CancelRequests(registry, peers, LIMITS, metrics());

        take(requests, key(9));
        await().until(() -> !owner.undelivered.isEmpty());
        boolean early = !over.isEmpty();
        owner.undelivered.get(0).run();
        await().until(() -> !over.isEmpty());

        assertThat(owner.canceled).containsExactly(key(9));
        assertThat(owner.cancelOrigins).containsExactly(CancelOrigin.ROUTER);
        assertThat(early).isFalse();
        assertThat(outcomes).containsExactly(CancelOutcome.FORWARDED);
    }

    @Test
    @Case("X12")
    void X12_aSilentRouterCostsAPlaceForBoundedTimeAndTheSurplusIsDropped() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            PeerRouters peers = peers(ClientTls.DISABLED);
            peers.addresses(Map.of(9, new PeerRouters.Address("127.0.0.1", silent.getLocalPort())));
            CancelRequests requests = new CancelRequests(registry, peers, new CancelLimits(100, 100, 2), metrics());

            take(requests, key(9));
            take(requests, new BackendKey(key(9).processId(), new byte[] {1}));
            take(requests, new BackendKey(key(9).processId(), new byte[] {2}));

            await().until(() -> over.size() == 3);
            assertThat(outcomes).containsExactly(CancelOutcome.SURPLUS, CancelOutcome.FAILED, CancelOutcome.FAILED);
        }
    }

    /** Takes a request on the event loop, as one that came on a channel there. */
    private void take(CancelRequests requests, BackendKey key) throws Exception {
        NioSocketChannel channel = new NioSocketChannel();
        loops.register(channel).sync();
        channel.eventLoop()
                .submit(() -> requests.take(channel, CancelOrigin.CLIENT, key, () -> over.add("over")))
                .sync();
    }

    private BackendKey stuckKey() {
        return registry.register(4, delivered -> {});
    }

    private static BackendKey key(int router) {
        return new BackendKey(router << 21 | 77, new byte[] {1, 2, 3, 4});
    }

    private CancelRequests requests(ClientTls tls) {
        return new CancelRequests(registry, peers(tls), LIMITS, metrics());
    }

    private PeerRouters peers(ClientTls tls) {
        BackendAccess.Limits limits = new BackendAccess.Limits(
                Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(1), Duration.ZERO);
        return new PeerRouters(tls, limits, LIMITS.forwards(), metrics(), NioSocketChannel::new, Runnable::run);
    }

    /** Remembers outcomes and counts nothing else. */
    private RouterMetrics metrics() {
        return (RouterMetrics) Proxy.newProxyInstance(
                RouterMetrics.class.getClassLoader(),
                new Class<?>[] {RouterMetrics.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("cancelRequest")) {
                        outcomes.add((CancelOutcome) arguments[0]);
                    }
                    return null;
                });
    }

    private static EmbeddedChannel from(String address) {
        return new EmbeddedChannel() {
            @Override
            protected SocketAddress remoteAddress0() {
                return new InetSocketAddress(address, 5000);
            }
        };
    }
}
