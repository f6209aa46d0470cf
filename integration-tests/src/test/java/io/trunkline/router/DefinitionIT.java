// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.describePortal;
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
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Definitions and maintenance over three shards: their messages are those of one server, which gets the same beside, and every shard has the same tables
 * afterwards.
 */
class DefinitionIT {
    private static final int SHARDS = 3;
    private static final String WHOLE = "whole";

    private static final String[] TABLES = {
        "create table stock (item int8 primary key, n int)",
        "create table sites (name text primary key)",
        "insert into sites values ('north'), ('south')",
        "grant all on schema public to public",
        "grant all on all tables in schema public to public",
        "create procedure nothing() language sql as ''"
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
            shard.primary()
                    .executeIn(
                            TestTopologies.DATABASE,
                            "grant create on database " + TestTopologies.DATABASE + " to public");
            shard.primary()
                    .executeIn(
                            TestTopologies.DATABASE,
                            "alter table stock owner to " + RouterUnderTest.TRUSTED_USER,
                            "alter table sites owner to " + RouterUnderTest.TRUSTED_USER);
        }
        PostgresCluster first = shards.shard(0);
        first.primary().createDatabase(WHOLE, "whole_owner", RouterUnderTest.PASSWORD);
        first.primary().executeIn(WHOLE, TABLES);
        first.primary().executeIn(WHOLE, "grant create on database " + WHOLE + " to public");
        first.primary()
                .executeIn(
                        WHOLE,
                        "alter table stock owner to " + RouterUnderTest.TRUSTED_USER,
                        "alter table sites owner to " + RouterUnderTest.TRUSTED_USER);
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
                                    List.of(new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "sites")),
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

    /** What pgbench -i -I dtpv sends, twice, and a script of definitions; all of them with the answers of one server. */
    @Test
    @Case("H50")
    void scriptsOfDefinitions() {
        for (String sql : List.of(
                "drop table if exists pgbench_accounts, pgbench_branches, pgbench_history, pgbench_tellers",
                "create table pgbench_history(tid int,bid int,aid    int,delta int,mtime timestamp,filler char(22))",
                "create table pgbench_tellers(tid int not null,bid int,tbalance int,filler char(84)) with (fillfactor=100)",
                "create table pgbench_accounts(aid    int not null,bid int,abalance int,filler char(84)) with (fillfactor=100)",
                "create table pgbench_branches(bid int not null,bbalance int,filler char(88)) with (fillfactor=100)",
                "begin",
                "truncate table pgbench_accounts, pgbench_branches, pgbench_history, pgbench_tellers",
                "commit",
                "alter table pgbench_branches add primary key (bid)",
                "alter table pgbench_tellers add primary key (tid)",
                "alter table pgbench_accounts add primary key (aid)",
                "vacuum analyze pgbench_branches",
                "vacuum analyze pgbench_history",
                "analyze pgbench_tellers",
                "reindex table pgbench_tellers",
                "drop table if exists pgbench_accounts, pgbench_branches, pgbench_history, pgbench_tellers, pgbench_more",
                "create schema extra",
                "create type extra.mood as enum ('sad', 'ok')",
                "alter type extra.mood add value 'happy'",
                "create sequence extra.numbers",
                "create table if not exists extra.things (id int primary key, how extra.mood, made timestamptz default now())",
                "create table if not exists extra.things (id int)",
                "create index on extra.things (how)",
                "create index concurrently if not exists things_made on extra.things (made)",
                "create index concurrently if not exists things_made on extra.things (made)",
                "create view extra.seen as select * from extra.things",
                "create function extra.twice(n int) returns int language sql immutable as 'select 2 * n'",
                "comment on table extra.things is 'it''s'",
                "grant select on extra.things to public",
                "alter table sites add column size int default 5 not null",
                "alter table stock add column made timestamptz default now()",
                "lock table stock",
                "begin",
                "lock table stock in share mode",
                "alter table extra.things add column more text",
                "savepoint s",
                "drop table extra.things",
                "rollback to s",
                "create table extra.nothing ()",
                "commit",
                "begin",
                "drop schema extra cascade",
                "rollback",
                "begin",
                "vacuum stock",
                "rollback",
                "create table extra.things (id int)",
                "create tabel t (id int)",
                "drop table extra.nowhere",
                "revoke select on extra.things from public",
                "truncate stock",
                "drop index concurrently extra.things_made",
                "drop schema extra cascade",
                "alter table sites drop column size")) {
            assertThat(texts(routed.query(sql))).as(sql).isEqualTo(texts(whole.query(sql)));
            assertSameDefinitions(sql);
        }
        assertNothingPrepared();
    }

    @Test
    void byExtendedProtocol() {
        for (String sql : List.of("create table made (a int)", "vacuum made", "truncate made", "drop table made")) {
            byte[][] frames = {parse("", sql), bind("", ""), describePortal(""), execute("", 0), sync()};
            assertThat(texts(routed.send(frames).receiveUntilReady()))
                    .as(sql)
                    .isEqualTo(texts(whole.send(frames).receiveUntilReady()));
            assertSameDefinitions(sql);
        }
    }

    @Test
    @Case("H50")
    void aShardThatIsNotAsTheFirstUndoesAll() throws Exception {
        shards.shard(2)
                .primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        "create table there (a int)",
                        "alter table there owner to " + RouterUnderTest.TRUSTED_USER);
        ServerMessage error = routed.query("create table there (a int)").get(0);
        assertThat(error.toString()).contains("C=42P07");
        assertThat(error.fields().get('W')).isEqualTo("on node \"shard2-node1\", behind node \"shard0-node1\"");
        assertThat(onShard(0, "select count(*) from pg_class where relname = 'there'"))
                .isEqualTo("0");
        assertThat(texts(routed.query("create table if not exists there (a int)"))
                        .get(0))
                .isEqualTo("CommandComplete CREATE TABLE");
        assertThat(texts(routed.query("drop table there")))
                .containsExactly("CommandComplete DROP TABLE", "ReadyForQuery I");
        assertSameDefinitions("drop");
        assertNothingPrepared();
    }

    @Test
    @Case("H50")
    void anIndexThatFailsOnOneShardIsMadeByTheSameStatementAgain() throws Exception {
        routed.query("create table odd (a int, b int)");
        shards.shard(1).primary().executeIn(TestTopologies.DATABASE, "insert into odd values (1, 1), (1, 2)");
        String sql = "create unique index concurrently if not exists odd_a on odd (a)";
        assertThat(texts(routed.query(sql)).toString())
                .contains("C=23505", "It was done on shard0-node1, and failed on shard1-node1", "ReadyForQuery I");
        shards.shard(1).primary().executeIn(TestTopologies.DATABASE, "delete from odd where b = 2");
        assertThat(texts(routed.query("/* trunkline: shard=s1 */ drop index concurrently odd_a")))
                .containsExactly("CommandComplete DROP INDEX", "ReadyForQuery I");
        assertThat(texts(routed.query(sql))).last().isEqualTo("ReadyForQuery I");
        for (int shard = 0; shard < SHARDS; shard++) {
            assertThat(onShard(shard, "select indisvalid from pg_index where indexrelid = 'odd_a'::regclass"))
                    .isEqualTo("t");
        }
        routed.query("drop table odd");
    }

    @Test
    @Case("H50")
    void refusesWhatWouldDiffer() {
        for (String sql : List.of(
                "create table copied as select * from stock",
                "create materialized view copied as select * from stock",
                "alter table sites add column made timestamptz default now()",
                "alter table sites add column id bigserial",
                "create temp table t (a int)",
                "create database d",
                "alter system set work_mem = '5MB'",
                "checkpoint")) {
            List<String> answer = texts(routed.query(sql));
            assertThat(answer.toString()).as(sql).contains("C=0A000").containsAnyOf("TL0115", "TL0136");
            assertThat(answer).last().isEqualTo("ReadyForQuery I");
        }
        assertSameDefinitions("refused");
    }

    @Test
    void whatWasDefinedIsKnownSoon() {
        routed.query("create function fresh(n int) returns int language sql immutable as 'select n + 1'");
        await().atMost(Duration.ofSeconds(5)).until(() -> "2".equals(routed.ask("select fresh(1)")));
        assertThat(texts(routed.send(parse("p", "select * from sites"), sync()).receiveUntilReady()))
                .last()
                .isEqualTo("ReadyForQuery I");
        routed.query("alter table sites add column later int");
        byte[][] frames = {parse("q", "select * from sites"), bind("", "q"), describePortal(""), execute("", 0), sync()
        };
        assertThat(texts(routed.send(frames).receiveUntilReady()).toString()).contains("later");
        routed.query("alter table sites drop column later");
        routed.query("drop function fresh(int)");
    }

    private static void assertSameDefinitions(String sql) {
        Set<String> definitions = new HashSet<>();
        for (int shard = 0; shard < SHARDS; shard++) {
            definitions.add(onShard(
                    shard,
                    "select string_agg(d, ' ' order by d) from (select format('%s.%s %s %s', c.relnamespace::regnamespace,"
                            + " c.relname, c.relkind, (select string_agg(a.attname || ' ' || format_type(a.atttypid,"
                            + " a.atttypmod), ', ' order by a.attnum) from pg_attribute a where a.attrelid = c.oid"
                            + " and a.attnum > 0)) d from pg_class c where c.oid >= 16384 and c.relkind <> 't'"
                            + " and c.relnamespace::regnamespace::text not like 'pg_toast%') x"));
        }
        assertThat(definitions).as(sql).hasSize(1);
    }

    private static String onShard(int shard, String sql) {
        try (WireClient client =
                WireClient.connect(shards.shard(shard).primary().port(), TestTopologies.DATABASE)) {
            return String.valueOf(client.ask(sql));
        }
    }

    private static void assertNothingPrepared() {
        for (int shard = 0; shard < SHARDS; shard++) {
            assertThat(onShard(shard, "select count(*) from pg_prepared_xacts")).isEqualTo("0");
        }
    }

    private static List<String> texts(List<ServerMessage> messages) {
        return messages.stream().map(ServerMessage::toString).toList();
    }
}
