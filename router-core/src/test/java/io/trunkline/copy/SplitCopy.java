// SPDX-License-Identifier: Apache-2.0
package io.trunkline.copy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.routing.RoutingTable;
import io.trunkline.routing.RowShards;
import io.trunkline.sql.CopyStatement;
import io.trunkline.sql.TableUse;
import io.trunkline.testing.Fragmenter;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.Shard;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A COPY FROM that was divided among shards: what each of them got. */
final class SplitCopy implements RowSplitter.Lanes {
    static final int SHARDS = 3;
    static final int ROW_BYTES_MAX = 200_000;

    private final List<ByteArrayOutputStream> lanes = new ArrayList<>();
    private final RowSplitter splitter;

    /**
     * Begins one.
     *
     * @param type of the key column, named {@code k}, which the statement lists with the others
     */
    SplitCopy(String sql, KeyType type) {
        ByteBuf text = Unpooled.wrappedBuffer(sql.getBytes(StandardCharsets.UTF_8));
        CopyStatement statement =
                CopyStatement.read(text, 0, text.writerIndex(), true).statement();
        for (int shard = 0; shard < SHARDS; shard++) {
            lanes.add(new ByteArrayOutputStream());
        }
        splitter = new RowSplitter(statement, statement.columns(), "k", shards(type), SHARDS, ROW_BYTES_MAX, this);
    }

    /** Returns where rows of such keys belong. */
    static RowShards shards(KeyType type) {
        List<Shard> shards = new ArrayList<>();
        for (int i = 0; i < SHARDS; i++) {
            shards.add(new Shard("s" + i, List.of(new Node("n" + i, "h" + i, 5432, NodeRole.PRIMARY, 1, ""))));
        }
        Cluster cluster = new Cluster(
                "main",
                shards,
                List.of(new Distribution("d", type, HashSlots.evenly(64, SHARDS))),
                List.of(new ShardedTable("public", "t", "k", "d")),
                List.of());
        RoutingTable table =
                RoutingTable.of(new Topology(1, List.of(cluster), List.of(new Database("app", "main", "app"))), "main");
        return RowShards.of(table, new TableUse.Sharded("k", "d"), type.oid(), true);
    }

    /** Takes all data, and their end. */
    SplitCopy copy(byte[] data, Fragmenter fragmenter) {
        fragmenter.feed(data, in -> {
            splitter.take(in, in.readerIndex(), in.readableBytes());
            in.skipBytes(in.readableBytes());
        });
        splitter.end();
        return this;
    }

    SplitCopy copy(String data) {
        return copy(data.getBytes(StandardCharsets.UTF_8), Fragmenter.whole());
    }

    /** Returns what a shard got. */
    byte[] bytes(int shard) {
        return lanes.get(shard).toByteArray();
    }

    /** Returns what each shard got, as text. */
    List<String> texts() {
        return lanes.stream().map(lane -> lane.toString(StandardCharsets.UTF_8)).toList();
    }

    RowSplitter splitter() {
        return splitter;
    }

    @Override
    public void to(int shard, byte[] bytes, int start, int length) {
        lanes.get(shard).write(bytes, start, length);
    }

    @Override
    public void toAll(byte[] bytes, int start, int length) {
        lanes.forEach(lane -> lane.write(bytes, start, length));
    }
}
