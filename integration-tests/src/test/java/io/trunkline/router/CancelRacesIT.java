// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.sync;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Cancel requests that arrive while the statement they are meant for is about to end, and its backend about to go to somebody else.
 *
 * <p>{@code -Dcancel.races} says how many, {@code -Dcancel.seed} when they are sent; 0 draws a seed, which is printed.
 */
class CancelRacesIT {
    private static final int RACES = Integer.getInteger("cancel.races", 2_000);
    private static final int PAIRS = 4;
    private static final int VICTIMS = 3;
    private static final int DELIVERIES = 200;
    private static final int CANCELLED_ON_TIME = 60;

    private static PostgresCluster cluster;
    private static RouterUnderTest router;

    @BeforeAll
    static void start() {
        cluster = PostgresCluster.start(
                TestTopologies.trusting(PostgresOptions.newest().replicas(0)));
        TestTopologies.prepare(cluster);
        router = RouterUnderTest.with(cluster.workspace(), TestTopologies.single(cluster, 1, "app"))
                .set("defaults.pool_size", "2")
                .start();
    }

    @AfterAll
    static void stop() {
        router.close();
        cluster.close();
    }

    @Test
    void X02_X03_aCancelNeverHitsTheNextClientOfTheBackend() throws Exception {
        long given = Long.getLong("cancel.seed", 0);
        long seed = given == 0 ? System.nanoTime() : given;
        Random seeds = new Random(seed);
        ExecutorService threads = Executors.newCachedThreadPool();
        AtomicBoolean over = new AtomicBoolean();
        AtomicLong cancelled = new AtomicLong();
        AtomicLong undisturbed = new AtomicLong();
        try {
            List<Future<String>> victims = new ArrayList<>();
            for (int i = 0; i < VICTIMS; i++) {
                victims.add(threads.submit(() -> runUndisturbed(over, undisturbed)));
            }
            List<Future<?>> pairs = new ArrayList<>();
            for (int i = 0; i < PAIRS; i++) {
                Random random = new Random(seeds.nextLong());
                pairs.add(threads.submit(() -> {
                    race(threads, random, cancelled);
                    return null;
                }));
            }
            for (Future<?> pair : pairs) {
                pair.get();
            }
            over.set(true);
            System.out.printf(
                    "cancel races: %d, seed %d; %d statements cancelled, %d of others not%n",
                    RACES, seed, cancelled.get(), undisturbed.get());

            for (Future<String> victim : victims) {
                assertThat(victim.get(60, TimeUnit.SECONDS)).isEmpty();
            }
            assertThat(undisturbed.get()).isPositive();
        } finally {
            over.set(true);
            threads.shutdownNow();
        }
    }

    /** Runs statements nobody cancels until told to stop; returns the first answer that is not right. */
    private static String runUndisturbed(AtomicBoolean over, AtomicLong count) {
        try (WireClient client = WireClient.connect(router.port(), "app")) {
            while (!over.get()) {
                String simple = String.valueOf(client.ask("select 'mine'"));
                String extended = client.send(parse("", "select 'mine'"), bind("", ""), execute("", 0), sync())
                        .receiveUntilReady()
                        .toString();
                if (!simple.equals("mine") || !extended.contains("DataRow [mine]")) {
                    return simple + ", " + extended;
                }
                count.addAndGet(2);
            }
            return "";
        }
    }

    /** Sends statements, and cancel requests for them at about the time they end. */
    private static void race(ExecutorService threads, Random random, AtomicLong cancelled) throws Exception {
        try (WireClient client = WireClient.connect(router.port(), "app")) {
            CyclicBarrier together = new CyclicBarrier(2);
            Future<?> canceller = threads.submit(() -> {
                for (int i = 0; i < RACES / PAIRS; i++) {
                    together.await(CANCELLED_ON_TIME, TimeUnit.SECONDS);
                    client.cancel();
                }
                return null;
            });
            for (int i = 0; i < RACES / PAIRS; i++) {
                together.await(CANCELLED_ON_TIME, TimeUnit.SECONDS);
                LockSupport.parkNanos(random.nextInt(300_000));
                String answer = client.ask(random.nextBoolean() ? "select 'a'" : "select 'a' from pg_sleep(0.0002)");
                assertThat(answer).isIn("a", "57014");
                if ("57014".equals(answer)) {
                    cancelled.incrementAndGet();
                }
            }
            canceller.get(CANCELLED_ON_TIME, TimeUnit.SECONDS);
        }
    }

    @Test
    void everyCancelOfAStatementThatRunsIsDelivered() {
        try (WireClient client = WireClient.connect(router.port(), "app")) {
            for (int i = 0; i < DELIVERIES; i++) {
                client.send(ClientMessage.query("select pg_sleep(30)"));
                // Long enough for the router to have read the Query, whatever else runs: before that a cancel has
                // nothing to hit.
                LockSupport.parkNanos(20_000_000);
                client.cancel();

                assertThat(client.receiveUntilReady().toString()).contains("57014");
            }
        }
    }
}
