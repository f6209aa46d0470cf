// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import io.trunkline.fixture.Deadline;
import io.trunkline.fixture.FixtureException;
import io.trunkline.fixture.FreePort;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.RouterProcess;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.fixture.ZooKeeperFixture;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.Shard;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import io.trunkline.topology.zookeeper.ZooKeeperConnection;
import io.trunkline.topology.zookeeper.ZooKeeperSettings;
import io.trunkline.topology.zookeeper.ZooKeeperTopologyPublisher;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * One benchmark of COPY FROM: the same rows into one server directly, and through the router into several shards, committed on all of them together.
 *
 * <p>Contenders take turns as in {@link Bench}, each round beginning with another one; tables are emptied before each turn.
 */
final class CopyBench implements AutoCloseable {
    static final String ONE_SERVER = "one server";
    private static final String ROUTER = "trunkline";
    private static final String TABLE = "copied_rows";
    private static final String COPY = "copy " + TABLE + " from stdin";
    private static final String NOTE =
            "each of the rows has a note of about as many characters as make a hundred bytes";
    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    private final CopyBenchOptions options;
    private final PostgresServer whole;
    private final ShardedCluster shards;
    private final ZooKeeperFixture zooKeeper;
    private final RouterProcess router;
    private final int routerPort = FreePort.next();
    private final Path data;

    /**
     * Starts everything and writes the rows to a file. What runs already when something does not start ends with this JVM, as its workspace's guard sees
     * to it.
     */
    CopyBench(CopyBenchOptions options, PostgresOptions postgres) {
        this.options = options;
        PostgresOptions trusting = postgres.replicas(0)
                .hostBasedAuthentication("host all " + PgbenchRun.USER + " 127.0.0.1/32 trust")
                .setting("shared_buffers", "256MB")
                .setting("max_wal_size", "2GB")
                .setting("max_prepared_transactions", "20");
        shards = ShardedCluster.start(options.shards(), trusting);
        whole = PostgresServer.start(trusting);
        zooKeeper = ZooKeeperFixture.start(shards.workspace());
        shards.createDatabase(PgbenchRun.DATABASE, PgbenchRun.USER, PgbenchRun.PASSWORD);
        whole.createDatabase(PgbenchRun.DATABASE, PgbenchRun.USER, PgbenchRun.PASSWORD);
        for (PostgresServer server : servers()) {
            server.executeIn(
                    PgbenchRun.DATABASE,
                    "create table " + TABLE + " (id int8 primary key, amount int4 not null, note text not null)",
                    "grant all on " + TABLE + " to public");
        }
        data = shards.workspace().resolve("rows.txt");
        writeRows();
        router = startRouter();
    }

    private List<PostgresServer> servers() {
        List<PostgresServer> all = new ArrayList<>();
        for (int shard = 0; shard < options.shards(); shard++) {
            all.add(shards.shard(shard).primary());
        }
        all.add(whole);
        return all;
    }

    private void writeRows() {
        say("writing the rows");
        try (BufferedWriter rows = Files.newBufferedWriter(data)) {
            for (long id = 1; id <= options.rows(); id++) {
                rows.write(id + "\t" + id % 10_000 + "\t" + NOTE + "\n");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs the rounds. */
    CopyReport run() {
        List<Supplier<CopyMeasurement>> contenders =
                List.of(() -> measure(ONE_SERVER, whole.port(), false), () -> measure(ROUTER, routerPort, true));
        CopyReport report = new CopyReport(options);
        for (int round = -options.warmupRounds(); round < options.rounds(); round++) {
            for (int turn = 0; turn < contenders.size(); turn++) {
                CopyMeasurement measurement = contenders
                        .get(Math.floorMod(round + turn, contenders.size()))
                        .get();
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

    private CopyMeasurement measure(String contender, int port, boolean routed) {
        for (PostgresServer server : servers()) {
            server.executeIn(PgbenchRun.DATABASE, "truncate " + TABLE, "checkpoint");
        }
        ProxyProcess process = new ProxyProcess(router.pid());
        try (RowSender client = new RowSender(port, PgbenchRun.USER, PgbenchRun.DATABASE)) {
            Duration routerBefore = process.processorTime();
            Duration serversBefore = serversTime();
            long start = System.nanoTime();
            String tag = client.copy(COPY, data);
            double seconds = (System.nanoTime() - start) / 1e9;
            // The backends that copied are still there, and so is their time.
            double serverSeconds = serversTime().minus(serversBefore).toNanos() / 1e9;
            double routerSeconds = process.processorTime().minus(routerBefore).toNanos() / 1e9;
            if (!tag.equals("COPY " + options.rows())) {
                throw new FixtureException(contender + " answered " + tag);
            }
            return new CopyMeasurement(
                    contender,
                    options.rows(),
                    Files.size(data),
                    seconds,
                    routed ? routerSeconds : Double.NaN,
                    serverSeconds);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the processor time of all processes of all servers that run. */
    private Duration serversTime() {
        return servers().stream()
                .flatMap(server -> ProcessHandle.of(server.pid()).stream())
                .flatMap(postmaster -> Stream.concat(Stream.of(postmaster), postmaster.descendants()))
                .flatMap(each -> each.info().totalCpuDuration().stream())
                .reduce(Duration.ZERO, Duration::plus);
    }

    private RouterProcess startRouter() {
        try (ZooKeeperConnection connection =
                ZooKeeperConnection.open(ZooKeeperSettings.of(zooKeeper.connectString(), "/trunkline"))) {
            new ZooKeeperTopologyPublisher(connection).publish(topology(), OptionalLong.of(0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        RouterProcess started = RouterProcess.start(
                shards.workspace(), "router", configuration(), RouterProcess.jvmOptionsFromEnvironment());
        started.awaitAccepting(routerPort, START_LIMIT);
        Deadline.in(START_LIMIT).await("the router reads the shards", this::reads);
        return started;
    }

    private boolean reads() {
        try (RowCounter client = new RowCounter(routerPort, PgbenchRun.USER, PgbenchRun.DATABASE)) {
            return client.count("select count(*) from " + TABLE).rows() == 1;
        } catch (FixtureException notYet) {
            return false;
        }
    }

    private Topology topology() {
        List<Shard> all = new ArrayList<>();
        for (int i = 0; i < options.shards(); i++) {
            PostgresServer server = shards.shard(i).primary();
            Node node =
                    new Node(server.name(), server.host(), server.port(), NodeRole.PRIMARY, Node.WEIGHT_DEFAULT, "");
            all.add(new Shard("shard" + i, List.of(node)));
        }
        Cluster cluster = new Cluster(
                "bench",
                all,
                List.of(new Distribution(
                        "id", KeyType.INT8, HashSlots.evenly(HashSlots.SLOTS_DEFAULT, options.shards()))),
                List.of(new ShardedTable(ShardedTable.SCHEMA_DEFAULT, TABLE, "id", "id")),
                List.of());
        return new Topology(
                1, List.of(cluster), List.of(new Database(PgbenchRun.DATABASE, "bench", PgbenchRun.DATABASE)));
    }

    private String configuration() {
        return """
                listen:
                  port: %d
                admin:
                  port: 0
                event_loops: %d
                topology:
                  source: zookeeper
                  connect: %s
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
                        zooKeeper.connectString(),
                        PgbenchRun.USER,
                        PostgresServer.SUPERUSER,
                        PostgresServer.PASSWORD);
    }

    @Override
    public void close() {
        router.close();
        zooKeeper.close();
        whole.close();
        shards.close();
    }

    private static void say(String text) {
        System.err.println("trunkline bench copy: " + text);
    }
}
