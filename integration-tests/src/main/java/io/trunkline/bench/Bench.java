// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import io.trunkline.fixture.PgBouncer;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.Workspace;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.Shard;
import io.trunkline.topology.Topology;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One benchmark: a PostgreSQL server, the ways to it, and the rounds. */
final class Bench implements AutoCloseable {
    private final BenchOptions options;
    private final Workspace workspace = Workspace.create();
    private final PostgresServer server;
    private final BenchRouter router;
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
            router = BenchRouter.start(workspace, "trunkline", topology(), options);
            contenders.add(router.contender());
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
        BenchRounds.say("making pgbench's tables");
        pgbench.initialise(server.port());
        Measurements measurements = new BenchRounds(options, contenders, pgbench).run(workloads);
        return new BenchReport(options, contenders, measurements);
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

    private Topology topology() {
        Node node = new Node(server.name(), server.host(), server.port(), NodeRole.PRIMARY, Node.WEIGHT_DEFAULT, "");
        Cluster cluster =
                new Cluster("bench", List.of(new Shard("shard0", List.of(node))), List.of(), List.of(), List.of());
        return new Topology(
                1, List.of(cluster), List.of(new Database(PgbenchRun.DATABASE, "bench", PgbenchRun.DATABASE)));
    }
}
