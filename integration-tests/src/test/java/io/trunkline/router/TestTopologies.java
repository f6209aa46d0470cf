// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.PlacedSchema;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.Shard;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Topologies of the fixture's servers, and what the tests' users need on these servers. */
public final class TestTopologies {
    /** The name of the database on every server. */
    static final String DATABASE = "app";

    private TestTopologies() {}

    /** Returns options under which the trusted user needs no password. */
    public static PostgresOptions trusting(PostgresOptions options) {
        return options.hostBasedAuthentication("host all " + RouterUnderTest.TRUSTED_USER + " 127.0.0.1/32 trust")
                .setting("max_connections", "100");
    }

    /** Starts servers under which the trusted user needs no password, with the database and both users. */
    static PostgresCluster start(PostgresOptions options) {
        PostgresCluster cluster = PostgresCluster.start(trusting(options));
        prepare(cluster);
        return cluster;
    }

    /** Makes the database and both users; either may create what it likes there. */
    static void prepare(PostgresCluster cluster) {
        cluster.primary().createDatabase(DATABASE, RouterUnderTest.USER, RouterUnderTest.PASSWORD);
        cluster.primary().execute("create role " + RouterUnderTest.TRUSTED_USER + " login");
        cluster.primary()
                .executeIn(
                        DATABASE,
                        "grant all on schema public to public",
                        "grant create, temporary on database " + DATABASE + " to public");
        cluster.awaitReplay();
    }

    /** Returns the topology of one primary with its replicas, in their present roles; clients know the database by each of the names. */
    static Topology single(PostgresCluster cluster, long revision, String... databases) {
        return single(cluster, revision, NodeRole.PRIMARY, NodeRole.REPLICA, databases);
    }

    /** As the other, but every node's role is left to the probes. */
    static Topology singleWithoutRoles(PostgresCluster cluster, long revision, String... databases) {
        return single(cluster, revision, NodeRole.AUTO, NodeRole.AUTO, databases);
    }

    private static Topology single(
            PostgresCluster cluster, long revision, NodeRole primary, NodeRole replica, String... databases) {
        Cluster one =
                new Cluster("main", List.of(shard("only", cluster, primary, replica)), List.of(), List.of(), List.of());
        return new Topology(revision, List.of(one), databases("main", databases));
    }

    /** Returns the topology of shards named {@code s0} and so on. */
    static Topology sharded(
            ShardedCluster shards,
            long revision,
            List<Distribution> distributions,
            List<ShardedTable> tables,
            List<ReferenceTable> referenceTables,
            String... databases) {
        List<Shard> all = new ArrayList<>();
        for (PostgresCluster shard : shards.shards()) {
            all.add(shard("s" + all.size(), shard, NodeRole.PRIMARY, NodeRole.REPLICA));
        }
        Cluster cluster = new Cluster("sharded", all, distributions, tables, referenceTables);
        return new Topology(revision, List.of(cluster), databases("sharded", databases));
    }

    /** Returns the topology with schemas placed one after the other on its shards, as {@code t0}, {@code t1} and so on. */
    static Topology withSchemas(Topology topology, int count, int offset) {
        Cluster cluster = topology.clusters().get(0);
        List<PlacedSchema> schemas = IntStream.range(0, count)
                .mapToObj(i -> new PlacedSchema(
                        "t" + i, (i + offset) % cluster.shards().size()))
                .toList();
        Cluster placed = new Cluster(
                cluster.name(),
                cluster.shards(),
                cluster.distributions(),
                cluster.shardedTables(),
                cluster.referenceTables(),
                schemas);
        return new Topology(topology.revision(), List.of(placed), topology.databases());
    }

    /** Returns the topology of a primary with its replicas that decides as if its tables were spread over two shards. */
    static Topology dryRun(
            PostgresCluster servers,
            long revision,
            List<Distribution> distributions,
            List<ShardedTable> tables,
            List<ReferenceTable> referenceTables,
            String... databases) {
        List<Shard> shards = List.of(shard("only", servers, NodeRole.PRIMARY, NodeRole.REPLICA));
        Cluster spread = new Cluster("dry", shards, distributions, tables, referenceTables);
        Cluster cluster = Cluster.dryRun(shards, List.of("p0", "p1"), spread);
        return new Topology(revision, List.of(cluster), databases("dry", databases));
    }

    private static Shard shard(String name, PostgresCluster servers, NodeRole primary, NodeRole replica) {
        return new Shard(
                name,
                servers.servers().stream()
                        .map(server -> node(server, server == servers.primary() ? primary : replica))
                        .toList());
    }

    private static Node node(PostgresServer server, NodeRole role) {
        return new Node(server.name(), server.host(), server.port(), role, Node.WEIGHT_DEFAULT, "");
    }

    private static List<Database> databases(String cluster, String... names) {
        return Stream.of(names)
                .map(name -> new Database(name, cluster, DATABASE))
                .toList();
    }
}
