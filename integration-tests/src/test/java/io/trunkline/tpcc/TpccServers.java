// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import io.trunkline.fixture.PostgresOptions;
import io.trunkline.router.RouterUnderTest;
import io.trunkline.router.SpreadCluster;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.ShardedTable;
import java.util.List;

/** Servers on which databases for the application are made: on one server, or spread over some by warehouse, behind a router of their own. */
final class TpccServers implements AutoCloseable {
    private static final String DISTRIBUTION = "warehouse";

    private final SpreadCluster servers;

    private TpccServers(SpreadCluster servers) {
        this.servers = servers;
    }

    static TpccServers start(int serverCount, int terminals) {
        SpreadCluster servers = SpreadCluster.start(
                serverCount,
                PostgresOptions.newest().setting("max_prepared_transactions", Integer.toString(terminals + 10)));
        servers.prepare();
        return new TpccServers(servers);
    }

    /** Returns an empty database on one server, without a router. */
    TpccDatabase onOneServer() {
        return new TpccDatabase(servers.createDatabase(1), servers.servers(1), null, null);
    }

    /** Returns an empty database on so many shards. */
    TpccDatabase onShards(int shardCount, int terminals) {
        String name = servers.createDatabase(shardCount);
        HashSlots slots = HashSlots.evenly(HashSlots.SLOTS_DEFAULT, shardCount);
        RouterUnderTest router = servers.router(
                        name,
                        shardCount,
                        List.of(new Distribution(DISTRIBUTION, KeyType.INT4, slots)),
                        TpccSchema.OF_WAREHOUSES.stream()
                                .map(table -> new ShardedTable(
                                        ShardedTable.SCHEMA_DEFAULT,
                                        table.name(),
                                        String.valueOf(table.warehouse()),
                                        DISTRIBUTION))
                                .toList(),
                        List.of(new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, TpccSchema.ITEM.name())))
                // A terminal holds a backend of one shard while it waits for one of another.
                .set("defaults.pool_size", Integer.toString(terminals + 2))
                .start();
        return new TpccDatabase(name, servers.servers(shardCount), router, slots);
    }

    /** Returns how many transactions stand prepared. */
    int preparedCount() {
        return servers.preparedCount();
    }

    @Override
    public void close() {
        servers.close();
    }
}
