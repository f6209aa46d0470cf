// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Topologies for tests. */
public final class Topologies {
    private Topologies() {}

    /** One shard with a primary and a replica; revisions differ in the replica's weight. */
    public static Topology plain(long revision) {
        return plain(revision, 1);
    }

    public static Topology plain(long revision, int weight) {
        Shard shard = new Shard(
                "main",
                List.of(
                        new Node("a", "10.0.0.1", 5432, NodeRole.PRIMARY, 1, "z1"),
                        new Node("b", "10.0.0.2", 5432, NodeRole.REPLICA, weight, "z2")));
        Cluster cluster = new Cluster("shop", List.of(shard), List.of(), List.of(), List.of());
        return new Topology(revision, List.of(cluster), List.of(new Database("shop", "shop", "shop")));
    }

    /** Two shards, a distribution of each kind, tables of each. */
    public static Topology sharded(long revision) {
        List<Shard> shards = List.of(shard("s1", "10.0.1.1"), shard("s2", "10.0.2.1"));
        List<Distribution> distributions = List.of(
                new Distribution("by_customer", KeyType.INT8, HashSlots.evenly(1024, 2)),
                new Distribution(
                        "by_day",
                        KeyType.DATE,
                        new Ranges(List.of(
                                new Ranges.Range(Ranges.Bound.unbounded(), day("2024-01-01"), 0),
                                new Ranges.Range(day("2024-01-01"), Ranges.Bound.unbounded(), 1)))),
                new Distribution(
                        "by_country",
                        KeyType.TEXT,
                        new ListValues(Map.of(KeyValue.ofText("de"), 0, KeyValue.ofText("fr"), 1))));
        List<ShardedTable> tables = List.of(
                new ShardedTable("public", "orders", "customer_id", "by_customer"),
                new ShardedTable("public", "events", "day", "by_day"),
                new ShardedTable("public", "branches", "country", "by_country"));
        Cluster cluster = new Cluster(
                "orders",
                shards,
                distributions,
                tables,
                List.of(new ReferenceTable("public", "countries")),
                List.of(new PlacedSchema("tenant_a", 0), new PlacedSchema("tenant_b", 1)),
                List.of(new SharedSequence("orders_id", 1_000, 1)));
        return new Topology(revision, List.of(cluster), List.of(new Database("app", "orders", "app_prod")));
    }

    /** A document of more than 800,000 bytes: a list of long keys. */
    public static Topology large(long revision) {
        Map<KeyValue, Integer> shardOfKey = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            shardOfKey.put(KeyValue.ofText("customer-%032d".formatted(i)), i % 2);
        }
        Cluster cluster = new Cluster(
                "orders",
                List.of(shard("s1", "10.0.1.1"), shard("s2", "10.0.2.1")),
                List.of(new Distribution("by_customer", KeyType.TEXT, new ListValues(shardOfKey))),
                List.of(),
                List.of());
        return new Topology(revision, List.of(cluster), List.of());
    }

    private static Shard shard(String name, String host) {
        return new Shard(name, List.of(new Node(name + "-a", host, 5432, NodeRole.AUTO, 1, "")));
    }

    private static Ranges.Bound day(String text) {
        return Ranges.Bound.at(KeyValue.parse(KeyType.DATE, text));
    }
}
