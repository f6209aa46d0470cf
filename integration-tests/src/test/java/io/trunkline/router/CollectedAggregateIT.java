// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.describeStatement;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
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
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Aggregates that need all their rows, over groups whose rows lie on three shards, give the messages that one server with all the rows gives, which is asked beside. Their
 * orders leave nothing to chance, or what is made of them does not depend on it.
 */
class CollectedAggregateIT {
    private static final int SHARDS = 3;
    private static final HashSlots SLOTS = HashSlots.evenly(HashSlots.SLOTS_DEFAULT, SHARDS);
    private static final String WHOLE = "whole";
    private static final int ROWS = 120;
    private static final int MANY_ROWS = 6_000;

    private static final String[] TABLES = {
        "create domain percent as int4",
        "create type mood as enum ('sad', 'fine')",
        "create table things (id int8, n int4, word text, brief varchar(4), fixed char(4), flag bool, at timestamptz, day date, amount numeric(9, 2), f8 float8, u uuid,"
                + " raw bytea, doc jsonb, plain json, host inet, bits bit(3), share percent, state mood, tags text[])",
        "create table many (id int8, word text)",
        "create table places (name text primary key, country text)",
        "insert into places values ('a', 'AT'), ('b', 'CH'), ('c', null)",
        "grant all on all tables in schema public to public"
    };

    private static ShardedCluster shards;
    private static RouterUnderTest router;
    private static WireClient whole;
    private static WireClient routed;

    @BeforeAll
    static void start() {
        shards = ShardedCluster.start(
                SHARDS, TestTopologies.trusting(PostgresOptions.newest().replicas(0)));
        for (PostgresCluster shard : shards.shards()) {
            TestTopologies.prepare(shard);
            shard.primary().executeIn(TestTopologies.DATABASE, TABLES);
        }
        PostgresCluster first = shards.shard(0);
        first.primary().createDatabase(WHOLE, "whole_owner", RouterUnderTest.PASSWORD);
        first.primary().executeIn(WHOLE, "grant all on schema public to public");
        first.primary().executeIn(WHOLE, TABLES);
        fill();
        router = RouterUnderTest.with(
                        shards.workspace(),
                        TestTopologies.sharded(
                                shards,
                                1,
                                List.of(new Distribution("id", KeyType.INT8, SLOTS)),
                                List.of(
                                        new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "things", "id", "id"),
                                        new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "many", "id", "id")),
                                List.of(new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "places")),
                                "app"))
                .start();
        whole = WireClient.connect(first.primary().port(), WHOLE);
        routed = WireClient.connect(router.port(), "app");
        // Until the catalogue has been read, nothing is known to be a read.
        await().until(() -> Integer.toString(ROWS).equals(routed.ask("select count(*) from things")));
    }

    private static void fill() {
        List<List<String>> byShard = new ArrayList<>();
        for (int i = 0; i < SHARDS; i++) {
            byShard.add(new ArrayList<>());
        }
        List<String> all = new ArrayList<>();
        for (int id = 0; id < ROWS; id++) {
            String insert = "insert into things select " + id + ", " + orNull(id, 7, "" + id % 5) + ", "
                    + orNull(
                            id,
                            6,
                            "'" + List.of("a", "B", "é", "", "c,d", "\"q\"").get(id % 6) + "'")
                    + ", " + orNull(id, 11, "'v" + id % 9 + "'") + ", " + orNull(id, 9, "'f" + id % 4 + "'") + ", "
                    + orNull(id, 5, String.valueOf(id % 2 == 0)) + ", "
                    + orNull(id, 8, "timestamptz '2024-01-01 12:00+00' + interval '1 hour' * " + id)
                    + ", date '2024-01-01' + " + id % 4 + ", " + orNull(id, 10, id + ".50") + ", "
                    + orNull(id, 12, id + ".25") + ", "
                    + orNull(id, 13, "'00000000-0000-0000-0000-0000000000" + (10 + id % 80) + "'") + ", "
                    + orNull(id, 4, "'\\x0" + id % 10 + "ff'")
                    + ", " + orNull(id, 9, "'{\"k\": [" + id + ", null]}'") + ", "
                    + orNull(id, 9, "'{\"k\" :" + id + "}'") + ", '10.0.0." + id
                    + "/24', b'1" + id % 2 + "0', " + id + ", 'fine', array['t" + id + "', null]";
            all.add(insert);
            byShard.get(shardOf(id)).add(insert);
        }
        for (int i = 0; i < SHARDS; i++) {
            String many = "insert into many select i, repeat('x', 200) from unnest('{" + keysOf(i) + "}'::int8[]) i";
            byShard.get(i).add(many);
            all.add(many);
            shards.shard(i)
                    .primary()
                    .executeIn(TestTopologies.DATABASE, byShard.get(i).toArray(String[]::new));
        }
        shards.shard(0).primary().executeIn(WHOLE, all.toArray(String[]::new));
    }

    private static String keysOf(int shard) {
        List<String> keys = new ArrayList<>();
        for (int key = 0; key < MANY_ROWS; key++) {
            if (shardOf(key) == shard) {
                keys.add(Integer.toString(key));
            }
        }
        return String.join(",", keys);
    }

    private static String orNull(int id, int every, String value) {
        return id % every == every - 1 ? "null" : value;
    }

    private static int shardOf(long key) {
        return SLOTS.shardOf(KeyValue.ofLong(key)).getAsInt();
    }

    @AfterAll
    static void stop() {
        whole.close();
        routed.close();
        router.close();
        shards.close();
    }

    @ParameterizedTest
    @Case({"H29", "H30"})
    @ValueSource(
            strings = {
                "select array_agg(id order by id) from things",
                "select array_agg(n order by id desc), array_agg(amount order by amount desc nulls last, id) from things",
                "select string_agg(word, ',' order by id), string_agg(word, '' order by word, id) from things",
                "select n, array_agg(word order by id) from things group by n order by n",
                "select n, string_agg(brief, '; ' order by id), count(*), sum(amount) from things group by n order by n nulls first limit 3 offset 1",
                "select day, flag, array_agg(id order by id) filter (where n > 2) from things group by day, flag order by day, flag",
                "select array_agg(word order by id), string_agg(word, ',') from things where id < 0",
                "select n, array_agg(word order by id) from things where id < 0 group by n",
                "select array_agg(distinct n), array_agg(distinct n order by n desc nulls last), string_agg(distinct word, '|' order by word) from things",
                "select string_agg(distinct word, '|' order by word), string_agg(distinct brief::text, ',' order by brief::text) from things",
                "select string_agg(word, brief order by id), string_agg(word || ' ', word order by n, id), string_agg(word, null order by id) from things",
                "select string_agg(raw, '\\x00' order by id), string_agg(raw, raw order by id desc) from things",
                "select array_agg(fixed order by id), string_agg(fixed, '.' order by id) from things where id < 30",
                "select array_agg(f8 order by id), array_agg(at order by id), array_agg(u order by id), array_agg(flag order by id), array_agg(raw order by id) from things",
                "select array_agg(doc order by id), array_agg(plain order by id), array_agg(host order by id), array_agg(bits order by id) from things",
                "select json_agg(word order by id), json_agg(amount order by id), json_agg(at order by id), json_agg(plain order by id), json_agg(doc order by id) from things",
                "select jsonb_agg(word order by id), jsonb_agg(f8 order by id), jsonb_agg(day order by id), jsonb_agg(plain order by id) from things",
                "select jsonb_agg(t order by id) from things t",
                "select jsonb_agg(tags order by id), jsonb_agg(state order by id), jsonb_agg(share order by id), jsonb_agg(row(n, word) order by id) from things",
                "select json_agg(to_json(t) order by id), json_agg(json_build_object('n', n, 'w', word) order by t.id) from things t",
                "select json_object_agg(id, word order by id), jsonb_object_agg(id, tags order by id), jsonb_object_agg('x', n order by id) from things",
                "select json_object_agg(word, n) from things",
                "select json_agg(distinct n order by n), jsonb_agg(distinct day) from things",
                "select n, coalesce(json_agg(id order by id) filter (where flag), '[]') from things group by n order by n",
                "select array_length(array_agg(id), 1), jsonb_array_length(jsonb_agg(word)), length(string_agg(word, ',')) from things",
                "select (array_agg(word order by id))[2:3], (array_agg(id order by id desc))[1] * 2, array_to_string(array_agg(id order by id), '-') from things",
                "select n from things group by n having array_length(array_agg(id), 1) > 20 order by array_agg(id order by id)",
                "select n, array_agg(id order by id) from things group by n order by 2 desc",
                "select n, string_agg(word, ',' order by id) as words from things group by n having string_agg(word, ',' order by id) like '%B%' order by words",
                "select distinct array_agg(n order by n) from things group by word order by 1",
                "select percentile_cont(0.5) within group (order by n), percentile_disc(0.25) within group (order by id), mode() within group (order by word) from things",
                "select percentile_cont(array[0.1, 0.5, 0.99]) within group (order by amount), percentile_cont(0.5) within group (order by id * interval '1 hour') from things",
                "select day, percentile_disc(0.5) within group (order by word desc), mode() within group (order by n desc) from things group by day order by day",
                "select percentile_cont(0.5) within group (order by f8), mode() within group (order by n) from things where id < 0",
                "select count(distinct n), count(distinct word), sum(distinct id) filter (where flag), avg(distinct amount), count(*), stddev(distinct n) from things",
                "select count(distinct n), count(distinct word) + 1, sum(distinct amount) from things where id < 0",
                "select day, count(distinct word) filter (where n > 3), count(distinct n), array_agg(distinct flag) from things group by day having count(distinct brief) > 2 order by day",
                "select n from things group by n having count(distinct id) > count(distinct flag) order by count(distinct word) desc, n",
                "select count(distinct n), array_agg(id order by id), sum(distinct n), avg(amount), stddev(n) from things",
                "select flag, count(distinct n), string_agg(word, ',' order by id), max(id) from things group by flag order by flag",
                "select t.n, p.country, array_agg(t.id order by t.id) from things t join places p on p.name = t.word group by t.n, p.country order by 1, 2",
                "with q as (select id, n, word from things where n > 1) select n, string_agg(word, ',' order by id) from q group by n order by n",
                "select n % 2 as parity, array_agg(n * 2 order by id) from things group by parity order by parity",
                "select array_agg((select max(p.country) from places p where p.name = things.word) order by things.id) from things",
                "select array_agg(id order by id) = (array_agg(id order by id)), array_agg(n order by id) || array_agg(n order by id desc) from things",
                "select array_agg(1/(id - 5)) from things",
                "select json_object_agg(word, id order by id) from things where word is null",
                "select percentile_cont(1.5) within group (order by n) from things",
                "select string_agg(word, 5) from things",
                "select array_agg(missing) from things",
                "select array_agg(id::int2 order by id), array_agg(id::text::name order by id), array_agg(id::oid order by id), array_agg(id::float4 / 3 order by id) from things",
                "select array_agg(id::int4::money order by id), array_agg(id * interval '1 hour' order by id), array_agg(at::timestamp order by id) from things",
                "select array_agg(at::time order by id), array_agg(at::timetz order by id), array_agg(('0/' || id)::pg_lsn order by id) from things",
                "select array_agg(id::text::xid8 order by id), array_agg(host::cidr order by id), array_agg(bits::varbit order by id) from things",
                "select array_agg(left(word, 1)::\"char\" order by id), array_agg(('08:00:2b:01:02:' || 10 + id % 90)::macaddr order by id) from things",
                "select array_agg(('08:00:2b:01:02:03:04:' || 10 + id % 90)::macaddr8 order by id), array_agg(f8 / 0.3 order by id) from things where f8 > 0",
            })
    void isWhatOneServerMakesOfAllRows(String sql) {
        assertThat(texts(routed.query(sql))).as(sql).isEqualTo(texts(whole.query(sql)));
    }

    @ParameterizedTest
    @Case({"H29", "H30"})
    @ValueSource(
            strings = {
                "select array_agg(n + $1::int4 order by id), string_agg(word, $2 order by id), json_agg(amount order by id) from things",
                "select day, array_agg(at order by id), array_agg(amount order by id), array_agg(flag order by id desc), jsonb_agg(doc order by id)"
                        + " from things where n > $1::int4 group by day having string_agg(word, $2) is not null order by day",
                "select array_agg(u order by id) filter (where n = $1::int4), string_agg(raw, '' order by id), count(*), max(at), $2::text from things",
                "select percentile_cont($1::float8 / 10) within group (order by n), mode() within group (order by day), $2 || 'x' from things",
            })
    void inBothFormats(String sql) {
        for (int format = 0; format <= 1; format++) {
            byte[][] frames = {
                parse("", sql),
                describeStatement(""),
                bind("", "", new int[0], new byte[][] {"2".getBytes(UTF_8), ", ".getBytes(UTF_8)}, new int[] {format}),
                describePortal(""),
                execute("", 0),
                sync()
            };
            assertThat(texts(routed.send(frames).receiveUntilReady()))
                    .as(sql + " in format " + format)
                    .isEqualTo(texts(whole.send(frames).receiveUntilReady()));
        }
    }

    /** What has no order in the statement is in the same order in all that are made of the same rows. */
    @Test
    void valuesOfOneRowStandAtOnePlace() {
        List<ServerMessage> answer =
                routed.query("select array_agg(id), array_agg(id * 2), array_agg(id) filter (where true) from things");

        List<String> row = answer.stream()
                .filter(message -> message.type() == 'D')
                .findFirst()
                .orElseThrow()
                .columns();
        List<Long> ids = numbers(row.get(0));
        assertThat(ids).hasSize(ROWS).doesNotHaveDuplicates();
        assertThat(numbers(row.get(1))).isEqualTo(ids.stream().map(id -> id * 2).toList());
        assertThat(numbers(row.get(2))).isEqualTo(ids);
    }

    private static List<Long> numbers(String array) {
        List<Long> numbers = new ArrayList<>();
        for (String number : array.substring(1, array.length() - 1).split(",")) {
            numbers.add(Long.valueOf(number));
        }
        return numbers;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TL0222 select array_agg(tags) from things",
                "TL0222 select json_agg(t) from things t",
                "TL0222 select json_agg(tags) from things",
                "TL0222 select array_agg(state) from things",
                "TL0222 select array_agg(share) from things",
                "TL0222 select array_agg((n, word)) from things",
                "TL0222 select string_agg(word, ',' order by state) from things",
                "TL0126 select string_agg('x', ',') from things",
                "TL0126 select array_agg(1) from things",
                "TL0126 select string_agg(distinct brief, ',' order by brief::text) from things",
                "TL0126 select string_agg(word, ',' order by id) filter (where things_are(n)) from things",
                "TL0101 select mode() within group (order by n) filter (where flag) from things",
                "TL0126 select array_agg(distinct n order by id) from things",
                "TL0126 select xmlagg(word::xml) from things",
                "TL0126 select corr(n, id) from things",
                "TL0126 select rank(3) within group (order by n) from things",
                "TL0127 select string_agg(word collate \"C\", ',') from things",
                "TL0126 select unnest(array_agg(id)) from things",
                "TL0127 select array_agg(id order by id) || word from things",
                "TL0121 select n, array_agg(id) from things group by rollup (n)",
            })
    void refusals(String codeAndSql) {
        String sql = codeAndSql.substring(7);
        assertThat(texts(routed.query(sql)).toString()).as(sql).contains("C=0A000", codeAndSql.substring(0, 6));
        assertThat(routed.ask("select 1")).isEqualTo("1");
    }

    @Test
    void manyRowsAreOneArray() {
        String sql =
                "select array_agg(id order by id), string_agg(word, '' order by id), percentile_disc(0.5) within group (order by id) from many";
        assertThat(texts(routed.query(sql))).isEqualTo(texts(whole.query(sql)));
    }

    @Test
    void manyGroupsHaveTheirOwnRows() {
        String sql =
                "select id / 3 as g, array_agg(id order by id), string_agg(left(word, 2), '-' order by id) from many group by g order by g";
        assertThat(texts(routed.query(sql))).isEqualTo(texts(whole.query(sql)));
    }

    private static List<String> texts(List<ServerMessage> messages) {
        return messages.stream().map(ServerMessage::toString).toList();
    }
}
