// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import io.trunkline.fixture.FixtureException;
import io.trunkline.fixture.FreePort;
import io.trunkline.fixture.PgBouncer;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.RouterProcess;
import io.trunkline.fixture.Workspace;
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
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One benchmark: a PostgreSQL server, the ways to it, and the rounds.
 *
 * <p>In each round every workload is done by every contender, one after the other, and each round begins with another contender, so that what else the
 * machine does falls on all alike.
 */
final class Bench implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final int WARMUP_PASSES = 2;

    private final BenchOptions options;
    private final Workspace workspace = Workspace.create();
    private final PostgresServer server;
    private final RouterProcess router;
    private final @Nullable PgBouncer pgBouncer;
    private final List<Contender> contenders = new ArrayList<>();
    private final PgbenchRun pgbench;

    /**
     * Starts everything.
     *
     * @param pgBouncerProgram null: measure without it
     */
    Bench(BenchOptions options, PostgresOptions postgres, Path pgbenchProgram, @Nullable Path pgBouncerProgram) {
        this.options = options;
        try {
            server = PostgresServer.start(postgres.setting("max_connections", "500")
                    .setting("shared_buffers", "256MB")
                    .setting("max_wal_size", "1GB"));
            server.createDatabase(PgbenchRun.DATABASE, PgbenchRun.USER, PgbenchRun.PASSWORD);
            contenders.add(new Contender("direct", server.port(), PgbenchRun.DATABASE, null));
            pgBouncer = pgBouncerProgram == null ? null : startPgBouncer(pgBouncerProgram);
            router = startRouter();
            pgbench = new PgbenchRun(pgbenchProgram, Files.createDirectory(workspace.resolve("pgbench")), options);
        } catch (IOException e) {
            workspace.close();
            throw new UncheckedIOException(e);
        } catch (RuntimeException e) {
            workspace.close();
            throw e;
        }
    }

    /** Runs the rounds. */
    BenchReport run(Set<Workload> workloads) {
        say("making pgbench's tables");
        pgbench.initialise(server.port());
        warmUp(workloads);
        BenchReport report = new BenchReport(options, contenders);
        for (int round = 0; round < options.rounds(); round++) {
            for (Workload workload : workloads) {
                for (int turn = 0; turn < contenders.size(); turn++) {
                    measure(contenders.get((round + turn) % contenders.size()), workload, round, report);
                }
            }
        }
        return report;
    }

    @Override
    public void close() {
        router.close();
        if (pgBouncer != null) {
            pgBouncer.close();
        }
        server.close();
        workspace.close();
    }

    private void measure(Contender contender, Workload workload, int round, BenchReport report) {
        if (!workload.suits(contender)) {
            return;
        }
        try {
            Measurement measurement = pgbench.measure(contender, workload);
            report.add(measurement);
            say(String.format(
                    "round %d %-9s %-9s %.1f tps", round + 1, workload.option(), contender.name(), measurement.tps()));
        } catch (FixtureException e) {
            report.addFailure(contender, workload, String.valueOf(e.getMessage()));
            say("round " + (round + 1) + " " + workload.option() + " " + contender.name() + ": " + e.getMessage());
        }
    }

    /**
     * A JVM that has just started interprets; what it does then says nothing about the days that follow. Each workload is done twice, since the
     * first time of another one makes the compiler give up what it had assumed.
     */
    private void warmUp(Set<Workload> workloads) {
        if (options.warmupSeconds() == 0) {
            return;
        }
        say("warming up");
        PgbenchRun warming = pgbench.lasting((options.warmupSeconds() + WARMUP_PASSES - 1) / WARMUP_PASSES);
        for (int pass = 0; pass < WARMUP_PASSES; pass++) {
            for (Workload workload : workloads) {
                for (Contender contender : contenders) {
                    if (workload.warmsUp() && contender.proxy() != null) {
                        measureQuietly(warming, contender, workload);
                    }
                }
            }
        }
    }

    private static void measureQuietly(PgbenchRun warming, Contender contender, Workload workload) {
        try {
            warming.measure(contender, workload);
        } catch (FixtureException e) {
            say("warming up " + contender.name() + ": " + e.getMessage());
        }
    }

    private PgBouncer startPgBouncer(Path program) {
        PgBouncer started = PgBouncer.start(
                program,
                workspace,
                server,
                PgbenchRun.DATABASE,
                PgbenchRun.USER,
                PgbenchRun.PASSWORD,
                options.poolSize(),
                options.clients());
        contenders.add(new Contender(
                "pgbouncer", started.port(), started.preparedDatabase(), new ProxyProcess(started.pid())));
        return started;
    }

    private RouterProcess startRouter() throws IOException {
        int port = FreePort.next();
        Path topology = workspace.resolve("topology.json");
        Files.write(topology, TopologyJson.write(topology()));
        RouterProcess started = RouterProcess.start(
                workspace, "router", configuration(port, topology), RouterProcess.jvmOptionsFromEnvironment());
        started.awaitAccepting(port, START_LIMIT);
        contenders.add(new Contender("trunkline", port, PgbenchRun.DATABASE, new ProxyProcess(started.pid())));
        return started;
    }

    private Topology topology() {
        Node node = new Node(server.name(), server.host(), server.port(), NodeRole.PRIMARY, Node.WEIGHT_DEFAULT, "");
        Cluster cluster =
                new Cluster("bench", List.of(new Shard("shard0", List.of(node))), List.of(), List.of(), List.of());
        return new Topology(
                1, List.of(cluster), List.of(new Database(PgbenchRun.DATABASE, "bench", PgbenchRun.DATABASE)));
    }

    private String configuration(int port, Path topology) {
        return """
                listen:
                  port: %d
                  backlog: 4096
                admin:
                  port: 0
                event_loops: %d
                topology:
                  source: file
                  file: %s
                users:
                  inline:
                    %s:
                      password: %s
                defaults:
                  pool_size: %d
                probes:
                  user: %s
                  password: %s
                timeouts:
                  drain: 0s
                """.formatted(
                        port,
                        options.eventLoops(),
                        topology,
                        PgbenchRun.USER,
                        PgbenchRun.PASSWORD,
                        options.poolSize(),
                        PostgresServer.SUPERUSER,
                        PostgresServer.PASSWORD);
    }

    private static void say(String text) {
        System.err.println("trunkline bench: " + text);
    }
}
