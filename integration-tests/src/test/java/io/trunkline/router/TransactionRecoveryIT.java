// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.decision.DecisionLog.Decision;
import io.trunkline.decision.DecisionLog.Listener;
import io.trunkline.decision.TransactionId;
import io.trunkline.decision.TransactionIds;
import io.trunkline.fixture.FreePort;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.RouterProcess;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.fixture.ZooKeeperFixture;
import io.trunkline.testing.Case;
import io.trunkline.topology.zookeeper.ZooKeeperConnection;
import io.trunkline.topology.zookeeper.ZooKeeperDecisions;
import io.trunkline.topology.zookeeper.ZooKeeperSettings;
import io.trunkline.topology.zookeeper.ZooKeeperTopologyPublisher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Transactions over two shards of which somebody has prepared the parts and then gone. */
class TransactionRecoveryIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    /** As the topology of the tests calls it. */
    private static final String CLUSTER = "sharded";

    private static final int RACED = 36;

    private static ShardedCluster shards;
    private static ZooKeeperFixture zooKeeper;

    private final TransactionIds ids = TransactionIds.ofNewInstance();

    @BeforeAll
    static void start() throws Exception {
        shards = ShardedCluster.start(
                2,
                TestTopologies.trusting(
                        PostgresOptions.newest().replicas(0).setting("max_prepared_transactions", "40")));
        shards.shards().forEach(TestTopologies::prepare);
        for (int shard = 0; shard < 2; shard++) {
            server(shard)
                    .executeIn(
                            TestTopologies.DATABASE,
                            "create table written (what text)",
                            "grant all on written to public");
        }
        zooKeeper = ZooKeeperFixture.start(shards.workspace());
        try (ZooKeeperConnection connection =
                ZooKeeperConnection.open(ZooKeeperSettings.of(zooKeeper.connectString(), "/trunkline"))) {
            new ZooKeeperTopologyPublisher(connection)
                    .publish(
                            TestTopologies.sharded(shards, 1, List.of(), List.of(), List.of(), TestTopologies.DATABASE),
                            OptionalLong.of(0));
        }
    }

    @AfterAll
    static void stop() {
        zooKeeper.close();
        shards.close();
    }

    @BeforeEach
    void forgetWhatWasWritten() {
        for (int shard = 0; shard < 2; shard++) {
            server(shard).executeIn(TestTopologies.DATABASE, "truncate written");
        }
    }

    @Test
    void rollsBackWhatNobodyDecidedAndCommitsWhatSomebodyDid() throws Exception {
        TransactionId undecided = ids.next(CLUSTER);
        TransactionId decided = ids.next(CLUSTER);
        prepareOnBoth(undecided, "undecided");
        prepareOnBoth(decided, "decided");
        create(decided, "commit");

        try (RouterUnderTest router = router("1s").start()) {
            awaitNothingPreparedOf(undecided, decided);

            assertThat(written(0)).isEqualTo("decided");
            assertThat(written(1)).isEqualTo("decided");
            assertThat(znode(undecided)).isEqualTo("abort");
            assertThat(znode(decided)).isEqualTo("commit");
            assertThat(router.counted("trunkline_recovered_transactions_total{outcome=\"committed\"}"))
                    .isEqualTo(2);
            assertThat(router.counted("trunkline_recovered_transactions_total{outcome=\"rolled_back\"}"))
                    .isEqualTo(2);
            await().atMost(LIMIT).until(() -> age(router, 0) == 0 && age(router, 1) == 0);
        }
    }

    @Test
    @Case("H41")
    void touchesNothingThatIsNotItsOwn() throws Exception {
        TransactionId own = ids.next(CLUSTER);
        List<String> others = List.of(
                "somebody else's",
                "trunkline_sharded_",
                "trunkline_sharded_1_2_3",
                own.text(),
                "x" + own.participant(0),
                own.participant(0) + "_0",
                ids.next("another").participant(0),
                ids.next("sharded_b").participant(0));
        for (String gid : others) {
            prepare(0, TestTopologies.DATABASE, gid, "another's");
        }
        // Of a database that is not in the topology: it can only be seen.
        TransactionId elsewhere = ids.next(CLUSTER);
        server(0).execute("begin", "create table elsewhere ()", prepareTransaction(elsewhere.participant(0)));
        prepareOnBoth(own, "own");

        try (RouterUnderTest router = router("1s").start()) {
            awaitNothingPreparedOf(own);
            // Some rounds more.
            await().atMost(LIMIT).until(() -> age(router, 0) >= 3);

            assertThat(server(0).queryText("select count(*) from pg_prepared_xacts"))
                    .isEqualTo(Integer.toString(others.size() + 1));
            assertThat(router.counted("trunkline_recovered_transactions_total{outcome=\"failed\"}"))
                    .isZero();
        } finally {
            for (String gid : others) {
                server(0).executeIn(TestTopologies.DATABASE, "rollback prepared '" + gid.replace("'", "''") + "'");
            }
            server(0).execute("rollback prepared '" + elsewhere.participant(0) + "'");
        }
    }

    @Test
    void leavesAloneWhatIsYoung() throws Exception {
        TransactionId young = ids.next(CLUSTER);
        prepareOnBoth(young, "young");

        try (RouterUnderTest router = router("1h").start()) {
            await().atMost(LIMIT).until(() -> age(router, 0) >= 2 && age(router, 1) >= 2);

            assertThat(prepared(0, young)).isTrue();
            assertThat(prepared(1, young)).isTrue();
            assertThat(znode(young)).isNull();
        } finally {
            server(0).executeIn(TestTopologies.DATABASE, "rollback prepared '" + young.participant(0) + "'");
            server(1).executeIn(TestTopologies.DATABASE, "rollback prepared '" + young.participant(1) + "'");
        }
    }

    @Test
    void endsNothingWithoutZooKeeperAndGoesOnWhenItIsBack() throws Exception {
        TransactionId id = ids.next(CLUSTER);
        try (RouterUnderTest router =
                router("1s").set("transactions.decision_timeout", "500ms").start()) {
            zooKeeper.stop();
            prepareOnBoth(id, "undecided");
            await().atMost(LIMIT)
                    .until(() -> router.counted("trunkline_recovered_transactions_total{outcome=\"failed\"}") >= 2);
            assertThat(prepared(0, id)).isTrue();
            assertThat(prepared(1, id)).isTrue();

            zooKeeper.restart();

            awaitNothingPreparedOf(id);
            assertThat(znode(id)).isEqualTo("abort");
        }
    }

    @Test
    @Case({"H39", "H42"})
    void anotherRouterFinishesWhenOneIsKilled() throws Exception {
        TransactionId decided = ids.next(CLUSTER);
        TransactionId undecided = ids.next(CLUSTER);
        RouterConfiguration configuration = RouterConfiguration.forTests();
        int port = FreePort.next();
        configuration.set("listen.port", Integer.toString(port));
        configuration.set("topology.source", "zookeeper");
        configuration.set("topology.connect", zooKeeper.connectString());
        configuration.set("transactions.recovery_interval", "200ms");
        // Longer than it lives: so what it leaves is left for the other.
        configuration.set("transactions.recovery_after", "1h");
        try (RouterUnderTest surviving = router("2s").start();
                RouterProcess killed =
                        RouterProcess.start(shards.workspace(), "killed", configuration.text(), List.of())) {
            killed.awaitAccepting(port, LIMIT);
            prepareOnBoth(decided, "decided");
            prepareOnBoth(undecided, "undecided");
            create(decided, "commit");
            server(0).executeIn(TestTopologies.DATABASE, "commit prepared '" + decided.participant(0) + "'");

            killed.kill();

            awaitNothingPreparedOf(decided, undecided);
            assertThat(written(0)).isEqualTo("decided");
            assertThat(written(1)).isEqualTo("decided");
            assertThat(surviving.counted("trunkline_recovered_transactions_total{outcome=\"committed\"}"))
                    .isEqualTo(1);
        }
    }

    @Test
    @Case("H39")
    void twoRoutersAndTheOneThatCommitsNeverDisagree() throws Exception {
        List<TransactionId> raced = new ArrayList<>();
        List<Heard> heard = new ArrayList<>();
        RouterUnderTest first =
                router("1s").set("transactions.recovery_interval", "100ms").start();
        RouterUnderTest second =
                router("1s").set("transactions.recovery_interval", "130ms").start();
        try (ZooKeeperConnection connection =
                        ZooKeeperConnection.open(ZooKeeperSettings.of(zooKeeper.connectString(), "/trunkline"));
                ZooKeeperDecisions log = ZooKeeperDecisions.on(connection, LIMIT)) {
            for (int i = 0; i < RACED; i++) {
                TransactionId id = ids.next(CLUSTER);
                prepareOnBoth(id, id.text());
                raced.add(id);
            }
            // Recovery has begun with the oldest; from the youngest on, it is met somewhere in between.
            await().atMost(LIMIT).pollInterval(Duration.ofMillis(5)).until(() -> znode(raced.get(0)) != null);
            Collections.reverse(raced);
            raced.forEach(id -> heard.add(decide(log, id)));

            awaitNothingPreparedOf(raced.toArray(new TransactionId[0]));

            for (int i = 0; i < RACED; i++) {
                String expected = heard.get(i).decision() == Decision.COMMIT ? "1" : "0";
                for (int shard = 0; shard < 2; shard++) {
                    assertThat(ask(
                                    shard,
                                    "select count(*) from written where what = '"
                                            + raced.get(i).text() + "'"))
                            .as("transaction %s on shard %s", i, shard)
                            .isEqualTo(expected);
                }
            }
            assertThat(heard.stream().map(Heard::decision)).contains(Decision.COMMIT, Decision.ABORT);
        } finally {
            first.stop();
            second.stop();
        }
    }

    /** Remembers what was decided. */
    private static final class Heard implements Listener {
        private final List<Object> words = new CopyOnWriteArrayList<>();

        @Override
        public void onDecided(Decision decision) {
            words.add(decision);
        }

        @Override
        public void onFailed(String problem) {
            words.add(problem);
        }

        Object decision() {
            await().atMost(LIMIT).until(() -> !words.isEmpty());
            return words.get(0);
        }
    }

    private static Heard decide(ZooKeeperDecisions log, TransactionId id) {
        Heard heard = new Heard();
        log.decide(id, Decision.COMMIT, heard);
        return heard;
    }

    private static RouterUnderTest.Builder router(String after) {
        return RouterUnderTest.with(shards.workspace())
                .set("topology.source", "zookeeper")
                .set("topology.connect", zooKeeper.connectString())
                .set("transactions.recovery_interval", "200ms")
                .set("transactions.recovery_after", after);
    }

    private static void prepareOnBoth(TransactionId id, String what) {
        prepare(0, TestTopologies.DATABASE, id.participant(0), what);
        prepare(1, TestTopologies.DATABASE, id.participant(1), what);
    }

    private static void prepare(int shard, String database, String gid, String what) {
        server(shard)
                .executeIn(
                        database,
                        "begin",
                        "insert into written values ('" + what.replace("'", "''") + "')",
                        prepareTransaction(gid));
    }

    private static String prepareTransaction(String gid) {
        return "prepare transaction '" + gid.replace("'", "''") + "'";
    }

    private static void awaitNothingPreparedOf(TransactionId... ids) {
        await().atMost(LIMIT).untilAsserted(() -> {
            for (TransactionId id : ids) {
                assertThat(prepared(0, id) || prepared(1, id))
                        .as("%s stands prepared", id)
                        .isFalse();
            }
        });
    }

    private static boolean prepared(int shard, TransactionId id) {
        return "1"
                .equals(server(shard)
                        .queryText(
                                "select count(*) from pg_prepared_xacts where gid = '" + id.participant(shard) + "'"));
    }

    private static String written(int shard) {
        return ask(shard, "select coalesce(string_agg(what, ',' order by what), '') from written");
    }

    private static String ask(int shard, String sql) {
        try (WireClient direct = WireClient.connect(server(shard).port(), TestTopologies.DATABASE)) {
            return direct.ask(sql);
        }
    }

    private static double age(RouterUnderTest router, int shard) {
        return router.counted(
                "trunkline_prepared_transaction_age_seconds{cluster=\"" + CLUSTER + "\",shard=\"s" + shard + "\"}");
    }

    private static PostgresServer server(int shard) {
        return shards.shard(shard).primary();
    }

    private static String path(TransactionId id) {
        return "/trunkline/decisions/" + id.cluster() + "/" + id.text();
    }

    /** Writes a decision by hand, as a router would. */
    private static void create(TransactionId id, String word) throws Exception {
        try (ZooKeeper client = new ZooKeeper(zooKeeper.connectString(), 10_000, event -> {})) {
            String path = "";
            for (String name : List.of("trunkline", "decisions", id.cluster())) {
                path = path + "/" + name;
                if (client.exists(path, false) == null) {
                    client.create(path, new byte[0], Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
                }
            }
            client.create(path(id), word.getBytes(US_ASCII), Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        }
    }

    private static @Nullable String znode(TransactionId id) throws Exception {
        try (ZooKeeper client = new ZooKeeper(zooKeeper.connectString(), 10_000, event -> {})) {
            return client.exists(path(id), false) == null
                    ? null
                    : new String(client.getData(path(id), false, null), US_ASCII);
        }
    }
}
