// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.pool.PoolSettings;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.Fragmenter;
import io.trunkline.testing.LogGate;
import io.trunkline.testing.MessageText;
import io.trunkline.testing.PostgresModel;
import io.trunkline.testing.ScriptedBackend;
import io.trunkline.testing.SimulatedClient;
import io.trunkline.testing.TestClient;
import io.trunkline.testing.TestRouter;
import io.trunkline.wire.MessageScanner.Direction;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Many clients over few backends in virtual time, with and without faults. Each run has a seed; {@code -Dsimulation.seeds=1000} runs more,
 * {@code -Dsimulation.first=17 -Dsimulation.seeds=1} one again.
 */
class SimulationTest {
    private static final long SEEDS = Long.getLong("simulation.seeds", 20);
    private static final long FIRST = Long.getLong("simulation.first", 1);
    private static final int CLIENTS = 12;
    private static final int ACTIONS = 30;

    @RegisterExtension
    final LogGate log = new LogGate();

    @TestFactory
    Stream<DynamicTest> answersEveryClientWithItsOwnRepliesWhileNothingFails() {
        return seeds(seed -> new Run(seed, false, SessionTimeouts.OFF).play());
    }

    @TestFactory
    Stream<DynamicTest> leavesNobodyWaitingAndNothingHeldWhenPeersFail() {
        return seeds(seed -> new Run(seed, true, SessionTimeouts.OFF).play());
    }

    /** Timeouts about as long as what they limit, so that they come before, behind and in the middle of it. */
    @TestFactory
    Stream<DynamicTest> leavesNobodyWaitingAndNothingHeldWhenMuchTakesTooLong() {
        return seeds(seed -> new Run(seed, true, tight(new Random(seed))).play());
    }

    private static SessionTimeouts tight(Random random) {
        long[] millis = random.longs(6, 1, 60).toArray();
        return new SessionTimeouts(
                millis[0] / 2 * 1_000_000,
                millis[1] / 4 * 1_000_000,
                millis[2] * 2_000_000,
                millis[3] * 1_000_000,
                millis[4] * 4_000_000,
                millis[5] / 2 * 1_000_000 + 1_000_000);
    }

    /** What {@code pgbench -S -M prepared -c 16} does over a pool of 8: all prepare one new statement at once. */
    @TestFactory
    Stream<DynamicTest> answersSixteenClientsThatPrepareOneStatementAtOnce() {
        return seeds(SimulationTest::prepareAtOnce);
    }

    private static void prepareAtOnce(long seed) {
        Random random = new Random(seed);
        PoolSettings pools = PoolSettings.builder().size(8).build();
        try (TestRouter router = new TestRouter.Plan().pools(pools).start()) {
            router.onConnected(backend -> new PostgresModel(backend, router.loop(), random));
            List<TestClient> bench = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                bench.add(router.connect(Map.of("application_name", "pgbench")));
                router.time().advance(Duration.ofMillis(10));
            }
            bench.forEach(TestClient::takeReceived);
            int[] rounds = new int[16];
            ByteArrayOutputStream[] answers = new ByteArrayOutputStream[16];
            Arrays.setAll(answers, i -> new ByteArrayOutputStream());
            for (int tick = 0; tick < 3_000; tick++) {
                for (int i = 0; i < 16; i++) {
                    answers[i].writeBytes(bench.get(i).takeReceived());
                    List<String> answer = MessageText.decode(Direction.FROM_BACKEND, answers[i].toByteArray());
                    if ((rounds[i] == 0 || answer.contains("ReadyForQuery I")) && rounds[i] <= 20) {
                        answers[i].reset();
                        String next = rounds[i]++ == 0
                                ? "Parse P_0 \"select $1, 'x'\"; Sync"
                                : "Bind \"\" P_0 [7]; Describe P \"\"; Execute \"\"; Sync";
                        bench.get(i).send(MessageText.encode(Direction.FROM_FRONTEND, next), Fragmenter.whole(), true);
                    }
                }
                router.time().advance(Duration.ofMillis(1));
            }

            assertThat(rounds).containsOnly(21);
        }
    }

    private interface Play {
        void withSeed(long seed);
    }

    private static Stream<DynamicTest> seeds(Play play) {
        return LongStream.range(FIRST, FIRST + SEEDS)
                .mapToObj(seed -> DynamicTest.dynamicTest(
                        "seed " + seed,
                        () -> ByteBufLeaks.during(() -> {
                            try {
                                play.withSeed(seed);
                            } catch (AssertionError | RuntimeException e) {
                                throw new AssertionError("simulation with seed " + seed + ": " + e, e);
                            }
                        })));
    }

    private static final class Run {
        private final Random random;
        private final boolean faults;
        private final TestRouter router;
        private final List<SimulatedClient> clients = new ArrayList<>();
        private int names;

        Run(long seed, boolean faults, SessionTimeouts timeouts) {
            this.random = new Random(seed);
            this.faults = faults;
            TestRouter.Plan plan = new TestRouter.Plan()
                    .pools(PoolSettings.builder()
                            .size(1 + random.nextInt(4))
                            .leaseWaitTimeout(faults ? Duration.ofMillis(200) : Duration.ofSeconds(60))
                            .build())
                    .timeouts(timeouts);
            router = (random.nextBoolean() ? plan.replicas() : plan).start();
            router.onConnected(backend -> new PostgresModel(backend, router.loop(), random));
        }

        void play() {
            try (router) {
                for (int i = 0; i < CLIENTS; i++) {
                    add();
                }
                for (int tick = 0; tick < 400; tick++) {
                    step();
                    if (faults && tick < 300) {
                        fault();
                    }
                }
                router.setDown("node-a", false);
                router.status(0, "node-a");
                for (int tick = 0; tick < 20_000 && !complaints().isEmpty(); tick++) {
                    step();
                }

                assertThat(complaints()).isEmpty();
                if (!faults) {
                    assertThat(clients).allMatch(client -> client.failures() == 0);
                }
                clients.forEach(SimulatedClient::vanish);
                router.time().advance(Duration.ofSeconds(10));
                assertThat(router.sessions().size()).isZero();
                for (ScriptedBackend backend : router.backends()) {
                    if (backend.isOpen()) {
                        assertThat(backend.connection().releaseViolation()).isNull();
                    }
                }
            }
        }

        private void add() {
            TestClient client = router.connect(Map.of());
            for (int i = 0; i < 1_000 && !client.isGreeted() && !client.isRefused(); i++) {
                router.time().advance(Duration.ofMillis(1));
            }
            if (client.isGreeted()) {
                SimulatedClient simulated = new SimulatedClient("c" + names++, client, router.loop(), random, ACTIONS);
                clients.add(simulated);
                simulated.goOn();
            }
        }

        private void step() {
            router.time().advance(Duration.ofMillis(1));
            clients.forEach(SimulatedClient::poll);
        }

        private List<String> complaints() {
            return clients.stream()
                    .map(SimulatedClient::complaint)
                    .filter(Objects::nonNull)
                    .toList();
        }

        private void fault() {
            switch (random.nextInt(40)) {
                case 0, 1 -> {
                    List<ScriptedBackend> open = router.backends().stream()
                            .filter(ScriptedBackend::isOpen)
                            .toList();
                    if (!open.isEmpty()) {
                        open.get(random.nextInt(open.size())).die();
                    }
                }
                case 2 -> {
                    clients.get(random.nextInt(clients.size())).vanish();
                    add();
                }
                case 3, 4 -> clients.get(random.nextInt(clients.size())).stall();
                case 5 -> router.status(0, "nobody");
                case 6, 7 -> router.status(0, "node-a");
                case 8 -> router.setDown("node-a", random.nextBoolean());
                default -> {
                    // nothing happens
                }
            }
        }
    }
}
