// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import io.trunkline.fixture.Deadline;
import io.trunkline.fixture.FixtureException;
import io.trunkline.fixture.FreePort;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.RouterProcess;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.Shard;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * One benchmark of the merge: all rows of a table in the order of their numbers, read from one server that has all of them, from the shards, each
 * for itself and at the same time, and from the router, which merges those of the shards.
 *
 * <p>Contenders take turns as in {@link Bench}, each round beginning with another one.
 */
final class MergeBench implements AutoCloseable {
    static final String ONE_SERVER = "one server";
    private static final String SHARDS_UNMERGED = "shards in parallel, not merged";
    private static final String ROUTER = "trunkline";

    private static final RowCounter.Count NOTHING = new RowCounter.Count(0, 0);
    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    private final MergeOptions options;
    private final SpreadTable table;
    private final PostgresServer whole;
    private final ShardedCluster shards;
    private final RouterProcess router;
    private final int routerPort = FreePort.next();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    /**
     * Starts everything and makes the tables. What runs already when something does not start ends with this JVM, as its workspace's guard sees to
     * it.
     */
    MergeBench(MergeOptions options, PostgresOptions postgres) {
        this.options = options;
        table = new SpreadTable(options.shards());
        PostgresOptions trusting = postgres.replicas(0)
                .hostBasedAuthentication("host all " + PgbenchRun.USER + " 127.0.0.1/32 trust")
                .setting("shared_buffers", "256MB")
                .setting("max_wal_size", "1GB");
        shards = ShardedCluster.start(options.shards(), trusting);
        whole = PostgresServer.start(trusting);
        say("making the tables");
        shards.createDatabase(PgbenchRun.DATABASE, PgbenchRun.USER, PgbenchRun.PASSWORD);
        whole.createDatabase(PgbenchRun.DATABASE, PgbenchRun.USER, PgbenchRun.PASSWORD);
        for (int shard = 0; shard < options.shards(); shard++) {
            table.fill(primary(shard), PgbenchRun.DATABASE, shard, options.rows());
        }
        table.fillWhole(whole, PgbenchRun.DATABASE, options.rows());
        router = startRouter();
    }

    private PostgresServer primary(int shard) {
        return shards.shard(shard).primary();
    }

    /** Runs the rounds. */
    MergeReport run() {
        List<Supplier<MergeMeasurement>> contenders = List.of(this::oneServer, this::shardsInParallel, this::router);
        MergeReport report = new MergeReport(options);
        for (int round = -options.warmupRounds(); round < options.rounds(); round++) {
            for (int turn = 0; turn < contenders.size(); turn++) {
                int index = Math.floorMod(round + turn, contenders.size());
                MergeMeasurement measurement = contenders.get(index).get();
                if (measurement.count().rows() != options.rows()) {
                    throw new FixtureException(measurement.contender() + " gave "
                            + measurement.count().rows() + " rows, not " + options.rows());
                }
                if (round >= 0) {
                    report.add(measurement);
                }
                say(String.format(
                        "%s %s %.0f rows/s",
                        round < 0 ? "warm-up" : "round " + (round + 1),
                        measurement.contender(),
                        measurement.rowsPerSecond()));
            }
        }
        return report;
    }

    private MergeMeasurement oneServer() {
        return timed(ONE_SERVER, () -> read(whole.port()));
    }

    private MergeMeasurement shardsInParallel() {
        return timed(SHARDS_UNMERGED, () -> {
            List<CompletableFuture<RowCounter.Count>> reading = new ArrayList<>();
            for (int shard = 0; shard < options.shards(); shard++) {
                int port = primary(shard).port();
                reading.add(CompletableFuture.supplyAsync(() -> read(port), threads));
            }
            return reading.stream().map(CompletableFuture::join).reduce(NOTHING, RowCounter.Count::plus);
        });
    }

    private MergeMeasurement router() {
        ProxyProcess process = new ProxyProcess(router.pid());
        Duration before = process.processorTime();
        MergeMeasurement timed = timed(ROUTER, () -> read(routerPort));
        Duration used = process.processorTime().minus(before);
        return new MergeMeasurement(
                ROUTER, timed.count(), timed.seconds(), used.toNanos() / 1e6, process.residentBytes());
    }

    private static MergeMeasurement timed(String contender, Supplier<RowCounter.Count> reading) {
        long start = System.nanoTime();
        RowCounter.Count count = reading.get();
        return new MergeMeasurement(contender, count, (System.nanoTime() - start) / 1e9, Double.NaN, 0);
    }

    private static RowCounter.Count read(int port) {
        try (RowCounter client = new RowCounter(port, PgbenchRun.USER, PgbenchRun.DATABASE)) {
            return client.count(SpreadTable.ALL_IN_ORDER);
        }
    }

    private RouterProcess startRouter() {
        Path file = shards.workspace().resolve("topology.json");
        try {
            Files.write(file, TopologyJson.write(topology()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        RouterProcess started = RouterProcess.start(
                shards.workspace(), "router", configuration(file), RouterProcess.jvmOptionsFromEnvironment());
        started.awaitAccepting(routerPort, START_LIMIT);
        // Until the catalogue has been read, nothing is known to be a read of several shards.
        Deadline.in(START_LIMIT).await("the router merges", this::merges);
        return started;
    }

    private boolean merges() {
        try (RowCounter client = new RowCounter(routerPort, PgbenchRun.USER, PgbenchRun.DATABASE)) {
            return client.count(SpreadTable.ALL_IN_ORDER + " limit 1").rows() == 1;
        } catch (FixtureException notYet) {
            return false;
        }
    }

    private Topology topology() {
        List<Shard> all = new ArrayList<>();
        for (int i = 0; i < options.shards(); i++) {
            PostgresServer server = primary(i);
            Node node =
                    new Node(server.name(), server.host(), server.port(), NodeRole.PRIMARY, Node.WEIGHT_DEFAULT, "");
            all.add(new Shard("shard" + i, List.of(node)));
        }
        Cluster cluster = new Cluster("bench", all, List.of(table.distribution()), List.of(table.sharded()), List.of());
        return new Topology(
                1, List.of(cluster), List.of(new Database(PgbenchRun.DATABASE, "bench", PgbenchRun.DATABASE)));
    }

    private String configuration(Path topology) {
        return """
                listen:
                  port: %d
                admin:
                  port: 0
                event_loops: %d
                topology:
                  source: file
                  file: %s
                users:
                  inline:
                    %s:
                      trust: true
                probes:
                  user: %s
                  password: %s
                timeouts:
                  drain: 0s
                """.formatted(
                        routerPort,
                        options.eventLoops(),
                        topology,
                        PgbenchRun.USER,
                        PostgresServer.SUPERUSER,
                        PostgresServer.PASSWORD);
    }

    @Override
    public void close() {
        threads.shutdownNow();
        router.close();
        whole.close();
        shards.close();
    }

    private static void say(String text) {
        System.err.println("trunkline bench merge: " + text);
    }
}
