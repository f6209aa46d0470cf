// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.FreePort;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.RouterProcess;
import io.trunkline.fixture.Workspace;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;

/**
 * A router in a process of its own with a heap of 64 MB, as much direct memory, and one event loop, whose memory is looked at: from outside as
 * the kernel counts it, and through the router's own metrics.
 */
final class SmallRouter implements AutoCloseable {
    static final int HEAP_MEBIBYTES = 64;
    /** What a client waits for the router to answer about itself. */
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final RouterProcess process;
    private final Path status;
    private final Path resetPeak;
    private final int port;
    private final HttpClient http = HttpClient.newHttpClient();
    private final HttpRequest metrics;

    private SmallRouter(RouterProcess process, int port, int adminPort) {
        this.process = process;
        this.port = port;
        status = Path.of("/proc", Long.toString(process.pid()), "status");
        resetPeak = status.resolveSibling("clear_refs");
        metrics = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + adminPort + "/metrics"))
                .timeout(LIMIT)
                .build();
    }

    /** Starts it in front of a cluster and returns when it answers a query. */
    static SmallRouter start(PostgresCluster cluster, RouterConfiguration configuration) {
        return start(cluster, configuration, HEAP_MEBIBYTES);
    }

    /** As the other, with a heap of another size. */
    static SmallRouter start(PostgresCluster cluster, RouterConfiguration configuration, int heapMebibytes) {
        Topology topology = TestTopologies.single(cluster, 1, TestTopologies.DATABASE);
        return start(cluster.workspace(), topology, configuration, heapMebibytes);
    }

    /** Starts it with a topology in which clients know {@link TestTopologies#DATABASE}. */
    static SmallRouter start(Workspace workspace, Topology topology, RouterConfiguration configuration) {
        return start(workspace, topology, configuration, HEAP_MEBIBYTES);
    }

    private static SmallRouter start(
            Workspace workspace, Topology topology, RouterConfiguration configuration, int heapMebibytes) {
        int port = FreePort.next();
        int adminPort = FreePort.next();
        configuration.set("listen.port", Integer.toString(port));
        configuration.set("admin.port", Integer.toString(adminPort));
        configuration.set("event_loops", "1");
        String heap = "-Xmx" + heapMebibytes + "m";
        try {
            Path folder = Files.createDirectories(workspace.resolve("small"));
            Files.write(folder.resolve("topology.json"), TopologyJson.write(topology));
            RouterProcess process = RouterProcess.start(
                    workspace,
                    folder.getFileName().toString(),
                    configuration.text(),
                    List.of(heap, "-XX:MaxDirectMemorySize=" + HEAP_MEBIBYTES + "m", "-XX:+ExitOnOutOfMemoryError"));
            process.awaitAccepting(port, LIMIT);
            requireCommand(process.pid(), heap, folder.toString());
            SmallRouter router = new SmallRouter(process, port, adminPort);
            await().atMost(LIMIT).ignoreExceptions().until(() -> {
                try (WireClient client = router.connect()) {
                    return "1".equals(client.ask("select 1"));
                }
            });
            return router;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Memory is read by process id, so that must be the router's and not that of what started it. */
    private static void requireCommand(long pid, String... words) throws IOException {
        String command = Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"))
                .replace('\0', ' ');
        for (String word : words) {
            if (!command.contains(word)) {
                throw new AssertionError("process " + pid + " is not the router but " + command);
            }
        }
    }

    int port() {
        return port;
    }

    boolean isRunning() {
        return process.isRunning();
    }

    WireClient connect() {
        return WireClient.connect(port, TestTopologies.DATABASE);
    }

    /** Returns resident memory now. */
    long residentBytes() {
        return statusBytes("VmRSS:");
    }

    /** Returns the most resident memory since {@link #resetPeak}. */
    long residentPeakBytes() {
        return statusBytes("VmHWM:");
    }

    /** Makes the kernel forget the peak. */
    void resetPeak() {
        try {
            Files.writeString(resetPeak, "5");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private long statusBytes(String name) {
        try {
            return Files.readAllLines(status).stream()
                    .filter(line -> line.startsWith(name))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the page of metrics. */
    List<String> metrics() {
        try {
            return http.send(metrics, HttpResponse.BodyHandlers.ofString(UTF_8))
                    .body()
                    .lines()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Returns the sum over a metric's lines that begin so. */
    static long sum(List<String> metrics, String beginning) {
        return (long) metrics.stream()
                .filter(line -> line.startsWith(beginning))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    /** Returns lines of the log that say that something went wrong. */
    List<String> complaints() {
        Predicate<String> isComplaint = line -> line.contains(" WARN ")
                || line.contains(" ERROR ")
                || line.contains("OutOfMemory")
                || line.contains("LEAK");
        try {
            return Files.readAllLines(process.log()).stream()
                    .filter(isComplaint)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends it by SIGKILL. */
    void kill() {
        process.kill();
    }

    @Override
    public void close() {
        process.close();
    }
}
