// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ServerMessage.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.ShardedTable;
import java.util.List;

/** A hundred items of stock, divided among three shards behind a router, and whole on one server: a client of each, of which both are to hear the same. */
final class StockBothWays implements AutoCloseable {
    static final int ROWS = 100;

    private static final int SHARDS = 3;
    private static final HashSlots SLOTS = HashSlots.evenly(HashSlots.SLOTS_DEFAULT, SHARDS);
    private static final String[] TABLES = {
        "create table stock (item int8 primary key, n int, note text)",
        "grant all on all tables in schema public to public"
    };

    private final SpreadCluster cluster;
    private final RouterUnderTest router;
    private final WireClient whole;
    private final WireClient routed;

    private StockBothWays() {
        cluster = SpreadCluster.start(SHARDS, 20, TABLES);
        cluster.prepareWhole(TABLES);
        router = cluster.router(
                        SHARDS,
                        List.of(new Distribution("item", KeyType.INT8, SLOTS)),
                        List.of(new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "stock", "item", "item")),
                        List.of())
                .set("limits.merge_memory", "1MiB")
                .start();
        whole = WireClient.connect(cluster.server(0).port(), SpreadCluster.WHOLE);
        routed = WireClient.connect(router.port(), TestTopologies.DATABASE);
        await().until(() -> "0".equals(routed.ask("select count(*) from stock")));
        StringBuilder insert = new StringBuilder("insert into stock (item, n, note) values ");
        for (int item = 1; item <= ROWS; item++) {
            insert.append(item == 1 ? "" : ", ").append("(" + item + ", " + item % 7 + ", 'item " + item + "')");
        }
        both(insert.toString());
    }

    static StockBothWays start() {
        return new StockBothWays();
    }

    /** Sends the same to both, and returns the answer, which must be the same. */
    List<String> both(byte[]... frames) {
        List<String> answer = texts(routed.send(frames).receiveUntilReady());
        assertThat(answer).isEqualTo(texts(whole.send(frames).receiveUntilReady()));
        return answer;
    }

    /** As the other, with a simple query. */
    List<String> both(String sql) {
        return both(ClientMessage.query(sql));
    }

    RouterUnderTest router() {
        return router;
    }

    /** Returns the client of the router. */
    WireClient routed() {
        return routed;
    }

    /** Returns the client of the one server. */
    WireClient whole() {
        return whole;
    }

    static int shardOf(long item) {
        return SLOTS.shardOf(KeyValue.ofLong(item)).getAsInt();
    }

    @Override
    public void close() {
        whole.close();
        routed.close();
        router.close();
        cluster.close();
    }
}
