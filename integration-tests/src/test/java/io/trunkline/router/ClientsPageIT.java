// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.copyData;
import static io.trunkline.router.ClientMessage.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Clients as an operator sees them, and ends them. */
class ClientsPageIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String ADMINISTRATOR =
            "ErrorResponse {V=FATAL, C=57P01, M=terminating connection due to administrator command}";

    private static PostgresCluster cluster;
    private static RouterUnderTest router;

    @BeforeAll
    static void start() {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(0));
        cluster.primary().executeIn(TestTopologies.DATABASE, "create table t (i int)", "grant all on t to public");
        router = router(true);
    }

    private static RouterUnderTest router(boolean mayTerminate) {
        return RouterUnderTest.with(cluster.workspace(), TestTopologies.single(cluster, 1, "app"))
                .set("defaults.pool_size", "6")
                .set("admin.terminate_clients", Boolean.toString(mayTerminate))
                .start();
    }

    @AfterAll
    static void stop() {
        router.close();
        cluster.close();
    }

    private static WireClient connect() {
        return WireClient.connect(router.port(), "app");
    }

    /** Returns the process id that a client was greeted with. */
    private static int id(WireClient client) {
        return ByteBuffer.wrap(client.key()).getInt();
    }

    private static JsonNode entry(WireClient client) {
        try {
            for (JsonNode entry :
                    new ObjectMapper().readTree(router.get("/clients").body()).get("clients")) {
                if (entry.get("id").asInt() == id(client)) {
                    return entry;
                }
            }
            throw new AssertionError("not listed");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @Case("N20")
    void N20_theProcessIdOfTheGreetingLeadsToTheBackendAClientHolds() {
        try (WireClient client = connect()) {
            JsonNode idle = entry(client);
            assertThat(idle.get("user").asText()).isEqualTo(RouterUnderTest.TRUSTED_USER);
            assertThat(idle.get("database").asText()).isEqualTo("app");
            assertThat(idle.get("address").asText())
                    .isEqualTo("127.0.0.1:" + client.socket().getLocalPort());
            assertThat(idle.get("state").asText()).isEqualTo("idle");
            assertThat(idle.get("backend").isNull()).isTrue();

            client.query("begin");
            String backend = client.ask("select pg_backend_pid()");

            assertThat(backend).isNotEqualTo(Integer.toString(id(client)));
            assertThat(entry(client).get("transaction").asText()).isEqualTo("in_transaction");
            assertThat(entry(client).get("backend").get("pid").asText()).isEqualTo(backend);
            assertThat(entry(client).get("backend").get("node").asText())
                    .isEqualTo(cluster.primary().name());
            client.query("commit");
            assertThat(entry(client).get("backend").isNull()).isTrue();
        }
    }

    @Test
    void pinsAreListedWithTheirAge() {
        try (WireClient client = connect()) {
            client.query("create temporary table mine (i int)");
            client.query("select pg_advisory_lock(1)");

            JsonNode pins = entry(client).get("pins");

            assertThat(pins.findValuesAsText("reason")).containsExactlyInAnyOrder("temp_table", "advisory_lock");
            assertThat(pins.get(0).get("seconds").asDouble()).isBetween(0.0, LIMIT.toSeconds() * 2.0);
            client.query("select pg_advisory_unlock(1)");
            // The backend is asked what is left when the client has its answer already.
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(entry(client).get("pins").findValuesAsText("reason"))
                            .containsExactly("temp_table"));
        }
    }

    @Test
    @Case("D18")
    void D18_anOperatorEndsAClientWhateverItDoes() {
        try (WireClient other = connect();
                WireClient idle = connect();
                WireClient pinned = connect();
                WireClient inTransaction = connect();
                WireClient running = connect();
                WireClient copying = connect();
                WireClient waiting = connect()) {
            pinned.query("create temporary table mine (i int)");
            inTransaction.query("begin; insert into t values (1)");
            running.query("begin; insert into t values (2)");
            running.send(query("select pg_sleep(300)"));
            copying.query("begin");
            copying.send(query("copy t from stdin")).receiveUntil('G');
            copying.send(copyData("3\n"));
            other.query("begin; lock table t in share update exclusive mode");
            waiting.send(query("begin; lock table t in share update exclusive mode"));
            await().atMost(LIMIT)
                    .until(() -> "2".equals(activity("wait_event = 'PgSleep' or wait_event_type = 'Lock'")));

            for (WireClient client : List.of(idle, pinned, inTransaction, running, copying, waiting)) {
                assertThat(router.post("/clients/" + id(client) + "/terminate").statusCode())
                        .isEqualTo(202);
                assertThat(untilEnd(client)).endsWith(ADMINISTRATOR);
            }

            assertThat(other.query("commit").toString()).contains("CommandComplete COMMIT");
            await().atMost(LIMIT).until(() -> "0".equals(activity("state <> 'idle'")));
            assertThat(other.ask("select count(*) from t")).isEqualTo("0");
            assertThat(router.post("/clients/" + id(idle) + "/terminate").statusCode())
                    .isEqualTo(404);
        }
    }

    @Test
    void nobodyIsEndedWhereThatIsNotSwitchedOn() {
        try (RouterUnderTest careful = router(false);
                WireClient client = WireClient.connect(careful.port(), "app")) {
            assertThat(careful.post("/clients/" + id(client) + "/terminate").statusCode())
                    .isEqualTo(403);
            assertThat(client.ask("select 1")).isEqualTo("1");
        }
    }

    private static String activity(String condition) {
        return cluster.primary()
                .queryText("select count(*) from pg_stat_activity where usename = '" + RouterUnderTest.TRUSTED_USER
                        + "' and (" + condition + ")");
    }

    private static List<String> untilEnd(WireClient client) {
        return Stream.generate(client::receiveOrEnd)
                .takeWhile(Objects::nonNull)
                .map(ServerMessage::toString)
                .toList();
    }
}
