// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.pool.PoolSettings;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.Fragmenter;
import io.trunkline.testing.MessageText;
import io.trunkline.testing.TestClient;
import io.trunkline.testing.TestRouter;
import io.trunkline.wire.MessageScanner.Direction;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What each event does in each state of a session; a dash stands for what cannot happen. */
class SessionStateTableTest {
    private static final String TABLE = """
            state       | query       | parse       | sync        | commit      | granted | timeout     | ready I | ready T | dies      | cancel      | drain       | terminate
            Idle        | Running     | Gathering   | Idle        | Running     | -       | Idle        | -       | -       | Idle      | Idle        | Closed      | Closed
            Gathering   | Running     | Gathering   | Running     | Running     | -       | Gathering   | -       | -       | Gathering | Gathering   | Gathering   | Closed
            Leasing     | Leasing     | Leasing     | Leasing     | Leasing     | Running | Idle        | -       | -       | Running   | Idle        | Leasing     | Closed
            Running     | Running     | Running     | Running     | Running     | -       | Running     | Idle    | Holding | Idle      | Running     | Running     | Running
            FailingCopy | FailingCopy | FailingCopy | FailingCopy | FailingCopy | -       | FailingCopy | Running | Running | Running   | FailingCopy | FailingCopy | FailingCopy
            Holding     | Running     | Running     | Running     | Running     | -       | Holding     | -       | -       | Stranded  | Holding     | Holding     | Closed
            Checking    | Checking    | Checking    | Checking    | Checking    | Idle    | Checking    | -       | -       | Closed    | Checking    | Checking    | Closed
            Stranded    | Stranded    | Stranded    | Stranded    | Idle        | -       | Stranded    | -       | -       | -         | Stranded    | Stranded    | Closed
            Closed      | Closed      | Closed      | Closed      | Closed      | -       | Closed      | -       | -       | Closed    | Closed      | Closed      | Closed
            """;

    @TestFactory
    Stream<DynamicTest> goesFromEachStateByEachEventWhereTheTableSays() {
        List<String[]> rows = TABLE.lines()
                .map(line -> Arrays.stream(line.split("\\|")).map(String::strip).toArray(String[]::new))
                .toList();
        String[] events = rows.get(0);
        return rows.stream()
                .skip(1)
                .flatMap(row -> IntStream.range(1, events.length)
                        .filter(column -> !row[column].equals("-"))
                        .mapToObj(column -> DynamicTest.dynamicTest(
                                row[0] + ", " + events[column],
                                () -> ByteBufLeaks.during(() -> check(row[0], events[column], row[column])))));
    }

    private static void check(String state, String event, String expected) {
        try (TestRouter router = new TestRouter.Plan()
                .pools(PoolSettings.builder()
                        .size(1)
                        .leaseWaitTimeout(Duration.ofSeconds(3))
                        .build())
                .start()) {
            TestClient other = router.connect(Map.of());
            TestClient client = router.connect(Map.of());
            reach(router, client, other, state);
            assertThat(name(client)).as("the state to begin in").isEqualTo(state);

            happen(router, client, event);
            router.settle();

            assertThat(name(client)).isEqualTo(expected);
        }
    }

    private static void reach(TestRouter router, TestClient client, TestClient other, String state) {
        switch (state) {
            case "Gathering" -> say(client, "Parse \"\" \"select 1\"");
            case "Leasing" -> {
                say(other, "Query begin");
                answer(router, "CommandComplete BEGIN; ReadyForQuery T");
                say(client, "Query \"select 1\"");
            }
            case "Running" -> say(client, "Query \"select 1\"");
            case "FailingCopy" -> {
                say(client, "Query \"copy t from stdin\"");
                answer(router, "CopyInResponse");
                say(client, "Query \"select 1\"");
            }
            case "Holding" -> {
                say(client, "Query begin");
                answer(router, "CommandComplete BEGIN; ReadyForQuery T");
            }
            case "Checking" -> {
                say(client, "Query \"select pg_advisory_lock(1)\"");
                answer(router, "CommandComplete x; ReadyForQuery I");
            }
            case "Stranded" -> {
                say(client, "Query begin");
                answer(router, "CommandComplete BEGIN; ReadyForQuery T");
                say(client, "Query \"select 1\"");
                router.backends().get(0).die();
            }
            case "Closed" -> say(client, "Terminate");
            default -> {
                // Idle from the beginning
            }
        }
        router.settle();
    }

    private static void happen(TestRouter router, TestClient client, String event) {
        switch (event) {
            case "query" -> say(client, "Query \"select 2\"");
            case "parse" -> say(client, "Parse \"\" \"select 2\"");
            case "sync" -> say(client, "Sync");
            case "commit" -> say(client, "Query commit");
            case "granted" -> answer(router, "DataRow [f]; CommandComplete x; ReadyForQuery I");
            case "ready I" -> answer(router, "CommandComplete x; ReadyForQuery I");
            case "ready T" -> answer(router, "CommandComplete x; ReadyForQuery T");
            case "timeout" -> router.time().advance(Duration.ofSeconds(4));
            case "dies" -> router.backends().get(0).die();
            case "cancel" -> client.session().cancel(() -> {});
            case "drain" -> router.sessions().drain();
            case "terminate" -> say(client, "Terminate");
            default -> throw new IllegalArgumentException(event);
        }
    }

    private static void say(TestClient client, String messages) {
        client.send(MessageText.encode(Direction.FROM_FRONTEND, messages), Fragmenter.whole(), true);
    }

    private static void answer(TestRouter router, String messages) {
        router.backends().get(0).send(MessageText.encode(Direction.FROM_BACKEND, messages), Fragmenter.whole(), true);
        router.settle();
    }

    private static String name(TestClient client) {
        return client.session().state().getClass().getSimpleName();
    }
}
