// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.FreePort;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Cancel requests that arrive while the statement they are meant for is about to end, and its backend about to go to somebody else.
 *
 * <p>They go to three routers in turn, so two of three are passed on by a router that did not give the key. One race in {@value #ENDS_PER_RUN} is
 * for a statement that is known to run, and must be cancelled.
 *
 * <p>{@code -Dcancel.races} says how many, {@code -Dcancel.seed} when they are sent; 0 draws a seed, which is printed.
 */
class CancelRacesIT {
    private static final int RACES = Integer.getInteger("cancel.races", 2_000);
    private static final int ROUTERS = 3;
    private static final int RACERS_PER_ROUTER = 2;
    private static final int ENDS_PER_RUN = 8;
    private static final double DELIVERED_LEAST = 0.999;
    private static final long SPAN_MICROS_MIN = 50;
    private static final long SPAN_MICROS_MAX = 20_000;

    private static final List<RouterUnderTest> ROUTER = new ArrayList<>();
    private static PostgresCluster cluster;

    @BeforeAll
    static void start() {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(0));
        cluster.primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        // A server sends a notice at once: who reads it knows that the statement runs.
                        "create function run_until_cancelled() returns text language plpgsql as"
                                + " $$ begin raise notice 'running'; perform pg_sleep(10); return 'not cancelled'; end $$");
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < ROUTERS; i++) {
            ports.add(FreePort.next());
        }
        for (int i = 0; i < ROUTERS; i++) {
            RouterUnderTest.Builder builder = RouterUnderTest.with(
                            cluster.workspace(), TestTopologies.single(cluster, 1, "app"))
                    .set("listen.port", ports.get(i).toString())
                    // On one event loop its clients share the backends, which are fewer than they.
                    .set("event_loops", "1")
                    .set("defaults.pool_size", Integer.toString(RACERS_PER_ROUTER))
                    .set("cancel.number", Integer.toString(i + 1));
            for (int peer = 0; peer < ROUTERS; peer++) {
                builder.set("cancel.peers." + (peer + 1) + ".host", "127.0.0.1")
                        .set(
                                "cancel.peers." + (peer + 1) + ".port",
                                ports.get(peer).toString());
            }
            ROUTER.add(builder.start());
        }
    }

    @AfterAll
    static void stop() {
        ROUTER.forEach(RouterUnderTest::close);
        cluster.close();
    }

    /** What all races together brought. */
    private static final class Score {
        private final AtomicLong ended = new AtomicLong();
        private final AtomicLong cancelled = new AtomicLong();
        private final AtomicLong running = new AtomicLong();
        private final AtomicLong delivered = new AtomicLong();
        private final AtomicLong undisturbed = new AtomicLong();
    }

    @Test
    @Case({"X02", "X03", "X12"})
    void X02_X03_X12_aCancelHitsTheStatementItIsMeantForAndNeverTheNextClientOfTheBackend() throws Exception {
        long given = Long.getLong("cancel.seed", 0);
        long seed = given == 0 ? System.nanoTime() : given;
        Random seeds = new Random(seed);
        ExecutorService threads = Executors.newCachedThreadPool();
        AtomicBoolean over = new AtomicBoolean();
        Score score = new Score();
        long begin = System.nanoTime();
        try {
            List<Future<String>> victims = new ArrayList<>();
            List<Future<?>> racers = new ArrayList<>();
            for (RouterUnderTest router : ROUTER) {
                victims.add(threads.submit(() -> runUndisturbed(router.port(), over, score)));
                for (int i = 0; i < RACERS_PER_ROUTER; i++) {
                    Random random = new Random(seeds.nextLong());
                    racers.add(threads.submit(() -> race(router.port(), random, score)));
                }
            }
            for (Future<?> racer : racers) {
                racer.get();
            }
            over.set(true);
            System.out.printf(
                    "cancel races: %d in %d s, seed %d; %d of %d statements about to end cancelled, %d of %d that ran; %d of others not%n",
                    score.ended.get() + score.running.get(),
                    TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin),
                    seed,
                    score.cancelled.get(),
                    score.ended.get(),
                    score.delivered.get(),
                    score.running.get(),
                    score.undisturbed.get());

            for (Future<String> victim : victims) {
                assertThat(victim.get(60, TimeUnit.SECONDS)).isEmpty();
            }
            assertThat(score.undisturbed.get()).isPositive();
            assertThat(score.cancelled.get())
                    .as("cancelled of the statements about to end: neither none nor all")
                    .isBetween(score.ended.get() / 20, score.ended.get() * 19 / 20);
            assertThat((double) score.delivered.get() / score.running.get())
                    .as("share of statements that ran and were cancelled")
                    .isGreaterThanOrEqualTo(DELIVERED_LEAST);
        } finally {
            over.set(true);
            threads.shutdownNow();
        }
    }

    /** Runs statements nobody cancels until told to stop; returns the first answer that is not right. */
    private static String runUndisturbed(int port, AtomicBoolean over, Score score) {
        try (WireClient client = WireClient.connect(port, "app")) {
            while (!over.get()) {
                String simple = String.valueOf(client.ask("select 'mine' from pg_sleep(0.001)"));
                String extended = client.send(parse("", "select 'mine'"), bind("", ""), execute("", 0), sync())
                        .receiveUntilReady()
                        .toString();
                if (!simple.equals("mine") || !extended.contains("DataRow [mine]")) {
                    return simple + ", " + extended;
                }
                score.undisturbed.addAndGet(2);
            }
            return "";
        }
    }

    /** Sends statements, and cancel requests for them at about the time they end. */
    private static void race(int port, Random random, Score score) {
        // Statements take up to this long; it is what makes half of them end before they are cancelled.
        long spanMicros = 1_000;
        try (WireClient client = WireClient.connect(port, "app")) {
            for (int i = 0; i < RACES / (ROUTERS * RACERS_PER_ROUTER); i++) {
                int target = ROUTER.get(i % ROUTERS).port();
                if (random.nextInt(ENDS_PER_RUN) == 0) {
                    client.send(query("select run_until_cancelled()")).receiveUntil('N');
                    client.cancelAt(target);
                    score.running.incrementAndGet();
                    score.delivered.addAndGet(isCancelled(client.receiveUntilReady()) ? 1 : 0);
                } else {
                    double seconds = random.nextLong(spanMicros + 1) / 1e6;
                    client.send(query("select 'a' from pg_sleep(" + seconds + ")"));
                    client.cancelAt(target);
                    boolean cancelled = isCancelled(client.receiveUntilReady());
                    score.ended.incrementAndGet();
                    score.cancelled.addAndGet(cancelled ? 1 : 0);
                    spanMicros = Math.max(
                            SPAN_MICROS_MIN,
                            Math.min(SPAN_MICROS_MAX, cancelled ? spanMicros * 19 / 20 : spanMicros * 20 / 19 + 1));
                }
                // The request's connection has closed: what the client sends from now on is none of its business.
                assertThat(client.ask("select 'next'")).isEqualTo("next");
            }
        }
    }

    private static boolean isCancelled(List<ServerMessage> answer) {
        for (ServerMessage message : answer) {
            if (message.type() == 'E') {
                assertThat(message.sqlState()).isEqualTo("57014");
                return true;
            }
        }
        return false;
    }
}
