// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.fixture.Workspace;
import io.trunkline.router.RouterUnderTest;
import io.trunkline.router.TestTopologies;
import java.util.List;

/** Servers for as many shards as are ever wanted, and one that holds all rows. */
final class OracleServers implements AutoCloseable {
    private final ShardedCluster servers;
    private final int shardsMax;

    private OracleServers(ShardedCluster servers, int shardsMax) {
        this.servers = servers;
        this.shardsMax = shardsMax;
    }

    static OracleServers start(int shardsMax) {
        ShardedCluster servers = ShardedCluster.start(
                shardsMax + 1,
                TestTopologies.trusting(PostgresOptions.newest().replicas(0))
                        .setting("max_wal_senders", "0")
                        .setting("max_replication_slots", "0")
                        .setting("wal_level", "minimal")
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

    Workspace workspace() {
        return servers.workspace();
    }

    @Override
    public void close() {
        servers.close();
    }
}
