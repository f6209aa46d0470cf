// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

import io.trunkline.fixture.PostgresCluster;
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
import io.trunkline.topology.ShardFunction;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import java.util.ArrayList;
import java.util.List;

/** The topology document of the demo: what its servers are at the moment. */
final class DemoTopology {
    private static final String CLUSTER = "shop";
    private static final String DISTRIBUTION = "customer";

    private DemoTopology() {}

    /** Returns the topology of the servers in their present roles. */
    static Topology of(ShardedCluster servers, long revision) {
        List<Shard> shards = new ArrayList<>();
        for (PostgresCluster shard : servers.shards()) {
            shards.add(new Shard(
                    "shard" + shards.size(),
                    shard.servers().stream()
                            .map(server -> node(server, server == shard.primary()))
                            .toList()));
        }
        Cluster cluster = new Cluster(
                CLUSTER,
                shards,
                List.of(new Distribution(DISTRIBUTION, KeyType.INT8, shardFunction(shards.size()))),
                List.of(
                        new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "customers", "id", DISTRIBUTION),
                        new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "orders", "customer_id", DISTRIBUTION)),
                List.of(new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "countries")));
        return new Topology(revision, List.of(cluster), List.of(new Database(Demo.DATABASE, CLUSTER, Demo.DATABASE)));
    }

    /** Returns the function that says which shard a customer is on. */
    static ShardFunction shardFunction(int shards) {
        return HashSlots.evenly(HashSlots.SLOTS_DEFAULT, shards);
    }

    private static Node node(PostgresServer server, boolean isPrimary) {
        return new Node(
                server.name(),
                server.host(),
                server.port(),
                isPrimary ? NodeRole.PRIMARY : NodeRole.REPLICA,
                Node.WEIGHT_DEFAULT,
                "");
    }
}
