// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.testing.Case;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.ShardedTable;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Three shards: every statement with a key runs where PostgreSQL's hash puts the key, and what has no single shard is refused. */
class ShardingIT {
    private static final int SHARDS = 3;
    private static final HashSlots SLOTS = HashSlots.evenly(HashSlots.SLOTS_DEFAULT, SHARDS);
    private static final int INT4 = 23;
    private static final int INT8 = 20;
    private static final int TEXT = 25;

    private static ShardedCluster shards;
    private static RouterUnderTest router;

    @BeforeAll
    static void start() {
        shards = ShardedCluster.start(
                SHARDS,
                TestTopologies.trusting(PostgresOptions.newest().replicas(0))
                        .setting("max_prepared_transactions", "5"));
        for (PostgresCluster shard : shards.shards()) {
            TestTopologies.prepare(shard);
            shard.primary()
                    .executeIn(
                            TestTopologies.DATABASE,
                            "create table customers (id int8 primary key, name text)",
                            "create table orders (id int8, customer_id int8, amount int)",
                            "create table words (word text primary key, n int)",
                            "create table things (id uuid primary key, n int)",
                            "create table countries (code text primary key, name text)",
                            "insert into countries values ('AT', 'Austria'), ('CH', 'Switzerland')",
                            "grant all on all tables in schema public to public");
        }
        router = RouterUnderTest.with(
                        shards.workspace(),
                        TestTopologies.sharded(
                                shards,
                                1,
                                List.of(
                                        new Distribution("customer", KeyType.INT8, SLOTS),
                                        new Distribution("word", KeyType.TEXT, SLOTS),
                                        new Distribution("thing", KeyType.UUID, SLOTS)),
                                List.of(
                                        new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "customers", "id", "customer"),
                                        new ShardedTable(
                                                ShardedTable.SCHEMA_DEFAULT, "orders", "customer_id", "customer"),
                                        new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "words", "word", "word"),
                                        new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "things", "id", "thing")),
                                List.of(new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "countries")),
                                "app"))
                .start();
        for (long id = 1; id <= 60; id++) {
            PostgresCluster shard = shards.shard(shardOf(id));
            shard.primary()
                    .executeIn(
                            TestTopologies.DATABASE,
                            "insert into customers values (" + id + ", 'customer " + id + "')",
                            "insert into orders values (" + id * 10 + ", " + id + ", 1)");
        }
        try (WireClient client = connect()) {
            // Until the catalogue has been read, nothing is known to be a read.
            await().until(() -> "60".equals(client.ask("select count(*) from customers")));
        }
    }

    @AfterAll
    static void stop() {
        router.close();
        shards.close();
    }

    private static int shardOf(long id) {
        return SLOTS.shardOf(KeyValue.ofLong(id)).getAsInt();
    }

    private static long idOn(int shard) {
        return LongStream.rangeClosed(1, 60)
                .filter(id -> shardOf(id) == shard)
                .findFirst()
                .getAsLong();
    }

    private static WireClient connect() {
        return WireClient.connect(router.port(), "app");
    }

    @Test
    @Case("T09")
    void T09_aPreparedTransactionIsEndedOnTheShardThatIsNamed() {
        String shard = "/* trunkline: shard=s1 */ ";
        try (WireClient first = connect();
                WireClient second = connect()) {
            for (String end : List.of("commit", "rollback")) {
                first.query("begin");
                first.query("update customers set name = '" + end + "' where id = " + idOn(1));
                assertThat(first.query("prepare transaction 'handed over'").toString())
                        .isEqualTo("[CommandComplete PREPARE TRANSACTION, ReadyForQuery I]");

                assertThat(second.query(end + " prepared 'handed over'").toString())
                        .contains("C=0A000", "TL0115");
                assertThat(second.ask("/* trunkline: shard=s0 */ " + end + " prepared 'handed over'"))
                        .isEqualTo("42704");
                assertThat(second.query(shard + end + " prepared 'handed over'").toString())
                        .isEqualTo("[CommandComplete " + end.toUpperCase(Locale.ROOT) + " PREPARED, ReadyForQuery I]");
                assertThat(first.ask("select name from customers where id = " + idOn(1)))
                        .isEqualTo("commit");
            }
            assertThat(second.query(shard + "commit prepared 'handed over'").toString())
                    .contains("C=42704");
            first.query("update customers set name = 'customer " + idOn(1) + "' where id = " + idOn(1));
        }
    }

    @Test
    void rowsThatWereInsertedThroughTheRouterLieWhereTheHashPutsThem() throws SQLException {
        try (Connection connection = router.connect("app", Map.of("prepareThreshold", "1"));
                PreparedStatement word = connection.prepareStatement("insert into words (word, n) values (?, ?)");
                PreparedStatement thing = connection.prepareStatement("insert into things (n, id) values (?, ?)")) {
            for (int n = 0; n < 60; n++) {
                word.setString(1, "w\u00f6rd " + n);
                word.setInt(2, n);
                word.executeUpdate();
                thing.setInt(1, n);
                thing.setObject(2, new UUID(n * 31L, n));
                thing.executeUpdate();
            }
        }

        for (int n = 0; n < 60; n++) {
            int wordShard = SLOTS.shardOf(KeyValue.parse(KeyType.TEXT, "w\u00f6rd " + n))
                    .getAsInt();
            int thingShard =
                    SLOTS.shardOf(KeyValue.ofUuid(new UUID(n * 31L, n))).getAsInt();
            for (int shard = 0; shard < SHARDS; shard++) {
                assertThat(countOn(shard, "words where n = " + n)).isEqualTo(shard == wordShard ? 1 : 0);
                assertThat(countOn(shard, "things where n = " + n)).isEqualTo(shard == thingShard ? 1 : 0);
            }
        }
    }

    private static long countOn(int shard, String what) throws SQLException {
        try (Connection connection = shards.shard(shard).primary().connect(TestTopologies.DATABASE);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select count(*) from " + what)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    @Test
    void aKeyIsFoundInEveryPlaceAndForm() {
        try (WireClient client = connect()) {
            for (long id = 1; id <= 60; id++) {
                String name = "customer " + id;
                assertThat(client.ask("select name from customers where id = " + id))
                        .isEqualTo(name);
                assertThat(client.ask("select name from customers where id in (" + id + ")"))
                        .isEqualTo(name);
                assertThat(client.ask("select name from customers c join orders o on o.customer_id = c.id"
                                + " where c.id = '" + id + "' and amount > 0"))
                        .isEqualTo(name);
                assertThat(client.ask("select name from customers where id = any('{" + id + "}')"))
                        .isEqualTo(name);
                assertThat(client.ask("update customers set name = name where id = " + id + " returning name"))
                        .isEqualTo(name);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "20", "23", "21"})
    @Case({"E42", "E43"})
    void E42_E43_aParameterIsReadAsTextAndBinaryDeclaredOrNot(int type) {
        try (WireClient client = connect()) {
            client.send(parse("s", "select name from customers where id = $1", type), sync())
                    .receiveUntilReady();
            for (long id = 1; id <= 60; id++) {
                byte[] binary = type == INT4
                        ? ByteBuffer.allocate(4).putInt((int) id).array()
                        : type == 21
                                ? ByteBuffer.allocate(2).putShort((short) id).array()
                                : ByteBuffer.allocate(8).putLong(id).array();
                client.send(
                        bind("", "s", Long.toString(id)),
                        execute("", 0),
                        bind("", "s", new int[] {1}, new byte[][] {binary}, new int[0]),
                        execute("", 0),
                        sync());

                assertThat(client.receiveUntilReady().stream().map(ServerMessage::toString))
                        .containsExactly(
                                "BindComplete",
                                "DataRow [customer " + id + "]",
                                "CommandComplete SELECT 1",
                                "BindComplete",
                                "DataRow [customer " + id + "]",
                                "CommandComplete SELECT 1",
                                "ReadyForQuery I");
            }
        }
    }

    @Test
    void aTextParameterWithoutATypeIsReadByTheColumnsType() {
        try (WireClient client = connect()) {
            client.query("insert into words (word, n) values ('plain', 5)");
            client.send(
                    parse("", "select n from words where word = $1 and n = $2"),
                    bind("", "", new int[] {1, 0}, new byte[][] {"plain".getBytes(UTF_8), {'5'}}, new int[0]),
                    describePortal(""),
                    execute("", 0),
                    sync());

            assertThat(client.receiveUntilReady().stream().map(ServerMessage::toString))
                    .contains("DataRow [5]", "CommandComplete SELECT 1");
        }
    }

    @Test
    @Case("H04")
    void aParameterWhoseTypeComesFromElsewhereIsNotReadAsTheKey() throws SQLException {
        String insert = "insert into words (n, word) select $1::int, $1";
        String contradiction = "insert into words (n, word) values ($1, $1)";
        String select = "select word from words where n = $1 and word = $1::text";
        try (WireClient server = WireClient.connect(shards.shard(0).primary().port(), "app");
                WireClient client = connect()) {
            server.send(parse("", insert), bind("", "", "0777"), execute("", 0), sync())
                    .receiveUntilReady();
            client.send(parse("", insert), bind("", "", "0777"), execute("", 0), sync());
            List<ServerMessage> inserted = client.receiveUntilReady();
            client.send(parse("", select), bind("", "", "0777"), execute("", 0), sync());
            List<ServerMessage> selected = client.receiveUntilReady();
            client.send(parse("", contradiction), bind("", "", "0777"), execute("", 0), sync());
            List<ServerMessage> contradicted = client.receiveUntilReady();

            // What a server makes of it is not what the message says.
            assertThat(server.ask("select word from words where n = 777")).isEqualTo("777");
            assertThat(inserted.get(0).fields().get('D')).startsWith("TL0206: Parameter $1 has type 23");
            // A read asks every shard.
            assertThat(selected.toString())
                    .isEqualTo(
                            "[ParseComplete, BindComplete, DataRow [777], CommandComplete SELECT 1, ReadyForQuery I]");
            assertThat(contradicted.get(0).fields().get('C')).isEqualTo("42P08");
            assertThat(server.query("delete from words where n = 777").toString())
                    .isEqualTo("[CommandComplete DELETE 1, ReadyForQuery I]");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "table customers",
                "delete from customers",
                "update customers set name = 'x'",
                "insert into customers (name) values ('no key')",
                "insert into customers (id, name) values (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e'), (6, 'f')",
                "update customers set id = 7 where id = 1",
                "select * from customers c, orders o where c.id = 1 and o.id = 10",
                "insert into countries values ('XX', 'nowhere')",
                "truncate customers",
                "create table more (a int)",
                "select row_number() over () from customers"
            })
    void whatHasNoSingleShardIsRefusedWithACodeAndAHintInBothProtocols(String sql) {
        try (WireClient client = connect()) {
            List<ServerMessage> simple = client.query(sql);
            List<ServerMessage> extended = client.send(parse("", sql), bind("", ""), execute("", 0), sync())
                    .receiveUntilReady();

            assertRefused(simple);
            ServerMessage refusal = extended.stream()
                    .filter(message -> message.type() == 'E')
                    .findFirst()
                    .orElseThrow();
            assertThat(refusal.fields()).isEqualTo(simple.get(0).fields());
            assertThat(extended.get(extended.size() - 1).status()).isEqualTo('I');
            assertThat(client.ask("select name from customers where id = 1")).isEqualTo("customer 1");
        }
    }

    private static void assertRefused(List<ServerMessage> answer) {
        Map<Character, String> fields = answer.get(0).fields();
        assertThat(answer).hasSize(2);
        assertThat(fields.get('V')).isEqualTo("ERROR");
        assertThat(fields.get('C')).isIn("0A000", "22023", "23502");
        assertThat(fields.get('D')).matches("(?s)TL\\d{4}: .*");
        assertThat(fields.get('H')).isNotBlank();
        assertThat(answer.get(1).status()).isEqualTo('I');
    }

    @Test
    @Case("H43")
    void aTransactionStaysOnItsShardAndFailsOnAnother() {
        long here = idOn(0);
        long there = idOn(1);
        try (WireClient client = connect()) {
            assertThat(client.query("begin").toString()).isEqualTo("[CommandComplete BEGIN, ReadyForQuery T]");
            assertThat(client.ask("select name from customers where id = " + here))
                    .isEqualTo("customer " + here);

            List<ServerMessage> refused = client.query("select name from customers where id = " + there);

            assertThat(refused.get(0).fields().get('D')).startsWith("TL0211");
            assertThat(refused.get(1).status()).isEqualTo('E');
            assertThat(client.ask("select name from customers where id = " + here))
                    .isEqualTo("25P02");
            assertThat(client.query("commit").toString()).isEqualTo("[CommandComplete ROLLBACK, ReadyForQuery I]");
            assertThat(client.ask("select name from customers where id = " + there))
                    .isEqualTo("customer " + there);
        }
    }

    @Test
    void aRefusalAsTheFirstStatementFailsTheTransactionToo() {
        try (WireClient client = connect()) {
            client.query("begin");

            List<ServerMessage> refused = client.query("select * from customers");

            assertThat(refused.get(0).sqlState()).isEqualTo("0A000");
            assertThat(refused.get(1).status()).isEqualTo('E');
            assertThat(client.ask("select 1")).isEqualTo("25P02");
            client.query("rollback");
            assertThat(client.ask("select 1")).isEqualTo("1");
        }
    }

    @Test
    void aLongQueryThatIsRefusedInATransactionDoesNotRunAllTheSame() throws SQLException {
        long id = idOn(0);
        try (WireClient client = connect()) {
            client.query("begin");
            client.query("insert into orders (id, customer_id, amount) values (777, " + id + ", 1)");

            List<ServerMessage> refused = client.query("insert into orders (id, customer_id, amount) values (778, " + id
                    + ", 2) /* " + "x".repeat(2_000_000) + " */");

            assertThat(refused.get(0).type()).isEqualTo('E');
            client.query("commit");
            assertThat(client.ask("select 'still in step'")).isEqualTo("still in step");
        }
        assertThat(countOn(0, "orders where id in (777, 778)")).isZero();
    }

    @Test
    void T06_aDriverWithoutAutocommitUsesOneShardForEachTransaction() throws SQLException {
        try (Connection connection = router.connect("app");
                PreparedStatement select = connection.prepareStatement("select name from customers where id = ?")) {
            connection.setAutoCommit(false);
            for (long id = 1; id <= 30; id++) {
                select.setLong(1, id);
                try (ResultSet rows = select.executeQuery()) {
                    assertThat(rows.next()).isTrue();
                    assertThat(rows.getString(1)).isEqualTo("customer " + id);
                }
                connection.commit();
            }
            connection.rollback();
            connection.commit();
        }
    }

    @Test
    void T06_anEmptyTransactionNeedsNoShard() {
        try (WireClient client = connect()) {
            assertThat(client.query("begin").toString()).isEqualTo("[CommandComplete BEGIN, ReadyForQuery T]");
            assertThat(client.query("commit").toString()).isEqualTo("[CommandComplete COMMIT, ReadyForQuery I]");
            client.send(parse("b", "begin"), bind("", "b"), execute("", 0), sync())
                    .receiveUntilReady();
            assertThat(
                            client
                                    .send(parse("r", "rollback"), bind("", "r"), execute("", 0), sync())
                                    .receiveUntilReady()
                                    .stream()
                                    .map(ServerMessage::toString))
                    .containsExactly("ParseComplete", "BindComplete", "CommandComplete ROLLBACK", "ReadyForQuery I");
        }
    }

    @Test
    void referenceTablesAreReadAnywhereAndJoined() {
        try (WireClient client = connect()) {
            assertThat(client.ask("select count(*) from countries")).isEqualTo("2");
            assertThat(client.ask("select count(*) from customers cross join countries where id = 9"))
                    .isEqualTo("2");
            assertThat(client.ask("select count(*) from pg_class where relname = 'customers'"))
                    .isEqualTo("1");
        }
    }

    @Test
    void aHintOrSettingNamesTheShard() throws SQLException {
        try (WireClient client = connect()) {
            for (int shard = 0; shard < SHARDS; shard++) {
                String count = Long.toString(countOn(shard, "customers"));
                assertThat(client.ask("/* trunkline: shard=s" + shard + " */ select count(*) from customers"))
                        .isEqualTo(count);
                client.query("set trunkline.shard = 's" + shard + "'");
                assertThat(client.ask("select count(*) from customers")).isEqualTo(count);
                assertThat(client.ask("show trunkline.shard")).isEqualTo("s" + shard);
                client.query("reset trunkline.shard");
            }
            assertThat(client.ask("select count(*) from customers")).isEqualTo("60");
            assertThat(client.ask("/* trunkline: shard=s9 */ select 1")).isEqualTo("22023");
            assertThat(client.ask("set trunkline.shard = 's9'")).isEqualTo("22023");
            long there = idOn(1);
            assertThat(client.ask("/* trunkline: shard=s0 */ select * from customers where id = " + there))
                    .isEqualTo("0A000");
        }
    }

    @Test
    void showRouteTellsWhereTheLastStatementWent() {
        try (WireClient client = connect()) {
            for (int shard = 0; shard < SHARDS; shard++) {
                client.query("select * from customers where id = " + idOn(shard));

                assertThat(client.ask("show trunkline.route"))
                        .startsWith("shard=s" + shard + " role=primary node=")
                        .contains("reason=key");
            }
        }
    }

    @Test
    @Case({"Q05", "H10"})
    void Q05_statementsOfOneTextMustAgreeOnAShard() {
        long here = idOn(0);
        long there = idOn(2);
        try (WireClient client = connect()) {
            List<ServerMessage> same = client.query("select name from customers where id = " + here
                    + "; update orders set amount = 2 where customer_id = " + here);
            List<ServerMessage> different = client.query("select name from customers where id = " + here
                    + "; select name from customers where id = " + there);

            assertThat(same.stream().map(ServerMessage::toString)).contains("CommandComplete UPDATE 1");
            assertThat(different.get(0).fields().get('D')).startsWith("TL0210");
        }
    }

    @Test
    void E25_pipelinedTransactionsGoToTheirShardsInOrder() {
        try (WireClient client = connect()) {
            client.send(parse("s", "select name from customers where id = $1", INT8), sync())
                    .receiveUntilReady();
            byte[][] frames = LongStream.rangeClosed(1, 30)
                    .boxed()
                    .flatMap(id -> java.util.stream.Stream.of(bind("", "s", "" + id), execute("", 0), sync()))
                    .toArray(byte[][]::new);
            client.send(frames);

            List<String> rows = IntStream.rangeClosed(1, 30)
                    .boxed()
                    .flatMap(id -> client.receiveUntilReady().stream())
                    .filter(message -> message.type() == 'D')
                    .map(message -> String.valueOf(message.columns().get(0)))
                    .toList();

            assertThat(rows)
                    .isEqualTo(IntStream.rangeClosed(1, 30)
                            .mapToObj(id -> "customer " + id)
                            .toList());
            assertThat(client.send(parse("", "select $1", TEXT), bind("", "", "x"), execute("", 0), sync())
                            .receiveUntilReady())
                    .hasSize(5);
            assertThat(client.send(query("select 1")).receiveUntilReady()).hasSize(4);
        }
    }
}
