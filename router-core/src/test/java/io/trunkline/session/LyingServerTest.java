// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.pool.PoolSettings;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.Case;
import io.trunkline.testing.Fragmenter;
import io.trunkline.testing.LogGate;
import io.trunkline.testing.LyingServer;
import io.trunkline.testing.MessageText;
import io.trunkline.testing.ScriptedBackend;
import io.trunkline.testing.TestClient;
import io.trunkline.testing.TestRouter;
import io.trunkline.wire.MessageScanner.Direction;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Sessions over a server that lies: what each client gets is in frame as long as its connection lives, and a client that is still there when the
 * server tells the truth again is served.
 *
 * <p>{@code -Dlies.seeds=1000 -Dlies.first=1} says which runs.
 */
@Case("M08")
class LyingServerTest {
    private static final long SEEDS = Long.getLong("lies.seeds", 60);
    private static final long FIRST = Long.getLong("lies.first", 1);
    private static final int CLIENTS = 4;
    private static final int ROUNDS = 60;

    private static final List<String> REQUESTS = List.of(
            "Query \"select 'x'\"",
            "Query \"select 'x'\"; Query \"select 'y'\"",
            "Query begin",
            "Query begin; Query \"select 'x'\"; Query commit",
            "Query commit",
            "Query rollback",
            "Query \"savepoint a\"; Query \"rollback to a\"; Query \"release a\"",
            "Query \"set search_path to a, b\"",
            "Query \"set local lock_timeout to 5\"",
            "Query \"reset all\"",
            "Query \"discard all\"",
            "Query \"deallocate all\"",
            "Query \"create temporary table t (n int)\"",
            "Query \"copy t from stdin\"; CopyData a; CopyDone",
            "Query \"copy t from stdin\"; CopyFail no",
            "Query \"insert into t values (1)\"; Query \"show trunkline.route\"",
            "Parse \"\" \"select $1\"; Bind \"\" \"\" [7]; Describe P \"\"; Execute \"\"; Sync",
            "Parse s1 \"select $1\"; Describe S s1; Bind \"\" s1 [7]; Execute \"\"; Sync",
            "Bind \"\" s1 [7]; Execute \"\"; Bind \"\" s1 [8]; Execute \"\"; Sync",
            "Describe S s1; Close S s1; Sync",
            "Bind \"\" s2 [7]; Execute \"\"; Flush",
            "Parse s2 \"begin\"; Bind \"\" s2 []; Execute \"\"; Sync",
            "Sync");

    @RegisterExtension
    final LogGate log = new LogGate();

    @TestFactory
    Stream<DynamicTest> clientsAreKeptInFrameOrClosed() {
        return LongStream.range(FIRST, FIRST + SEEDS)
                .mapToObj(seed -> DynamicTest.dynamicTest(
                        "seed " + seed, () -> ByteBufLeaks.during(() -> new Run(new Random(seed)).play())));
    }

    private static final class Run {
        private final Random random;
        private final TestRouter router;
        private final List<TestClient> clients = new ArrayList<>();
        private final Map<TestClient, ByteArrayOutputStream> received = new IdentityHashMap<>();
        private int lieEvery;

        Run(Random random) {
            this.random = random;
            this.lieEvery = 2 + random.nextInt(30);
            router = new TestRouter.Plan()
                    .pools(PoolSettings.builder()
                            .size(1 + random.nextInt(3))
                            .leaseWaitTimeout(Duration.ofMillis(500))
                            .build())
                    .start();
            router.onConnected(backend -> new LyingServer(backend, random, lieEvery, sql -> List.of(List.of(sql))));
        }

        void play() {
            try (router) {
                for (int round = 0; round < ROUNDS; round++) {
                    clients.removeIf(TestClient::isClosed);
                    while (clients.size() < CLIENTS) {
                        connect();
                    }
                    for (TestClient client : clients) {
                        if (client.isGreeted() && random.nextBoolean()) {
                            send(client, REQUESTS.get(random.nextInt(REQUESTS.size())));
                        }
                        if (client.isGreeted() && random.nextInt(40) == 0) {
                            client.session().cancel(() -> {});
                        }
                    }
                    router.time().advance(Duration.ofMillis(random.nextInt(300)));
                    clients.forEach(this::checkFrames);
                }
                tellTheTruth();
            }
        }

        private void connect() {
            TestClient client = router.connect(Map.of());
            clients.add(client);
            received.put(client, new ByteArrayOutputStream());
        }

        private void send(TestClient client, String text) {
            Fragmenter pieces = random.nextInt(3) > 0 ? Fragmenter.whole() : Fragmenter.random(random.nextLong());
            client.send(MessageText.encode(Direction.FROM_FRONTEND, text), pieces, random.nextBoolean());
        }

        /** Walks over the messages a client was sent, as one that trusts the router would. */
        private void checkFrames(TestClient client) {
            ByteArrayOutputStream all = received.get(client);
            all.writeBytes(client.takeReceived());
            ByteBuffer stream = ByteBuffer.wrap(all.toByteArray());
            while (stream.remaining() >= 5) {
                char tag = (char) stream.get(stream.position());
                int length = stream.getInt(stream.position() + 1);
                assertThat("RSKZTDCENAtn123sIGHVdc")
                        .as("type of a message to a client")
                        .contains(String.valueOf(tag));
                assertThat(length).as("length of a message %s to a client", tag).isGreaterThanOrEqualTo(4);
                if (stream.remaining() <= length) {
                    break;
                }
                stream.position(stream.position() + 1 + length);
            }
            all.reset();
            all.write(stream.array(), stream.position(), stream.remaining());
        }

        /** New backends are honest; those that lied are gone. */
        private void tellTheTruth() {
            lieEvery = 0;
            router.backends().forEach(ScriptedBackend::die);
            router.time().advance(Duration.ofSeconds(20));
            clients.removeIf(client -> !client.isGreeted());
            clients.forEach(client -> send(client, "CopyFail no; Sync; Query rollback; Query \"discard all\""));
            router.time().advance(Duration.ofSeconds(5));
            clients.forEach(this::checkFrames);
            clients.forEach(client -> send(client, "Query rollback; Query \"select 'mark'\""));
            router.time().advance(Duration.ofSeconds(5));
            for (TestClient client : clients) {
                String answer = new String(client.takeReceived(), ISO_8859_1);
                assertThat(client.isClosed() || answer.contains("select 'mark'"))
                        .as(
                                "answered or closed, status %s, answer: %s",
                                client.session().status(), answer)
                        .isTrue();
            }
        }
    }
}
