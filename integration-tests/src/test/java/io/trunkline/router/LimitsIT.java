// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.closeStatement;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What one client may send and make the router keep, and what that does to others. */
class LimitsIT {
    private static final int KIBI = 1024;

    private static PostgresCluster cluster;
    private static RouterUnderTest router;

    @BeforeAll
    static void start() {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(0));
        router = RouterUnderTest.with(cluster.workspace(), TestTopologies.single(cluster, 1, "app"))
                .set("event_loops", "1")
                .set("limits.message", "256KiB")
                .set("limits.kept_per_session", "128KiB")
                .set("limits.kept_per_loop", "200KiB")
                .set("limits.idle_statements", "0B")
                .start();
    }

    @AfterAll
    static void stop() {
        router.close();
        cluster.close();
    }

    @Test
    void B05_aMessageThatIsTooLongEndsOnlyItsOwnConnection() {
        try (WireClient client = WireClient.connect(router.port(), "app");
                WireClient other = WireClient.connect(router.port(), "app")) {
            byte[] tooLong = query("select '" + "x".repeat(256 * KIBI) + "'");

            client.sendBytes(Arrays.copyOf(tooLong, 100));

            assertThat(client.receive().toString()).contains("V=FATAL, C=54000");
            assertThat(client.receiveOrEnd()).isNull();
            assertThat(other.ask("select length('" + "x".repeat(255 * KIBI) + "')"))
                    .isEqualTo(Integer.toString(255 * KIBI));
        }
    }

    @Test
    void B12_aClientThatKeepsTooMuchIsRefusedMoreAndWhenAllDoNoOtherIsLetIn() {
        try (WireClient first = WireClient.connect(router.port(), "app");
                WireClient second = WireClient.connect(router.port(), "app")) {
            assertThat(prepare(first, "a", 100)).isEmpty();
            assertThat(prepare(first, "b", 100)).isEqualTo("53200");
            assertThat(first.ask("set my.setting to '" + "x".repeat(100 * KIBI) + "'"))
                    .isEqualTo("53200");
            assertThat(first.ask("select 1")).isEqualTo("1");
            try (WireClient third = WireClient.connect(router.port(), "app")) {
                assertThat(third.ask("select 1")).isEqualTo("1");
            }

            assertThat(second.ask("set my.setting to '" + "x".repeat(110 * KIBI) + "'"))
                    .isEmpty();
            assertThat(second.ask("savepoint a")).isEqualTo("25P01");

            assertThatThrownBy(() -> WireClient.connect(router.port(), "app")).hasMessageContaining("53200");
            assertThat(first.ask("select 1")).isEqualTo("1");
            assertThat(second.ask("select 2")).isEqualTo("2");
        }
        await().atMost(Duration.ofSeconds(20)).ignoreExceptions().until(() -> {
            try (WireClient next = WireClient.connect(router.port(), "app")) {
                return "1".equals(next.ask("select 1"));
            }
        });
    }

    /** 320 MB of texts, five times the router's heap, of which a client keeps none, few, or all it may. */
    @Test
    @Case("E18")
    void E18_whatClientsPrepareIsBoundedInNumberAndBytes() {
        String filler = "x".repeat(8 * KIBI);
        RouterConfiguration configuration = RouterConfiguration.forTests();
        configuration.set("defaults.pool_size", "1");
        configuration.set("limits.statements_per_session", "400");
        configuration.set("limits.kept_per_session", "2MiB");
        configuration.set("limits.statements_per_backend", "50");
        configuration.set("limits.idle_statements", "1MiB");
        try (SmallRouter small = SmallRouter.start(cluster, configuration);
                WireClient client = small.connect();
                WireClient hoarder = small.connect()) {
            for (int i = 0; i < 40_000; i += 100) {
                boolean named = i % 200 == 0;
                for (int j = i; j < i + 100; j++) {
                    client.send(parse(named ? "s" : "", "select '" + filler + "' as c" + j));
                    client.send(closeStatement("s"));
                }
                assertThat(client.send(sync()).receiveUntilReady())
                        .hasSize(201)
                        .noneMatch(message -> message.type() == 'E');
            }
            for (int i = 0; i < 400; i++) {
                assertThat(prepare(hoarder, "few" + i, "select " + i)).isEmpty();
            }
            assertThat(prepare(hoarder, "one more", "select 1")).isEqualTo("54000");
            assertThat(hoarder.query("deallocate all").toString()).contains("DEALLOCATE ALL");
            int kept = 0;
            while (prepare(hoarder, "long" + kept, "select '" + filler + "' as d" + kept)
                    .isEmpty()) {
                kept++;
            }

            assertThat(prepare(hoarder, "again", "select '" + filler + "' as again"))
                    .isEqualTo("53200");
            assertThat(kept).isBetween(2 * KIBI / 8 / 2, 2 * KIBI / 8);
            // Of all that there are on the one backend; the question itself is another.
            assertThat(Integer.parseInt(
                            String.valueOf(client.ask("select count(*) from pg_catalog.pg_prepared_statements"))))
                    .isBetween(1, 51);
            assertThat(small.isRunning()).isTrue();
            assertThat(client.ask("select 1")).isEqualTo("1");
        }
    }

    /** Returns the SQLSTATE of the error, or nothing. */
    private static String prepare(WireClient client, String name, String sql) {
        return client.send(parse(name, sql), sync()).receiveUntilReady().stream()
                .filter(message -> message.type() == 'E')
                .map(ServerMessage::sqlState)
                .findFirst()
                .orElse("");
    }

    private static String prepare(WireClient client, String name, int kibibytes) {
        return prepare(client, name, "select '" + name.repeat(kibibytes * KIBI) + "'");
    }
}
