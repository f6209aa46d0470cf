// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static io.trunkline.router.ServerMessage.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A cancel request reaches the statement it was meant for, or nothing. */
class CancelIT {
    private static PostgresCluster cluster;
    private static RouterUnderTest router;

    @BeforeAll
    static void start() {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(0));
        router = RouterUnderTest.with(cluster.workspace(), TestTopologies.single(cluster, 1, "app"))
                .set("defaults.pool_size", "1")
                .start();
    }

    @AfterAll
    static void stop() {
        router.close();
        cluster.close();
    }

    @Test
    void X01_aRunningStatementIsCancelledAndTheTransactionFailed() {
        try (WireClient client = WireClient.connect(router.port(), "app")) {
            client.query("begin");
            client.send(query("select pg_sleep(60)"));
            awaitSleeping();

            client.cancel();

            assertThat(texts(client.receiveUntilReady()))
                    .containsExactly(
                            "RowDescription [pg_sleep#0:2278/4/-1/0]",
                            "ErrorResponse {V=ERROR, C=57014, M=canceling statement due to user request}",
                            "ReadyForQuery E");
            assertThat(client.ask("select 1")).isEqualTo("25P02");
            client.query("rollback");
            assertThat(client.ask("select 1")).isEqualTo("1");
        }
    }

    @Test
    @Case("X04")
    void X04_aStatementThatWaitsForABackendIsCancelledWithoutTouchingTheOneThatRuns() {
        try (WireClient running = WireClient.connect(router.port(), "app");
                WireClient waiting = WireClient.connect(router.port(), "app")) {
            running.query("begin");
            waiting.send(parse("", "select 1"), bind("", ""), execute("", 0), sync());
            awaitWaiters(1);

            waiting.cancel();
            List<ServerMessage> answer = waiting.receiveUntilReady();

            assertThat(answer.get(0).sqlState()).isEqualTo("57014");
            assertThat(answer.get(1).status()).isEqualTo('I');
            assertThat(running.ask("select 1")).isEqualTo("1");
            running.query("commit");
            assertThat(waiting.ask("select 2")).isEqualTo("2");
        }
    }

    @Test
    @Case({"X05", "X08"})
    void X05_X08_anIdleClientAndOneThatIsGoneCannotBeCancelled() {
        WireClient gone = WireClient.connect(router.port(), "app");
        gone.close();
        try (WireClient idle = WireClient.connect(router.port(), "app");
                WireClient other = WireClient.connect(router.port(), "app")) {
            other.send(query("select pg_sleep(0.3), 'not cancelled'"));
            awaitSleeping();

            idle.cancel();
            gone.cancel();

            assertThat(texts(other.receiveUntilReady())).contains("CommandComplete SELECT 1", "ReadyForQuery I");
            assertThat(idle.ask("select 1")).isEqualTo("1");
        }
    }

    @Test
    @Case("X07")
    void X07_ofAPipelineOnlyTheRunningStatementIsCancelled() {
        try (WireClient client = WireClient.connect(router.port(), "app")) {
            client.send(query("select pg_sleep(60)"), query("select 2"));
            awaitSleeping();

            client.cancel();

            assertThat(texts(client.receiveUntilReady())).anyMatch(text -> text.contains("57014"));
            assertThat(texts(client.receiveUntilReady())).contains("DataRow [2]");
        }
    }

    @Test
    @Case("X02")
    void X02_aCancelWhoseConnectionHasClosedDoesNotHitWhatTheClientSendsThen() {
        try (WireClient client = WireClient.connect(router.port(), "app")) {
            client.query("begin; savepoint s");
            for (int i = 0; i < 100; i++) {
                client.send(query("select pg_sleep(0.002)"));
                client.cancel();
                client.receiveUntilReady();
                client.query("rollback to s");

                assertThat(client.query("select 'next' from pg_sleep(0.003)").toString())
                        .contains("DataRow [next]");
            }
        }
    }

    private static void awaitSleeping() {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> !"0"
                        .equals(cluster.primary()
                                .queryText("select count(*) from pg_stat_activity"
                                        + " where state = 'active' and wait_event = 'PgSleep'")));
    }

    private static void awaitWaiters(int count) {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> router.get("/metrics")
                        .body()
                        .lines()
                        .anyMatch(line ->
                                line.contains("wait") && !line.startsWith("#") && line.endsWith(" " + count + ".0")));
    }
}
