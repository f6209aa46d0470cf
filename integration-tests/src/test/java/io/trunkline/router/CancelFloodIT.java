// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** As many cancel requests as can be sent from one address, by somebody who does not wait for their end. */
class CancelFloodIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int FLOODERS = 3;
    private static final int REQUESTS = 3_000;
    private static final int CLIENTS = 3;
    private static final int POOL_SIZE = 2;
    private static final int SILENT_ROUTER = 2;

    @Test
    @Case("X14")
    void X14_aFloodFromOneAddressDisturbsNoQueryNoLoginAndNoCancelFromAnother() throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        AtomicBoolean over = new AtomicBoolean();
        AtomicLong answers = new AtomicLong();
        try (PostgresCluster cluster = PostgresCluster.start(
                        TestTopologies.trusting(PostgresOptions.newest().replicas(0)));
                ServerSocket silent = new ServerSocket(0, 200, InetAddress.getLoopbackAddress())) {
            TestTopologies.prepare(cluster);
            try (RouterUnderTest router = RouterUnderTest.with(
                                    cluster.workspace(), TestTopologies.single(cluster, 1, "app"))
                            .set("event_loops", "1")
                            .set("defaults.pool_size", Integer.toString(POOL_SIZE))
                            .set("limits.cancels_per_address", "20")
                            .set("timeouts.cancel", "1s")
                            .set("cancel.number", "1")
                            .set("cancel.peers." + SILENT_ROUTER + ".host", "127.0.0.1")
                            .set("cancel.peers." + SILENT_ROUTER + ".port", Integer.toString(silent.getLocalPort()))
                            .start();
                    WireClient idle = WireClient.connect(router.port(), "app")) {
                List<Future<Long>> floods = new ArrayList<>();
                List<Future<?>> clients = new ArrayList<>();
                for (int i = 0; i < CLIENTS; i++) {
                    clients.add(threads.submit(() -> runQueries(router.port(), over, answers)));
                }
                long begin = System.nanoTime();
                for (int i = 0; i < FLOODERS; i++) {
                    Random random = new Random(i);
                    floods.add(threads.submit(() -> flood(router.port(), idle.cancelRequest(), random)));
                }
                await().atMost(LIMIT).until(() -> outcome(router, "surplus") > 0);

                long before = answers.get();
                try (WireClient cancelled = WireClient.connect(router.port(), "app")) {
                    cancelled.send(query("select pg_sleep(60), 'cancelled'"));
                    await().atMost(LIMIT).until(() -> sleeping(cluster) == 1);
                    cancelled.cancel();
                    assertThat(cancelled.receiveUntilReady().toString()).contains("57014");
                }
                await().atMost(LIMIT).until(() -> answers.get() > before + 100);
                assertThat(backends(cluster)).as("backends of the pool").isLessThanOrEqualTo(POOL_SIZE);

                long sent = 0;
                for (Future<Long> flood : floods) {
                    sent += flood.get();
                }
                over.set(true);
                for (Future<?> client : clients) {
                    client.get(60, TimeUnit.SECONDS);
                }
                System.out.printf(
                        "cancel flood: %d requests, %d a second; %d answers to others, %.0f requests dropped%n",
                        sent,
                        TimeUnit.SECONDS.toNanos(sent) / (System.nanoTime() - begin),
                        answers.get(),
                        outcome(router, "surplus"));
                long allSent = sent;
                await().atMost(LIMIT)
                        .untilAsserted(() -> assertThat(outcome(router, "surplus")
                                        + outcome(router, "unknown_key")
                                        + outcome(router, "nothing_running")
                                        + outcome(router, "joined")
                                        + outcome(router, "failed"))
                                .isGreaterThanOrEqualTo(allSent));
                await().atMost(LIMIT).until(() -> router.counted("trunkline_cancel_forwards") == 0);
                assertThat(idle.ask("select 'idle'")).isEqualTo("idle");
            }
        } finally {
            over.set(true);
            threads.shutdownNow();
        }
    }

    /** Runs statements and logs in anew until told to stop; fails at the first answer that is not right. */
    private static void runQueries(int port, AtomicBoolean over, AtomicLong answers) {
        while (!over.get()) {
            try (WireClient client = WireClient.connect(port, "app")) {
                for (int i = 0; i < 20 && !over.get(); i++) {
                    assertThat(client.ask("select 'mine'")).isEqualTo("mine");
                    answers.incrementAndGet();
                }
            }
        }
    }

    /** Sends requests for keys of nobody, of another router that does not answer, and of a client that runs nothing. */
    private static long flood(int port, byte[] idle, Random random) throws IOException {
        InetAddress from = InetAddress.getByName("127.0.0.2");
        for (int i = 0; i < REQUESTS; i++) {
            try (Socket socket = new Socket()) {
                socket.bind(new InetSocketAddress(from, 0));
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 20_000);
                socket.getOutputStream().write(i % 3 == 0 ? idle : key(i % 3, random));
            }
        }
        return REQUESTS;
    }

    private static byte[] key(int router, Random random) {
        return ByteBuffer.allocate(16)
                .putInt(16)
                .putInt(1234 << 16 | 5678)
                .putInt(router << 21 | random.nextInt(1 << 21))
                .putInt(random.nextInt())
                .array();
    }

    private static double outcome(RouterUnderTest router, String outcome) {
        return router.counted("trunkline_cancel_requests_total{outcome=\"" + outcome + "\"}");
    }

    private static int sleeping(PostgresCluster cluster) {
        return count(cluster, "state = 'active' and wait_event = 'PgSleep'");
    }

    private static int backends(PostgresCluster cluster) {
        return count(cluster, "usename = '" + RouterUnderTest.TRUSTED_USER + "'");
    }

    private static int count(PostgresCluster cluster, String condition) {
        return Integer.parseInt(
                cluster.primary().queryText("select count(*) from pg_stat_activity where " + condition));
    }
}
