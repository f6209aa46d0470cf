// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.describeStatement;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.sync;
import static io.trunkline.router.ServerMessage.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.testing.Case;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.ShardedTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Writes whose rows lie on three shards: their messages and the tables they leave behind are those of one server, which is written to beside; and they
 * happen on all shards or on none.
 */
class SpreadWriteIT {
    private static final int SHARDS = 3;
    private static final HashSlots SLOTS = HashSlots.evenly(HashSlots.SLOTS_DEFAULT, SHARDS);
    private static final String ALL = "select * from stock order by item";
    private static final String MOVES = "select * from moves order by item, part";

    private static final String[] TABLES = {
        "create table stock (item int8 primary key, n int default 7 check (n < 1000), note text)",
        "create table sites (name text primary key)",
        "insert into sites values ('north')",
        "create view best as select * from stock order by n desc limit 1",
        "create table moves (item int8, part int4, note text default 'none', primary key (item, part))",
        "grant all on all tables in schema public to public"
    };

    private static SpreadCluster cluster;
    private static RouterUnderTest router;
    private static WireClient whole;
    private static WireClient routed;

    @BeforeAll
    static void start() {
        cluster = SpreadCluster.start(SHARDS, 20, TABLES);
        cluster.prepareWhole(TABLES);
        router = cluster.router(
                        SHARDS,
                        List.of(new Distribution("item", KeyType.INT8, SLOTS)),
                        List.of(
                                new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "stock", "item", "item"),
                                new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "moves", "item", "item"),
                                new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "best", "item", "item")),
                        List.of(new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "sites")))
                .set("transactions.recovery_interval", "1s")
                .set("transactions.recovery_after", "5s")
                .start();
        whole = WireClient.connect(cluster.server(0).port(), SpreadCluster.WHOLE);
        routed = WireClient.connect(router.port(), "app");
        await().until(() -> "0".equals(routed.ask("select count(*) from stock")));
    }

    @AfterAll
    static void stop() {
        whole.close();
        routed.close();
        router.close();
        cluster.close();
    }

    @BeforeEach
    void fill() {
        StringBuilder insert = new StringBuilder("insert into stock (item, n, note) values ");
        for (int item = 1; item <= 30; item++) {
            insert.append(item == 1 ? "" : ", ").append("(" + item + ", " + item % 4 + ", 'item " + item + "')");
        }
        for (WireClient client : List.of(whole, routed)) {
            assertThat(texts(client.query("delete from stock"))).last().isEqualTo("ReadyForQuery I");
            assertThat(texts(client.query("delete from moves"))).last().isEqualTo("ReadyForQuery I");
            assertThat(texts(client.query(insert.toString())))
                    .containsExactly("CommandComplete INSERT 0 30", "ReadyForQuery I");
        }
    }

    private static int shardOf(long key) {
        return SLOTS.shardOf(KeyValue.ofLong(key)).getAsInt();
    }

    @Test
    @Case({"H36", "H37", "H38"})
    void statementsOfEveryKind() {
        List<String> statements = List.of(
                "update stock set n = n + 1",
                "update stock set n = n * 2 where n > 1",
                "update stock set note = null where item in (1, 2, 3, 4, 5, 6, 7)",
                "update stock set note = note || '!' where item > 20",
                "delete from stock where n = 2",
                "delete from stock where item between 10 and 15",
                "insert into stock (item, n, note) values (101, 1, 'a'), (102, 2, 'b'), (103, 3, 'c'), (104, default, null), (105, 1 + 1, upper('d'))",
                "insert into stock (note, item) values ('x', 201), ('y', 202), ('z', 203), ('it''s', 204)",
                "insert into stock (item, n) values (1, 50), (2, 51), (3, 52), (301, 53) on conflict (item) do update set n = excluded.n",
                "insert into stock (item) values (4), (5), (6), (302) on conflict do nothing",
                "update stock set n = 5 where item = 7",
                "delete from stock");
        for (String sql : statements) {
            assertThat(texts(routed.query(sql))).as(sql).isEqualTo(texts(whole.query(sql)));
            assertThat(texts(routed.query(ALL))).as(sql).isEqualTo(texts(whole.query(ALL)));
        }
    }

    @Test
    @Case("H08")
    void refusesViewsButCallsVolatileFunctions() {
        for (String sql : List.of(
                "select * from best",
                "select * from best for update",
                "update stock s set n = 0 from best b where b.item = s.item",
                "delete from stock s using best b where b.item = s.item")) {
            assertThat(String.join(" ", texts(routed.query(sql)))).as(sql).contains("0A000", "TL0220");
        }
        assertThat(texts(routed.query(ALL))).isEqualTo(texts(whole.query(ALL)));
        assertThat(
                        texts(
                                routed.query(
                                        "insert into stock (item, n, note) values (501, random() * 9, 'a'), (502, 1, clock_timestamp()), (503, 2, gen_random_uuid())")))
                .containsExactly("CommandComplete INSERT 0 3", "ReadyForQuery I");
        assertThat(texts(routed.query("update stock set n = n + 1 where item > 500 and random() < 2")))
                .containsExactly("CommandComplete UPDATE 3", "ReadyForQuery I");
    }

    @Test
    @Case("H37")
    void returningKeepsTheOrderOfTheInput() {
        String sql =
                "insert into stock (item, note) values (77, 'a'), (76, 'b'), (75, 'c'), (74, 'd'), (73, 'e'), (72, 'f'), (71, 'g')"
                        + " returning item, n, note || '.' as noted";
        assertThat(texts(routed.query(sql))).isEqualTo(texts(whole.query(sql)));
        String update = "update stock set n = n + 1 where item < 9 returning item, n";
        assertThat(sorted(texts(routed.query(update)))).isEqualTo(sorted(texts(whole.query(update))));
    }

    @Test
    @Case("H38")
    void parametersInBothProtocols() {
        String insert =
                "insert into stock (item, n, note) values ($1, $2, $7), ($3, $2, $7), ($4, $5, $6), ($8, $5, default)"
                        + " returning n, item";
        byte[][] frames = {
            parse("", insert),
            describeStatement(""),
            bind("", "", "501", "5", "502", "503", "6", "six", null, "504"),
            describePortal(""),
            execute("", 0),
            sync()
        };
        assertThat(texts(routed.send(frames).receiveUntilReady()))
                .isEqualTo(texts(whole.send(frames).receiveUntilReady()));
        String update = "update stock set n = $1 where n <> $1 and item > $2";
        byte[][] updating = {parse("u", update), describeStatement("u"), bind("", "u", "9", "3"), execute("", 0), sync()
        };
        assertThat(texts(routed.send(updating).receiveUntilReady()))
                .isEqualTo(texts(whole.send(updating).receiveUntilReady()));
        assertThat(texts(routed.query(ALL))).isEqualTo(texts(whole.query(ALL)));
    }

    @Test
    @Case({"H37", "H62"})
    void insertsWhatItSelects() {
        List<String> statements = List.of(
                "insert into moves (item, part) select item, n from stock",
                "insert into moves (note, part, item) select s.note, 10, s.item from stock s where s.n > 1 order by s.note desc",
                "insert into moves (item, part, note) select item, 20 + count(*), max(note) from moves group by item",
                "insert into moves (item, part) select s.item, 30 + m.part from stock s join moves m on m.item = s.item where m.part < 10",
                "insert into moves (item, part, note) select s.item, 50, x.name from stock s left join sites x on s.n = 2",
                "insert into moves (item, part) select item, 60 from stock union all select item, 61 from stock where n = 3",
                "with s as (select item, n from stock where n <> 2) insert into moves (item, part) select s.item, 70 + s.n from s",
                "insert into moves (item, part) with s as (select item from stock where n = 1) select s.item, 80 from s",
                "insert into moves (item, part) select s.item, 90 + g from stock s, generate_series(1, 3) g where s.item < 9",
                "insert into moves (item, part) select item, (100 + row_number() over (partition by item order by part))::int4 from moves",
                "insert into moves (item, part, note) select item, 50, 'again' from stock on conflict (item, part) do update set note = excluded.note",
                "insert into moves (item, part) select item, 50 from stock on conflict do nothing",
                "insert into stock (item, n) select s.item, 1 from stock s where not exists (select 1 from moves m where m.item = s.item)");
        for (String sql : statements) {
            assertThat(texts(routed.query(sql))).as(sql).isEqualTo(texts(whole.query(sql)));
            assertThat(texts(routed.query(MOVES))).as(sql).isEqualTo(texts(whole.query(MOVES)));
        }
    }

    @Test
    @Case("H62")
    void insertsWhatItSelectsWithParameters() {
        String insert = "insert into moves (item, part, note) select s.item, $1, $2 || s.note from stock s"
                + " where s.n < $3 and s.item = any ($4) returning part, item, note";
        byte[][] frames = {
            parse("", insert),
            describeStatement(""),
            bind("", "", "7", "noted: ", "3", "{1,2,3,4,5,6,7,8,9}"),
            describePortal(""),
            execute("", 0),
            sync()
        };
        assertThat(sorted(texts(routed.send(frames).receiveUntilReady())))
                .isEqualTo(sorted(texts(whole.send(frames).receiveUntilReady())));
        byte[][] again = {parse("", insert), bind("", "", "8", null, "3", "{1}"), execute("", 0), sync()};
        assertThat(texts(routed.send(again).receiveUntilReady()))
                .isEqualTo(texts(whole.send(again).receiveUntilReady()));
        assertThat(texts(routed.query(MOVES))).isEqualTo(texts(whole.query(MOVES)));
    }

    @Test
    @Case("H62")
    void whatIsInsertedLiesOnTheShardOfItsKey() {
        assertThat(texts(routed.query("insert into moves (item, part) select item, n from stock")))
                .containsExactly("CommandComplete INSERT 0 30", "ReadyForQuery I");
        for (int shard = 0; shard < SHARDS; shard++) {
            try (WireClient client = WireClient.connect(cluster.server(shard).port(), TestTopologies.DATABASE)) {
                String belonging = IntStream.rangeClosed(1, 30)
                        .filter(belongsTo(shard))
                        .mapToObj(Integer::toString)
                        .collect(Collectors.joining(","));
                assertThat(client.ask("select string_agg(item::text, ',' order by item) from moves"))
                        .isEqualTo(belonging);
            }
        }
    }

    private static IntPredicate belongsTo(int shard) {
        return item -> shardOf(item) == shard;
    }

    @Test
    @Case("H36")
    void anErrorOnOneShardUndoesAll() {
        long bad = 1;
        while (shardOf(bad) != SHARDS - 1) {
            bad++;
        }
        List<String> statements = List.of(
                "update stock set n = case when item = " + bad + " then 1000 else 0 end",
                "update stock set n = 1 / (item - " + bad + ")",
                "insert into stock (item, n) values (901, 1), (902, 1), (903, 1), (904, 1), (" + bad + ", 1)",
                "insert into stock (item, n) values (901, 1), (902, 2000), (903, 1), (904, 1)",
                "update stock set nothing = 1",
                "insert into stock (item, n) values (905, 1), (906, 'x'), (907, 3), (908, 4)",
                "insert into moves (item, part) select item, 1 / (item - " + bad + ") from stock",
                "insert into stock (item) select item from stock where item = any ('{1,2,3,4," + bad + "}')");
        List<String> before = texts(routed.query(ALL));
        for (String sql : statements) {
            List<String> answer = texts(routed.query(sql));
            assertThat(answer).as(sql).hasSize(2).last().isEqualTo("ReadyForQuery I");
            assertThat(code(answer)).as(sql).isEqualTo(code(texts(whole.query(sql))));
            assertThat(texts(routed.query(ALL))).as(sql).isEqualTo(before);
        }
        assertThat(routed.ask("select count(*) from moves")).isEqualTo("0");
        assertNothingPrepared();
    }

    @Test
    @Case("H40")
    void aShardThatPreparesNothingUndoesAll() {
        // Each participant takes one of the places for prepared transactions: with all of them taken, the last shard
        // cannot.
        List<String> hold = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            hold.add("begin");
            hold.add("prepare transaction 'held " + i + "'");
        }
        try (WireClient client = WireClient.connect(cluster.server(SHARDS - 1).port(), TestTopologies.DATABASE)) {
            hold.forEach(client::query);
            List<String> before = texts(routed.query(ALL));
            assertThat(texts(routed.query("update stock set n = 0")).toString()).contains("C=53200", "ReadyForQuery I");
            assertThat(texts(routed.query(ALL))).isEqualTo(before);
            for (int i = 0; i < 20; i++) {
                client.query("rollback prepared 'held " + i + "'");
            }
        }
        assertThat(texts(routed.query("update stock set n = 0")))
                .containsExactly("CommandComplete UPDATE 30", "ReadyForQuery I");
        assertNothingPrepared();
    }

    @Test
    @Case("H39")
    void withoutZooKeeperNothingIsCommittedAndNothingIsLost() {
        List<String> before = texts(routed.query(ALL));
        cluster.zooKeeper().stop();
        try {
            // A decision that cannot be reached is none: the client is told that it does not know.
            assertThat(texts(routed.query("update stock set n = 0")).toString()).contains("C=08007", "ReadyForQuery I");
            // What is prepared keeps its locks; other rows can be written.
            assertThat(routed.ask("insert into stock (item) values (999) returning 'one shard'"))
                    .isEqualTo("one shard");
            assertThat(routed.ask("delete from stock where item = 999 returning 'gone'"))
                    .isEqualTo("gone");
        } finally {
            cluster.zooKeeper().restart();
        }
        // Recovery finds what was prepared, and no decision.
        await().atMost(Duration.ofMinutes(2)).until(() -> cluster.preparedCount() == 0);
        assertThat(texts(routed.query("update stock set n = 1 where item = 1"))).hasSize(2);
        assertThat(texts(routed.query(ALL))).isEqualTo(before);
    }

    private static void assertNothingPrepared() {
        assertThat(cluster.preparedCount()).isZero();
    }

    private static String code(List<String> answer) {
        String error = answer.stream()
                .filter(message -> message.startsWith("ErrorResponse"))
                .findFirst()
                .orElse("no error in " + answer);
        return error.replaceAll(".*C=(\\w+).*", "$1");
    }

    private static List<String> sorted(List<String> messages) {
        return messages.stream().sorted().toList();
    }
}
