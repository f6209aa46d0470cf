// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.sync;
import static io.trunkline.router.ServerMessage.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.ShardedTable;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** EXPLAIN of a query over two shards tells what goes where, and each shard's own plan of it. */
class ExplainIT {
    private static final int SHARDS = 2;

    private static SpreadCluster cluster;
    private static RouterUnderTest router;
    private static WireClient client;

    @BeforeAll
    static void start() {
        cluster = SpreadCluster.start(
                SHARDS,
                20,
                "create table stock (item int8 primary key, n int)",
                "grant all on all tables in schema public to public");
        router = cluster.router(
                        SHARDS,
                        List.of(new Distribution(
                                "item", KeyType.INT8, HashSlots.evenly(HashSlots.SLOTS_DEFAULT, SHARDS))),
                        List.of(new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "stock", "item", "item")),
                        List.of())
                .start();
        client = WireClient.connect(router.port(), "app");
        await().until(() -> "0".equals(client.ask("select count(*) from stock")));
        client.query("insert into stock (item, n) values (1, 1), (2, 2), (3, 1), (4, 2), (5, 1), (6, 2)");
    }

    @AfterAll
    static void stop() {
        client.close();
        router.close();
        cluster.close();
    }

    private static String node(int shard) {
        return cluster.server(shard).name();
    }

    private static List<String> lines(String sql) {
        return client.query(sql).stream()
                .filter(message -> message.type() == 'D')
                .map(message -> message.columns().get(0))
                .toList();
    }

    private static List<String> plans(String first, String plan) {
        return List.of(
                first,
                "  ->  Shard s0 on node " + node(0),
                "        ->  " + plan,
                "  ->  Shard s1 on node " + node(1),
                "        ->  " + plan);
    }

    @Test
    void showsWhatIsSentAndThePlanOfEachShard() {
        assertThat(lines("explain (costs off) select *\n  from stock"))
                .containsExactly(
                        "Append over 2 shards",
                        "  Shard Query: SELECT * from stock",
                        "  ->  Shard s0 on node " + node(0),
                        "        ->  Seq Scan on stock",
                        "  ->  Shard s1 on node " + node(1),
                        "        ->  Seq Scan on stock");
        assertThat(client.query("explain select * from stock").stream()
                        .filter(message -> message.type() != 'D')
                        .map(ServerMessage::toString))
                .containsExactly(
                        "RowDescription [QUERY PLAN#0:25/-1/-1/0]", "CommandComplete EXPLAIN", "ReadyForQuery I");
    }

    @Test
    void showsHowRowsAreMergedAndGroupsFinished() {
        List<String> ordered = lines("explain (costs off) select n from stock order by item limit 3");
        assertThat(ordered)
                .startsWith("Merge Append over 2 shards")
                .containsSubsequence(plans(ordered.get(1), "Limit"));
        assertThat(ordered.get(1)).startsWith("  Shard Query: ").contains("LIMIT 3");

        List<String> grouped = lines("explain (costs off) select n, count(*) + 1 from stock group by n");
        assertThat(grouped).startsWith("Finalize GroupAggregate over 2 shards");
        assertThat(grouped.get(1)).startsWith("  Shard Query: ").contains("count(*)");
        assertThat(grouped.get(2))
                .startsWith("  Final Query on node " + node(0) + ": ")
                .contains("unnest");
    }

    @Test
    void runsTheShardsQueryForAnalyze() {
        List<String> lines = lines("explain (analyze, costs off, timing off, summary off) select * from stock");
        assertThat(lines.stream().filter(line -> line.contains("actual rows=")).count())
                .isEqualTo(2);
    }

    @Test
    void takesParametersAndAnEndToItsRows() {
        List<String> answer = texts(client.send(
                        parse("", "explain (costs off) select item from stock where n = $1"),
                        bind("", "", "2"),
                        describePortal(""),
                        execute("", 3),
                        sync())
                .receiveUntilReady());
        assertThat(answer)
                .hasSize(8)
                .startsWith("ParseComplete", "BindComplete", "RowDescription [QUERY PLAN#0:25/-1/-1/0]")
                .endsWith("PortalSuspended", "ReadyForQuery I");
        assertThat(answer.get(3)).contains("Append over 2 shards");
    }

    @Test
    void explainsWithinATransactionAndLeavesItOpen() {
        client.query("begin");
        client.query("insert into stock (item, n) values (100, 9), (101, 9), (102, 9)");
        assertThat(texts(client.query("explain select * from stock where n = 9")))
                .endsWith("ReadyForQuery T");
        assertThat(client.ask("select count(*) from stock where n = 9")).isEqualTo("3");
        client.query("rollback");
    }

    @Test
    void saysWhatIsWrongInTheClientsWordsAndRefusesOtherForms() {
        assertThat(client.query("explain select nothing from stock").get(0).fields())
                .containsEntry('C', "42703")
                .containsEntry('P', "16");
        assertThat(client.query("explain (format json) select * from stock")
                        .get(0)
                        .fields()
                        .get('D'))
                .startsWith("TL0133");
        assertThat(client.query("explain select * from stock for update")
                        .get(0)
                        .fields()
                        .get('D'))
                .startsWith("TL0120");
    }
}
