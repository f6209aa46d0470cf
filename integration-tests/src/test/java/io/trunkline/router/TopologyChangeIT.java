// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresServer;
import io.trunkline.testing.Case;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.ListValues;
import io.trunkline.topology.Shard;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A revision of the topology that puts shards or databases elsewhere, while clients are connected: no statement reaches a shard that is not its own. */
class TopologyChangeIT {
    private static final int SHARDS = 3;
    private static final String ENDED = "57P01";
    private static final Duration WAITS = Duration.ofMillis(500);

    private static SpreadCluster servers;
    private RouterUnderTest router;

    @BeforeAll
    static void startServers() {
        servers = SpreadCluster.start(SHARDS, 0);
        for (PostgresServer server : servers.servers(SHARDS)) {
            server.executeIn(
                    TestTopologies.DATABASE,
                    "create table home (key int8 primary key, server text, visits int)",
                    "alter table home owner to " + RouterUnderTest.USER);
        }
    }

    @AfterAll
    static void stopServers() {
        servers.close();
    }

    /** Key n is on server n, and says so. */
    @BeforeEach
    void startRouter() {
        for (int key = 0; key < SHARDS; key++) {
            servers.server(key)
                    .executeIn(
                            TestTopologies.DATABASE,
                            "truncate home",
                            "insert into home values (" + key + ", 's" + key + "', 0)");
        }
        router = RouterUnderTest.with(servers.workspace(), topology(1, 0, 1, 2))
                .set("probes.catalog_interval", "1s")
                .set("defaults.pool_size", "1")
                .start();
    }

    @AfterEach
    void stopRouter() {
        router.close();
    }

    /** Returns the topology of these servers in this order; key n stays with server n, and with the first one if that is gone. */
    private static Topology topology(long revision, int... order) {
        List<Shard> all = SpreadCluster.shards(servers.servers(SHARDS));
        List<Shard> shards = new ArrayList<>();
        Map<KeyValue, Integer> shardOfKey = new HashMap<>();
        for (int key = 0; key < SHARDS; key++) {
            shardOfKey.put(KeyValue.ofLong(key), 0);
        }
        for (int server : order) {
            shardOfKey.put(KeyValue.ofLong(server), shards.size());
            shards.add(all.get(server));
        }
        Cluster cluster = new Cluster(
                "moving",
                shards,
                List.of(new Distribution("key", KeyType.INT8, new ListValues(shardOfKey))),
                List.of(new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "home", "key", "key")),
                List.of());
        Cluster other = new Cluster("other", List.of(all.get(2)), List.of(), List.of(), List.of());
        return new Topology(
                revision,
                List.of(cluster, other),
                List.of(
                        new Database("app", "moving", TestTopologies.DATABASE),
                        new Database("single", revision == 9 ? "other" : "moving", TestTopologies.DATABASE)));
    }

    private Connection connect() throws SQLException {
        return router.connect("app", Map.of());
    }

    private static String home(Statement statement, int key) throws SQLException {
        try (ResultSet row = statement.executeQuery("select server from home where key = " + key)) {
            return row.next() ? row.getString(1) : "nowhere";
        }
    }

    @Test
    void aTransactionKeepsItsShardThoughAnotherTakesItsPlace() throws SQLException {
        try (Connection open = connect();
                Connection idle = connect();
                Statement inTransaction = open.createStatement();
                Statement outside = idle.createStatement()) {
            assertThat(home(outside, 1)).isEqualTo("s1");
            open.setAutoCommit(false);
            assertThat(inTransaction.executeUpdate("update home set visits = 1 where key = 1"))
                    .isOne();

            router.publish(topology(2, 2, 0, 1));

            assertThat(home(inTransaction, 1)).isEqualTo("s1");
            assertThat(inTransaction.executeUpdate("update home set visits = visits + 1 where key = 1"))
                    .isOne();
            open.commit();
            assertEnded(inTransaction);
            assertEnded(outside);
        }
        assertAllKeysAreFound(SHARDS);
        try (Connection client = connect();
                Statement statement = client.createStatement();
                ResultSet row = statement.executeQuery("select visits from home where key = 1")) {
            assertThat(row.next()).isTrue();
            assertThat(row.getInt(1)).isEqualTo(2);
        }
    }

    @Test
    void aShardInTheMiddleLeaves() throws SQLException {
        try (Connection open = connect();
                Statement inTransaction = open.createStatement()) {
            open.setAutoCommit(false);
            assertThat(home(inTransaction, 2)).isEqualTo("s2");
            servers.server(1).executeIn(TestTopologies.DATABASE, "truncate home");
            servers.server(0).executeIn(TestTopologies.DATABASE, "insert into home values (1, 's1', 0)");

            router.publish(topology(2, 0, 2));

            assertThat(home(inTransaction, 2)).isEqualTo("s2");
            open.commit();
            assertEnded(inTransaction);
        }
        assertAllKeysAreFound(SHARDS);
    }

    @Test
    void aShardThatIsAddedAtTheEndEndsNoSession() throws SQLException {
        router.publish(topology(2, 1, 0));
        try (Connection client = connect();
                Statement statement = client.createStatement()) {
            assertThat(home(statement, 1)).isEqualTo("s1");

            router.publish(topology(3, 1, 0, 2));

            assertThat(home(statement, 1)).isEqualTo("s1");
            assertThat(home(statement, 2)).isEqualTo("s2");
        }
    }

    @Test
    @Case("H14")
    void aStatementThatWaitsWhileItsKeyMovesIsNotSentToTheShardItHasLeft() throws Exception {
        try (Connection holding = connect();
                Connection waiting = connect();
                Statement holder = holding.createStatement();
                Statement waiter = waiting.createStatement()) {
            holding.setAutoCommit(false);
            assertThat(home(holder, 1)).isEqualTo("s1");
            FutureTask<String> answer = startWaiting(waiter, 1);

            servers.server(1).executeIn(TestTopologies.DATABASE, "delete from home where key = 1");
            servers.server(0).executeIn(TestTopologies.DATABASE, "insert into home values (1, 's0', 0)");
            router.publish(movedToTheFirst(2, 1));
            holding.commit();

            assertThatThrownBy(() -> answer.get(30, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("40001"))
                    .hasMessageContaining("topology has changed")
                    .hasMessageContaining("TL0234");
            assertThat(home(waiter, 1)).isEqualTo("s0");
        }
    }

    @Test
    @Case("H14")
    void aStatementThatWaitsHearsNothingOfARevisionThatMovesNothing() throws Exception {
        try (Connection holding = connect();
                Connection waiting = connect();
                Statement holder = holding.createStatement();
                Statement waiter = waiting.createStatement()) {
            holding.setAutoCommit(false);
            assertThat(home(holder, 1)).isEqualTo("s1");
            FutureTask<String> answer = startWaiting(waiter, 1);

            router.publish(topology(2, 0, 1, 2));
            holding.commit();

            assertThat(answer.get(30, TimeUnit.SECONDS)).isEqualTo("s1");
        }
    }

    @Test
    @Case("H14")
    void aQueryOfSeveralShardsThatWaitsWhileAKeyMovesIsNotSent() throws Exception {
        try (Connection holding = connect();
                Connection waiting = connect();
                Statement holder = holding.createStatement();
                Statement waiter = waiting.createStatement()) {
            // The catalogue vouches for a query over several shards, and is read while the router starts.
            await().ignoreExceptions().until(() -> waiter.execute("select count(*) from home where key in (1, 2)"));
            holding.setAutoCommit(false);
            assertThat(home(holder, 2)).isEqualTo("s2");
            FutureTask<String> answer = start(() -> {
                try (ResultSet row = waiter.executeQuery("select count(*) from home where key in (1, 2)")) {
                    return row.next() ? row.getString(1) : "no row";
                }
            });

            servers.server(1).executeIn(TestTopologies.DATABASE, "delete from home where key = 1");
            servers.server(0).executeIn(TestTopologies.DATABASE, "insert into home values (1, 's0', 0)");
            router.publish(movedToTheFirst(2, 1));
            holding.commit();

            assertThatThrownBy(() -> answer.get(30, TimeUnit.SECONDS)).hasMessageContaining("TL0234");
            try (ResultSet row = waiter.executeQuery("select count(*) from home where key in (1, 2)")) {
                assertThat(row.next()).isTrue();
                assertThat(row.getInt(1)).isEqualTo(2);
            }
        }
    }

    /** Returns the topology with the shards as they were, but a key on the first. */
    private static Topology movedToTheFirst(long revision, int moved) {
        Topology before = topology(revision, 0, 1, 2);
        Cluster cluster = before.clusters().get(0);
        Map<KeyValue, Integer> shardOfKey = new HashMap<>();
        for (int key = 0; key < SHARDS; key++) {
            shardOfKey.put(KeyValue.ofLong(key), key == moved ? 0 : key);
        }
        return new Topology(
                revision,
                List.of(
                        new Cluster(
                                cluster.name(),
                                cluster.shards(),
                                List.of(new Distribution("key", KeyType.INT8, new ListValues(shardOfKey))),
                                cluster.shardedTables(),
                                List.of()),
                        before.clusters().get(1)),
                before.databases());
    }

    private FutureTask<String> startWaiting(Statement statement, int key) throws Exception {
        return start(() -> home(statement, key));
    }

    /** Starts a statement that has to wait for the only backend of a shard. */
    private FutureTask<String> start(Callable<String> statement) throws Exception {
        FutureTask<String> answer = new FutureTask<>(statement);
        Thread thread = new Thread(answer, "waiting");
        thread.setDaemon(true);
        thread.start();
        Thread.sleep(WAITS.toMillis());
        assertThat(answer.isDone()).isFalse();
        return answer;
    }

    @Test
    void aDatabaseThatMovesToAnotherClusterTakesItsSessionsAlong() throws SQLException {
        try (Connection moving = router.connect("single", Map.of());
                Connection staying = connect();
                Statement before = moving.createStatement();
                Statement beside = staying.createStatement()) {
            assertThat(home(before, 0)).isEqualTo("s0");

            router.publish(topology(9, 0, 1, 2));

            assertEnded(before);
            assertThat(home(beside, 0)).isEqualTo("s0");
        }
        try (Connection moved = router.connect("single", Map.of());
                Statement after = moved.createStatement();
                ResultSet rows = after.executeQuery("select string_agg(server, ',') from home")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getString(1)).isEqualTo("s2");
        }
    }

    private static void assertEnded(Statement statement) {
        assertThatThrownBy(() -> statement.execute("select 1"))
                .isInstanceOfSatisfying(
                        SQLException.class,
                        e -> assertThat(e.getSQLState()).as(e.getMessage()).isEqualTo(ENDED));
    }

    private void assertAllKeysAreFound(int keys) throws SQLException {
        try (Connection client = connect();
                Statement statement = client.createStatement()) {
            for (int key = 0; key < keys; key++) {
                assertThat(home(statement, key)).isEqualTo("s" + key);
            }
        }
    }
}
