// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.testing.Case;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.Shard;
import io.trunkline.topology.Topology;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Nodes and clients that vanish without a word, as by a loss of power or of the network.
 *
 * <p>What falls silent behind a kernel that still acknowledges is noticed by probes and ended by the timeouts of sessions; what acknowledges nothing
 * is ended by TCP. The first any user can try, the second needs a network namespace.
 */
class SilentPeersIT {
    private static final Duration LIMIT = Duration.ofSeconds(40);

    private PostgresCluster cluster;

    @BeforeEach
    void start() {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(1).synchronousReplication());
        cluster.primary().executeIn(TestTopologies.DATABASE, "create table t (i int)", "grant all on t to public");
        cluster.awaitReplay();
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    @Test
    @Case("D15")
    void D15_clientsOfANodeThatFallsSilentGoOnOnTheNextPrimary() {
        try (TcpForwarder way = wayToPrimary();
                RouterUnderTest router = routerTo("127.0.0.1", way.port())
                        .set("defaults.query_timeout", "2s")
                        .start();
                WireClient running = WireClient.connect(router.port(), "app");
                WireClient inTransaction = WireClient.connect(router.port(), "app");
                WireClient idle = WireClient.connect(router.port(), "app")) {
            inTransaction.query("begin; insert into t values (1)");
            // So that each finds a backend open.
            assertThat(running.ask("select 1")).isEqualTo("1");
            assertThat(idle.ask("select 1")).isEqualTo("1");
            running.send(query("select pg_sleep(300)"));
            String lost = cluster.primary().name();

            way.fallSilent();
            idle.send(query("insert into t values (2) returning i"));
            List<ServerMessage> ofRunning = running.receiveUntilReady();
            List<ServerMessage> ofTransaction = inTransaction.query("insert into t values (1)");

            assertThat(error(ofRunning).sqlState()).isEqualTo("57014");
            assertThat(ofRunning).last().hasToString("ReadyForQuery I");
            assertThat(error(ofTransaction).sqlState()).isIn("57014", "40001");
            assertThat(ofTransaction).last().hasToString("ReadyForQuery E");
            inTransaction.query("rollback");
            await().atMost(LIMIT).until(() -> backends(router, lost) == 0);

            cluster.promote(cluster.servers().get(1));

            // Sent before anybody knew, so it may have been executed there: else it waits for the next primary.
            List<ServerMessage> ofIdle = idle.receiveUntilReady();
            assertThat(ofIdle.toString()).matches(".*(DataRow \\[2]|57014|08007|40001).*");
            for (WireClient client : List.of(running, inTransaction, idle)) {
                assertThat(client.ask("select count(*) from t where i = 1")).isEqualTo("0");
                assertThat(client.ask("insert into t values (3) returning i")).isEqualTo("3");
                assertThat(client.ask("show trunkline.route"))
                        .contains("node=" + cluster.primary().name());
            }
        }
    }

    @Test
    @Case("D15")
    void D15_clientsGoOnWhenTheNodeIsBack() {
        try (TcpForwarder way = wayToPrimary();
                RouterUnderTest router = routerTo("127.0.0.1", way.port())
                        .set("defaults.query_timeout", "2s")
                        .start();
                WireClient running = WireClient.connect(router.port(), "app");
                WireClient idle = WireClient.connect(router.port(), "app")) {
            assertThat(running.ask("select 1")).isEqualTo("1");
            running.send(query("select pg_sleep(300)"));
            String lost = cluster.primary().name();

            way.fallSilent();

            assertThat(error(running.receiveUntilReady()).sqlState()).isEqualTo("57014");
            await().atMost(LIMIT).until(() -> backends(router, lost) == 0);
            idle.send(query("insert into t values (2) returning i"));
            way.comeBack();
            assertThat(idle.receiveUntilReady().toString()).contains("DataRow [2]");
            assertThat(running.ask("select count(*) from t")).isEqualTo("1");
        }
    }

    @Test
    @Case("D15")
    void D15_aNodeThatAcknowledgesNothingIsGivenUpByTcp() {
        assumeCutOffNetwork();
        try (CutOffNetwork network = CutOffNetwork.create();
                RouterUnderTest router = routerTo(
                                CutOffNetwork.FAR,
                                network.leadFromFarTo(cluster.primary().port()))
                        .set("timeouts.tcp_user", "3s")
                        .start();
                WireClient running = WireClient.connect(router.port(), "app");
                WireClient inTransaction = WireClient.connect(router.port(), "app")) {
            inTransaction.query("begin; insert into t values (1)");
            // Nothing is on its way when the node vanishes: only keep-alive can tell.
            running.send(query("select pg_sleep(300)"));
            awaitSleeping();
            String lost = cluster.primary().name();

            network.cut();
            List<ServerMessage> ofRunning = running.receiveUntilReady();
            List<ServerMessage> ofTransaction = inTransaction.query("insert into t values (1)");

            assertThat(error(ofRunning).sqlState()).isIn("40001", "08007");
            assertThat(error(ofTransaction).sqlState()).isEqualTo("40001");
            assertThat(ofTransaction).last().hasToString("ReadyForQuery E");
            inTransaction.query("rollback");
            await().atMost(LIMIT).until(() -> backends(router, lost) == 0);
            cluster.promote(cluster.servers().get(1));
            for (WireClient client : List.of(running, inTransaction)) {
                assertThat(client.ask("select count(*) from t")).isEqualTo("0");
            }
            network.mend();
        }
    }

    @Test
    @Case("D16")
    void D16_aClientThatAcknowledgesNothingGivesItsBackendBack() {
        assumeCutOffNetwork();
        try (CutOffNetwork network = CutOffNetwork.create();
                RouterUnderTest router = RouterUnderTest.with(
                                cluster.workspace(), TestTopologies.single(cluster, 1, "app"))
                        .set("listen.host", "0.0.0.0")
                        .set("defaults.pool_size", "3")
                        .set("event_loops", "1")
                        .set("timeouts.tcp_user", "3s")
                        .start();
                WireClient near = WireClient.connect(router.port(), "app")) {
            int way = network.leadThroughFarTo(router.port());
            WireClient idle = WireClient.connect(way, "app");
            WireClient running = WireClient.connect(way, "app");
            idle.query("begin; insert into t values (1)");
            running.query("begin; insert into t values (1)");
            running.send(query("select pg_sleep(300)"));
            awaitSleeping();
            // Its answer is on its way when the client has vanished: only the user timeout can tell.
            WireClient answered = WireClient.connect(way, "app");
            answered.query("begin; insert into t values (1)");
            answered.send(query("select pg_sleep(2)"));

            network.cut();

            // All backends were theirs.
            assertThat(near.ask("select count(*) from t")).isEqualTo("0");
            await().atMost(LIMIT)
                    .until(() -> "0"
                            .equals(cluster.primary()
                                    .queryText("select count(*) from pg_stat_activity where usename = '"
                                            + RouterUnderTest.TRUSTED_USER
                                            + "' and (state like '%transaction%' or wait_event = 'PgSleep')")));
            idle.abort();
            running.abort();
            answered.abort();
        }
    }

    /** The same behind a kernel that goes on to acknowledge: the limit of the transaction is what ends it. */
    @Test
    @Case("D16")
    void D16_aClientThatFallsSilentInATransactionGivesItsBackendBack() {
        try (RouterUnderTest router = RouterUnderTest.with(
                                cluster.workspace(), TestTopologies.single(cluster, 1, "app"))
                        .set("defaults.pool_size", "1")
                        .set("event_loops", "1")
                        .set("defaults.idle_in_transaction_timeout", "500ms")
                        .start();
                TcpForwarder way = TcpForwarder.start(
                        new InetSocketAddress("127.0.0.1", 0), new InetSocketAddress("127.0.0.1", router.port()));
                WireClient near = WireClient.connect(router.port(), "app")) {
            WireClient silent = WireClient.connect(way.port(), "app");
            silent.query("begin; insert into t values (1)");

            way.fallSilent();

            assertThat(near.ask("select count(*) from t")).isEqualTo("0");
            silent.abort();
        }
    }

    private static void assumeCutOffNetwork() {
        Optional<String> missing = CutOffNetwork.missing();
        assumeTrue(missing.isEmpty(), missing.orElse(""));
    }

    private TcpForwarder wayToPrimary() {
        return TcpForwarder.start(
                new InetSocketAddress("127.0.0.1", 0),
                new InetSocketAddress("127.0.0.1", cluster.primary().port()));
    }

    /** Returns a router that reaches the primary by an address of its own; who is primary is left to the probes. */
    private RouterUnderTest.Builder routerTo(String host, int port) {
        List<Node> nodes = new ArrayList<>();
        for (PostgresServer server : cluster.servers()) {
            boolean primary = server == cluster.primary();
            nodes.add(new Node(
                    server.name(),
                    primary ? host : server.host(),
                    primary ? port : server.port(),
                    NodeRole.AUTO,
                    Node.WEIGHT_DEFAULT,
                    ""));
        }
        Cluster one = new Cluster("main", List.of(new Shard("only", nodes)), List.of(), List.of(), List.of());
        return RouterUnderTest.with(
                        cluster.workspace(),
                        new Topology(1, List.of(one), List.of(new Database("app", "main", TestTopologies.DATABASE))))
                .set("timeouts.cancel", "500ms")
                .set("probes.timeout", "500ms");
    }

    private void awaitSleeping() {
        await().atMost(LIMIT)
                .until(() -> "1"
                        .equals(cluster.primary()
                                .queryText("select count(*) from pg_stat_activity where wait_event = 'PgSleep'")));
    }

    private static double backends(RouterUnderTest router, String node) {
        return router.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("trunkline_backends{")
                        && line.contains("node=\"" + node + "\"")
                        && !line.contains("connecting"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    private static ServerMessage error(List<ServerMessage> answer) {
        return answer.stream()
                .filter(message -> message.type() == 'E')
                .findFirst()
                .orElseThrow(() -> new AssertionError("no error in " + answer));
    }
}
