// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
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
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.zookeeper.ZooKeeperConnection;
import io.trunkline.topology.zookeeper.ZooKeeperSettings;
import io.trunkline.topology.zookeeper.ZooKeeperTopologyPublisher;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tenants with a schema of their own on one of three shards each: whatever is not refused is answered as by one server that has all of them. */
class TenantSchemasIT {
    private static final int SHARDS = 3;
    private static final int TENANTS = 5;
    private static final String WHOLE = "whole";
    private static final String[] TABLES = {
        "create table countries (code text primary key, name text)",
        "insert into countries values ('at', 'Austria'), ('ch', 'Switzerland')",
        "create table orders (customer int8 primary key, note text)",
        "grant all on all tables in schema public to public"
    };

    private static ShardedCluster shards;
    private static ZooKeeperFixture zooKeeper;
    private static RouterUnderTest router;
    private WireClient whole;
    private WireClient routed;

    @BeforeAll
    static void start() throws Exception {
        shards = ShardedCluster.start(
                SHARDS,
                TestTopologies.trusting(PostgresOptions.newest().replicas(0))
                        .setting("max_prepared_transactions", "50"));
        for (PostgresCluster shard : shards.shards()) {
            TestTopologies.prepare(shard);
            shard.primary().executeIn(TestTopologies.DATABASE, TABLES);
        }
        PostgresCluster first = shards.shard(0);
        first.primary().createDatabase(WHOLE, "whole_owner", RouterUnderTest.PASSWORD);
        first.primary()
                .executeIn(
                        WHOLE,
                        "grant all on schema public to public",
                        "grant create, temporary on database " + WHOLE + " to public");
        first.primary().executeIn(WHOLE, TABLES);
        zooKeeper = ZooKeeperFixture.start(shards.workspace());
        publish(1, 0);
        router = RouterUnderTest.with(shards.workspace())
                .set("topology.source", "zookeeper")
                .set("topology.connect", zooKeeper.connectString())
                .set("probes.catalog_interval", "1s")
                .start();
    }

    private static void publish(long revision, int offset) throws Exception {
        try (ZooKeeperConnection connection =
                ZooKeeperConnection.open(ZooKeeperSettings.of(zooKeeper.connectString(), "/trunkline"))) {
            new ZooKeeperTopologyPublisher(connection)
                    .publish(
                            TestTopologies.withSchemas(
                                    TestTopologies.sharded(
                                            shards,
                                            revision,
                                            List.of(new Distribution(
                                                    "customer",
                                                    KeyType.INT8,
                                                    HashSlots.evenly(HashSlots.SLOTS_DEFAULT, SHARDS))),
                                            List.of(new ShardedTable(
                                                    ShardedTable.SCHEMA_DEFAULT, "orders", "customer", "customer")),
                                            List.of(new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "countries")),
                                            "app"),
                                    TENANTS,
                                    offset),
                            OptionalLong.of(revision - 1));
        }
    }

    @AfterAll
    static void stop() {
        router.close();
        zooKeeper.close();
        shards.close();
    }

    /** The schemas are made through the router: that alone puts each on its shard. */
    @BeforeEach
    void connect() {
        whole = WireClient.connect(shards.shard(0).primary().port(), WHOLE);
        routed = WireClient.connect(router.port(), "app");
        await().until(() -> "0".equals(routed.ask("select count(*) from orders")));
        await().until(() -> !refuses("select code from countries where code = 'at'"));
        for (int i = 0; i < TENANTS; i++) {
            same("drop schema if exists t" + i + " cascade");
            same("create schema t" + i);
            same("create table t" + i + ".invoices (id serial primary key, n int not null, country text"
                    + " references public.countries)");
            for (int row = 0; row < 4; row++) {
                same("insert into t" + i + ".invoices (n, country) values (" + (100 * i + row) + ", 'at')");
            }
        }
    }

    @AfterEach
    void disconnect() {
        whole.close();
        routed.close();
    }

    private boolean refuses(String sql) {
        return routed.query(sql).get(0).type() == 'E';
    }

    @Test
    void findsEachSchemaOnItsShard() {
        for (int i = 0; i < TENANTS; i++) {
            for (int shard = 0; shard < SHARDS; shard++) {
                try (WireClient direct =
                        WireClient.connect(shards.shard(shard).primary().port(), "app")) {
                    assertThat(direct.ask("select count(*) from pg_namespace where nspname = 't" + i + "'"))
                            .isEqualTo(i % SHARDS == shard ? "1" : "0");
                }
            }
        }
    }

    @Test
    void answersStatementsOfEveryForm() {
        for (String sql : List.of(
                "select * from t1.invoices order by id",
                "select n, sum(n) over (order by id), (select max(n) from t1.invoices) from t1.invoices order by 1",
                "select i.id, c.name from t2.invoices i join countries c on c.code = i.country order by 1",
                "with x as (delete from t4.invoices where n % 2 = 0 returning *) select count(*) from x",
                "merge into t1.invoices i using t4.invoices o on o.id = i.id when matched then update set n = o.n",
                "insert into t1.invoices (n, country) select n, country from t4.invoices on conflict do nothing returning id",
                "insert into t1.invoices (n, country) values (1, 'xx')",
                "truncate t2.invoices restart identity",
                "insert into t2.invoices (n) values (7) returning id",
                "create index on t1.invoices (n)",
                "alter table t1.invoices add column note text default 'x'",
                "select note from t1.invoices limit 1",
                "create view t1.totals as select country, sum(n) from t1.invoices group by 1",
                "select * from t1.totals order by 1",
                "create function t1.twice(int) returns int language sql as $$ select 2 * $1 $$",
                "select t1.twice(21)",
                "drop view t1.totals",
                "table t1.invoices order by 1",
                "explain (costs off) select 1 from t1.invoices",
                "delete from t3.invoices",
                "drop table t3.invoices",
                "select * from t3.invoices")) {
            same(sql);
        }
    }

    @Test
    void followsTheSearchPath() {
        for (String sql : List.of(
                "set search_path = t1",
                "select current_schema(), sum(n) from invoices",
                "insert into invoices (n) values (1) returning id",
                "select nextval('invoices_id_seq')",
                "create table notes (id int)",
                "insert into notes values (1)",
                "set search_path to t2, public",
                "select sum(n), count(*) from invoices natural join (select 1) x",
                "select n, name from invoices join countries on code = country order by 1",
                "begin",
                "set local search_path = t4",
                "select sum(n) from invoices",
                "savepoint s",
                "set search_path = 't3'",
                "select sum(n) from invoices",
                "rollback to s",
                "select sum(n) from invoices",
                "commit",
                "select sum(n) from invoices",
                "begin",
                "select set_config('search_path', 't3', true)",
                "rollback",
                "select sum(n) from invoices",
                "reset search_path",
                "select sum(n) from t1.invoices",
                "select relname from pg_class where relname = 'invoices' limit 1")) {
            same(sql);
        }
    }

    @Test
    void takesTheSearchPathOfTheStartup() {
        for (Map<String, String> startup :
                List.of(Map.of("search_path", "t1"), Map.of("options", "-c search_path=t1,public"))) {
            try (WireClient one = WireClient.connect(router.port(), "app", startup, false);
                    WireClient other =
                            WireClient.connect(shards.shard(0).primary().port(), WHOLE, startup, false)) {
                for (String sql : List.of(
                        "select sum(n) from invoices",
                        "set search_path = t2",
                        "select sum(n) from invoices",
                        "reset search_path",
                        "select sum(n) from invoices",
                        "discard all",
                        "select sum(n) from invoices")) {
                    assertThat(texts(one.query(sql))).as(sql).isEqualTo(texts(other.query(sql)));
                }
            }
        }
    }

    @Test
    void bindsAPreparedStatementToTheTenantOfTheMoment() {
        for (WireClient client : List.of(whole, routed)) {
            client.query("set search_path = t0");
            client.send(parse("s", "select sum(n) from invoices where n > $1"), describeStatement("s"), sync())
                    .receiveUntilReady();
        }
        for (int tenant : new int[] {0, 1, 2, 3, 4, 1, 0}) {
            same("set search_path = t" + tenant);
            byte[][] group = {bind("", "s", "0"), execute("", 0), sync()};

            assertThat(texts(routed.send(group).receiveUntilReady()))
                    .isEqualTo(texts(whole.send(group).receiveUntilReady()));
        }
    }

    @Test
    void describesWhereTheTableIs() {
        for (int i = 0; i < TENANTS; i++) {
            byte[][] group = {
                parse("d" + i, "select id, n from t" + i + ".invoices where n = $1"), describeStatement("d" + i), sync()
            };

            assertThat(texts(routed.send(group).receiveUntilReady()))
                    .anyMatch(text -> text.startsWith("RowDescription"))
                    .noneMatch(text -> text.startsWith("Error"));
        }
    }

    @Test
    void commitsTenantsOfSeveralShardsTogether() {
        for (String sql : List.of(
                "begin",
                "update t0.invoices set n = n + 1",
                "update t1.invoices set n = n - 1",
                "create table t2.extra (id int)",
                "insert into t2.extra values (5)",
                "commit",
                "select sum(n) from t0.invoices",
                "select sum(n) from t1.invoices",
                "select * from t2.extra",
                "begin",
                "delete from t0.invoices",
                "delete from t1.invoices",
                "rollback",
                "select sum(n) from t0.invoices",
                "select sum(n) from t1.invoices")) {
            same(sql);
        }
    }

    @Test
    void copiesIntoATenant() {
        for (WireClient client : List.of(whole, routed)) {
            client.query("set search_path = t1");
            client.send(ClientMessage.query("copy invoices (n, country) from stdin"));
            client.receiveUntil('G');
            client.send(ClientMessage.copyData("77\tat\n78\tch\n"), ClientMessage.copyDone());
            assertThat(texts(client.receiveUntilReady())).contains("CommandComplete COPY 2");
        }
        same("select sum(n), count(*) from invoices");
    }

    @Test
    void refusesWhatMayBeElsewhere() {
        assertThat(refusal("select * from t0.invoices join t1.invoices using (id)"))
                .startsWith("TL0145");
        assertThat(refusal("select * from t0.invoices join orders on n = customer"))
                .startsWith("TL0145");
        assertThat(refusal("truncate t0.invoices, t1.invoices")).startsWith("TL0144");
        assertThat(refusal("set search_path = t0; select * from invoices")).startsWith("TL0144");
        routed.query("set search_path = t0, t1");
        assertThat(refusal("select * from invoices")).startsWith("TL0144");
        routed.query("set search_path = t0, public");
        assertThat(refusal("select * from orders")).startsWith("TL0144");
        routed.query("reset search_path");
        assertThat(refusal("select * from invoices")).startsWith("TL0105");
    }

    /** A name that is in another schema, too, is known once the catalogue has been read again; and so is a path that a role has of its own. */
    @Test
    void learnsFromTheCatalogue() {
        routed.query("set search_path = t0, public");
        assertThat(routed.ask("select count(*) from invoices")).isEqualTo("4");

        shards.shard(0).primary().executeIn("app", "create table public.invoices (id int)");
        try {
            await().untilAsserted(() ->
                    assertThat(refusal("select count(*) from invoices")).startsWith("TL0144"));
            assertThat(routed.ask("select count(*) from t0.invoices")).isEqualTo("4");
        } finally {
            shards.shard(0).primary().executeIn("app", "drop table public.invoices");
        }
        await().until(() -> !refuses("select count(*) from invoices"));

        routed.query("reset search_path");
        String role = RouterUnderTest.TRUSTED_USER;
        shards.shard(0)
                .primary()
                .executeIn("app", "alter role " + role + " in database app set search_path = t1, public");
        try {
            await().untilAsserted(() ->
                    assertThat(refusal("select count(*) from countries")).startsWith("TL0144"));
            assertThat(routed.ask("select count(*) from public.countries")).isEqualTo("2");
        } finally {
            shards.shard(0).primary().executeIn("app", "alter role " + role + " in database app reset search_path");
        }
        await().until(() -> !refuses("select count(*) from countries"));
    }

    @Test
    void followsASchemaThatMoves() throws Exception {
        byte[][] prepare = {parse("m", "select sum(n) from t0.invoices"), sync()};
        byte[][] run = {bind("", "m"), execute("", 0), sync()};
        routed.send(prepare).receiveUntilReady();
        assertThat(texts(routed.send(run).receiveUntilReady())).contains("DataRow [6]");
        shards.shard(1)
                .primary()
                .executeIn(
                        "app",
                        "create schema t0",
                        "create table t0.invoices (id int, n int)",
                        "insert into t0.invoices values (1, 1000)",
                        "grant all on schema t0 to public",
                        "grant all on t0.invoices to public");

        publish(2, 1);
        try {
            await().untilAsserted(() ->
                    assertThat(texts(routed.send(run).receiveUntilReady())).contains("DataRow [1000]"));
            assertThat(routed.ask("select sum(n) from t0.invoices")).isEqualTo("1000");
        } finally {
            shards.shard(1).primary().executeIn("app", "drop schema t0 cascade");
            publish(3, 0);
        }
        await().until(() -> "6".equals(routed.ask("select sum(n) from t0.invoices")));
    }

    /** Random statements of one session under random search paths. What is refused is not asked of the one server either. */
    @Test
    void answersRandomDialoguesAsOneServer() {
        long seed = Long.getLong("tenants.seed", System.nanoTime());
        Random random = new Random(seed);
        int answered = 0;
        for (int i = 0; i < 1_500; i++) {
            String sql = randomStatement(random);
            List<String> ours = texts(routed.query(sql));
            if (ours.get(0).contains("TL0")) {
                if (ours.get(ours.size() - 1).endsWith("E")) {
                    same("rollback");
                }
                continue;
            }
            answered++;
            assertThat(ours)
                    .as("statement " + i + " of seed " + seed + ": " + sql)
                    .isEqualTo(texts(whole.query(sql)));
        }
        same("rollback");
        assertThat(answered).as("seed " + seed).isGreaterThan(700);
        for (int i = 0; i < TENANTS; i++) {
            same("select * from t" + i + ".invoices order by id, n");
        }
    }

    private static String randomStatement(Random random) {
        String table = switch (random.nextInt(4)) {
            case 0 -> "t" + random.nextInt(TENANTS) + ".invoices";
            case 1 -> "invoices";
            case 2 -> "t" + random.nextInt(TENANTS) + ".extra";
            default -> "extra";
        };
        String other = random.nextBoolean() ? table : "t" + random.nextInt(TENANTS) + ".invoices";
        int n = random.nextInt(1_000);
        return switch (random.nextInt(22)) {
            case 0 -> "set search_path = t" + random.nextInt(TENANTS);
            case 1 -> "set search_path = t" + random.nextInt(TENANTS) + ", public";
            case 2 -> "set search_path = nowhere, t" + random.nextInt(TENANTS);
            case 3 -> "set search_path = t" + random.nextInt(TENANTS) + ", t" + random.nextInt(TENANTS);
            case 4 -> "set local search_path = t" + random.nextInt(TENANTS);
            case 5 -> "begin";
            case 6 -> "commit";
            case 7 -> "rollback";
            case 8 -> "savepoint s";
            case 9 -> "rollback to s";
            case 10 -> "create table " + (table.contains("extra") ? table : "extra") + " (id int, n int, country text)";
            case 11 -> "drop table if exists " + (table.contains("extra") ? table : "extra");
            case 12, 13 -> "insert into " + table + " (id, n) values (" + (1_000 + n) + ", " + n + ") returning n";
            case 14 -> "update " + table + " set n = n + 1 where n > " + n;
            case 15 -> "delete from " + table + " where n < " + n / 20;
            case 16 -> "select count(*), sum(n) from " + table;
            case 17 -> "select count(*) from " + table + " a join " + other + " b on a.n = b.n";
            case 18 -> "select count(*) from " + table + " left join countries on code = country";
            case 19 ->
                "merge into " + table + " a using " + other
                        + " b on a.n = b.n + 1 when matched then update set n = b.n";
            case 20 -> "select current_schema(), to_regclass('invoices') is null";
            default -> "reset search_path";
        };
    }

    private void same(String sql) {
        assertThat(texts(routed.query(sql))).as(sql).isEqualTo(texts(whole.query(sql)));
    }

    private String refusal(String sql) {
        return routed.query(sql).stream()
                .filter(message -> message.type() == 'E')
                .map(message -> String.valueOf(message.fields().get('D')))
                .findFirst()
                .orElse("no error");
    }

    private static List<String> texts(List<ServerMessage> messages) {
        // PostgreSQL 18 reports the search path; when a transaction over several shards fails, nobody does.
        return messages.stream()
                .filter(message -> message.type() != 'S')
                .map(ServerMessage::toString)
                .toList();
    }
}
