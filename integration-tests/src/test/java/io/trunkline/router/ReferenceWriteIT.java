// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.describeStatement;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.sync;
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
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Writes of reference tables over three shards: their messages are those of one server, which is written to beside, and every shard has the same rows
 * afterwards, whatever it took to compute them.
 */
class ReferenceWriteIT {
    private static final int SHARDS = 3;
    private static final String WHOLE = "whole";
    private static final String ALL = "select name, n, note, loud, kind::text from sites order by name";

    private static final String[] TABLES = {
        "create type kind as enum ('small', 'large')",
        """
        create table sites (
            id bigint generated always as identity, name text primary key, n int default 7 check (n < 1000), note text,
            made timestamptz default clock_timestamp(), token uuid default gen_random_uuid(), weight float8,
            loud text generated always as (upper(name)) stored, kind kind default 'small', spare int)""",
        "alter table sites drop column spare",
        "create table regions (code int primary key, title text, parent int references regions)",
        "create table watched (code int primary key, seen timestamptz)",
        "create function see() returns trigger language plpgsql as 'begin new.seen = clock_timestamp(); return new; end'",
        "create trigger see before insert or update on watched for each row execute function see()",
        "create table stock (item int8 primary key, site text references sites on delete cascade)",
        "grant all on all tables in schema public to public",
        "grant all on all sequences in schema public to public"
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
        try (ZooKeeperConnection connection =
                ZooKeeperConnection.open(ZooKeeperSettings.of(zooKeeper.connectString(), "/trunkline"))) {
            new ZooKeeperTopologyPublisher(connection)
                    .publish(
                            TestTopologies.sharded(
                                    shards,
                                    1,
                                    List.of(new Distribution(
                                            "item", KeyType.INT8, HashSlots.evenly(HashSlots.SLOTS_DEFAULT, SHARDS))),
                                    List.of(new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "stock", "item", "item")),
                                    List.of(
                                            new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "sites"),
                                            new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "watched"),
                                            new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "regions")),
                                    "app"),
                            OptionalLong.of(0));
        }
        router = RouterUnderTest.with(shards.workspace())
                .set("topology.source", "zookeeper")
                .set("topology.connect", zooKeeper.connectString())
                .set("transactions.recovery_interval", "1s")
                .set("transactions.recovery_after", "5s")
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
    void fill() {
        for (WireClient client : List.of(whole, routed)) {
            assertThat(texts(client.query("delete from sites")).toString()).startsWith("[CommandComplete DELETE ");
            assertThat(texts(client.query(
                            "insert into sites (name, n) values ('a', 1), ('b', 2), ('c', 3), ('d', null)")))
                    .containsExactly("CommandComplete INSERT 0 4", "ReadyForQuery I");
            client.query("delete from regions");
        }
    }

    @Test
    @Case({"H46", "H47"})
    void statementsOfEveryKind() {
        List<String> statements = List.of(
                "insert into sites (name) values ('e')",
                "insert into sites (name, n, note, kind) values ('f', 4 + 4, upper('x'), 'large'), ('g', default, 'it''s \\ ü', default)",
                "insert into sites (name, note) values ('h', 'x') returning name, n, loud, note || '!' as noted",
                "insert into sites (name) values ('a'), ('i') on conflict do nothing returning name",
                "insert into sites (name) values ('a'), ('b') on conflict (name) do nothing",
                "insert into sites (name, n) values ('a', 50), ('j', 51) on conflict (name) do update set n = excluded.n, made = now() returning *"
                        .replace("*", "name, n"),
                "insert into sites as s (name, n) values ('a', 60) on conflict (name) do update set n = s.n + excluded.n where s.n < 40",
                "insert into sites (name, note) select name || title, 'from ' || code from sites, regions where n = 1",
                "insert into regions (code, title, parent) values (1, 'one', 2), (2, 'two', 1)",
                "insert into sites (name, note) select name || title, 'from ' || code from sites, regions where n = 50",
                "insert into sites (name, weight) select 'w' || g, g / 3.0 from generate_series(1, 300) g",
                "update sites set n = n + 1",
                "update sites set note = 'x' where name in ('a', 'b') returning name, n",
                "update sites set note = (select title from regions where code = 1), n = 0 where name > 'c'",
                "update sites set made = now(), note = to_json(1)::text where n = 0",
                "update sites set made = current_timestamp, note = 'again' where name < 'd'",
                "update sites set note = 'nobody' where name = 'nobody'",
                "delete from sites where name = 'a' returning n",
                "delete from sites s using regions r where r.code = s.n",
                "delete from sites");
        for (String sql : statements) {
            assertAnswer(texts(routed.query(sql)), sql);
            assertThat(texts(routed.query(ALL))).as(sql).isEqualTo(texts(whole.query(ALL)));
            assertCopiesAreEqual();
        }
    }

    /** Either refused everywhere, or as the one server answers. */
    private static void assertAnswer(List<String> answer, String sql) {
        if (sql.contains("to_json")) {
            assertThat(answer.toString()).contains("TL0229");
            return;
        }
        assertThat(answer).as(sql).isEqualTo(texts(whole.query(sql)));
    }

    @Test
    @Case("H47")
    void parametersInBothProtocols() {
        String insert =
                "insert into sites (name, n, weight) values ($1, $2, random()), ($3, $2, 0.1) returning n, name";
        byte[][] frames = {
            parse("", insert),
            describeStatement(""),
            bind("", "", "p", "5", "q"),
            describePortal(""),
            execute("", 0),
            sync()
        };
        assertThat(texts(routed.send(frames).receiveUntilReady()))
                .isEqualTo(texts(whole.send(frames).receiveUntilReady()));
        String update = "update sites set n = $1, made = now() where n <> $1 and name > $2 returning name";
        byte[][] updating = {parse("u", update), describeStatement("u"), bind("", "u", "9", "b"), execute("", 0), sync()
        };
        assertThat(sorted(texts(routed.send(updating).receiveUntilReady())))
                .isEqualTo(sorted(texts(whole.send(updating).receiveUntilReady())));
        assertThat(texts(routed.query(ALL))).isEqualTo(texts(whole.query(ALL)));
        assertCopiesAreEqual();
    }

    @Test
    @Case("H43")
    void withinTransactions() {
        List<String> statements = List.of(
                "begin",
                "insert into sites (name, n) values ('t', 1)",
                "insert into stock (item, site) values (1, 't'), (2, 't'), (3, 'a'), (4, 'a'), (5, 'b')",
                "savepoint s",
                "update sites set n = n + 1 where n < 5",
                "insert into sites (name) values ('a')",
                "select 1",
                "rollback to s",
                "delete from sites where name = 'a'",
                "select count(*) from stock",
                "commit",
                "begin isolation level repeatable read",
                "update sites set n = 8 where name = 'b'",
                "insert into sites (name, note) select name || '2', 'second' from sites where n = 8",
                "rollback",
                "delete from stock");
        for (String sql : statements) {
            List<String> answer = texts(routed.query(sql));
            List<String> right = texts(whole.query(sql));
            assertThat(answer.stream().map(ReferenceWriteIT::withoutDetails).toList())
                    .as(sql)
                    .isEqualTo(
                            right.stream().map(ReferenceWriteIT::withoutDetails).toList());
        }
        assertThat(texts(routed.query(ALL))).isEqualTo(texts(whole.query(ALL)));
        assertCopiesAreEqual();
    }

    private static String withoutDetails(String message) {
        return message.startsWith("ErrorResponse") ? message.replaceAll(".*(C=\\w+).*", "$1") : message;
    }

    @Test
    @Case("H47")
    void refusesWhatMayDiffer() {
        for (String sql : List.of(
                "update sites set weight = random()",
                "update sites set made = clock_timestamp()",
                "update sites set note = 'now'::timestamptz::text",
                "update sites set note = name::date::text",
                "update sites set n = default",
                "update sites set n = r.code from regions r",
                "update sites set n = (select max(code) from regions)",
                "update sites set note = version()",
                "update sites set note = pg_backend_pid()::text",
                "with x as (delete from regions returning code) insert into sites (name) select code::text from x",
                "insert into sites (name) values ('a') on conflict (name) do update set name = 'z'",
                "insert into watched (code) values (1)",
                "update watched set seen = null")) {
            List<String> answer = texts(routed.query(sql));
            assertThat(answer.toString()).as(sql).contains("C=0A000").containsAnyOf("TL0125", "TL0135", "TL0229");
            assertThat(answer).last().isEqualTo("ReadyForQuery I");
        }
        assertThat(texts(routed.query(ALL))).isEqualTo(texts(whole.query(ALL)));
    }

    @Test
    void tellsErrorsAsOneServer() {
        for (String sql : List.of(
                "insert into sites (name) values ('a')",
                "insert into sites (nothing) values ('a')",
                "update sites set n = 5000",
                "insert into sites (id, name) values (5, 'x')",
                "insert into regions (code, parent) values (5, 77)",
                "delete from sites where nothing = 1")) {
            assertThat(withoutRow(texts(routed.query(sql)))).as(sql).isEqualTo(withoutRow(texts(whole.query(sql))));
        }
        assertNothingPrepared();
    }

    /** The row that fails has its number, time and token. */
    private static List<String> withoutRow(List<String> answer) {
        return answer.stream()
                .map(message -> message.replaceAll("Failing row contains .*\\)\\.", "row"))
                .toList();
    }

    @Test
    void aCopyThatDiffersUndoesAll() throws Exception {
        shards.shard(2).primary().executeIn(TestTopologies.DATABASE, "update sites set name = 'bb' where name = 'b'");
        try {
            assertThat(texts(routed.query("update sites set n = 0 where name in ('a', 'b')"))
                            .toString())
                    .contains("C=0A000", "UPDATE 1", "UPDATE 2", "ReadyForQuery I");
            assertThat(texts(routed.query("insert into sites (name) values ('bb')"))
                            .toString())
                    .contains("C=23505", "ReadyForQuery I");
        } finally {
            shards.shard(2)
                    .primary()
                    .executeIn(TestTopologies.DATABASE, "update sites set name = 'b' where name = 'bb'");
        }
        assertThat(texts(routed.query(ALL))).isEqualTo(texts(whole.query(ALL)));
        assertCopiesAreEqual();
        assertNothingPrepared();
    }

    @Test
    @Case("H46")
    void writersAtTheSameTimeLeaveEqualCopies() throws Exception {
        List<Thread> writers = new ArrayList<>();
        Queue<String> surprises = new ConcurrentLinkedQueue<>();
        for (int w = 0; w < 6; w++) {
            int writer = w;
            Thread thread = new Thread(() -> {
                try (WireClient client = WireClient.connect(router.port(), "app")) {
                    for (int i = 0; i < 30; i++) {
                        String sql = switch ((writer + i) % 5) {
                            case 0 -> "update sites set n = coalesce(n, 0) + 1 where n is null or n < 900";
                            case 1 ->
                                "insert into sites (name, n) values ('r" + i + "', " + writer
                                        + ") on conflict (name) do update set n = sites.n + 1, weight = random()";
                            case 2 -> "delete from sites where n % 7 = " + writer;
                            case 3 ->
                                "update sites set note = (select min.title from regions min where min.code = " + i
                                        + ") where n > 3";
                            default ->
                                "insert into regions (code, title) values (" + i + ", 'by " + writer
                                        + "') on conflict (code) do update set title = excluded.title";
                        };
                        String answer = texts(client.query(sql)).toString();
                        if (!answer.contains("CommandComplete")) {
                            surprises.add(sql + ": " + answer);
                        }
                    }
                }
            });
            writers.add(thread);
            thread.start();
        }
        for (Thread thread : writers) {
            thread.join();
        }
        assertThat(surprises).isEmpty();
        assertCopiesAreEqual();
        assertNothingPrepared();
    }

    private static void assertCopiesAreEqual() {
        for (String table : List.of("sites", "regions")) {
            Set<List<String>> copies = new HashSet<>();
            for (PostgresCluster shard : shards.shards()) {
                try (WireClient client = WireClient.connect(shard.primary().port(), TestTopologies.DATABASE)) {
                    copies.add(texts(client.query("select t::text from " + table + " t order by 1")));
                }
            }
            assertThat(copies).as(table).hasSize(1);
        }
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

    private static List<String> sorted(List<String> messages) {
        return messages.stream().sorted().toList();
    }
}
