// SPDX-License-Identifier: Apache-2.0
package io.trunkline.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.Deadline;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.testing.Case;
import io.trunkline.testing.LogGate;
import io.trunkline.testing.OpenBuffers;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random, mutated and torn frames from clients and from a node do a router no harm.
 *
 * <p>{@code -Dhostile.frames} says how many frames (0 for no run), {@code -Dhostile.seed} repeats what a run sent (threads take turns as they
 * like; 0 for a new seed). WARN and ERROR lines fail the test: no peer can cause one.
 */
@EnabledIfSystemProperty(named = "hostile.frames", matches = "[1-9][0-9]*")
class HostileFramesIT {
    private static final long FRAMES = Long.getLong("hostile.frames", 0);
    private static final long SEED =
            Long.getLong("hostile.seed", 0) == 0 ? System.nanoTime() : Long.getLong("hostile.seed");
    private static final int CLIENTS = 12;
    private static final double NODE_SHARE_MIN = 0.4;
    private static final Duration RELEASE_LIMIT = Duration.ofSeconds(20);

    /** The buffers of the sockets, the statement caches and the code are at their size after the first tenth; this much may come and go. */
    private static final long GROWTH_MAX_BYTES = 24L << 20;

    @RegisterExtension
    final LogGate log = new LogGate();

    @TempDir
    Path folder;

    /** What is held after a collection. */
    private record Memory(long heapBytes, long directBytes) {
        static Memory now(HostileRouter router) throws Exception {
            System.gc();
            MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
            return new Memory(heap.getUsed(), (long) router.sum("trunkline_buffer_direct_bytes"));
        }
    }

    @Test
    @Case("M08")
    void neitherClientsNorANodeHarmTheRouterByBreakingTheProtocol() throws Exception {
        Tally tally = new Tally(FRAMES);
        long buffers;
        long start;
        try (PostgresServer server = PostgresServer.start(options());
                LyingNode liar = new LyingNode(SEED, tally);
                LyingNode fickle = new LyingNode(SEED + 1, tally)) {
            prepare(server);
            try (HostileRouter router = HostileRouter.start(folder, server.port(), liar.port(), fickle.port())) {
                await().atMost(Duration.ofSeconds(30)).until(router::isReady);
                fickle.lieToProbes();
                // Netty keeps some buffers in static fields; by now the classes are loaded.
                buffers = OpenBuffers.mark();
                start = System.nanoTime();

                attack(router, tally);

                await().atMost(RELEASE_LIMIT)
                        .untilAsserted(() ->
                                assertThat(router.sum("trunkline_sessions")).isZero());
            }
        }

        System.out.printf("seed %d: %s in %.1f s%n", SEED, tally, (System.nanoTime() - start) / 1e9);
        assertThat(tally.failures()).as("seed " + SEED).isEmpty();
        assertThat(tally.nodeShare())
                .as("part of the frames that came from nodes")
                .isGreaterThan(NODE_SHARE_MIN);
        if (!Deadline.in(RELEASE_LIMIT).comes(() -> OpenBuffers.since(buffers).isEmpty())) {
            List<Throwable> open = OpenBuffers.since(buffers);
            throw new AssertionError(open.size() + " buffer(s) not released, the first allocated here", open.get(0));
        }
    }

    private static PostgresOptions options() {
        return PostgresOptions.newest()
                .hostBasedAuthentication("host all " + HostileRouter.USER + " 127.0.0.1/32 trust")
                .hostBasedAuthentication("host all " + HostileRouter.PROBE_USER + " 127.0.0.1/32 trust")
                // A mutation may make a query that runs long.
                .setting("statement_timeout", "5s")
                .setting("log_min_messages", "fatal")
                .setting("log_min_error_statement", "panic");
    }

    private static void prepare(PostgresServer server) {
        server.execute(
                "create role " + HostileRouter.USER + " login",
                "create role " + HostileRouter.PROBE_USER + " login in role pg_monitor",
                "create database app");
        server.executeIn(
                "app",
                "create unlogged table scratch (n int, note text)",
                "grant all on scratch to public",
                "create table counter (n int)",
                "insert into counter values (0)");
    }

    /** Runs until as many frames have passed as are wanted. */
    private static void attack(HostileRouter router, Tally tally) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        GoodClient good = new GoodClient(router.port(), tally);
        List<Memory> tenths = new ArrayList<>();
        try {
            threads.execute(good);
            for (int i = 0; i < CLIENTS; i++) {
                threads.execute(new HostileClient(router.port(), SEED + i, tally));
            }
            for (int tenth = 1; tenth <= 10; tenth++) {
                long wanted = FRAMES * tenth / 10;
                await().atMost(Duration.ofHours(2)).until(() -> tally.isDone() || tally.frames() >= wanted);
                tenths.add(Memory.now(router));
            }
        } finally {
            good.stop();
            threads.shutdown();
            if (!threads.awaitTermination(RELEASE_LIMIT.toSeconds() * 2, TimeUnit.SECONDS)) {
                tally.fail("hostile clients did not end");
            }
        }
        System.out.println("well-behaved client: " + good);
        System.out.println("memory after each tenth: " + tenths);
        assertThat(good.rounds()).as("rounds of the well-behaved client").isPositive();
        Memory first = tenths.get(0);
        Memory last = tenths.get(tenths.size() - 1);
        // What tests before this one held may go meanwhile.
        assertThat(last.heapBytes()).as("heap").isLessThan(first.heapBytes() + GROWTH_MAX_BYTES);
        assertThat(last.directBytes()).as("direct memory").isLessThan(first.directBytes() + GROWTH_MAX_BYTES);
    }
}
