// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.copyData;
import static io.trunkline.router.ClientMessage.copyDone;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.flush;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static io.trunkline.router.ServerMessage.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import java.io.ByteArrayOutputStream;
import java.sql.Connection;
import java.sql.ResultSet;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What takes too long ends as PostgreSQL itself ends it, in its words; and behind it a second client finds the one backend there is free and
 * clean.
 *
 * <p>Each database of the router is the same one of the server, with one timeout.
 */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class TimeoutIT {
    private static final String LIMIT = "400ms";
    private static final long LIMIT_MILLIS = 400;

    private static PostgresCluster cluster;
    private static RouterUnderTest router;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        cluster = TestTopologies.start(PostgresOptions.major(major).replicas(0));
        cluster.primary()
                .executeIn(TestTopologies.DATABASE, "create table t (id int primary key)", "grant all on t to public");
        router = RouterUnderTest.with(
                        cluster.workspace(),
                        TestTopologies.single(
                                cluster, 1, "plain", "query", "stall", "transaction", "idle_in_transaction", "idle"))
                .set("defaults.pool_size", "1")
                .set("databases.query.query_timeout", LIMIT)
                .set("databases.stall.query_timeout", LIMIT)
                .set("databases.stall.copy_stall_timeout", "1s")
                .set("databases.transaction.transaction_timeout", LIMIT)
                .set("databases.idle_in_transaction.idle_in_transaction_timeout", LIMIT)
                .set("databases.idle.idle_timeout", LIMIT)
                .set("users.inline." + RouterUnderTest.USER + ".query_timeout", "0s")
                .set("timeouts.cancel", "500ms")
                .start();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        router.close();
        cluster.close();
    }

    @AfterEach
    void theNextClientFindsACleanBackend() {
        try (WireClient next = connect("plain")) {
            assertThat(next.ask("select count(*) from t")).isEqualTo("0");
            assertThat(next.ask("show work_mem")).isEqualTo("4MB");
            assertThat(next.ask("select count(*) from pg_class where relnamespace = pg_my_temp_schema()"))
                    .isEqualTo("0");
            assertThat(texts(next.query("select 1")))
                    .containsExactly(
                            "RowDescription [?column?#0:23/4/-1/0]",
                            "DataRow [1]",
                            "CommandComplete SELECT 1",
                            "ReadyForQuery I");
        }
    }

    @Test
    void T14_aStatementThatTakesTooLongIsCancelledAsByTheServer() {
        List<String> ofServer = ofServer("set statement_timeout to '" + LIMIT + "'", query("select pg_sleep(60)"));
        try (WireClient client = connect("query")) {
            client.query("set work_mem to '77MB'");

            List<String> answer =
                    texts(client.send(query("select pg_sleep(60)")).receiveUntilReady());

            assertThat(answer).isEqualTo(ofServer).contains("ReadyForQuery I");
            assertThat(client.ask("show work_mem")).isEqualTo("77MB");
        }
    }

    @Test
    void T14_soIsAGroupOfTheExtendedProtocol() {
        byte[] group = join(parse("", "select pg_sleep(60)"), bind("", ""), execute("", 0), sync());
        List<String> ofServer = ofServer("set statement_timeout to '" + LIMIT + "'", group);
        try (WireClient client = connect("query")) {
            assertThat(texts(client.send(group).receiveUntilReady()))
                    .isEqualTo(ofServer)
                    .contains("ReadyForQuery I");

            client.send(parse("", "select pg_sleep(60)"), bind("", ""), execute("", 0), flush());
            assertThat(texts(client.receiveUntil('E'))).anyMatch(text -> text.contains("statement timeout"));
            assertThat(texts(client.send(sync()).receiveUntilReady())).containsExactly("ReadyForQuery I");
        }
    }

    @Test
    void T14_inATransactionItFailsThatAndNothingElse() {
        try (WireClient client = connect("query")) {
            client.query("begin");
            client.query("insert into t values (1)");

            assertThat(texts(client.query("select pg_sleep(60)")))
                    .containsExactly(
                            "RowDescription [pg_sleep#0:2278/4/-1/0]",
                            "ErrorResponse {V=ERROR, C=57014, M=canceling statement due to statement timeout}",
                            "ReadyForQuery E");
            assertThat(client.ask("select 1")).isEqualTo("25P02");
            assertThat(texts(client.query("rollback"))).containsExactly("CommandComplete ROLLBACK", "ReadyForQuery I");
            assertThat(client.ask("select 1")).isEqualTo("1");
        }
    }

    @Test
    void T14_ofAPipelineTheStatementThatRunsIsCancelled() {
        try (WireClient client = connect("query")) {
            client.send(
                    query("select pg_sleep(0.1), 1"), query("select pg_sleep(60)"), query("select pg_sleep(0.1), 3"));

            assertThat(texts(client.receiveUntilReady())).contains("DataRow [, 1]");
            assertThat(texts(client.receiveUntilReady())).anyMatch(text -> text.contains("statement timeout"));
            assertThat(texts(client.receiveUntilReady())).contains("DataRow [, 3]");
        }
    }

    @Test
    void T14_aStatementThatWaitsForALockIsCancelledAndTheLocksOwnerGoesOn() throws Exception {
        try (WireClient other = WireClient.connect(cluster.primary().port(), TestTopologies.DATABASE);
                WireClient client = connect("query")) {
            other.query("begin");
            other.query("insert into t values (1)");

            assertThat(client.ask("insert into t values (1)")).isEqualTo("57014");
            assertThat(texts(other.query("rollback"))).contains("CommandComplete ROLLBACK");
        }
    }

    @Test
    void T14_aUsersOwnTimeoutWinsOverTheDatabases() throws Exception {
        try (Connection connection = router.connect("query");
                ResultSet rows = connection.createStatement().executeQuery("select pg_sleep(1), 'slept'")) {
            rows.next();

            assertThat(rows.getString(2)).isEqualTo("slept");
        }
    }

    @Test
    void T14_aNodeThatDoesNotAnswerToTheCancelRequestLosesItsBackend() {
        try (WireClient client = connect("query")) {
            client.query("begin");
            client.query("insert into t values (1)");
            cluster.primary().pause();
            try {
                assertThat(texts(client.query("select 1")))
                        .containsExactly(
                                "ErrorResponse {V=ERROR, C=57014, M=canceling statement due to statement timeout}",
                                "ReadyForQuery E");
                assertThat(texts(client.query("rollback")))
                        .containsExactly("CommandComplete ROLLBACK", "ReadyForQuery I");
            } finally {
                cluster.primary().resume();
            }
            assertThat(client.ask("select 1")).isEqualTo("1");
        }
    }

    @Test
    void T14_aTransactionThatTakesTooLongEndsItsSessionAsByTheServer() {
        String expected = "ErrorResponse {V=FATAL, C=25P04, M=terminating connection due to transaction timeout}";
        try (WireClient idle = connect("transaction")) {
            idle.query("begin");
            idle.query("insert into t values (1)");
            assertThat(texts(receiveUntilEnd(idle))).containsExactly(expected);
        }
        try (WireClient running = connect("transaction")) {
            running.query("begin");
            running.query("insert into t values (1)");
            assertThat(texts(receiveUntilEnd(running.send(query("select pg_sleep(60)")))))
                    .endsWith(expected);
        }
        if (major >= 17) {
            assertThat(endByServer("set transaction_timeout to '" + LIMIT + "'", "begin"))
                    .containsExactly(expected);
        }
    }

    @Test
    void T14_aTransactionIsInTimeHoweverManyThereAre() throws Exception {
        try (WireClient client = connect("transaction")) {
            for (int i = 0; i < 4; i++) {
                assertThat(client.ask("select pg_sleep(0.2), 1")).isEmpty();
            }
            client.query("begin");
            for (int i = 0; i < 4; i++) {
                client.query("select pg_sleep(0.2)");
                assertThat(texts(client.query("commit and chain"))).contains("ReadyForQuery T");
            }
            client.query("commit");
            TimeUnit.MILLISECONDS.sleep(2 * LIMIT_MILLIS);
            assertThat(client.ask("select 1")).isEqualTo("1");
        }
    }

    @Test
    void T14_D16_aClientThatIsIdleInATransactionIsDisconnectedAsByTheServer() {
        List<String> ofServer = endByServer("set idle_in_transaction_session_timeout to '" + LIMIT + "'", "begin");
        try (WireClient client = connect("idle_in_transaction");
                WireClient failed = connect("idle_in_transaction")) {
            client.query("begin");
            client.query("insert into t values (1)");
            client.query("set local work_mem to '77MB'");
            client.query("create temporary table x (a int)");
            assertThat(texts(receiveUntilEnd(client))).isEqualTo(ofServer);

            failed.query("begin; insert into t values (1)");
            failed.query("select 1/0");
            // Half a statement is none.
            failed.sendBytes(Arrays.copyOf(query("rollback"), 8));
            assertThat(texts(receiveUntilEnd(failed))).isEqualTo(ofServer);
        }
    }

    @Test
    void T14_aClientThatIsIdleIsDisconnectedAsByTheServer() {
        List<String> ofServer = endByServer("set idle_session_timeout to '" + LIMIT + "'", "select 1");
        try (WireClient silent = connect("idle");
                WireClient client = connect("idle")) {
            assertThat(client.ask("select pg_sleep(0.6), 1")).isEmpty();
            assertThat(texts(receiveUntilEnd(client))).isEqualTo(ofServer);
            assertThat(texts(receiveUntilEnd(silent))).isEqualTo(ofServer);
        }
        try (WireClient pinned = connect("idle")) {
            pinned.query("create temporary table x (a int)");
            assertThat(texts(receiveUntilEnd(pinned))).isEqualTo(ofServer);
        }
    }

    @Test
    void C15_aSlowCopyIsNoStatementThatTakesTooLong() throws Exception {
        try (WireClient client = connect("query")) {
            client.query("begin");
            client.send(query("copy t from stdin")).receiveUntil('G');
            for (int i = 0; i < 4; i++) {
                TimeUnit.MILLISECONDS.sleep(LIMIT_MILLIS / 2);
                client.send(copyData(i + "\n"));
            }
            TimeUnit.MILLISECONDS.sleep(2 * LIMIT_MILLIS);

            assertThat(texts(client.send(copyDone()).receiveUntilReady()))
                    .containsExactly("CommandComplete COPY 4", "ReadyForQuery T");
            client.query("rollback");
        }
    }

    @Test
    void C15_aCopyWhoseClientSendsNothingFails() {
        try (WireClient client = connect("stall")) {
            client.send(query("copy t from stdin")).receiveUntil('G');
            client.send(copyData("1\n"));

            List<String> answer = texts(client.receiveUntilReady());

            assertThat(answer).anyMatch(text -> text.contains("C=57014") && text.contains("copy stall timeout"));
            // What was under way is dropped.
            client.send(copyData("2\n"), copyDone());
            assertThat(client.ask("select 1")).isEqualTo("1");
        }
    }

    @Test
    void C15_aClientThatStopsWithinAMessageOfItsCopyIsDisconnected() {
        try (WireClient client = connect("stall")) {
            client.send(query("copy t from stdin")).receiveUntil('G');
            client.sendBytes(Arrays.copyOf(copyData("1\n2\n3\n"), 8));

            assertThat(receiveUntilEnd(client).get(0).sqlState()).isEqualTo("08006");
        }
    }

    @Test
    void T13_whatTheNodesOwnTimeoutSaysReachesTheClient() {
        try (WireClient client = connect("plain")) {
            client.query("begin");
            client.query("insert into t values (1)");
            client.query("set local idle_in_transaction_session_timeout to '" + LIMIT + "'");

            assertThat(texts(receiveUntilEnd(client)))
                    .containsExactly("ErrorResponse {V=FATAL, C=25P03,"
                            + " M=terminating connection due to idle-in-transaction timeout}");
        }
    }

    @Test
    void T13_soDoesWhatItSaysWhileAStatementRuns() {
        assumeTrue(major >= 17, "transaction_timeout came with PostgreSQL 17");
        try (WireClient client = connect("plain")) {
            client.query("begin");
            client.query("insert into t values (1)");
            client.query("set local transaction_timeout to '" + LIMIT + "'");

            assertThat(texts(receiveUntilEnd(client.send(query("select pg_sleep(60)")))))
                    .endsWith("ErrorResponse {V=FATAL, C=25P04, M=terminating connection due to transaction timeout}");
        }
    }

    @Test
    void T13_whatItSaysToAnIdleBackendOfThePoolReachesNobody() throws Exception {
        cluster.primary().execute("alter role " + RouterUnderTest.TRUSTED_USER + " set idle_session_timeout to '50ms'");
        try (WireClient client = connect("plain")) {
            cluster.primary()
                    .queryText("select pg_terminate_backend(pid) from pg_stat_activity where usename = '"
                            + RouterUnderTest.TRUSTED_USER + "'");
            TimeUnit.MILLISECONDS.sleep(200);
            for (int i = 0; i < 40; i++) {
                // Around the time at which the node ends the backend, before and behind it.
                TimeUnit.MILLISECONDS.sleep(30 + i);
                List<ServerMessage> answer = client.query("insert into t values (" + i + ")");
                assertThat(answer.get(0).type() == 'C'
                                || "40001".equals(answer.get(0).sqlState()))
                        .as("%s", answer)
                        .isTrue();
            }
        } finally {
            cluster.primary().execute("alter role " + RouterUnderTest.TRUSTED_USER + " reset idle_session_timeout");
            cluster.primary().executeIn(TestTopologies.DATABASE, "truncate t");
            cluster.primary()
                    .queryText("select pg_terminate_backend(pid) from pg_stat_activity where usename = '"
                            + RouterUnderTest.TRUSTED_USER + "'");
        }
    }

    @Test
    void whatTookTooLongIsCounted() {
        double before = timeouts("query");
        try (WireClient client = connect("query")) {
            client.query("select pg_sleep(60)");
        }

        assertThat(timeouts("query")).isEqualTo(before + 1);
    }

    private static double timeouts(String kind) {
        return router.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("trunkline_timeouts_total{kind=\"" + kind + "\"}"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    /** Returns what a server says to a request under a setting of its own. */
    private static List<String> ofServer(String setting, byte[] request) {
        try (WireClient client = WireClient.connect(cluster.primary().port(), TestTopologies.DATABASE)) {
            client.query(setting);
            return texts(client.send(request).receiveUntilReady());
        }
    }

    /** Returns what a server says when it ends a session that does nothing more behind these. */
    private static List<String> endByServer(String... sql) {
        try (WireClient client = WireClient.connect(cluster.primary().port(), TestTopologies.DATABASE)) {
            Stream.of(sql).forEach(client::query);
            return texts(receiveUntilEnd(client));
        }
    }

    private static List<ServerMessage> receiveUntilEnd(WireClient client) {
        return Stream.generate(client::receiveOrEnd)
                .takeWhile(message -> message != null)
                .toList();
    }

    private static WireClient connect(String database) {
        return WireClient.connect(router.port(), database);
    }

    private static byte[] join(byte[]... frames) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        Stream.of(frames).forEach(all::writeBytes);
        return all.toByteArray();
    }
}
