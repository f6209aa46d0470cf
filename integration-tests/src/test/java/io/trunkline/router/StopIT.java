// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.copyData;
import static io.trunkline.router.ClientMessage.copyDone;
import static io.trunkline.router.ClientMessage.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.testing.Case;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Nodes and routers that are stopped in order, under clients in every state. */
class StopIT {
    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final String ADMINISTRATOR =
            "ErrorResponse {V=FATAL, C=57P01, M=terminating connection due to administrator command}";

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private PostgresCluster cluster;

    @BeforeEach
    void start() {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(0));
        cluster.primary().executeIn(TestTopologies.DATABASE, "create table t (i bigint)", "grant all on t to public");
    }

    @AfterEach
    void stop() {
        threads.shutdownNow();
        cluster.close();
    }

    private RouterUnderTest.Builder router() {
        return RouterUnderTest.with(cluster.workspace(), TestTopologies.single(cluster, 1, "app", "session"))
                .set("databases.session.pool_mode", "session");
    }

    @Test
    @Case("D13")
    void D13_aSmartShutdownOfTheNodeIsNotHeldUpByThePool() throws Exception {
        try (RouterUnderTest router = router().start();
                WireClient inTransaction = connect(router);
                WireClient pinned = connect(router);
                WireClient session = WireClient.connect(router.port(), "session");
                WireClient listening = connect(router);
                WireClient idle = connect(router)) {
            inTransaction.query("begin; insert into t values (1)");
            pinned.query("create temporary table mine (i int)");
            session.ask("select 1");
            listening.query("listen news");
            assertThat(idle.ask("select 1")).isEqualTo("1");

            Future<?> stopping = threads.submit(() -> cluster.primary().stop(PostgresServer.StopMode.SMART));

            // What cannot be moved ends at its boundary; what is open may come to its own end.
            assertThat(pinned.receive().sqlState()).isEqualTo("57P01");
            assertThat(inTransaction.query("insert into t values (2)").toString())
                    .isEqualTo("[CommandComplete INSERT 0 1, ReadyForQuery T]");
            assertThat(inTransaction.query("commit").toString()).isEqualTo("[CommandComplete COMMIT, ReadyForQuery I]");
            stopping.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            idle.send(query("select count(*) from t"));
            cluster.primary().start();

            assertThat(idle.receiveUntilReady().toString()).contains("DataRow [2]");
            assertThat(session.ask("select count(*) from t")).isEqualTo("2");
        }
    }

    @Test
    @Case("D19")
    void D19_theRouterStopsUnderClientsInEveryState() throws Exception {
        RouterUnderTest router = router().set("timeouts.drain", "60s")
                .set("defaults.pool_size", "6")
                .set("event_loops", "1")
                .start();
        Future<?> stopping;
        try (WireClient holder = WireClient.connect(cluster.primary().port(), TestTopologies.DATABASE);
                WireClient idle = connect(router);
                WireClient pinned = connect(router);
                WireClient session = WireClient.connect(router.port(), "session");
                WireClient inTransaction = connect(router);
                WireClient running = connect(router);
                WireClient canceled = connect(router);
                WireClient copying = connect(router);
                WireClient waiting = connect(router)) {
            session.ask("select 1");
            pinned.query("create temporary table mine (i int)");
            inTransaction.query("begin; insert into t values (1)");
            copying.send(query("copy t from stdin")).receiveUntil('G');
            holder.query("select pg_advisory_lock(1)");
            running.send(query("select pg_advisory_xact_lock(1), 'done'"));
            canceled.send(query("select pg_sleep(300)"));
            await().atMost(LIMIT)
                    .until(
                            () -> "2"
                                    .equals(
                                            cluster.primary()
                                                    .queryText(
                                                            "select count(*) from pg_stat_activity where wait_event in ('PgSleep', 'advisory')")));
            // All six backends of the pool are taken.
            waiting.send(query("select 'served'"));

            stopping = threads.submit(router::close);

            for (WireClient ended : List.of(idle, pinned, session)) {
                assertThat(untilEnd(ended)).containsExactly(ADMINISTRATOR);
            }
            try (WireClient late = connect(router)) {
                throw new AssertionError("let in: " + late);
            } catch (UncheckedIOException refused) {
                assertThat(refused.getCause()).hasMessageContaining("57P03");
            }
            holder.query("select pg_advisory_unlock(1)");
            assertThat(untilEnd(running)).contains("DataRow [, done]").endsWith(ADMINISTRATOR);
            assertThat(untilEnd(waiting)).contains("DataRow [served]").endsWith(ADMINISTRATOR);
            canceled.cancel();
            assertThat(untilEnd(canceled))
                    .anyMatch(message -> message.contains("57014"))
                    .endsWith(ADMINISTRATOR);
            inTransaction.query("insert into t values (2)");
            inTransaction.send(query("commit"));
            assertThat(untilEnd(inTransaction))
                    .contains("CommandComplete COMMIT")
                    .endsWith(ADMINISTRATOR);
            copying.send(copyData("3\n"), copyDone());
            assertThat(untilEnd(copying)).contains("CommandComplete COPY 1").endsWith(ADMINISTRATOR);
            stopping.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        }
        try (WireClient direct = WireClient.connect(cluster.primary().port(), TestTopologies.DATABASE)) {
            assertThat(direct.ask("select sum(i) from t")).isEqualTo("6");
        }
    }

    /** Each transaction that has begun comes to its end; a client that is turned away before that connects to the other router. */
    @Test
    @Case("D19")
    void D19_aRollingRestartFailsNoTransactionOfClientsThatReconnect() throws Exception {
        AtomicInteger[] ports = {new AtomicInteger(), new AtomicInteger()};
        AtomicBoolean over = new AtomicBoolean();
        List<RouterUnderTest> routers = new ArrayList<>();
        List<Future<Integer>> clients = new ArrayList<>();
        try {
            for (AtomicInteger port : ports) {
                routers.add(router().set("timeouts.drain", "60s").start());
                port.set(routers.get(routers.size() - 1).port());
            }
            for (int i = 0; i < 6; i++) {
                int number = i;
                clients.add(threads.submit(() -> writeUntil(over, ports, number)));
            }

            for (int round = 0; round < 4; round++) {
                int restarted = round % 2;
                long before = written();
                await().atMost(LIMIT).until(() -> written() >= before + 30);
                routers.get(restarted).stop();
                routers.set(restarted, router().set("timeouts.drain", "60s").start());
                ports[restarted].set(routers.get(restarted).port());
            }
            over.set(true);

            int acknowledged = 0;
            for (Future<Integer> client : clients) {
                acknowledged += client.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            }
            assertThat(written()).isEqualTo(acknowledged);
        } finally {
            over.set(true);
            routers.forEach(RouterUnderTest::close);
        }
    }

    /** Returns how many transactions were acknowledged; throws when one that had begun was not. */
    private static int writeUntil(AtomicBoolean over, AtomicInteger[] ports, int number) {
        int acknowledged = 0;
        for (int connection = number; !over.get(); connection++) {
            try (WireClient client = connectIfLetIn(ports[connection % ports.length].get())) {
                if (client == null) {
                    continue;
                }
                while (!over.get() && isAnswered(client, "begin")) {
                    assertThat(client.query("insert into t values (1)").toString())
                            .isEqualTo("[CommandComplete INSERT 0 1, ReadyForQuery T]");
                    assertThat(client.query("commit").toString())
                            .isEqualTo("[CommandComplete COMMIT, ReadyForQuery I]");
                    acknowledged++;
                }
            }
        }
        return acknowledged;
    }

    private static WireClient connectIfLetIn(int port) {
        try {
            return WireClient.connect(port, "app");
        } catch (UncheckedIOException refused) {
            return null;
        }
    }

    /** Returns false when the connection was ended in order instead. */
    private static boolean isAnswered(WireClient client, String sql) {
        try {
            client.send(query(sql));
        } catch (UncheckedIOException closed) {
            // What was said before can still be read.
        }
        ServerMessage first = client.receive();
        if (first.type() == 'E') {
            assertThat(first).hasToString(ADMINISTRATOR);
            return false;
        }
        client.receiveUntilReady();
        return true;
    }

    private long written() {
        try (WireClient direct = WireClient.connect(cluster.primary().port(), TestTopologies.DATABASE)) {
            return Long.parseLong(direct.ask("select count(*) from t"));
        }
    }

    private static WireClient connect(RouterUnderTest router) {
        return WireClient.connect(router.port(), "app");
    }

    private static List<String> untilEnd(WireClient client) {
        return Stream.generate(client::receiveOrEnd)
                .takeWhile(Objects::nonNull)
                .map(ServerMessage::toString)
                .toList();
    }
}
