// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.router.RouterUnderTest;
import io.trunkline.router.SpreadCluster;
import io.trunkline.topology.Topology;
import java.util.List;

/** Servers for as many shards as are ever wanted, one that holds all rows, and a ZooKeeper that keeps what is decided about transactions over several shards. */
final class OracleServers implements AutoCloseable {
    private final SpreadCluster servers;
    private final int shardsMax;

    private OracleServers(SpreadCluster servers, int shardsMax) {
        this.servers = servers;
        this.shardsMax = shardsMax;
    }

    static OracleServers start(int shardsMax) {
        SpreadCluster servers = SpreadCluster.start(
                shardsMax + 1,
                PostgresOptions.newest()
                        .setting("max_wal_senders", "0")
                        .setting("max_replication_slots", "0")
                        .setting("wal_level", "minimal")
                        .setting("max_prepared_transactions", "20")
                        // Errors are a part of what is sent.
                        .setting("log_min_messages", "fatal")
                        .setting("log_min_error_statement", "panic"));
        for (PostgresServer server : servers.servers(shardsMax + 1)) {
            server.execute("create role " + RouterUnderTest.TRUSTED_USER + " login");
        }
        return new OracleServers(servers, shardsMax);
    }

    /** Returns the first of the servers, as shards. */
    List<PostgresServer> shards(int count) {
        return servers.servers(count);
    }

    /** Returns the one server. */
    PostgresServer one() {
        return servers.server(shardsMax);
    }

    /** Returns a running router with the topology, in a tree of its own. */
    RouterUnderTest router(Topology topology) {
        // Nothing is defined or fails over while statements run, and asking all servers as often as other tests need it
        // takes a third of the
        // processors.
        return servers.router(topology)
                .set("probes.catalog_interval", "1h")
                .set("probes.interval", "1s")
                .start();
    }

    @Override
    public void close() {
        servers.close();
    }
}
