// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Cases of clients that leave and of backends that end. */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class DisconnectCasesIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int TERMINATIONS = 50;

    private static CaseServers servers;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        servers = CaseServers.start(
                PostgresOptions.major(major), List.of("create table t (id int)", "grant all on t to public"));
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        servers.close();
    }

    @BeforeEach
    void empty() {
        servers.server().executeIn(TestTopologies.DATABASE, "truncate t");
    }

    private static WireClient connect() {
        return WireClient.connect(servers.one().port(), CaseServers.TRANSACTION);
    }

    @Test
    @Case("D01")
    void D01_backendsOutliveTheirClients() throws IOException {
        String backend;
        try (WireClient first = connect()) {
            backend = first.ask("select pg_backend_pid()");
        }

        for (int i = 0; i < 50; i++) {
            WireClient client = connect();
            assertThat(client.ask("select pg_backend_pid()")).isEqualTo(backend);
            switch (i % 4) {
                case 0 -> client.close();
                case 1 -> client.abort();
                case 2 -> client.socket().close();
                default -> {
                    client.query("begin");
                    client.close();
                }
            }
        }
    }

    @Test
    @Case("D09")
    void D09_whatAnIdleBackendSaysLastReachesNobody() {
        try (WireClient client = connect()) {
            for (int i = 0; i < TERMINATIONS; i++) {
                String backend = client.ask("select pg_backend_pid()");
                servers.server().execute("select pg_terminate_backend(" + backend + ")");

                List<ServerMessage> answer = client.query("select " + i);

                if (answer.get(0).type() == 'E') {
                    // It was sent before the end of the backend was heard of.
                    assertThat(answer.get(0).fields())
                            .containsEntry('V', "ERROR")
                            .containsEntry('C', "40001");
                } else {
                    assertThat(answer.get(1)).hasToString("DataRow [" + i + "]");
                }
                assertThat(answer).last().hasToString("ReadyForQuery I");
            }
        }
    }

    @Test
    @Case("D11")
    void D11_afterACrashOfTheServerEachClientGoesOnAfterOneError() {
        try (WireClient idle = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION);
                WireClient busy = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION);
                WireClient victim = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION)) {
            idle.query("insert into t values (1)");
            busy.send(query("select pg_sleep(60)"));
            String backend = victim.ask("select pg_backend_pid()");

            ProcessHandle.of(Long.parseLong(backend)).orElseThrow().destroyForcibly();
            List<ServerMessage> lost = busy.receiveUntilReady();

            assertThat(lost)
                    .filteredOn(message -> message.type() == 'E')
                    .singleElement()
                    .extracting(ServerMessage::sqlState)
                    .isEqualTo("40001");
            for (WireClient client : List.of(idle, busy, victim)) {
                assertThat(client.ask("select count(*) from t")).isEqualTo("1");
            }
        }
    }

    @Test
    @Case({"B08", "B09"})
    void B09_aClientThatDiesWhileItWaitsHasNothingExecuted() {
        try (WireClient holds = connect();
                WireClient dies = connect();
                WireClient leaves = connect()) {
            holds.query("begin");
            dies.send(query("insert into t values (1)"));
            leaves.send(parse("", "insert into t values (2)"), bind("", ""), execute("", 0), sync());
            awaitWaiters(2);
            dies.abort();
            leaves.close();
            awaitWaiters(0);

            holds.query("commit");

            assertThat(holds.ask("select count(*) from t")).isEqualTo("0");
        }
    }

    /** Not more than the kernel takes in, or the news of the end cannot arrive. */
    @Test
    @Case("B09")
    void B09_theEndOfAClientIsNoticedBehindWhatIsUnread() throws IOException {
        byte[] insert = query("insert into t values (3) /* " + "x".repeat(10_000) + " */");
        try (WireClient holds = connect();
                WireClient leaves = connect()) {
            holds.query("begin");
            for (int i = 0; i < 5; i++) {
                leaves.send(insert);
            }
            awaitWaiters(1);
            leaves.socket().close();
            awaitWaiters(0);

            holds.query("commit");

            assertThat(holds.ask("select count(*) from t")).isEqualTo("0");
        }
    }

    private static void awaitWaiters(int count) {
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(500))
                .until(() -> servers.one()
                                .get("/metrics")
                                .body()
                                .lines()
                                .filter(line -> line.startsWith("trunkline_lease_waiters"))
                                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                                .sum()
                        == count);
    }

    @Test
    @Case("D02")
    void D02_aClientThatHasClosedItsSendingSideGetsItsAnswers() throws IOException {
        try (WireClient client = connect()) {
            client.send(ClientMessage.query("create table if not exists half_closed (i int)"));
            client.receiveUntilReady();
            client.send(
                    ClientMessage.query("insert into half_closed values (1)"),
                    ClientMessage.query("select 'answer' from half_closed"));

            client.socket().shutdownOutput();

            assertThat(client.receiveUntilReady().toString()).contains("INSERT 0 1");
            assertThat(client.receiveUntilReady().toString()).contains("DataRow [answer]");
            assertThat(client.receiveOrEnd()).isNull();
        }
    }
}
