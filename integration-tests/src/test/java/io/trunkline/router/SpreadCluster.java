// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.fixture.Workspace;
import io.trunkline.fixture.ZooKeeperFixture;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.Shard;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import io.trunkline.topology.zookeeper.ZooKeeperConnection;
import io.trunkline.topology.zookeeper.ZooKeeperSettings;
import io.trunkline.topology.zookeeper.ZooKeeperTopologyPublisher;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Servers without replicas that are shards, a ZooKeeper that keeps what is decided about transactions over several of them, and as many routers as are
 * asked for, each with a topology of its own.
 *
 * <p>A database {@link #WHOLE} beside the first shard's, when it is wanted, is the one server that shards are compared with.
 */
public final class SpreadCluster implements AutoCloseable {
    /** The name of the database that has all rows, on the first shard's server. */
    public static final String WHOLE = "whole";

    private static final String CLUSTER = "spread";

    private final ShardedCluster servers;
    private final ZooKeeperFixture zooKeeper;
    private int databaseCount;
    private int routerCount;

    private SpreadCluster(ShardedCluster servers) {
        this.servers = servers;
        this.zooKeeper = ZooKeeperFixture.start(servers.workspace());
    }

    /** Returns running servers that let the trusted user in, without a database. */
    public static SpreadCluster start(int serverCount, PostgresOptions options) {
        return new SpreadCluster(ShardedCluster.start(serverCount, TestTopologies.trusting(options.replicas(0))));
    }

    /** As the other, of the newest release at hand, which prepare so many transactions; with the tests' database, users and these tables on each. */
    static SpreadCluster start(int serverCount, int preparedMax, String... tables) {
        SpreadCluster cluster = start(
                serverCount,
                PostgresOptions.newest().setting("max_prepared_transactions", Integer.toString(preparedMax)));
        cluster.prepare();
        for (PostgresServer server : cluster.servers(serverCount)) {
            server.executeIn(TestTopologies.DATABASE, tables);
        }
        return cluster;
    }

    /** Makes the tests' database and users on each server. */
    public void prepare() {
        servers.shards().forEach(TestTopologies::prepare);
    }

    /** Makes the database that has all rows, with these tables. */
    void prepareWhole(String... tables) {
        PostgresServer first = server(0);
        first.createDatabase(WHOLE, "whole_owner", RouterUnderTest.PASSWORD);
        first.executeIn(WHOLE, "grant all on schema public to public");
        first.executeIn(WHOLE, tables);
    }

    /** Returns one of the servers. */
    public PostgresServer server(int index) {
        return servers.shard(index).primary();
    }

    /** Returns the first of the servers. */
    public List<PostgresServer> servers(int count) {
        return servers.shards().subList(0, count).stream()
                .map(PostgresCluster::primary)
                .toList();
    }

    Workspace workspace() {
        return servers.workspace();
    }

    ZooKeeperFixture zooKeeper() {
        return zooKeeper;
    }

    /** Makes another database of the tests' user on the first of the servers, and returns its name. */
    public String createDatabase(int shardCount) {
        String name = "database" + databaseCount++;
        servers(shardCount)
                .forEach(server -> server.execute("create database " + name + " owner " + RouterUnderTest.USER));
        return name;
    }

    /** Returns what starts a router for the tests' database, of which the first servers are shards; clients know it by the same name. */
    RouterUnderTest.Builder router(
            int shardCount,
            List<Distribution> distributions,
            List<ShardedTable> tables,
            List<ReferenceTable> referenceTables) {
        return router(TestTopologies.DATABASE, shardCount, distributions, tables, referenceTables);
    }

    /** As the other, for another database. */
    public RouterUnderTest.Builder router(
            String database,
            int shardCount,
            List<Distribution> distributions,
            List<ShardedTable> tables,
            List<ReferenceTable> referenceTables) {
        Cluster cluster = new Cluster(CLUSTER, shards(servers(shardCount)), distributions, tables, referenceTables);
        return router(new Topology(1, List.of(cluster), List.of(new Database(database, CLUSTER, database))));
    }

    /** Returns what starts a router with the topology, which is in ZooKeeper, in a tree of its own. */
    public RouterUnderTest.Builder router(Topology topology) {
        String root = "/trunkline-" + routerCount++;
        try (ZooKeeperConnection connection =
                ZooKeeperConnection.open(ZooKeeperSettings.of(zooKeeper.connectString(), root))) {
            new ZooKeeperTopologyPublisher(connection).publish(topology, OptionalLong.of(0));
        } catch (Exception e) {
            throw new IllegalStateException("topology could not be published", e);
        }
        return RouterUnderTest.with(servers.workspace())
                .set("topology.source", "zookeeper")
                .set("topology.connect", zooKeeper.connectString())
                .set("topology.path", root);
    }

    /** Returns shards of one server each, named {@code s0} and so on. */
    public static List<Shard> shards(List<PostgresServer> servers) {
        List<Shard> shards = new ArrayList<>();
        for (PostgresServer server : servers) {
            Node node =
                    new Node(server.name(), server.host(), server.port(), NodeRole.PRIMARY, Node.WEIGHT_DEFAULT, "");
            shards.add(new Shard("s" + shards.size(), List.of(node)));
        }
        return shards;
    }

    /** Returns how many transactions stand prepared on all servers. */
    public int preparedCount() {
        return servers.shards().stream()
                .map(shard -> shard.primary().queryText("select count(*) from pg_prepared_xacts"))
                .mapToInt(count -> Integer.parseInt(String.valueOf(count)))
                .sum();
    }

    @Override
    public void close() {
        zooKeeper.close();
        servers.close();
    }
}
