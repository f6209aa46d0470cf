// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.copyData;
import static io.trunkline.router.ClientMessage.copyDone;
import static io.trunkline.router.ClientMessage.query;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A client that asks small questions beside one that does all it can, on the same event loop: how long its answers take is printed, and judged only
 * by a bound that means that it was starved.
 */
class FairnessIT {
    private static final int SECONDS = 3;
    private static final int PIPELINED = 100_000;
    private static final long STARVED_MICROS = TimeUnit.SECONDS.toMicros(3);

    private static PostgresCluster cluster;
    private static RouterUnderTest router;
    private static ExecutorService threads;

    /** What a heavy client does again and again. */
    private interface Work {
        void run(WireClient client) throws IOException;
    }

    @BeforeAll
    static void start() {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(0));
        cluster.primary()
                .executeIn(TestTopologies.DATABASE, "create unlogged table t (line text)", "grant all on t to public");
        router = RouterUnderTest.with(cluster.workspace(), TestTopologies.single(cluster, 1, "app"))
                .set("event_loops", "1")
                .start();
        threads = Executors.newCachedThreadPool();
    }

    @AfterAll
    static void stop() {
        threads.shutdownNow();
        router.close();
        cluster.close();
    }

    @Test
    @Case("B06")
    void B06_besideAClientThatReadsAllItCan() throws Exception {
        measure(
                "a bulk reader",
                client -> client.send(query("select repeat('x', 1000) from generate_series(1, 100000)"))
                        .receiveUntilReady('D', (in, length) -> in.skipNBytes(length)));
    }

    @Test
    @Case("B06")
    void B06_besideAClientThatSendsAllItCan() throws Exception {
        byte[] data = copyData("x".repeat(100) + "\n");
        ByteArrayOutputStream chunk = new ByteArrayOutputStream();
        for (int i = 0; i < 5_000; i++) {
            chunk.writeBytes(data);
        }
        measure("a bulk sender", client -> {
            client.send(query("begin; truncate t; copy t from stdin")).receiveUntil('G');
            for (int i = 0; i < 40; i++) {
                client.sendBytes(chunk.toByteArray());
            }
            client.send(copyDone()).receiveUntilReady();
            client.query("rollback");
        });
    }

    @Test
    @Case("B06")
    void B06_besideAClientWithAPipelineOfManyStatements() throws Exception {
        ByteArrayOutputStream pipeline = new ByteArrayOutputStream();
        byte[] one = query("select 1");
        for (int i = 0; i < PIPELINED; i++) {
            pipeline.writeBytes(one);
        }
        measure("a pipeline of %,d statements".formatted(PIPELINED), client -> {
            Future<?> sending = threads.submit(() -> client.sendBytes(pipeline.toByteArray()));
            for (int i = 0; i < PIPELINED; i++) {
                client.receiveUntilReady();
            }
            assertThat(sending).succeedsWithin(30, TimeUnit.SECONDS);
        });
    }

    private static void measure(String beside, Work work) throws Exception {
        try (LatencyProbe probe = new LatencyProbe(WireClient.connect(router.port(), "app"));
                WireClient heavy = WireClient.connect(router.port(), "app")) {
            LatencyProbe.Latencies alone = probe.askFor(SECONDS);
            AtomicBoolean over = new AtomicBoolean();
            Future<Integer> working = threads.submit(() -> {
                int times = 0;
                do {
                    work.run(heavy);
                    times++;
                } while (!over.get());
                return times;
            });
            LatencyProbe.Latencies during = probe.askFor(SECONDS);
            over.set(true);
            int times = working.get(120, TimeUnit.SECONDS);

            System.out.println(
                    "alone: " + alone + "\nbeside " + beside + ", which went through " + times + " times: " + during);
            assertThat(during.p99Micros()).as("p99 beside " + beside).isLessThan(STARVED_MICROS);
        }
    }
}
