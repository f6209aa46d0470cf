// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.describeStatement;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.sync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.testing.Case;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One primary and one replica: reads go where the policy sends them, and nothing but reads leaves the primary. */
class ReadWriteSplitIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static PostgresCluster cluster;
    private static RouterUnderTest router;

    @BeforeAll
    static void start() {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(1));
        cluster.primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        "create table t (id int primary key, n int)",
                        "insert into t select i, 0 from generate_series(1, 10) i",
                        "create view plain as select * from t",
                        "create sequence numbers",
                        "create function sneaky() returns int language sql volatile as 'update t set n = n + 1 where id = 1 returning n'",
                        "create function steady(int) returns int language sql stable as 'select $1 + 1'",
                        "create view writing as select sneaky() as n",
                        "grant all on all tables in schema public to public",
                        "grant all on sequence numbers to public");
        cluster.awaitReplay();
        router = RouterUnderTest.with(
                        cluster.workspace(), TestTopologies.single(cluster, 1, "primary", "prefer", "replica", "after"))
                .set("probes.max_replica_lag", "64KiB")
                .set("defaults.read_after_write", "0s")
                .set("databases.prefer.read_policy", "prefer-replica")
                .set("databases.replica.read_policy", "replica")
                .set("databases.after.read_policy", "prefer-replica")
                .set("databases.after.read_after_write", "2s")
                .start();
        awaitReplicaReads();
    }

    @AfterAll
    static void stop() {
        router.close();
        cluster.close();
    }

    /** Until the replica counts as readable and the catalogue, which knows the functions, has been read. */
    private static void awaitReplicaReads() {
        try (WireClient client = connect("prefer")) {
            await().atMost(LIMIT).until(() -> roleOf(client, "select steady(1)").equals("replica"));
        }
    }

    private static WireClient connect(String database) {
        return WireClient.connect(router.port(), database);
    }

    /** Runs a statement and returns the role of the node it ran on. */
    private static String roleOf(WireClient client, String sql) {
        client.query(sql);
        return routeRole(client);
    }

    private static String routeRole(WireClient client) {
        return String.valueOf(client.ask("show trunkline.route")).replaceAll(".* role=(\\w+) .*", "$1");
    }

    @Test
    void thePolicyOfTheDatabaseSaysWhereReadsGo() {
        try (WireClient primary = connect("primary");
                WireClient prefer = connect("prefer");
                WireClient replica = connect("replica")) {
            assertThat(roleOf(primary, "select * from t")).isEqualTo("primary");
            assertThat(roleOf(prefer, "select * from t")).isEqualTo("replica");
            assertThat(roleOf(replica, "select * from t")).isEqualTo("replica");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select 1",
                "select count(*), now() from t where id > 1",
                "with x as (select * from t) select * from x",
                "select steady(n) from t",
                "table t",
                "values (1), (2)",
                "select 'update t', $$delete$$ /* insert */ from t"
            })
    void aReadGoesToTheReplica(String sql) {
        try (WireClient client = connect("prefer")) {
            assertThat(roleOf(client, sql)).isEqualTo("replica");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "update t set n = n where id = 2",
                "select * from t for update",
                "select * from t where id = 1 for key share",
                "with x as (update t set n = n where id = 3 returning id) select * from x",
                "select nextval('numbers')",
                "select sneaky()",
                "select * from writing",
                "select unknown_function()",
                "select 1; update t set n = n where id = 2",
                "select pg_is_in_recovery()",
                "select pg_current_xact_id()",
                "select set_config('my.x', 'y', false)",
                "begin; select * from t; commit",
                "do $$ begin end $$",
                "explain analyze update t set n = n where id = 2",
                "lock table t",
                "select txid_current()"
            })
    @Case({"Q04", "N25"})
    void whatIsNotSurelyAReadGoesToThePrimary(String sql) {
        try (WireClient client = connect("prefer")) {
            assertThat(roleOf(client, sql)).isEqualTo("primary");
        }
    }

    @Test
    @Case("T04")
    void aTransactionThatMayWriteStaysOnThePrimaryAndOneThatMayNotGoesToTheReplica() {
        try (WireClient client = connect("prefer")) {
            client.query("begin");
            assertThat(roleOf(client, "select * from t")).isEqualTo("primary");
            client.query("commit");
            client.query("begin read only");
            assertThat(roleOf(client, "select * from t")).isEqualTo("replica");
            assertThat(client.ask("update t set n = 1")).isEqualTo("25006");
            client.query("rollback");
            client.query("start transaction isolation level serializable, read only");
            assertThat(roleOf(client, "select * from t")).isEqualTo("primary");
            client.query("rollback");
            client.query("begin read only");
            assertThat(roleOf(client, "set transaction read write")).isEqualTo("primary");
            assertThat(client.ask("insert into t select from t where false")).isEmpty();
            client.query("rollback");
        }
    }

    @Test
    @Case("Q18")
    void Q18_whatTheRouterAnswersIsDescribedInTheFormatThatWasAskedFor() {
        try (WireClient client = connect("prefer")) {
            List<ServerMessage> reply = client.send(
                            parse("", "show trunkline.role"),
                            describeStatement(""),
                            bind("", "", new int[0], new byte[0][], new int[] {1}),
                            describePortal(""),
                            execute("", 0),
                            sync())
                    .receiveUntilReady();

            assertThat(reply.toString())
                    .isEqualTo("[ParseComplete, ParameterDescription [], RowDescription [trunkline.role#0:25/-1/-1/0],"
                            + " BindComplete, RowDescription [trunkline.role#0:25/-1/-1/1], DataRow [auto],"
                            + " CommandComplete SHOW, ReadyForQuery I]");
        }
    }

    @Test
    void aHintOrSettingNamesTheRole() {
        try (WireClient client = connect("prefer")) {
            assertThat(roleOf(client, "/* trunkline: role=primary */ select * from t"))
                    .isEqualTo("primary");
            client.query("set trunkline.role = 'primary'");
            assertThat(roleOf(client, "select * from t")).isEqualTo("primary");
            client.query("set trunkline.role to replica");
            assertThat(client.ask("update t set n = 1")).isEqualTo("25006");
            client.query("reset trunkline.role");
            assertThat(roleOf(client, "select * from t")).isEqualTo("replica");
            assertThat(client.ask("set trunkline.role = 'somewhere'")).isEqualTo("22023");
        }
        try (WireClient client = connect("primary")) {
            assertThat(roleOf(client, "/* trunkline: role=replica */ select * from t"))
                    .isEqualTo("replica");
        }
    }

    @Test
    void aSessionReadsItsOwnWriteFromThePrimaryForAWhile() {
        try (WireClient client = connect("after");
                WireClient other = connect("after")) {
            client.query("update t set n = 5 where id = 5");

            assertThat(client.ask("select n from t where id = 5")).isEqualTo("5");
            assertThat(routeRole(client)).isEqualTo("primary");
            assertThat(roleOf(other, "select n from t where id = 5")).isEqualTo("replica");
            await().atMost(LIMIT)
                    .until(() -> roleOf(client, "select n from t where id = 5").equals("replica"));
        }
    }

    @Test
    void settingsFollowFromThePrimaryToTheReplica() {
        try (WireClient client =
                WireClient.connect(router.port(), "prefer", Map.of("application_name", "both"), false)) {
            client.query("set work_mem to '9MB'");
            client.query("update t set n = n where id = 2");

            assertThat(client.ask("select current_setting('work_mem')")).isEqualTo("9MB");
            assertThat(client.ask("/* trunkline: role=replica */ select current_setting('work_mem')"))
                    .isEqualTo("9MB");
            assertThat(client.ask("/* trunkline: role=replica */ select current_setting('application_name')"))
                    .isEqualTo("both");
        }
    }

    @Test
    void aReplicaThatLagsBehindIsNotReadUntilItHasCaughtUp() {
        PostgresServer replica = cluster.replica();
        try (WireClient client = connect("prefer");
                WireClient insists = connect("replica")) {
            replica.execute("select pg_wal_replay_pause()");
            cluster.primary()
                    .executeIn(TestTopologies.DATABASE, "create table bulk as select generate_series(1, 50000) i");

            await().atMost(LIMIT).until(() -> roleOf(client, "select * from t").equals("primary"));
            replica.execute("select pg_wal_replay_resume()");
            await().atMost(LIMIT).until(() -> roleOf(client, "select * from t").equals("replica"));

            assertThat(roleOf(insists, "select * from t")).isEqualTo("replica");
        }
    }

    @Test
    void F26_theDeathOfAReplicaIsNothingToWritersAndReadersMoveOn() {
        PostgresServer replica = cluster.replica();
        try (WireClient writer = connect("prefer");
                WireClient reader = connect("prefer")) {
            assertThat(roleOf(reader, "select * from t")).isEqualTo("replica");
            replica.kill();

            for (int i = 0; i < 50; i++) {
                assertThat(writer.ask("update t set n = " + i + " where id = 6 returning n"))
                        .isEqualTo("" + i);
            }
            assertThat(reader.ask("select count(*) from t")).isEqualTo("10");
            assertThat(routeRole(reader)).isEqualTo("primary");
        } finally {
            replica.start();
        }
        awaitReplicaReads();
    }
}
