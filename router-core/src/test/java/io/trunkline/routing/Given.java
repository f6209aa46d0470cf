// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.sql.KeyCondition;
import io.trunkline.sql.QueryShape;
import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.ShardingShape.Reach;
import io.trunkline.sql.SqlScan;
import io.trunkline.sql.StatementReader;
import io.trunkline.sql.StatementShape;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.Ranges;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.Shard;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Topologies, catalogues and statements for tests of routing. */
final class Given {
    static final SessionRouting SESSION = SessionRouting.fresh(ReadPolicy.PREFER_REPLICA);

    private Given() {}

    /** Returns shards a, b, c… with {@code orders} and {@code customers} by hash of an int8, {@code events} by text, {@code readings} by range. */
    static RoutingTable table(int shards) {
        Distribution byCustomer = new Distribution("customer", KeyType.INT8, HashSlots.evenly(64, shards));
        Distribution byName = new Distribution("name", KeyType.TEXT, HashSlots.evenly(64, shards));
        Distribution byRange = new Distribution(
                "range",
                KeyType.INT8,
                new Ranges(List.of(new Ranges.Range(
                        Ranges.Bound.at(KeyValue.ofLong(0)), Ranges.Bound.at(KeyValue.ofLong(100)), shards - 1))));
        return RoutingTable.of(
                topology(new Cluster(
                        "main",
                        shards(shards),
                        List.of(byCustomer, byName, byRange),
                        List.of(
                                new ShardedTable("public", "customers", "id", "customer"),
                                new ShardedTable("public", "orders", "customer_id", "customer"),
                                new ShardedTable("app", "events", "name", "name"),
                                new ShardedTable("app", "readings", "id", "range")),
                        List.of(new ReferenceTable("public", "countries")))),
                "main");
    }

    /** Returns the same with nothing but {@code customers} and {@code orders}. */
    static RoutingTable customers(int shards) {
        return RoutingTable.of(
                topology(new Cluster(
                        "main",
                        shards(shards),
                        List.of(new Distribution("customer", KeyType.INT8, HashSlots.evenly(64, shards))),
                        List.of(
                                new ShardedTable("public", "customers", "id", "customer"),
                                new ShardedTable("public", "orders", "customer_id", "customer")),
                        List.of(new ReferenceTable("public", "countries")))),
                "main");
    }

    /** Returns one shard without any tables. */
    static RoutingTable plain() {
        return RoutingTable.of(topology(new Cluster("main", shards(1), List.of(), List.of(), List.of())), "main");
    }

    static Topology topology(Cluster cluster) {
        return new Topology(7, List.of(cluster), List.of(new Database("app", cluster.name(), "app")));
    }

    private static List<Shard> shards(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> {
                    String name = count <= 26 ? String.valueOf((char) ('a' + i)) : "shard" + i;
                    return new Shard(
                            name, List.of(new Node("node-" + name, "host-" + name, 5432, NodeRole.PRIMARY, 1, "")));
                })
                .toList();
    }

    /** Returns a catalogue where lower, count and now are PostgreSQL's own, and a few more of each nature. */
    static CatalogSnapshot catalog() {
        return CatalogSnapshot.of(
                List.of(
                        List.of("lower", "f", "f"),
                        List.of("count", "f", "f"),
                        List.of("now", "f", "f"),
                        List.of("current_setting", "f", "f"),
                        List.of("set_config", "t", "f"),
                        List.of("random", "t", "f"),
                        List.of("nextval", "t", "f"),
                        List.of("pg_advisory_lock", "t", "f"),
                        List.of("pg_advisory_xact_lock", "t", "f"),
                        List.of("tax", "f", "f"),
                        List.of("balance_of", "f", "t"),
                        List.of("audit", "t", "t")),
                List.of(List.of("order_totals")),
                List.of(List.of("operator", "@@!")),
                List.of());
    }

    /** Returns the shape of the only statement of a text. */
    static StatementShape statement(String sql) {
        ByteBuf text = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        SqlScan scan = new SqlScan();
        scan.scan(text, 0, text.writerIndex(), true);
        QueryShape shape = new StatementReader().read(scan, text);
        return shape.statements().get(0);
    }

    static ShardingShape reach(Reach reach) {
        return new ShardingShape(reach, List.of(), false, null);
    }

    static ShardingShape keyed(KeyCondition... conditions) {
        return new ShardingShape(Reach.KEYED, List.of(conditions), false, null);
    }

    /** Returns the shape of an INSERT. */
    static ShardingShape stored(KeyCondition... conditions) {
        return new ShardingShape(Reach.KEYED, List.of(conditions), true, null);
    }

    /** Returns the shard of a customer's id among so many shards. */
    static int shardOf(RoutingTable table, @Nullable Long customer) {
        return table.cluster()
                .distribution("customer")
                .orElseThrow()
                .function()
                .shardOf(KeyValue.ofLong(customer))
                .orElseThrow();
    }
}
