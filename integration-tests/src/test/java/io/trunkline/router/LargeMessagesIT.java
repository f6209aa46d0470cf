// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.FreePort;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.RouterProcess;
import io.trunkline.testing.Case;
import io.trunkline.topology.TopologyJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Messages and results larger than the router's memory: a process of its own with a heap of 64 MB and as much outside of it. */
class LargeMessagesIT {
    private static final int MEBI = 1024 * 1024;
    private static final int LARGE = 64 * MEBI;

    private static PostgresCluster cluster;
    private static RouterProcess router;
    private static int port;

    @BeforeAll
    static void start() throws IOException {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(0));
        port = FreePort.next();
        RouterConfiguration configuration = RouterConfiguration.forTests();
        configuration.set("listen.port", Integer.toString(port));
        configuration.set("admin.port", Integer.toString(FreePort.next()));
        Path folder = Files.createDirectories(cluster.workspace().resolve("small"));
        Files.write(folder.resolve("topology.json"), TopologyJson.write(TestTopologies.single(cluster, 1, "app")));
        router = RouterProcess.start(
                cluster.workspace(),
                "small",
                configuration.text(),
                List.of("-Xmx64m", "-XX:MaxDirectMemorySize=64m", "-XX:+ExitOnOutOfMemoryError"));
        router.awaitAccepting(port, Duration.ofSeconds(60));
        await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
            try (WireClient client = WireClient.connect(port, "app")) {
                return "1".equals(client.ask("select 1"));
            }
        });
    }

    @AfterAll
    static void stop() {
        router.close();
        cluster.close();
    }

    @Test
    @Case("B04")
    void aRowOf64MegabytesPasses() {
        try (WireClient client = WireClient.connect(port, "app")) {
            List<ServerMessage> answer = client.query("select repeat('x', " + LARGE + ")");

            assertThat(answer.get(1).body()).hasSize(LARGE + Short.BYTES + Integer.BYTES);
            assertThat(client.ask("select 1")).isEqualTo("1");
        }
    }

    @Test
    void aResultOf200MegabytesPasses() {
        try (WireClient client = WireClient.connect(port, "app")) {
            client.send(query("select repeat('x', 10000) from generate_series(1, 20000)"));
            long bytes = 0;
            ServerMessage message = client.receive();
            for (; !message.isReadyForQuery(); message = client.receive()) {
                bytes += message.body().length;
            }

            assertThat(bytes).isGreaterThan(200_000_000L);
            assertThat(message.status()).isEqualTo('I');
        }
    }

    @Test
    @Case({"B02", "B04"})
    void aBindOf64MegabytesPasses() {
        byte[] value = new byte[LARGE];
        try (WireClient client = WireClient.connect(port, "app")) {
            client.send(parse("large", "select length($1), length($2)", 17, 25), sync())
                    .receiveUntilReady();

            client.send(
                    bind("", "large", new int[] {1, 0}, new byte[][] {value, {'a'}}, new int[0]),
                    execute("", 0),
                    sync());

            assertThat(client.receiveUntilReady().stream().map(ServerMessage::toString))
                    .containsExactly(
                            "BindComplete",
                            "DataRow [" + LARGE + ", 1]",
                            "CommandComplete SELECT 1",
                            "ReadyForQuery I");
            assertThat(client.ask("select 1")).isEqualTo("1");
        }
    }

    @Test
    void aQueryOf8MegabytesPasses() {
        try (WireClient client = WireClient.connect(port, "app")) {
            assertThat(client.ask("select length('" + "x".repeat(8 * MEBI) + "')"))
                    .isEqualTo("" + 8 * MEBI);
        }
    }

    @Test
    @Case("Q13")
    void Q13_anInsertOf64MegabytesPasses() {
        String row = "('" + "x".repeat(MEBI) + "')";
        try (WireClient client = WireClient.connect(port, "app")) {
            client.query("create table filled (word text)");
            client.send(query("insert into filled values " + (row + ", ").repeat(63) + row));

            assertThat(client.receiveUntilReady()).hasToString("[CommandComplete INSERT 0 64, ReadyForQuery I]");
            assertThat(client.ask("select sum(length(word)) from filled")).isEqualTo("" + LARGE);
        }
    }

    @Test
    @Case("B01")
    void B01_clientsThatStopReadingDoNotDisturbOthers() {
        try (WireClient deaf = WireClient.connect(port, "app");
                WireClient other = WireClient.connect(port, "app")) {
            deaf.send(query("select repeat('x', 10000) from generate_series(1, 20000)"));
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> "1"
                            .equals(cluster.primary()
                                    .queryText(
                                            "select count(*) from pg_stat_activity where wait_event = 'ClientWrite'")));

            for (int i = 0; i < 100; i++) {
                assertThat(other.ask("select " + i)).isEqualTo("" + i);
            }
            List<ServerMessage> late = deaf.receiveUntilReady();

            assertThat(late).hasSize(20_003);
            assertThat(router.isRunning()).isTrue();
        }
    }
}
