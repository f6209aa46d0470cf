// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.trunkline.auth.BackendCredentials;
import io.trunkline.auth.Password;
import io.trunkline.auth.RolePasswords;
import io.trunkline.auth.ScramKeyCache;
import io.trunkline.backend.AuthenticationPolicy;
import io.trunkline.backend.AuthenticationPolicy.Cleartext;
import io.trunkline.backend.AuthenticationPolicy.Method;
import io.trunkline.backend.BackendLimits;
import io.trunkline.backend.BackendLogin;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.PostgresServer.StopMode;
import io.trunkline.health.NodeStatus.State;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.Shard;
import io.trunkline.transport.BackendAccess;
import io.trunkline.transport.BackendChannelOpener;
import io.trunkline.transport.ClientTls;
import io.trunkline.transport.NettyBackendConnector;
import io.trunkline.transport.NettyEventLoopClock;
import io.trunkline.wire.ProtocolVersion;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Probes real servers, as a role that is nothing but a member of pg_monitor, through promotion, loss and return. */
class ClusterMonitorIT {
    private static final String MAJORS = "io.trunkline.fixture.PostgresBinaries#testMajors";
    private static final String USER = "probe";
    private static final String SECRET = "probe-secret";

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ExecutorService workers = Executors.newFixedThreadPool(2);
    private final AtomicReference<ShardStatus> last = new AtomicReference<>();

    @AfterEach
    void stop() {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        workers.shutdownNow();
    }

    @ParameterizedTest
    @MethodSource(MAJORS)
    void F03_F05_F27_followsAPromotionAndRefusesThePrimaryThatWasReplaced(int major) {
        try (PostgresCluster cluster =
                PostgresCluster.start(PostgresOptions.major(major).replicas(2))) {
            PostgresServer first = cluster.primary();
            PostgresServer second = cluster.replicas().get(0);
            PostgresServer third = cluster.replicas().get(1);
            ClusterMonitor monitor = monitor(cluster);
            awaitStates(Map.of(first, State.PRIMARY, second, State.READABLE_REPLICA, third, State.READABLE_REPLICA));
            long epoch = last.get().epoch();

            cluster.killPrimary();
            awaitStates(Map.of(first, State.UNUSABLE, second, State.READABLE_REPLICA, third, State.READABLE_REPLICA));
            cluster.promote(second);
            awaitStates(Map.of(first, State.UNUSABLE, second, State.PRIMARY, third, State.READABLE_REPLICA));

            assertThat(last.get().epoch()).isGreaterThan(epoch);
            assertThat(last.get().nodes())
                    .filteredOn(status -> status.state() != State.UNUSABLE)
                    .extracting(NodeStatus::timeline)
                    .containsOnly(2);

            first.start();
            await().during(Duration.ofSeconds(2))
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> states().get(first.name()) == State.UNUSABLE
                            && states().get(second.name()) == State.PRIMARY);
            cluster.rejoin(first);
            awaitStates(Map.of(first, State.READABLE_REPLICA, second, State.PRIMARY, third, State.READABLE_REPLICA));
            monitor.close();
        }
    }

    @ParameterizedTest
    @MethodSource(MAJORS)
    void D13_F23_noticesASmartShutdownAndAServerThatHangs(int major) {
        try (PostgresCluster cluster =
                PostgresCluster.start(PostgresOptions.major(major).replicas(1))) {
            PostgresServer primary = cluster.primary();
            PostgresServer replica = cluster.replica();
            ClusterMonitor monitor = monitor(cluster);
            awaitStates(Map.of(primary, State.PRIMARY, replica, State.READABLE_REPLICA));

            replica.pause();
            awaitStates(Map.of(primary, State.PRIMARY, replica, State.UNUSABLE));
            replica.resume();
            awaitStates(Map.of(primary, State.PRIMARY, replica, State.READABLE_REPLICA));
            replica.stop(StopMode.SMART);

            assertThat(replica.isRunning()).isFalse();
            awaitStates(Map.of(primary, State.PRIMARY, replica, State.UNUSABLE));
            monitor.close();
        }
    }

    private ClusterMonitor monitor(PostgresCluster cluster) {
        cluster.primary()
                .execute("create role " + USER + " login password '" + SECRET + "'", "grant pg_monitor to " + USER);
        cluster.awaitReplay();
        EventLoop loop = loops.next();
        BackendAccess access = new BackendAccess(
                ClientTls.DISABLED,
                new BackendLogin.Environment(
                        new AuthenticationPolicy(Method.NONE, Cleartext.ALWAYS),
                        new ScramKeyCache(workers, 10),
                        new SecureRandom()),
                RolePasswords.of(List.of(new BackendCredentials(USER, Password.of(SECRET)))),
                Map.of(),
                ProtocolVersion.V3_0,
                BackendAccess.Limits.DEFAULT);
        ClusterMonitor monitor = new ClusterMonitor(
                "c",
                new NettyEventLoopClock(loop),
                new NettyBackendConnector(
                        new BackendChannelOpener(access, NioSocketChannel::new, workers),
                        loop,
                        BackendLimits.DEFAULT,
                        RouterMetrics.NONE),
                HealthSettings.defaults("postgres", USER),
                RouterMetrics.NONE,
                (name, status) -> last.set(status));
        List<Node> nodes = cluster.servers().stream()
                .map(server -> new Node(server.name(), server.host(), server.port(), NodeRole.AUTO, 1, ""))
                .toList();
        monitor.onTopology(new Cluster("c", List.of(new Shard("s", nodes)), List.of(), List.of(), List.of()));
        return monitor;
    }

    private void awaitStates(Map<PostgresServer, State> wanted) {
        Map<String, State> byName = new HashMap<>();
        wanted.forEach((server, state) -> byName.put(server.name(), state));
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(states()).containsAllEntriesOf(byName));
    }

    private Map<String, State> states() {
        Map<String, State> states = new HashMap<>();
        ShardStatus status = last.get();
        if (status != null) {
            status.nodes().forEach(node -> states.put(node.node().name(), node.state()));
        }
        return states;
    }
}
