// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.closeStatement;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.describeStatement;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static io.trunkline.router.ServerMessage.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What has certainly had no effect on a server is sent again, and the client does not notice; nothing else is. */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class RepeatIT {
    private static final Duration RACE_LIMIT = Duration.ofSeconds(20);
    private static final int CHANGES = 20;

    private static PostgresCluster cluster;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        cluster = TestTopologies.start(PostgresOptions.major(major).replicas(0));
        cluster.primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        "create table t (k int primary key, a int)",
                        "insert into t values (1, 10)",
                        "create table written (client int, turn int, primary key (client, turn))",
                        "grant all on t, written to public");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        cluster.close();
    }

    private static RouterUnderTest router(int poolSize) {
        return RouterUnderTest.with(cluster.workspace(), TestTopologies.single(cluster, 1, "app"))
                .set("event_loops", "1")
                .set("defaults.pool_size", Integer.toString(poolSize))
                .start();
    }

    @Test
    @Case("D10")
    void D10_aNodeThatEndsIdleConnectionsCostsNobodyAnError() throws Exception {
        cluster.primary().executeIn("postgres", "alter role wire set idle_session_timeout = '40ms'");
        try (RouterUnderTest router = router(4)) {
            int clients = 4;
            AtomicBoolean raced = new AtomicBoolean();
            long end = System.nanoTime() + RACE_LIMIT.toNanos();
            ExecutorService threads = Executors.newFixedThreadPool(clients);
            try {
                List<Future<Integer>> running = new ArrayList<>();
                for (int c = 0; c < clients; c++) {
                    int client = c;
                    running.add(threads.submit(() -> writeAtTheTimeout(router, client, raced, end)));
                }
                int written = 0;
                for (Future<Integer> one : running) {
                    written += one.get();
                }
                try (WireClient reader = WireClient.connect(router.port(), "app")) {
                    assertThat(reader.ask("select count(*) from written")).isEqualTo(Integer.toString(written));
                }
            } finally {
                threads.shutdownNow();
            }
            assumeTrue(raced.get(), "no statement met the end of its connection within " + RACE_LIMIT);
        } finally {
            cluster.primary().executeIn("postgres", "alter role wire reset idle_session_timeout");
            cluster.primary().executeIn(TestTopologies.DATABASE, "truncate written");
        }
    }

    /** Writes a row each time the server is about to end the connection; returns how many, each of which was acknowledged. */
    private static int writeAtTheTimeout(RouterUnderTest router, int client, AtomicBoolean raced, long end)
            throws Exception {
        int turn = 0;
        try (WireClient wire = WireClient.connect(router.port(), "app")) {
            while (System.nanoTime() < end && !raced.get()) {
                assertThat(texts(wire.query("insert into written values (" + client + ", " + turn + ")")))
                        .containsExactly("CommandComplete INSERT 0 1", "ReadyForQuery I");
                turn++;
                if (turn % 50 == 0 && repeats(router, "idle_timeout") > 0) {
                    raced.set(true);
                }
                // The server's timer runs from when its answer left; half a millisecond on either side of it.
                Thread.sleep(39, (turn * 37 % 20) * 50_000);
            }
        }
        return turn;
    }

    @Test
    @Case("E20")
    void E20_clientsThatAskForTheColumnsDoNotNoticeThatTheyChange() throws Exception {
        try (RouterUnderTest router = router(2)) {
            int clients = 4;
            AtomicBoolean done = new AtomicBoolean();
            ExecutorService threads = Executors.newFixedThreadPool(clients);
            try {
                List<Future<Integer>> running = new ArrayList<>();
                for (int c = 0; c < clients; c++) {
                    running.add(threads.submit(() -> executeUntil(router, done)));
                }
                for (int change = 0; change < CHANGES; change++) {
                    cluster.primary()
                            .executeIn(
                                    TestTopologies.DATABASE,
                                    change % 2 == 0
                                            ? "alter table t add column b int default 20"
                                            : "alter table t drop column b");
                    Thread.sleep(20);
                }
                done.set(true);
                for (Future<Integer> one : running) {
                    assertThat(one.get()).isPositive();
                }
            } finally {
                done.set(true);
                threads.shutdownNow();
            }
            assertThat(repeats(router, "statement")).isPositive();
        }
    }

    /** Executes a statement prepared once, as libpq's PQexecPrepared does; returns how often. */
    private static int executeUntil(RouterUnderTest router, AtomicBoolean done) {
        int executions = 0;
        try (WireClient client = WireClient.connect(router.port(), "app")) {
            client.send(parse("s", "select * from t where k = $1"), describeStatement("s"), sync())
                    .receiveUntilReady();
            while (!done.get()) {
                List<String> answer = texts(client.send(bind("", "s", "1"), describePortal(""), execute("", 0), sync())
                        .receiveUntilReady());
                assertThat(answer).hasSize(5);
                boolean wide = answer.get(1).contains("b#");
                assertThat(answer.get(2)).isEqualTo(wide ? "DataRow [1, 10, 20]" : "DataRow [1, 10]");
                assertThat(answer.get(4)).isEqualTo("ReadyForQuery I");
                executions++;
            }
        }
        return executions;
    }

    @Test
    @Case("E20")
    void E20_aClientThatKnowsTheColumnsGetsOneErrorAsFromTheServer() {
        try (RouterUnderTest router = router(2);
                WireClient client = WireClient.connect(router.port(), "app")) {
            client.send(parse("s", "select * from t"), describeStatement("s"), sync())
                    .receiveUntilReady();
            cluster.primary().executeIn(TestTopologies.DATABASE, "alter table t add column c int default 30");
            try {
                List<ServerMessage> failed =
                        client.send(bind("", "s"), execute("", 0), sync()).receiveUntilReady();
                assertThat(texts(failed).get(0)).contains("0A000").contains("cached plan must not change result type");

                List<String> anew = texts(client.send(
                                closeStatement("s"),
                                parse("s", "select * from t"),
                                bind("", "s"),
                                execute("", 0),
                                sync())
                        .receiveUntilReady());

                assertThat(anew)
                        .containsExactly(
                                "CloseComplete",
                                "ParseComplete",
                                "BindComplete",
                                "DataRow [1, 10, 30]",
                                "CommandComplete SELECT 1",
                                "ReadyForQuery I");
            } finally {
                cluster.primary().executeIn(TestTopologies.DATABASE, "alter table t drop column c");
            }
        }
    }

    @Test
    @Case("E37")
    void E37_aStatementThatAFunctionHasDeallocatedIsPreparedAgainUnseen() {
        try (RouterUnderTest router = router(1);
                WireClient client = WireClient.connect(router.port(), "app")) {
            client.send(parse("s", "select k from t"), sync()).receiveUntilReady();
            client.send(query("do $$ begin execute 'deallocate all'; end $$")).receiveUntilReady();

            List<String> answer =
                    texts(client.send(bind("", "s"), execute("", 0), sync()).receiveUntilReady());

            assertThat(answer)
                    .containsExactly("BindComplete", "DataRow [1]", "CommandComplete SELECT 1", "ReadyForQuery I");
        }
    }

    private static long repeats(RouterUnderTest router, String cause) {
        return (long) router.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("trunkline_repeats_total") && line.contains('"' + cause + '"'))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }
}
