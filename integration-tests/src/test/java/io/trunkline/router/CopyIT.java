// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.copyDone;
import static io.trunkline.router.ClientMessage.copyFail;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.raw;
import static io.trunkline.router.ClientMessage.sync;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.fixture.ZooKeeperFixture;
import io.trunkline.testing.Case;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.zookeeper.ZooKeeperConnection;
import io.trunkline.topology.zookeeper.ZooKeeperSettings;
import io.trunkline.topology.zookeeper.ZooKeeperTopologyPublisher;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** COPY over three shards: what the client hears, and the tables it leaves behind, are those of one server, which is copied to beside. */
class CopyIT {
    private static final int SHARDS = 3;
    private static final String WHOLE = "whole";

    private static final String[] TABLES = {
        "create table stock (note text, item int8 primary key, n int default 7 check (n < 1000), twice int generated always as (n * 2) stored)",
        "create table names (name text primary key, n int)",
        "create table prices (price numeric(10, 2) primary key)",
        "create table moments (moment timestamp(6) primary key)",
        "create table sites (site text primary key)",
        "create table stamped (code int primary key, made timestamptz default now())",
        "create table traced (code int primary key)",
        "create function trace() returns trigger language plpgsql as $$ begin return new; end $$",
        "create trigger tracing before insert on traced for each row execute function trace()",
        "grant all on all tables in schema public to public"
    };

    private static ShardedCluster shards;
    private static ZooKeeperFixture zooKeeper;
    private static RouterUnderTest router;
    private static WireClient whole;
    private static WireClient routed;

    @BeforeAll
    static void start() throws Exception {
        shards = ShardedCluster.start(
                SHARDS,
                TestTopologies.trusting(PostgresOptions.newest().replicas(0))
                        .setting("max_prepared_transactions", "20"));
        for (PostgresCluster shard : shards.shards()) {
            TestTopologies.prepare(shard);
            shard.primary().executeIn(TestTopologies.DATABASE, TABLES);
        }
        PostgresCluster first = shards.shard(0);
        first.primary().createDatabase(WHOLE, "whole_owner", RouterUnderTest.PASSWORD);
        first.primary().executeIn(WHOLE, "grant all on schema public to public");
        first.primary().executeIn(WHOLE, TABLES);
        zooKeeper = ZooKeeperFixture.start(shards.workspace());
        HashSlots slots = HashSlots.evenly(HashSlots.SLOTS_DEFAULT, SHARDS);
        try (ZooKeeperConnection connection =
                ZooKeeperConnection.open(ZooKeeperSettings.of(zooKeeper.connectString(), "/trunkline"))) {
            new ZooKeeperTopologyPublisher(connection)
                    .publish(
                            TestTopologies.sharded(
                                    shards,
                                    1,
                                    List.of(
                                            new Distribution("item", KeyType.INT8, slots),
                                            new Distribution("name", KeyType.TEXT, slots),
                                            new Distribution("price", KeyType.NUMERIC, slots),
                                            new Distribution("moment", KeyType.TIMESTAMP, slots)),
                                    List.of(
                                            new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "stock", "item", "item"),
                                            new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "names", "name", "name"),
                                            new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "prices", "price", "price"),
                                            new ShardedTable(
                                                    ShardedTable.SCHEMA_DEFAULT, "moments", "moment", "moment")),
                                    List.of(
                                            new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "sites"),
                                            new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "stamped"),
                                            new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "traced")),
                                    "app"),
                            OptionalLong.of(0));
        }
        router = RouterUnderTest.with(shards.workspace())
                .set("topology.source", "zookeeper")
                .set("topology.connect", zooKeeper.connectString())
                .start();
        whole = WireClient.connect(first.primary().port(), WHOLE);
        routed = WireClient.connect(router.port(), "app");
        await().until(() -> "0".equals(routed.ask("select count(*) from stock")));
    }

    @AfterAll
    static void stop() {
        whole.close();
        routed.close();
        router.close();
        zooKeeper.close();
        shards.close();
    }

    @BeforeEach
    void empty() {
        for (WireClient client : List.of(whole, routed)) {
            client.query("delete from stock");
            client.query("delete from names");
        }
    }

    @Test
    @Case({"H51", "C01", "C12"})
    void rowsInEveryFormat() {
        copiesAlike("copy stock from stdin", rows(1, 200, "a\\tb\t%d\t%d\n"));
        copiesAlike("copy stock (item, note) from stdin", rows(1, 50, "%d\t\\N\n") + "51\tlast");
        copiesAlike("copy stock (item, n) from stdin with delimiter ',' null 'x'", rows(1, 9, "%d,x\n") + "\\.\nlost");
        copiesAlike("copy stock from stdin csv header", "note,item,n\r\n" + rows(1, 60, "\"a,\"\"b\r\nc\",%d,%d\r\n"));
        copiesAlike(
                "copy stock (item, note, n) from stdin (format csv, delimiter ';', quote '''', escape '\\', null 'null', force_null (note))",
                rows(1, 60, "%d;'it\\'s;\n';%d\n"));
        copiesAlike(
                "copy stock (n, item) from stdin with (format 'csv', header match)",
                "n,item\n" + rows(1, 9, "%d,%d\n"));
        copiesAlike("copy names from stdin", "a\\x62c\t1\nänderung\t2\n\\\\\t3\n\\n\t4\n");
        copiesAlike("copy names (n, name) from stdin csv", "1,\"a\"\"\nb\"\n3,\"\"\n4,c\"d,\"e\n");
        copiesAlike("copy stock from stdin", "");
        copiesAlike("copy sites from stdin csv", "north\nsouth\n");
    }

    @Test
    @Case({"H51", "C12"})
    void binaryRows() {
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        data.writeBytes("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0".getBytes(ISO_8859_1));
        for (int item = 1; item <= 300; item++) {
            data.writeBytes(new byte[] {0, 2, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, (byte) (item >> 8), (byte) item});
            data.writeBytes(item % 3 == 0 ? new byte[] {-1, -1, -1, -1} : new byte[] {0, 0, 0, 2, 'o', 'k'});
        }
        data.writeBytes(new byte[] {-1, -1});
        for (int piece : new int[] {1, 7, 100_000}) {
            copiesAlike("copy stock (item, note) from stdin binary", data.toByteArray(), piece);
        }
    }

    @Test
    @Case({"H51", "C13"})
    void errorsHaveTheClientsLine() {
        failsAlike("copy stock (item, n) from stdin", "1\t1\n2\t2\n3\tx\n4\t4\n");
        failsAlike("copy stock (item, n) from stdin csv header", "item,n\n1,1\n2,2\n\"3\",2000\n4,4\n");
        failsAlike("copy stock (item, note) from stdin csv", "1,\"a\nb\"\n2,\"c\nd\"\n3,d,e\n");
        failsAlike("copy stock (item, n) from stdin", "1\t1\n2\t2\n7\t7\n1\t8\n");
        failsAlike("copy stock (note, item) from stdin", "a\t1\nb\n");
        failsAlike("copy stock (item, n) from stdin", "1\t1\n2\t2\r\n");
        failsAlike("copy stock (item, n) from stdin csv", "1,1\r\n2,2\n");
        failsAlike("copy stock (item, missing) from stdin", "1\t1\n");
        failsAlike("copy stock from stdin (format csv, delimiter ',,')", "1,1\n", "TL0139");
        failsAlike("copy stock (item, n) from stdin", "1\t1\n\\N\t2\n", "23502", "TL0208", "line 2, column item");
        failsAlike("copy stock (item, n) from stdin", "1\t1\nx\t2\n", "22P02", "TL0206", "line 2, column item");
        failsAlike("copy stock (n) from stdin", "1\n", "0A000", "TL0110");
        failsAlike("copy stock from stdin where n > 1", "1\n", "0A000", "TL0139");
        assertThat(routed.ask("select count(*) from stock")).isEqualTo("0");
        assertNothingPrepared();
    }

    @Test
    @Case({"C08", "C05", "C06"})
    void extendedProtocolAndCopyFail() {
        byte[][] frames = {
            parse("", "copy stock (item, n) from stdin"), bind("", ""), describePortal(""), execute("", 0), sync()
        };
        for (WireClient client : List.of(whole, routed)) {
            assertThat(texts(client.send(frames).receiveUntil('G'))).hasSize(4);
            client.send(data("1\t1\n2\t"), sync(), data("2\n3\t3\n"), copyDone(), sync());
            assertThat(texts(client.receiveUntilReady())).containsExactly("CommandComplete COPY 3", "ReadyForQuery I");

            client.send(frames).receiveUntil('G');
            client.send(data("4\t4\n"), copyFail("enough"), sync());
            assertThat(texts(client.receiveUntilReady()).toString())
                    .contains("C=57014", "COPY from stdin failed: enough", "ReadyForQuery I");
        }
        sameTables();
    }

    @Test
    @Case("C09")
    void withinATransaction() {
        for (String end : List.of("commit", "rollback")) {
            empty();
            for (WireClient client : List.of(whole, routed)) {
                client.query("begin");
                client.query("insert into stock (item) values (1000)");
                assertThat(texts(copy(client, "copy stock (item, n) from stdin", bytes(rows(1, 30, "%d\t%d\n")), 50)))
                        .containsExactly("CommandComplete COPY 30", "ReadyForQuery T");
                client.query("update stock set n = 5 where item = 3");
                assertThat(texts(client.query(end))).last().isEqualTo("ReadyForQuery I");
            }
            sameTables();
        }
        for (WireClient client : List.of(whole, routed)) {
            client.query("begin");
            assertThat(texts(copy(client, "copy stock (item, n) from stdin", bytes("2001\t1\n2002\tx\n"), 50)))
                    .last()
                    .isEqualTo("ReadyForQuery E");
            assertThat(texts(client.query("commit"))).containsExactly("CommandComplete ROLLBACK", "ReadyForQuery I");
        }
        sameTables();
    }

    @Test
    @Case("C03")
    void aClientThatLeavesCopiesNothing() {
        try (WireClient client = WireClient.connect(router.port(), "app")) {
            client.send(query("copy stock (item, n) from stdin")).receiveUntil('G');
            client.send(data(rows(1, 1000, "%d\t1\n")));
        }
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            for (PostgresCluster shard : shards.shards()) {
                try (WireClient client = WireClient.connect(shard.primary().port(), TestTopologies.DATABASE)) {
                    assertThat(client.ask("select count(*) from pg_stat_activity where query like 'copy stock%'"
                                    + " and state <> 'idle'"))
                            .isEqualTo("0");
                }
            }
        });
        assertThat(routed.ask("select count(*) from stock")).isEqualTo("0");
        assertNothingPrepared();
    }

    @Test
    @Case("H51")
    void oneShardMayGetEverything() {
        StringBuilder data = new StringBuilder();
        for (int i = 0; i < 200_000; i++) {
            data.append("same\t").append(i).append('\n');
        }
        ServerMessage error = error(copy(routed, "copy names (name, n) from stdin", bytes(data.toString()), 65_536));
        assertThat(error.fields()).containsEntry('C', "23505").containsEntry('W', "COPY names, line 2");
        StringBuilder distinct = new StringBuilder();
        for (int i = 0; i < 200_000; i++) {
            distinct.append(i).append('\t').append("x".repeat(40)).append('\n');
        }
        assertThat(texts(copy(routed, "copy stock (item, note) from stdin", bytes(distinct.toString()), 65_536)))
                .containsExactly("CommandComplete COPY 200000", "ReadyForQuery I");
        assertThat(routed.ask("select count(*) from stock")).isEqualTo("200000");
    }

    @Test
    @Case("H47")
    void copiesOfAReferenceTableStayEqual() {
        assertThat(error(copy(routed, "copy stamped (code) from stdin", bytes("1\n"), 10))
                        .fields()
                        .get('D'))
                .startsWith("TL0229: Column made is left to a default");
        assertThat(error(copy(routed, "copy traced from stdin", bytes("1\n"), 10))
                        .fields()
                        .get('D'))
                .startsWith("TL0229: The table has a trigger tracing");
        assertThat(error(copy(routed, "copy stamped from stdin (default '\\D')", bytes("1\t\\D\n"), 10))
                        .fields()
                        .get('D'))
                .startsWith("TL0229: Column made is left to a default");
        assertThat(routed.ask("select count(*) from traced")).isEqualTo("0");
        assertThat(texts(copy(routed, "copy stamped from stdin", bytes("1\t2020-01-01 00:00:00+00\n"), 10)))
                .containsExactly("CommandComplete COPY 1", "ReadyForQuery I");
        for (PostgresCluster shard : shards.shards()) {
            try (WireClient direct = WireClient.connect(shard.primary().port(), TestTopologies.DATABASE)) {
                assertThat(direct.ask("select count(*) from stamped")).isEqualTo("1");
            }
        }
    }

    @Test
    @Case({"H52", "C02"})
    void rowsOfAllShardsAreOneCopy() {
        for (WireClient client : List.of(whole, routed)) {
            copy(client, "copy stock (item, note, n) from stdin", bytes(rows(1, 100, "%d\ta,\"b\t%d\n")), 1000);
        }
        for (String sql : List.of(
                "copy stock to stdout",
                "copy stock (n, item) to stdout csv header",
                "copy stock (item, note) to stdout with (format csv, header, force_quote *)",
                "copy stock to stdout binary",
                "copy names to stdout binary",
                "copy names to stdout (format csv, header)",
                "copy (select item, note from stock where n > 3) to stdout csv header",
                "copy (select item from stock where item in (1, 2, 3, 4, 5)) to stdout binary",
                "copy sites to stdout")) {
            List<String> expected = rowsAndRest(whole.query(sql));
            assertThat(rowsAndRest(routed.query(sql))).as(sql).isEqualTo(expected);
        }
        assertThat(texts(routed.query("copy (select item from stock order by item) to stdout"))
                        .toString())
                .contains("TL0138");
        byte[][] frames = {parse("", "copy stock to stdout"), bind("", ""), describePortal(""), execute("", 0), sync()};
        assertThat(rowsAndRest(routed.send(frames).receiveUntilReady()))
                .isEqualTo(rowsAndRest(whole.send(frames).receiveUntilReady()));
    }

    @Test
    @Case("C02")
    void bindAndDescribeAreAnsweredBeforeAnErrorOfTheCopy() {
        for (String sql : List.of(
                "copy (select nothing from stock) to stdout",
                "copy stock (nothing) to stdout",
                "copy stock (item, nothing) from stdin")) {
            byte[][] frames = {parse("", sql), bind("", ""), describePortal(""), execute("", 0), sync()};
            List<String> expected = texts(whole.send(frames).receiveUntilReady());
            assertThat(expected)
                    .startsWith("ParseComplete", "BindComplete", "NoData")
                    .hasSize(5);
            assertThat(texts(routed.send(frames).receiveUntilReady())).as(sql).isEqualTo(expected);
        }
    }

    /** Copies the same into both, in pieces of several sizes, and compares all that is heard and stored. */
    /** A row would lie where its key was not looked for. */
    @Test
    void aKeyThatItsColumnRoundsIsRefused() {
        ServerMessage refused = error(copy(routed, "copy prices from stdin", bytes("1.005\n"), 10));
        assertThat(refused.fields().get('C')).isEqualTo("0A000");
        assertThat(refused.fields().get('D')).startsWith("TL0231").contains("rounds");

        assertThat(texts(copy(routed, "copy moments from stdin", bytes("2026-01-01 00:00:00.123456\n"), 10)))
                .first()
                .asString()
                .startsWith("CommandComplete COPY 1");
        assertThat(routed.ask("select count(*) from moments where moment = '2026-01-01 00:00:00.123456'"))
                .isEqualTo("1");
    }

    private void copiesAlike(String sql, String data) {
        for (int piece : new int[] {1, 13, 100_000}) {
            copiesAlike(sql, bytes(data), piece);
        }
    }

    private void copiesAlike(String sql, byte[] data, int piece) {
        empty();
        List<String> expected = texts(copy(whole, sql, data, piece));
        assertThat(texts(copy(routed, sql, data, piece))).as(sql).isEqualTo(expected);
        assertThat(expected).as(sql).first().asString().startsWith("CommandComplete COPY");
        if (sql.contains("sites")) {
            whole.query("delete from sites");
            deleteSites();
        } else {
            sameTables();
        }
    }

    private static void deleteSites() {
        for (PostgresCluster shard : shards.shards()) {
            try (WireClient client = WireClient.connect(shard.primary().port(), TestTopologies.DATABASE)) {
                assertThat(client.ask("select count(*) from sites")).isEqualTo("2");
                client.query("delete from sites");
            }
        }
    }

    /** Both fail in the same way, or the router in its own words where {@code own} says so. */
    private void failsAlike(String sql, String data, String... own) {
        ServerMessage error = error(copy(routed, sql, bytes(data), 100_000));
        if (own.length > 0) {
            assertThat(error.fields().toString()).as(sql).contains(own);
            return;
        }
        ServerMessage expected = error(copy(whole, sql, bytes(data), 100_000));
        assertThat(error.toString()).as(sql).isEqualTo(expected.toString());
        assertThat(error.fields().get('W')).as(sql).isEqualTo(expected.fields().get('W'));
    }

    private static ServerMessage error(List<ServerMessage> answer) {
        assertThat(answer).last().matches(ServerMessage::isReadyForQuery);
        return answer.stream()
                .filter(message -> message.type() == 'E')
                .findFirst()
                .orElseThrow();
    }

    /** Returns what comes in answer to a COPY and its data, but for the invitation. */
    private static List<ServerMessage> copy(WireClient client, String sql, byte[] data, int piece) {
        client.send(query(sql));
        ServerMessage first = client.receive();
        if (first.type() != 'G') {
            List<ServerMessage> all = new ArrayList<>(List.of(first));
            all.addAll(client.receiveUntilReady());
            return all;
        }
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (int at = 0; at < data.length; at += piece) {
            frames.writeBytes(raw('d', Arrays.copyOfRange(data, at, Math.min(data.length, at + piece))));
        }
        frames.writeBytes(copyDone());
        client.send(frames.toByteArray());
        return client.receiveUntilReady();
    }

    private static byte[] data(String text) {
        return raw('d', bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    /** Returns rows by a pattern that has the number of the row once or twice. */
    private static String rows(int from, int to, String pattern) {
        StringBuilder rows = new StringBuilder();
        for (int item = from; item <= to; item++) {
            rows.append(String.format(pattern, item, item));
        }
        return rows.toString();
    }

    private static void sameTables() {
        for (String sql : List.of(
                "select item, n, note, twice from stock order by item", "select n, name from names order by n")) {
            assertThat(texts(routed.query(sql))).as(sql).isEqualTo(texts(whole.query(sql)));
        }
    }

    /** Returns messages with those of rows in an order of their own, and without a header's or mark's place in the first and last of them. */
    private static List<String> rowsAndRest(List<ServerMessage> messages) {
        List<String> rest = new ArrayList<>();
        List<String> rows = new ArrayList<>();
        for (ServerMessage message : messages) {
            if (message.type() == 'd') {
                String text = new String(message.body(), ISO_8859_1);
                if (text.startsWith("PGCOPY")) {
                    rest.add(text.substring(0, 19));
                    text = text.substring(19);
                }
                if (!text.isEmpty()) {
                    rows.add(text);
                }
            } else {
                rest.add(message.toString());
            }
        }
        rows.sort(null);
        rest.addAll(rows);
        return rest;
    }

    private static void assertNothingPrepared() {
        for (PostgresCluster shard : shards.shards()) {
            try (WireClient client = WireClient.connect(shard.primary().port(), TestTopologies.DATABASE)) {
                assertThat(client.ask("select count(*) from pg_prepared_xacts")).isEqualTo("0");
            }
        }
    }

    private static List<String> texts(List<ServerMessage> messages) {
        return messages.stream().map(ServerMessage::toString).toList();
    }
}
