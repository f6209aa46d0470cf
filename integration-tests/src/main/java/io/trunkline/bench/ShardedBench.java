// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.Shard;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/**
 * One benchmark of what it costs to find the shard of a key: pgbench reads accounts by number, through a router that has one server, and through routers
 * that have two shards, of which either all keys lead to the first, or as many to each.
 *
 * <p>Where all keys lead to one shard, the router does the same with the same backends, but for finding the shard. Each server has all rows; the routers are
 * processes of their own.
 */
final class ShardedBench implements AutoCloseable {
    static final String UNSHARDED = "unsharded";

    private static final String CLUSTER = "bench";
    private static final String KEY = "aid";

    private final BenchOptions options;
    private final ShardedCluster servers;
    private final List<BenchRouter> routers = new ArrayList<>();
    private final PgbenchRun pgbench;

    /** Starts everything and makes the tables. What runs already when something does not start ends with this JVM, as its workspace's guard sees to it. */
    ShardedBench(BenchOptions options, PostgresOptions postgres, Path pgbenchProgram) {
        this.options = options;
        servers = ShardedCluster.start(
                2,
                postgres.replicas(0)
                        .setting("max_connections", "500")
                        .setting("shared_buffers", "256MB")
                        .setting("max_wal_size", "1GB"));
        try {
            Path folder = Files.createDirectory(servers.workspace().resolve("pgbench"));
            pgbench = new PgbenchRun(pgbenchProgram, folder, options);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        BenchRounds.say("making pgbench's tables");
        servers.createDatabase(PgbenchRun.DATABASE, PgbenchRun.USER, PgbenchRun.PASSWORD);
        servers.shards().forEach(shard -> pgbench.initialise(shard.primary().port()));
        start(UNSHARDED, new Cluster(CLUSTER, shards(1), List.of(), List.of(), List.of()));
        start("keys of one shard", sharded(new HashSlots(HashSlots.SLOTS_DEFAULT, new int[HashSlots.SLOTS_DEFAULT])));
        start("keys of two shards", sharded(HashSlots.evenly(HashSlots.SLOTS_DEFAULT, 2)));
    }

    private void start(String name, Cluster cluster) {
        Database database = new Database(PgbenchRun.DATABASE, CLUSTER, PgbenchRun.DATABASE);
        Topology topology = new Topology(1, List.of(cluster), List.of(database));
        routers.add(BenchRouter.start(servers.workspace(), name, topology, options));
    }

    private Cluster sharded(HashSlots slots) {
        return new Cluster(
                CLUSTER,
                shards(2),
                List.of(new Distribution(KEY, KeyType.INT4, slots)),
                List.of(new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "pgbench_accounts", KEY, KEY)),
                // pgbench counts them to know how many accounts there are.
                List.of(new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "pgbench_branches")));
    }

    private List<Shard> shards(int count) {
        List<Shard> shards = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            PostgresServer server = servers.shard(i).primary();
            Node node =
                    new Node(server.name(), server.host(), server.port(), NodeRole.PRIMARY, Node.WEIGHT_DEFAULT, "");
            shards.add(new Shard("shard" + i, List.of(node)));
        }
        return shards;
    }

    /** Runs the rounds. */
    ShardedReport run() {
        List<Contender> contenders =
                routers.stream().map(BenchRouter::contender).toList();
        Measurements measurements = new BenchRounds(options, contenders, pgbench)
                .run(EnumSet.of(Workload.SIMPLE, Workload.EXTENDED, Workload.PREPARED));
        return new ShardedReport(options, contenders, measurements);
    }

    @Override
    public void close() {
        routers.forEach(BenchRouter::close);
        servers.close();
    }
}
