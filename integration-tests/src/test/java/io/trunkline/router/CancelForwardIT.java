// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.FreePort;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.ServerCertificate;
import io.trunkline.fixture.ZooKeeperFixture;
import io.trunkline.testing.Case;
import io.trunkline.topology.zookeeper.ZooKeeperConnection;
import io.trunkline.topology.zookeeper.ZooKeeperSettings;
import io.trunkline.topology.zookeeper.ZooKeeperTopologyPublisher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Cancel requests that reach another router of the group than the one that gave the key. */
class CancelForwardIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static PostgresCluster cluster;

    @BeforeAll
    static void start() {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(0));
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Test
    @Case({"X12", "X13"})
    void X12_X13_everyRouterThatZooKeeperKnowsPassesCancelsOnToTheOneThatGaveTheKey() throws Exception {
        try (ZooKeeperFixture zooKeeper = ZooKeeperFixture.start(cluster.workspace());
                ZooKeeperConnection connection =
                        ZooKeeperConnection.open(ZooKeeperSettings.of(zooKeeper.connectString(), "/trunkline"))) {
            new ZooKeeperTopologyPublisher(connection)
                    .publish(TestTopologies.single(cluster, 1, "app"), OptionalLong.of(0));
            try (RouterUnderTest a = withZooKeeper(zooKeeper).start();
                    RouterUnderTest b = withZooKeeper(zooKeeper).start();
                    RouterUnderTest c = withZooKeeper(zooKeeper).start()) {
                List<RouterUnderTest> routers = List.of(a, b, c);
                awaitNumbers(routers);
                List<Double> before =
                        routers.stream().map(CancelForwardIT::forwarded).toList();

                assertEveryRouterCancels(routers);
                zooKeeper.stop();
                assertEveryRouterCancels(routers);

                for (RouterUnderTest router : routers) {
                    assertThat(forwarded(router) - before.get(routers.indexOf(router)))
                            .isEqualTo(2 * 2);
                    assertThat(router.counted("trunkline_cancel_requests_total{outcome=\"sent\"}"))
                            .isEqualTo(2 * 3);
                    assertThat(router.counted("trunkline_cancel_forwards")).isZero();
                }
            }
        }
    }

    @Test
    @Case("X12")
    void X12_routersOfAListInTheFilePassCancelsOnInsideTls() {
        List<Integer> ports = List.of(FreePort.next(), FreePort.next());
        try (RouterUnderTest first = withTls(1, ports).start();
                RouterUnderTest second = withTls(2, ports).start()) {
            assertEveryRouterCancels(List.of(first, second));

            assertThat(forwarded(first)).isEqualTo(1);
            // Clients of this test use no TLS: what came inside it came from the other router.
            assertThat(second.counted("trunkline_login_stage_seconds_count{stage=\"tls\"}"))
                    .isEqualTo(1);
        }
    }

    @Test
    @Case("X12")
    void X12_aListThatIsWrongSendsNoRequestRound() {
        List<Integer> ports = List.of(FreePort.next(), FreePort.next());
        // Each takes the other for number 3, which gave the key and is not in any list.
        try (RouterUnderTest owner = plain(3).start();
                RouterUnderTest first = plain(1).set("listen.port", ports.get(0).toString())
                        .set("cancel.peers.3.host", "127.0.0.1")
                        .set("cancel.peers.3.port", ports.get(1).toString())
                        .start();
                RouterUnderTest second = plain(2).set(
                                "listen.port", ports.get(1).toString())
                        .set("cancel.peers.3.host", "127.0.0.1")
                        .set("cancel.peers.3.port", ports.get(0).toString())
                        .start();
                WireClient client = WireClient.connect(owner.port(), "app")) {

            client.cancelAt(first.port());

            assertThat(forwarded(first)).isEqualTo(1);
            assertThat(second.counted("trunkline_cancel_requests_total{outcome=\"unknown_router\"}"))
                    .isEqualTo(1);
            assertThat(forwarded(second)).isZero();
        }
    }

    private static double forwarded(RouterUnderTest router) {
        return router.counted("trunkline_cancel_requests_total{outcome=\"forwarded\"}");
    }

    /** For a client of each router, sends a cancel request to each router. */
    private static void assertEveryRouterCancels(List<RouterUnderTest> routers) {
        for (RouterUnderTest owner : routers) {
            try (WireClient client = WireClient.connect(owner.port(), "app")) {
                for (RouterUnderTest other : routers) {
                    client.send(query("select pg_sleep(60)"));
                    await().atMost(LIMIT)
                            .until(() -> "1"
                                    .equals(cluster.primary()
                                            .queryText("select count(*) from pg_stat_activity"
                                                    + " where state = 'active' and wait_event = 'PgSleep'")));

                    client.cancelAt(other.port());

                    assertThat(client.receiveUntilReady().toString()).contains("57014");
                }
            }
        }
    }

    private static RouterUnderTest.Builder withZooKeeper(ZooKeeperFixture zooKeeper) {
        return RouterUnderTest.with(cluster.workspace())
                .set("topology.source", "zookeeper")
                .set("topology.connect", zooKeeper.connectString());
    }

    private static RouterUnderTest.Builder plain(int number) {
        return RouterUnderTest.with(cluster.workspace(), TestTopologies.single(cluster, 1, "app"))
                .set("cancel.number", Integer.toString(number));
    }

    private static RouterUnderTest.Builder withTls(int number, List<Integer> ports) {
        ServerCertificate certificate = ServerCertificate.shared();
        RouterUnderTest.Builder builder = plain(number)
                .set("listen.port", ports.get(number - 1).toString())
                .set("listen.tls.mode", "allow")
                .set("listen.tls.certificate", certificate.certificate().toString())
                .set("listen.tls.key", certificate.key().toString())
                .set("cancel.tls.mode", "verify-full")
                .set("cancel.tls.ca", certificate.certificate().toString());
        for (int i = 0; i < ports.size(); i++) {
            builder.set("cancel.peers." + (i + 1) + ".host", "localhost")
                    .set("cancel.peers." + (i + 1) + ".port", ports.get(i).toString());
        }
        return builder;
    }

    /** Waits until each router has a number, and all know where it is: until a request for one of its clients, which run nothing, gets there. */
    private static void awaitNumbers(List<RouterUnderTest> routers) {
        List<WireClient> clients = new ArrayList<>();
        for (RouterUnderTest router : routers) {
            await().atMost(LIMIT).until(() -> {
                WireClient client = WireClient.connect(router.port(), "app");
                clients.add(client);
                return (client.key()[0] << 24 | (client.key()[1] & 0xff) << 16) >>> 21 > 0;
            });
            WireClient client = clients.get(clients.size() - 1);
            for (RouterUnderTest other : routers) {
                String outcome = "trunkline_cancel_requests_total{outcome=\"nothing_running\"}";
                await().atMost(LIMIT).until(() -> {
                    double before = router.counted(outcome);
                    client.cancelAt(other.port());
                    return router.counted(outcome) > before;
                });
            }
        }
        clients.forEach(WireClient::close);
    }
}
