// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.ZooKeeperFixture;
import io.trunkline.testing.Case;
import io.trunkline.topology.zookeeper.ZooKeeperConnection;
import io.trunkline.topology.zookeeper.ZooKeeperSettings;
import io.trunkline.topology.zookeeper.ZooKeeperTopologyPublisher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Primaries that are lost or replaced, and a ZooKeeper that is away: what the clients that stay connected see. */
class FailoverIT {
    private static final Duration LIMIT = Duration.ofSeconds(40);

    private PostgresCluster cluster;

    @BeforeEach
    void start() {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(2).synchronousReplication());
        cluster.primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        "create table ledger (id text primary key)",
                        "grant all on ledger to public");
        cluster.awaitReplay();
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    /** One client that inserts ids one after another; what became of each. */
    private static final class Writer {
        private final List<String> acknowledged = new ArrayList<>();
        private final List<String> failed = new ArrayList<>();
        private final List<String> states = new ArrayList<>();

        Writer write(int port, String name, AtomicBoolean over) {
            try (WireClient client = WireClient.connect(port, "app")) {
                for (int i = 0; !over.get(); i++) {
                    String id = name + "-" + i;
                    List<ServerMessage> answers = new ArrayList<>(client.query("begin"));
                    answers.addAll(client.query("insert into ledger values ('" + id + "')"));
                    List<ServerMessage> end = client.query("commit");
                    answers.addAll(end);
                    if (end.get(0).toString().equals("CommandComplete COMMIT")) {
                        acknowledged.add(id);
                        continue;
                    }
                    // The first error says what happened; those after it only that the transaction has failed.
                    String error = answers.stream()
                            .filter(message -> message.type() == 'E')
                            .findFirst()
                            .orElseThrow()
                            .sqlState();
                    states.add(error);
                    if (!error.equals("08007")) {
                        failed.add(id);
                    }
                }
            }
            return this;
        }
    }

    @Test
    void writersLiveThroughTheDeathOfThePrimaryAndEveryWriteIsAccountedFor() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        AtomicBoolean over = new AtomicBoolean();
        try (RouterUnderTest router = RouterUnderTest.with(
                        cluster.workspace(), TestTopologies.singleWithoutRoles(cluster, 1, "app"))
                .start()) {
            List<Future<Writer>> writers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                String name = "writer" + i;
                writers.add(threads.submit(() -> new Writer().write(router.port(), name, over)));
            }
            awaitRows(20);

            cluster.killPrimary();
            cluster.promote(cluster.mostAdvancedReplica());
            int rows = rows();
            awaitRows(rows + 20);
            over.set(true);

            for (Future<Writer> future : writers) {
                Writer writer = future.get(60, TimeUnit.SECONDS);
                assertThat(writer.states).isSubsetOf(Set.of("40001", "08007"));
                // The processes of a killed server die one after the other: the next transaction may have begun on one
                // that still answered.
                assertThat(writer.states).hasSizeLessThanOrEqualTo(2);
                assertThat(found(writer.acknowledged)).isEqualTo(writer.acknowledged.size());
                assertThat(found(writer.failed)).isZero();
            }
        } finally {
            over.set(true);
            threads.shutdownNow();
        }
    }

    private int rows() {
        return Integer.parseInt(String.valueOf(count("true")));
    }

    private int found(List<String> ids) {
        return ids.isEmpty() ? 0 : Integer.parseInt(count("id in ('" + String.join("', '", ids) + "')"));
    }

    private String count(String condition) {
        try (WireClient client = WireClient.connect(cluster.primary().port(), TestTopologies.DATABASE)) {
            return String.valueOf(client.ask("select count(*) from ledger where " + condition));
        }
    }

    private void awaitRows(int wanted) {
        await().atMost(LIMIT).until(() -> rows() >= wanted);
    }

    @Test
    void sessionsKeepTheirStatementsAndSettingsAndNewTransactionsAreHeld() throws Exception {
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try (RouterUnderTest router = RouterUnderTest.with(
                                cluster.workspace(), TestTopologies.singleWithoutRoles(cluster, 1, "app"))
                        .start();
                WireClient idle = WireClient.connect(router.port(), "app");
                WireClient inTransaction = WireClient.connect(router.port(), "app");
                WireClient running = WireClient.connect(router.port(), "app")) {
            idle.query("set work_mem to '9MB'");
            idle.send(parse("s", "select current_setting('work_mem'), pg_is_in_recovery()"), sync())
                    .receiveUntilReady();
            inTransaction.query("begin; insert into ledger values ('lost')");
            running.send(query("select pg_sleep(60)"));
            await().atMost(LIMIT)
                    .until(() -> "1"
                            .equals(cluster.primary()
                                    .queryText("select count(*) from pg_stat_activity where wait_event = 'PgSleep'")));

            cluster.killPrimary();
            List<ServerMessage> lost = running.receiveUntilReady();
            Future<List<ServerMessage>> held = threads.submit(
                    () -> idle.send(bind("", "s"), execute("", 0), sync()).receiveUntilReady());
            List<ServerMessage> first = inTransaction.query("insert into ledger values ('more')");
            List<ServerMessage> rolledBack = inTransaction.query("rollback");
            cluster.promote(cluster.mostAdvancedReplica());

            assertThat(held.get(40, TimeUnit.SECONDS).stream().map(ServerMessage::toString))
                    .containsExactly("BindComplete", "DataRow [9MB, f]", "CommandComplete SELECT 1", "ReadyForQuery I");
            assertThat(lost.get(lost.size() - 2).type()).isEqualTo('E');
            assertThat(lost.get(lost.size() - 1).status()).isEqualTo('I');
            assertThat(first.get(0).sqlState()).isEqualTo("40001");
            assertThat(first.get(1).status()).isEqualTo('E');
            assertThat(rolledBack.toString()).isEqualTo("[CommandComplete ROLLBACK, ReadyForQuery I]");
            assertThat(inTransaction.ask("select count(*) from ledger where id = 'lost'"))
                    .isEqualTo("0");
            assertThat(running.ask("select 1")).isEqualTo("1");
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    @Case("D06")
    void D06_theEndOfALostTransactionIsItsEnd() throws Exception {
        try (RouterUnderTest router = RouterUnderTest.with(
                                cluster.workspace(), TestTopologies.singleWithoutRoles(cluster, 1, "app"))
                        .start();
                WireClient commits = WireClient.connect(router.port(), "app");
                WireClient commitsExtended = WireClient.connect(router.port(), "app");
                WireClient rollsBack = WireClient.connect(router.port(), "app")) {
            for (WireClient client : List.of(commits, commitsExtended, rollsBack)) {
                client.query("begin; insert into ledger values ('lost " + client.hashCode() + "')");
            }
            cluster.killPrimary();
            awaitNoBackend(router);

            List<ServerMessage> committed = commits.query("commit");
            List<ServerMessage> committedExtended = commitsExtended
                    .send(parse("", "commit"), bind("", ""), execute("", 0), sync())
                    .receiveUntilReady();
            List<ServerMessage> rolledBack = rollsBack.query("rollback");

            assertThat(committed.get(0).sqlState()).isEqualTo("40001");
            assertThat(committed.get(1).status()).isEqualTo('I');
            assertThat(committedExtended.get(2).sqlState()).isEqualTo("40001");
            assertThat(committedExtended.get(3).status()).isEqualTo('I');
            assertThat(rolledBack.toString()).isEqualTo("[CommandComplete ROLLBACK, ReadyForQuery I]");
            cluster.promote(cluster.mostAdvancedReplica());
            for (WireClient client : List.of(commits, commitsExtended, rollsBack)) {
                assertThat(client.ask("select count(*) from ledger")).isEqualTo("0");
            }
        }
    }

    /** Until the router has noticed that its backends are gone. */
    private static void awaitNoBackend(RouterUnderTest router) {
        await().atMost(LIMIT)
                .until(() -> router.get("/metrics")
                        .body()
                        .lines()
                        .filter(line -> line.contains("session") && line.contains("holding"))
                        .allMatch(line -> line.endsWith(" 0.0")));
    }

    @Test
    void readsGoOnWhileThereIsNoPrimaryAndWritesEndAfterTheirTime() {
        try (RouterUnderTest router = RouterUnderTest.with(
                                cluster.workspace(), TestTopologies.single(cluster, 1, "app"))
                        .set("defaults.read_policy", "prefer-replica")
                        .set("defaults.failover_wait", "500ms")
                        .start();
                WireClient client = WireClient.connect(router.port(), "app")) {
            await().atMost(LIMIT).until(() -> {
                client.query("select count(*) from ledger");
                return String.valueOf(client.ask("show trunkline.route")).contains("role=replica");
            });
            cluster.killPrimary();

            for (int i = 0; i < 20; i++) {
                assertThat(client.ask("select count(*) from ledger")).isEqualTo("0");
            }
            await().atMost(LIMIT).until(() -> "57P03".equals(client.ask("insert into ledger values ('x')")));
            assertThat(client.ask("select 1")).isEqualTo("1");
        }
    }

    @Test
    void F01_aPlannedSwitchLetsOpenTransactionsEndAndMovesTheRest() {
        try (RouterUnderTest router = RouterUnderTest.with(
                                cluster.workspace(), TestTopologies.single(cluster, 1, "app"))
                        .start();
                WireClient client = WireClient.connect(router.port(), "app")) {
            client.query("insert into ledger values ('before')");
            PostgresServer old = cluster.primary();
            cluster.awaitReplay();
            PostgresServer next = cluster.mostAdvancedReplica();
            old.stop(PostgresServer.StopMode.FAST);
            cluster.promote(next);
            router.publish(TestTopologies.single(cluster, 2, "app"));

            assertThat(client.ask("insert into ledger values ('after') returning id"))
                    .isEqualTo("after");
            assertThat(client.ask("select count(*) from ledger")).isEqualTo("2");
            assertThat(client.ask("show trunkline.route")).contains("node=" + next.name());
        }
    }

    /** Nobody has stopped the former primary: it would take the commit, and the cluster would never see it. */
    @Test
    void aTransactionOnAPrimaryThatWasReplacedIsNotCommittedThere() {
        try (RouterUnderTest router = RouterUnderTest.with(
                                cluster.workspace(), TestTopologies.singleWithoutRoles(cluster, 1, "app"))
                        .start();
                WireClient open = WireClient.connect(router.port(), "app");
                WireClient other = WireClient.connect(router.port(), "app")) {
            PostgresServer former = cluster.primary();
            // The other replica may have got more from the former primary than the new one, and cannot follow that.
            open.query("set synchronous_commit = local");
            open.query("begin");
            open.query("insert into ledger values ('on the former primary')");
            PostgresServer next = cluster.mostAdvancedReplica();
            cluster.promote(next);
            await().atMost(LIMIT)
                    .until(() -> "t".equals(other.ask("select true"))
                            && String.valueOf(other.ask("show trunkline.route")).contains("node=" + next.name()));

            assertThat(open.ask("commit")).isEqualTo("40001");
            assertThat(open.ask("insert into ledger values ('again') returning id"))
                    .isEqualTo("again");
            assertThat(former.isRunning()).isTrue();
            assertThat(other.ask("select string_agg(id, ',') from ledger")).isEqualTo("again");
        }
    }

    @Test
    void F16_zooKeeperAwayChangesNothingForClientsAlsoNotWhenARouterStarts() throws Exception {
        try (ZooKeeperFixture zooKeeper = ZooKeeperFixture.start(cluster.workspace())) {
            try (ZooKeeperConnection connection =
                    ZooKeeperConnection.open(ZooKeeperSettings.of(zooKeeper.connectString(), "/trunkline"))) {
                new ZooKeeperTopologyPublisher(connection)
                        .publish(TestTopologies.single(cluster, 1, "app"), OptionalLong.of(0));
            }
            String snapshot = cluster.workspace().resolve("snapshot.json").toString();
            try (RouterUnderTest router = withZooKeeper(zooKeeper, snapshot).start();
                    WireClient before = WireClient.connect(router.port(), "app")) {
                zooKeeper.stop();

                for (int i = 0; i < 20; i++) {
                    try (WireClient fresh = WireClient.connect(router.port(), "app")) {
                        assertThat(fresh.ask("insert into ledger values ('z" + i + "') returning id"))
                                .isEqualTo("z" + i);
                    }
                }
                assertThat(before.ask("select count(*) from ledger")).isEqualTo("20");
            }
            try (RouterUnderTest router = withZooKeeper(zooKeeper, snapshot).start();
                    WireClient client = WireClient.connect(router.port(), "app")) {
                assertThat(client.ask("select count(*) from ledger")).isEqualTo("20");
            }
        }
    }

    private RouterUnderTest.Builder withZooKeeper(ZooKeeperFixture zooKeeper, String snapshot) {
        return RouterUnderTest.with(cluster.workspace())
                .set("topology.source", "zookeeper")
                .set("topology.connect", zooKeeper.connectString())
                .set("topology.path", "/trunkline")
                .set("topology.snapshot", snapshot);
    }
}
