// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.fixture.ZooKeeperFixture;
import io.trunkline.router.RouterUnderTest;
import io.trunkline.router.TestTopologies;
import io.trunkline.topology.Topology;
import io.trunkline.topology.zookeeper.ZooKeeperConnection;
import io.trunkline.topology.zookeeper.ZooKeeperSettings;
import io.trunkline.topology.zookeeper.ZooKeeperTopologyPublisher;
import java.util.List;
import java.util.OptionalLong;

/** Servers for as many shards as are ever wanted, one that holds all rows, and a ZooKeeper that keeps what is decided about transactions over several shards. */
final class OracleServers implements AutoCloseable {
    private final ShardedCluster servers;
    private final ZooKeeperFixture zooKeeper;
    private final int shardsMax;
    private int routers;

    private OracleServers(ShardedCluster servers, int shardsMax) {
        this.servers = servers;
        this.zooKeeper = ZooKeeperFixture.start(servers.workspace());
        this.shardsMax = shardsMax;
    }

    static OracleServers start(int shardsMax) {
        ShardedCluster servers = ShardedCluster.start(
                shardsMax + 1,
                TestTopologies.trusting(PostgresOptions.newest().replicas(0))
                        .setting("max_wal_senders", "0")
                        .setting("max_replication_slots", "0")
                        .setting("wal_level", "minimal")
                        .setting("max_prepared_transactions", "20")
                        // Errors are a part of what is sent.
                        .setting("log_min_messages", "fatal")
                        .setting("log_min_error_statement", "panic"));
        for (PostgresCluster server : servers.shards()) {
            server.primary().execute("create role " + RouterUnderTest.TRUSTED_USER + " login");
        }
        return new OracleServers(servers, shardsMax);
    }

    /** Returns the first of the servers, as shards. */
    List<PostgresServer> shards(int count) {
        return servers.shards().subList(0, count).stream()
                .map(PostgresCluster::primary)
                .toList();
    }

    /** Returns the one server. */
    PostgresServer one() {
        return servers.shard(shardsMax).primary();
    }

    /** Returns a running router with the topology, in a tree of its own. */
    RouterUnderTest router(Topology topology) {
        String root = "/oracle-" + routers++;
        try (ZooKeeperConnection connection =
                ZooKeeperConnection.open(ZooKeeperSettings.of(zooKeeper.connectString(), root))) {
            new ZooKeeperTopologyPublisher(connection).publish(topology, OptionalLong.of(0));
        } catch (Exception e) {
            throw new IllegalStateException("topology could not be published", e);
        }
        return RouterUnderTest.with(servers.workspace())
                .set("topology.source", "zookeeper")
                .set("topology.connect", zooKeeper.connectString())
                .set("topology.path", root)
                .start();
    }

    @Override
    public void close() {
        zooKeeper.close();
        servers.close();
    }
}
