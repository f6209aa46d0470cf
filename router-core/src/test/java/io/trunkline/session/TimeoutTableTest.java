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

/**
 * What each timeout, alone, does in each situation of a session: the SQLSTATE the client hears last and the state after it; a dash where it hears
 * nothing, however long it takes.
 */
class TimeoutTableTest {
    private static final String TABLE = """
            situation            | query        | stall     | transaction | idle in transaction | idle
            idle                 | -            | -         | -           | -                   | 57P05 Closed
            part of a group      | -            | -         | -           | -                   | 57P05 Closed
            deferred begin       | -            | -         | 25P04 Closed | 25P03 Closed       | -
            leasing              | -            | -         | -           | -                   | -
            leasing for a begin  | -            | -         | 25P04 Closed | -                  | -
            running              | 57014 Idle   | -         | 25P04 Closed | -                  | -
            running, not answered | 57014 Idle  | -         | 25P04 Closed | -                  | -
            running a write, not answered | 08007 Idle | - | 08007 Closed | -                  | -
            running in a transaction | 57014 Holding | -    | 25P04 Closed | -                  | -
            running in a transaction, not answered | 57014 Stranded | - | 25P04 Closed | -    | -
            running when pinned  | 57014 Holding | -        | 25P04 Closed | -                  | -
            group open           | -            | -         | 25P04 Closed | 25P03 Closed       | -
            copying in           | -            | 57014 Idle | 25P04 Closed | -                 | -
            copying, mid message | -            | 08006 Closed | 25P04 Closed | -               | -
            holding              | -            | -         | 25P04 Closed | 25P03 Closed       | -
            failed transaction   | -            | -         | 25P04 Closed | 25P03 Closed       | -
            pinned               | -            | -         | -           | -                   | 57P05 Closed
            session mode         | -            | -         | -           | -                   | 57P05 Closed
            stranded             | -            | -         | 25P04 Closed | 25P03 Closed       | -
            """;

    @TestFactory
    Stream<DynamicTest> answersEachTimeoutInEachSituationAsTheTableSays() {
        List<String[]> rows = TABLE.lines()
                .map(line -> Arrays.stream(line.split("\\|")).map(String::strip).toArray(String[]::new))
                .toList();
        String[] timeouts = rows.get(0);
        return rows.stream()
                .skip(1)
                .flatMap(row -> IntStream.range(1, timeouts.length)
                        .mapToObj(column -> DynamicTest.dynamicTest(
                                row[0] + ": " + timeouts[column],
                                () -> ByteBufLeaks.during(() -> check(row[0], timeouts[column], row[column])))));
    }

    private static void check(String situation, String timeout, String expected) {
        TestRouter.Plan plan = new TestRouter.Plan()
                .pools(PoolSettings.builder()
                        .size(1)
                        .leaseWaitTimeout(Duration.ofDays(1))
                        .build());
        if (situation.contains("begin")) {
            plan.shards(2);
        }
        if (situation.equals("session mode")) {
            plan.sessionMode();
        }
        try (TestRouter router = plan.start()) {
            TestClient other = router.connect(Map.of());
            plan.timeouts(only(timeout));
            TestClient client = router.connect(Map.of());
            reach(router, client, other, situation);
            client.takeReceived();
            SessionState before = client.session().state();

            router.time().advance(Duration.ofSeconds(10));
            answerCancel(router, situation, timeout);
            router.time().advance(Duration.ofSeconds(5));

            if (expected.equals("-")) {
                assertThat(client.takeReceived()).isEmpty();
                assertThat(client.session().state()).isSameAs(before);
            } else {
                assertThat(lastError(client) + " "
                                + client.session().state().getClass().getSimpleName())
                        .isEqualTo(expected);
            }
        }
    }

    private static SessionTimeouts only(String timeout) {
        long limit = Duration.ofSeconds(10).toNanos();
        return new SessionTimeouts(
                timeout.equals("query") ? limit : 0,
                timeout.equals("stall") ? limit : 0,
                timeout.equals("transaction") ? limit : 0,
                timeout.equals("idle in transaction") ? limit : 0,
                timeout.equals("idle") ? limit : 0,
                Duration.ofSeconds(4).toNanos());
    }

    private static void reach(TestRouter router, TestClient client, TestClient other, String situation) {
        switch (situation) {
            case "part of a group" -> say(router, client, "Parse \"\" \"select 1\"");
            case "deferred begin" -> say(router, client, "Query begin");
            case "leasing" -> {
                say(router, other, "Query \"select 1\"");
                say(router, client, "Query \"select 1\"");
            }
            case "leasing for a begin" -> {
                say(router, other, "Query \"select 1 /* trunkline: shard=a */\"");
                say(router, client, "Query begin");
                say(router, client, "Query \"select 1 /* trunkline: shard=a */\"");
            }
            case "running", "running, not answered" -> say(router, client, "Query \"select 1\"");
            case "running a write, not answered" -> say(router, client, "Query \"insert into t values (1)\"");
            case "running in a transaction", "running in a transaction, not answered" -> {
                begin(router, client);
                say(router, client, "Query \"select 1\"");
            }
            case "running when pinned" -> {
                pin(router, client);
                say(router, client, "Query \"select 1\"");
            }
            case "group open" -> {
                say(router, client, "Parse \"\" \"select 1\"; Flush");
                answer(router, "ParseComplete");
            }
            case "copying in" -> {
                say(router, client, "Query \"copy t from stdin\"");
                answer(router, "CopyInResponse");
            }
            case "copying, mid message" -> {
                say(router, client, "Query \"copy t from stdin\"");
                answer(router, "CopyInResponse");
                byte[] data = MessageText.encode(Direction.FROM_FRONTEND, "CopyData abcdef");
                client.send(Arrays.copyOf(data, data.length - 2), Fragmenter.whole(), true);
                router.settle();
            }
            case "holding" -> begin(router, client);
            case "failed transaction" -> {
                begin(router, client);
                say(router, client, "Query \"select 1/0\"");
                answer(router, "ErrorResponse ERROR 22012; ReadyForQuery E");
            }
            case "pinned" -> pin(router, client);
            case "session mode" -> {
                say(router, client, "Query \"select 1\"");
                answer(router, "CommandComplete x; ReadyForQuery I");
            }
            case "stranded" -> {
                begin(router, client);
                router.backends().get(0).die();
                router.settle();
            }
            default -> {
                // idle from the beginning
            }
        }
    }

    private static void begin(TestRouter router, TestClient client) {
        say(router, client, "Query begin");
        answer(router, "CommandComplete BEGIN; ReadyForQuery T");
    }

    private static void pin(TestRouter router, TestClient client) {
        say(router, client, "Query \"create temporary table x (a int)\"");
        answer(router, "CommandComplete \"CREATE TABLE\"; ReadyForQuery I");
    }

    /** Answers as a node does whose statement was cancelled, or its copy failed. */
    private static void answerCancel(TestRouter router, String situation, String timeout) {
        boolean cancelled =
                router.takeCancels().contains("s1") && router.backends().get(0).isOpen();
        boolean failed = situation.equals("copying in") && timeout.equals("stall");
        if ((cancelled || failed) && !situation.contains("not answered")) {
            String status = situation.contains("transaction") ? "E" : "I";
            answer(router, "ErrorResponse ERROR 57014; ReadyForQuery " + status);
        }
    }

    private static void say(TestRouter router, TestClient client, String messages) {
        client.send(MessageText.encode(Direction.FROM_FRONTEND, messages), Fragmenter.whole(), true);
        router.settle();
        while (!messages.startsWith("Query begin") && router.awaitAnalyzer()) {
            // The tree of a statement says which shard it runs on.
        }
    }

    private static void answer(TestRouter router, String messages) {
        router.backends().get(0).send(MessageText.encode(Direction.FROM_BACKEND, messages), Fragmenter.whole(), true);
        router.settle();
    }

    private static String lastError(TestClient client) {
        return MessageText.decode(Direction.FROM_BACKEND, client.takeReceived()).stream()
                .filter(message -> message.startsWith("ErrorResponse"))
                .map(message -> message.split(" ")[2])
                .reduce("none", (earlier, later) -> later);
    }
}
