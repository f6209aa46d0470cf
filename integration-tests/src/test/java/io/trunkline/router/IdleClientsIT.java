// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.UnixOperatingSystemMXBean;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Thousands of clients that have logged in and do nothing cost a router some kilobytes each, and nobody else any time; they leave nothing behind.
 *
 * <p>{@code -Didle.clients} says how many. This process and the router need a file descriptor each for every one of them: where
 * {@code ulimit -n} allows fewer, there are as many as it does.
 */
@EnabledIfSystemProperty(named = "idle.clients", matches = "[1-9][0-9]*")
class IdleClientsIT {
    private static final int SPARE_DESCRIPTORS = 500;
    private static final int CLIENTS_WANTED = Integer.getInteger("idle.clients", 0);
    private static final int CLIENTS = (int) Math.min(CLIENTS_WANTED, descriptorsMax() - SPARE_DESCRIPTORS);
    /** One source address has some 28,000 ports. */
    private static final int CLIENTS_PER_ADDRESS = 20_000;

    /** What a client may cost, in the heap, in buffers and beside them. */
    private static final long BYTES_PER_CLIENT_MAX = 8_192;
    /** What resident memory may grow by however few there are. */
    private static final long GROWTH_BYTES = 64L << 20;

    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Test
    void B13_idleClientsCostSomeKilobytesEachAndNobodyAnyTime() throws Exception {
        try (PostgresCluster cluster = PostgresCluster.start(
                TestTopologies.trusting(PostgresOptions.newest().replicas(0)))) {
            TestTopologies.prepare(cluster);
            RouterConfiguration configuration = RouterConfiguration.forTests();
            configuration.set("listen.backlog", "4096");
            configuration.set("limits.sessions", Integer.toString(CLIENTS + SPARE_DESCRIPTORS));
            // The heap is what the clients need: a limit that is reached would be seen.
            int heapMebibytes = 64 + (int) (CLIENTS * BYTES_PER_CLIENT_MAX >> 20);
            try (SmallRouter router = SmallRouter.start(cluster, configuration, heapMebibytes)) {
                measure(router);
            }
        }
    }

    private static long descriptorsMax() {
        return ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getMaxFileDescriptorCount();
    }

    private static void measure(SmallRouter router) throws IOException, InterruptedException {
        List<SocketChannel> clients = new ArrayList<>(CLIENTS);
        try (LatencyProbe probe = new LatencyProbe(router.connect());
                MemoryWatch watch = new MemoryWatch(router)) {
            LatencyProbe.Latencies before = probe.askFor(3);
            long residentBefore = router.residentBytes();
            long begun = System.nanoTime();
            byte[] startup = startup();
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(login(router.port(), i, startup));
            }
            long seconds = Math.max(1, (System.nanoTime() - begun) / 1_000_000_000L);
            LatencyProbe.Latencies beside = probe.askFor(3);
            MemoryWatch.Peak peak = watch.end();
            long grown = peak.residentEndBytes() - residentBefore;
            System.out.printf(
                    "idle clients: %d of %d, logged in %d a second; resident %d MB, %d MB more, %d bytes each;"
                            + " peaks: resident %d MB, heap %d MB, direct %d MB%n"
                            + "another client before: %s%n... beside them: %s%n",
                    CLIENTS,
                    CLIENTS_WANTED,
                    CLIENTS / seconds,
                    peak.residentEndBytes() >> 20,
                    grown >> 20,
                    grown / CLIENTS,
                    peak.residentBytes() >> 20,
                    peak.heapBytes() >> 20,
                    peak.directBytes() >> 20,
                    before,
                    beside);

            assertThat(SmallRouter.sum(router.metrics(), "trunkline_sessions{")).isEqualTo(CLIENTS + 1L);
            assertThat(grown).isLessThan(GROWTH_BYTES + CLIENTS * BYTES_PER_CLIENT_MAX);
            assertThat(router.complaints()).isEmpty();
        } finally {
            for (SocketChannel client : clients) {
                client.close();
            }
        }
        await().atMost(LIMIT).until(() -> SmallRouter.sum(router.metrics(), "trunkline_sessions{") == 0);
        assertThat(router.complaints()).isEmpty();
    }

    private static byte[] startup() {
        return WireClient.startupPacket(TestTopologies.DATABASE);
    }

    /** Logs in and reads up to ReadyForQuery, whose last six bytes are always the same. */
    private static SocketChannel login(int port, int number, byte[] startup) throws IOException {
        SocketChannel channel = SocketChannel.open();
        channel.bind(new InetSocketAddress("127.0.0." + (2 + number / CLIENTS_PER_ADDRESS), 0));
        channel.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
        channel.write(ByteBuffer.wrap(startup));
        ByteBuffer in = ByteBuffer.allocate(4_096);
        while (!isReady(in)) {
            if (channel.read(in) < 0) {
                throw new IOException("client " + number + " was refused after " + in.position() + " bytes");
            }
        }
        return channel;
    }

    private static boolean isReady(ByteBuffer in) {
        int end = in.position();
        return end >= 6 && in.get(end - 6) == 'Z' && in.getInt(end - 5) == 5 && in.get(end - 1) == 'I';
    }
}
