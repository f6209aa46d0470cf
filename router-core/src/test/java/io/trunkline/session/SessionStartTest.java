// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Fragmenter;
import io.trunkline.testing.MessageText;
import io.trunkline.testing.TestClient;
import io.trunkline.testing.TestRouter;
import io.trunkline.wire.MessageScanner.Direction;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a startup packet may say of the router's own settings. */
class SessionStartTest {
    @Test
    void settingsOfTheRouterDecideWhereStatementsRun() {
        try (TestRouter router = new TestRouter.Plan().shards(2).start()) {
            TestClient client = router.connect(Map.of("trunkline.shard", "b", "trunkline.role", "Prefer_Replica"));
            assertThat(router.backends().get(0).takeReceived()).as("set_config").isEmpty();
            client.takeReceived();

            assertThat(ask(router, client, "show trunkline.shard")).contains("DataRow [b]");
            assertThat(ask(router, client, "show trunkline.role")).contains("DataRow [prefer-replica]");
            ask(router, client, "select 1");

            assertThat(router.backends()
                            .get(router.backends().size() - 1)
                            .connection()
                            .target()
                            .node())
                    .isEqualTo("node-b");
        }
    }

    @Test
    void resetGoesBackToThem() {
        try (TestRouter router = new TestRouter.Plan().shards(2).start()) {
            TestClient client = router.connect(Map.of("trunkline.shard_key", "7", "trunkline.role", "replica"));
            ask(router, client, "set trunkline.shard_key to '8'");
            ask(router, client, "set trunkline.role to auto");
            ask(router, client, "set trunkline.shard to a");
            ask(router, client, "reset trunkline.shard_key");
            ask(router, client, "reset trunkline.role");
            ask(router, client, "reset trunkline.shard");

            assertThat(ask(router, client, "show trunkline.shard_key")).contains("DataRow [7]");
            assertThat(ask(router, client, "show trunkline.role")).contains("DataRow [replica]");
            assertThat(ask(router, client, "show trunkline.shard")).contains("DataRow [\"\"]");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "trunkline.shrad, b, 42704",
        "trunkline.shard, nowhere, 22023",
        "trunkline.role, boss, 22023",
        "trunkline.route, a, 55P02"
    })
    void whatSetRefusesEndsTheLogin(String name, String value, String sqlState) {
        try (TestRouter router = new TestRouter.Plan().shards(2).start()) {
            assertIsRefused(router, name, value, sqlState);
        }
    }

    @Test
    void whoMayGiveNoHintsMayGiveNoneAtStartup() {
        try (TestRouter router = new TestRouter.Plan().shards(2).noHints().start()) {
            assertIsRefused(router, "trunkline.shard", "b", "42501");
        }
    }

    private static void assertIsRefused(TestRouter router, String name, String value, String sqlState) {
        TestClient client = router.connect(Map.of(name, value));

        assertThat(client.isRefused()).isTrue();
        assertThat(MessageText.decode(Direction.FROM_BACKEND, client.takeReceived()))
                .singleElement()
                .asString()
                .startsWith("ErrorResponse FATAL " + sqlState);
        assertThat(router.backends()).isEmpty();
    }

    private static List<String> ask(TestRouter router, TestClient client, String sql) {
        client.send(MessageText.encode(Direction.FROM_FRONTEND, "Query \"" + sql + "\""), Fragmenter.whole(), true);
        router.settle();
        while (router.awaitAnalyzer()) {
            // The tree of a statement says which shard it runs on.
        }
        return MessageText.decode(Direction.FROM_BACKEND, client.takeReceived());
    }
}
