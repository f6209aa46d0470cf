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
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Queries whose rows lie on three shards give the messages that one server with all the rows gives, which is asked beside. Where nothing orders
 * rows they are compared as a set.
 */
class ScatterIT {
    private static final int SHARDS = 3;
    private static final HashSlots SLOTS = HashSlots.evenly(HashSlots.SLOTS_DEFAULT, SHARDS);
    private static final String WHOLE = "whole";
    private static final int ROWS = 300;

    private static final String[] TABLES = {
        "create table readings (device int8, seq int4, at timestamptz, value numeric, f4 float4, f8 float8, label text,"
                + " tag text, flag bool, id uuid, raw bytea, day date, i2 int2, span interval, cost money)",
        "create table devices (id int8 primary key, site text)",
        "create table sites (name text primary key, country text)",
        "insert into sites values ('north', 'AT'), ('south', 'CH'), ('east', null)",
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
                                List.of(new Distribution("device", KeyType.INT8, SLOTS)),
                                List.of(
                                        new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "readings", "device", "device"),
                                        new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "devices", "id", "device")),
                                List.of(new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "sites")),
                                "app"))
                .start();
        whole = WireClient.connect(first.primary().port(), WHOLE);
        routed = WireClient.connect(router.port(), "app");
        // Until the catalogue has been read, nothing is known to be a read.
        await().until(() -> Integer.toString(ROWS).equals(routed.ask("select count(*) from readings")));
    }

    private static void fill() {
        Random random = new Random(20261127);
        List<List<String>> byShard = new ArrayList<>();
        for (int i = 0; i < SHARDS; i++) {
            byShard.add(new ArrayList<>());
        }
        List<String> all = new ArrayList<>();
        for (int device = 1; device <= 40; device++) {
            String insert = "insert into devices values (" + device + ", '"
                    + List.of("north", "south", "east", "west").get(random.nextInt(4)) + "')";
            all.add(insert);
            byShard.get(shardOf(device)).add(insert);
        }
        for (int seq = 0; seq < ROWS; seq++) {
            int device = 1 + random.nextInt(45);
            String insert = "insert into readings values (" + device + ", " + seq + ", "
                    + orNull(random, "timestamptz '2024-01-01' + interval '1 hour' * " + random.nextInt(50)) + ", "
                    + orNull(random, (random.nextInt(2000) - 1000) + "." + random.nextInt(100)) + ", "
                    + orNull(random, random.nextInt(64) + ".25") + ", "
                    + orNull(random, (random.nextInt(64) - 32) + ".5") + ", "
                    + orNull(random, "'label " + (char) ('a' + random.nextInt(5)) + "'") + ", "
                    + orNull(random, "'" + List.of("x", "X", "é", "z", "").get(random.nextInt(5)) + "'") + ", "
                    + orNull(random, String.valueOf(random.nextBoolean())) + ", "
                    + orNull(random, "'00000000-0000-0000-0000-0000000000" + (10 + random.nextInt(30)) + "'") + ", "
                    + orNull(random, "'\\x0" + random.nextInt(10) + "ff'") + ", "
                    + orNull(random, "date '2024-01-01' + " + random.nextInt(9)) + ", "
                    + orNull(random, String.valueOf(random.nextInt(7))) + ", "
                    + orNull(random, "interval '" + random.nextInt(90) + " days'") + ", "
                    + orNull(random, "'" + random.nextInt(90) + ".10'::money") + ")";
            all.add(insert);
            byShard.get(shardOf(device)).add(insert);
        }
        for (int i = 0; i < SHARDS; i++) {
            shards.shard(i)
                    .primary()
                    .executeIn(TestTopologies.DATABASE, byShard.get(i).toArray(String[]::new));
        }
        shards.shard(0).primary().executeIn(WHOLE, all.toArray(String[]::new));
    }

    private static String orNull(Random random, String value) {
        return random.nextInt(8) == 0 ? "null" : value;
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

    /** Each is the whole answer in order: what is ordered by is unique, or the only column. */
    @ParameterizedTest
    @Case({"H22", "H23", "H24", "H25", "H27", "H28", "H29", "H30", "H31"})
    @ValueSource(
            strings = {
                "select seq from readings order by seq",
                "select * from readings order by seq",
                "select seq, device from readings order by 1 desc limit 7",
                "select device, seq from readings order by device desc, seq",
                "select seq as s, value as v from readings order by v nulls first, s desc",
                "select value from readings order by value desc nulls last",
                "select f8 from readings order by f8",
                "select f4 from readings order by f4 desc limit 20 offset 10",
                "select at, seq from readings order by at, seq offset 250",
                "select day from readings order by day desc",
                "select id from readings order by id",
                "select raw from readings order by raw desc",
                "select flag from readings order by flag",
                "select span from readings order by span",
                "select cost from readings order by cost",
                "select i2 from readings order by i2 limit all",
                "select seq from readings order by device + seq, seq",
                "select seq from readings order by -seq limit 3",
                "select seq, label from readings order by label collate \"C\" desc, seq",
                "select r.seq, d.site from readings r join devices d on d.id = r.device order by r.seq",
                "select r.seq, s.country from readings r join devices d on d.id = r.device left join sites s on s.name = d.site"
                        + " where r.seq > 100 order by seq",
                "select r.seq, d.site from readings r left join devices d on d.id = r.device order by r.seq limit 50",
                "select seq from readings where value > 0 and label is not null order by seq limit 10 offset 3;",
                "select seq from readings where device in (1, 2, 3, 4, 5, 6) order by seq",
                "select seq from readings order by seq limit 0",
                "select seq from readings order by seq offset 100000",
                "select seq from readings where false order by seq",
                "select count(*) from readings",
                "select count(value), count(*), sum(seq), sum(value), avg(value), avg(seq), avg(i2) from readings",
                "select sum(f4), sum(f8), avg(f4), avg(f8), sum(i2), sum(device), avg(device) from readings",
                "select min(value), max(value), min(at), max(day), min(id), max(f8), min(cost), max(span) from readings",
                "select bool_and(flag), bool_or(flag), every(flag), bit_and(seq), bit_or(i2), bit_xor(device) from readings",
                "select count(distinct day), count(*), count(day), sum(seq) from readings",
                "select count(distinct value), sum(distinct value), avg(distinct value), max(distinct seq), min(value) from readings",
                "select sum(distinct i2), avg(distinct i2), bit_xor(distinct i2), var_pop(distinct i2), count(*) from readings",
                "select count(distinct tag) from readings",
                "select count(distinct f4), avg(distinct f4), count(f8) from readings",
                "select count(distinct id) from readings",
                "select count(distinct raw), max(cost) from readings",
                "select 'x', count(distinct seq), sum(distinct seq) is null from readings where seq < 0",
                "select day, count(distinct label), count(*), max(seq) from readings group by day order by day limit 5 offset 1",
                "select flag, count(distinct i2) filter (where seq > 100), sum(distinct i2) filter (where label is not null) from readings group by flag order by flag",
                "select day, count(distinct tag) as n from readings group by day order by n desc, day",
                "select day, count(distinct i2) * 2, avg(distinct i2) + 1 from readings group by day having count(distinct i2) > 2 order by 1",
                "select stddev(value), stddev_pop(value), stddev_samp(seq), variance(i2), var_pop(device), var_samp(value) from readings",
                "select stddev(seq), var_pop(value) from readings where seq < 0",
                "select day, stddev(value) filter (where flag), var_samp(seq) + 1 from readings group by day order by day",
                "select label, variance(device), round(stddev_pop(i2), 5) from readings group by label order by variance(device)",
                "select round(stddev(f8)::numeric, 8), round(var_pop(f4)::numeric, 8), var_samp(f8) > 1 from readings",
                "select count(*) filter (where flag), avg(value) filter (where seq < 50) from readings",
                "select count(*), sum(value), min(label collate \"C\") from readings where seq < 0",
                "select count(*) as n from readings limit 1",
                "select count(*) from readings offset 1",
                "select label, count(*), sum(seq) from readings group by label order by 2 desc, sum(seq)",
                "select day, count(*), sum(value), avg(value) from readings group by day order by day",
                "select mod(seq, ascii('A') - 60), mod(seq, ascii('a') - 60), count(*) from readings group by 1, 2 order by 2 desc, 1 limit 7",
                "select day, count(*) from readings group by 1 order by 1 desc limit 4",
                "select count(*), day from readings group by day order by count(*) desc, day limit 5",
                "select i2, avg(f8), max(seq) from readings group by i2 order by max(seq) desc",
                "select i2 % 3 as m, count(*) from readings group by i2 % 3 order by m",
                "select day, flag, min(value), max(value) from readings group by day, flag order by flag, day desc",
                "select distinct day from readings order by day",
                "select distinct day, flag from readings order by flag desc, day limit 8",
                "select distinct value from readings order by 1",
                "select device, count(*), string_agg(seq::text, ',' order by seq) from readings group by device order by device",
                "select device, count(*) from readings group by device having count(*) > 5 order by 2 desc, 1",
                "select device, sum(value) / count(*) from readings group by device order by device",
                "select distinct device from readings order by device",
                "select id from devices d where exists (select 1 from readings r where r.device = d.id and r.value > 900) order by id",
                "select id from devices where id not in (select device from readings) order by id",
                "select id from devices d where id in (select device from readings group by device having count(*) > 9) order by id",
                "select id, (select r.seq from readings r where r.device = d.id order by r.seq desc limit 1) from devices d order by id",
                "select id, (select string_agg(r.seq::text, ',' order by r.seq) from readings r where r.device = d.id) from devices d order by id",
                "select d.id, q.n from devices d left join (select device, count(*) n from readings group by device) q on q.device = d.id order by d.id",
                "select d.id, l.seq from devices d cross join lateral (select r.seq from readings r where r.device = d.id order by r.seq limit 2) l"
                        + " order by d.id, l.seq limit 20",
                "select d.id, r.seq from readings r right join devices d on d.id = r.device order by d.id, r.seq",
                "select d.id, r.seq from readings r full join devices d on d.id = r.device order by d.id nulls first, r.seq limit 30 offset 5",
                "with q as (select device, seq from readings where value > 0) select count(*), max(seq) from q",
                "with q as materialized (select device k, seq from readings) select d.site, q.seq from q join devices d on d.id = q.k order by q.seq",
                "with recursive n(i) as (select 1 union all select i + 1 from n where i < 4) select r.seq, n.i from readings r join n on n.i = r.i2"
                        + " order by r.seq",
                "select seq from readings where value > 0 union all select id from devices order by 1 desc limit 12 offset 3",
                "select day from readings union select day from readings where flag order by day",
                "select device, i2 from readings except select id, 3 from devices order by 1, 2",
                "select device from readings intersect select id from devices order by device",
                "(select device from readings where flag) union (select id from devices) order by device desc limit 9",
                "select seq, row_number() over (partition by device order by seq), sum(i2) over (partition by device) from readings order by seq",
                "select device, count(*), sum(count(*)) over (partition by device) from readings group by device, flag order by device, flag",
                "select distinct on (device) device, seq, label from readings order by device, seq desc",
                "select distinct on (device) seq from readings order by device desc, seq limit 5",
                "select sum(q.n) from (select device, count(*) n from readings group by device) q",
                "select seq, g from readings, generate_series(1, i2) g where seq < 40 order by seq, g",
                "select nothing from readings union all select id from devices",
                "select nothing from readings",
                "select seq from readings where label = 7 order by seq",
                "select 1 / (seq - 20) from readings order by seq",
            })
    void oneAnswerInOrder(String sql) {
        assertThat(texts(routed.query(sql))).as(sql).isEqualTo(texts(whole.query(sql)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select * from readings",
                "select seq, label from readings where value < 0",
                "select d.id, count(*) from devices d join readings r on r.device = d.id group by d.id",
                "select label, count(*), avg(value) from readings group by label",
                "select tag, label, count(*) from readings group by tag, label",
                "select distinct tag from readings",
                "select distinct label, i2 from readings",
                "select distinct * from devices",
                "select label, tag from readings union select site, 'x' from devices",
                "select site from devices union select name from sites",
                "select * from (select device, seq from readings where flag) q",
                "select seq from readings where value > 0 for update",
                "select r.seq, d.site from readings r join devices d on d.id = r.device for share of r skip locked",
                "select seq, (select max(s.country) from sites s) from readings where device > 3",
                "select seq from readings where exists (select 1 from sites s where s.name = readings.tag)",
                "select country, count(*) from devices d join sites s on s.name = d.site group by country",
                "select 'x', count(*), day from readings group by day",
            })
    void oneAnswerInAnyOrder(String sql) {
        assertThat(sorted(texts(routed.query(sql)))).as(sql).isEqualTo(sorted(texts(whole.query(sql))));
    }

    @ParameterizedTest
    @Case({"H25", "H26"})
    @ValueSource(
            strings = {
                "select seq, value, at, id, raw, f8, flag, day from readings where value > $1 order by value desc, seq limit $2 offset $3",
                "select day, count(*), sum(value), avg(value), max(at), min(f8), sum(f4) from readings where value > $1"
                        + " group by day order by day limit $2 offset $3",
                "select distinct value, day, flag from readings where value > $1 order by day, value desc, flag limit $2 offset $3",
                "select sum(seq), count(*), avg(f8), max(value), min(id), bool_or(flag), bit_or(seq) from readings where value > $1 limit $2 offset $3",
                "select day, sum(value) * $1, round(avg(value), 1), max(at) - min(at), id, count(*) from readings group by day, id"
                        + " having count(*) < $2 order by sum(value) desc, day, id limit $2 offset $3",
                "select max(value) - $1, avg(seq) * 2, sum(f8) + sum(f4), bool_or(flag) is true, max(day) - 1 from readings limit $2 offset $3",
                "with q as (select * from readings where value > $1) select seq, at, f8 from q order by seq limit $2 offset $3",
                "select seq, value from readings where value > $1 union all select id::int, null from devices order by 1, 2 limit $2 offset $3",
                "select value, day from readings where value > $1 union select value, day from readings order by day, value limit $2 offset $3",
                "select distinct on (device) seq, raw from readings where value > $1 order by device, seq limit $2 offset $3",
            })
    void extendedProtocolInBothFormats(String sql) {
        for (int format = 0; format <= 1; format++) {
            byte[][] frames = {
                parse("", sql),
                describeStatement(""),
                bind("", "", new int[0], texts("-500", "9", "2"), new int[] {format}),
                describePortal(""),
                execute("", 0),
                sync()
            };
            assertThat(texts(routed.send(frames).receiveUntilReady()))
                    .as(sql + " in format " + format)
                    .isEqualTo(texts(whole.send(frames).receiveUntilReady()));
        }
    }

    /** What is asked of groups is computed by one of the shards. */
    @ParameterizedTest
    @Case({"H29", "H30"})
    @ValueSource(
            strings = {
                "select sum(value) / count(*), round(avg(value), 2), coalesce(sum(seq), 0), count(*) > 1 from readings",
                "select max(seq) - min(seq), -sum(i2), sum(f8) * 2, avg(f4) + 1, sum(cost)::text from readings",
                "select coalesce(sum(value), 0), coalesce(max(day), date '2000-01-01') from readings where seq < 0",
                "select day, round(avg(value), 3) as a, max(at) - min(at) from readings group by day order by day",
                "select day, count(*) from readings group by day having count(*) > 20 order by day",
                "select count(*) from readings having count(*) > 1000",
                "select 'some' from readings having sum(value) is not null",
                "select day, sum(value) / nullif(count(*) - 30, 0) as v from readings group by day order by v desc nulls last, day limit 4 offset 1",
                "select day from readings group by day order by sum(value) / count(*), day",
                "select day from readings group by 1 order by max(seq) - min(seq) desc, 1",
                "select label, count(*) + 1 from readings group by label order by label",
                "select label || '!', max(seq) from readings group by label having label is distinct from 'label a' order by label desc",
                "select case when count(*) > 30 then 'many' when sum(seq) is null then 'none' else 'few' end, flag from readings group by flag order by flag",
                "select date_trunc('day', at) + interval '1 day', count(*) * 2 from readings group by date_trunc('day', at) order by date_trunc('day', at)",
                "select at::date - 1, count(value) * 10 from readings group by at::date order by at::date",
                "select extract(epoch from max(at) - min(at)), to_char(sum(value), '999999D9') from readings",
                "select date_trunc('day', at) as d, count(*) from readings group by d order by d",
                "select date_trunc('day', at) as d, max(seq) - 1 from readings group by d having count(*) > 3 order by d desc",
                "select seq % 7 as bucket, count(distinct tag), sum(value) from readings where seq > 20 group by bucket order by bucket",
                "select device as d, string_agg(seq::text, ',' order by seq) from readings group by d order by d",
                "select distinct count(*) / 10 from readings group by label, i2 order by 1",
                "select distinct flag, count(*) > 50 from readings group by flag, day order by flag, 2",
                "select distinct count(*) > 6 from readings group by device order by 1",
                "select sum(seq) filter (where flag) - coalesce(sum(seq) filter (where not flag), 0) from readings",
                "select array[min(seq), max(seq)], row(count(*), max(day) is null) from readings",
                "select i2, id, max(f8) + 1, min(value) * 2, count(*) from readings group by i2, id having min(seq) between 5 and 250 order by i2, id",
                "select greatest(max(seq), 5), least(min(value), 0), cast(sum(seq) as text) || 'x' from readings",
                "select r.label, d.site, count(*) * 2 from readings r join devices d on d.id = r.device group by label, d.site having count(*) > 2 order by r.label, d.site",
                "select day, sum(value) / (max(seq) - max(seq)) from readings group by day",
                "select sum(value) / 0 from readings",
                "select span, cost, raw, count(*) || '' from readings group by span, cost, raw order by raw, span, cost",
            })
    void whatIsComputedOfGroups(String sql) {
        assertThat(texts(routed.query(sql))).as(sql).isEqualTo(texts(whole.query(sql)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select seq from readings order by seq",
                "select day, count(*) * 2 from readings group by day order by day",
                "select day, count(distinct tag) from readings group by day order by day"
            })
    void aLimitIsReadFromItsParameter(String sql) {
        for (String limit : List.of("0", "2", "-1", "9223372036854775807")) {
            for (String offset : List.of("0", "5", "-3", "9223372036854775807")) {
                byte[][] frames = {
                    parse("", sql + " limit $1 offset $2"), bind("", "", limit, offset), execute("", 0), sync()
                };
                assertThat(texts(routed.send(frames).receiveUntilReady()))
                        .as(limit + " behind " + offset + " of " + sql)
                        .isEqualTo(texts(whole.send(frames).receiveUntilReady()));
            }
        }
    }

    @Test
    void aLimitOfAnotherTypeThanAnIntegerIsRefused() {
        byte[] two = {0x40, 0, 0, 0, 0, 0, 0, 0};
        byte[][] frames = {
            parse("", "select seq from readings order by seq limit $1", 701),
            bind("", "", new int[] {1}, new byte[][] {two}, new int[0]),
            execute("", 0),
            sync()
        };
        assertThat(texts(routed.send(frames).receiveUntilReady()))
                .anyMatch(message -> message.contains("TL0221"))
                .noneMatch(message -> message.startsWith("DataRow"));
    }

    /** What a shard may stop at is not what the client's Execute stops at. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "select seq from readings order by seq limit 20 offset 11",
                "select day, count(*) from readings group by day order by day offset 3",
                "select day, count(*) from readings group by day order by 2 desc, 1",
                "select day, count(distinct tag) from readings group by day order by day offset 1",
                "select day, max(seq) - min(seq) from readings group by day having count(*) > 5 order by day offset 2",
                "select distinct day from readings order by day desc offset 2",
                "select count(*), sum(seq) from readings",
            })
    void theLimitOfExecuteStopsBehindTheOffset(String sql) {
        for (int rowsMax : List.of(1, 2, 9)) {
            byte[][] frames = {parse("", sql), bind("", ""), execute("", rowsMax), sync()};
            assertThat(texts(routed.send(frames).receiveUntilReady()))
                    .as(rowsMax + " rows of " + sql)
                    .isEqualTo(texts(whole.send(frames).receiveUntilReady()));
        }
    }

    @Test
    @Case("H35")
    void aNamedStatementIsPreparedOnceAndRunOften() {
        for (WireClient client : List.of(whole, routed)) {
            assertThat(texts(client.send(parse("again", "select seq from readings where seq < $1 order by seq"), sync())
                            .receiveUntilReady()))
                    .containsExactly("ParseComplete", "ReadyForQuery I");
        }
        for (String limit : List.of("3", "0", "20")) {
            byte[][] frames = {bind("p", "again", limit), execute("p", 5), ClientMessage.closePortal("p"), sync()};
            assertThat(texts(routed.send(frames).receiveUntilReady()))
                    .isEqualTo(texts(whole.send(frames).receiveUntilReady()));
        }
        byte[][] bad = {bind("", "again", "x"), execute("", 0), sync()};
        assertThat(texts(routed.send(bad).receiveUntilReady()))
                .isEqualTo(texts(whole.send(bad).receiveUntilReady()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TL0219 select seq, label from readings order by label collate ucs_basic, seq",
                "TL0219 select span::text::json from readings order by seq::text::bit(3)",
                "TL0222 select sum(span) from readings",
                "TL0219 select count(distinct (tag, label)) from readings",
                "TL0222 select stddev(f8), sum(span) from readings",
                "TL0227 select seq % 7 as tag, count(*) from readings group by tag, seq % 7",
                "TL0126 select corr(f8, f4) from readings",
                "TL0127 select label, label || tag, count(*) from readings group by label",
                "TL0126 select label, max(seq) + generate_series(1, 2) from readings group by label",
                "TL0126 select label, sum(seq) * random() from readings group by label",
                "TL0127 select seq + 1, count(*) from readings group by day having count(*) > 1",
                "TL0127 select max(label collate \"C\") || 'x' from readings",
                "TL0129 select seq from readings order by seq limit 2 + 1",
                "TL0125 select id from devices d where exists (select 1 from readings r where r.seq = d.id)",
                "TL0121 select rank() over (partition by label order by seq) from readings",
                "TL0141 select name from sites union all select site from devices",
                "TL0141 select site from devices except select label from readings",
                "TL0121 select seq from readings order by seq for update",
                "TL0137 select seq from readings, sites for update",
                "TL0220 select seq from readings where random() < 2 order by seq",
                "TL0218 select seq from readings; select 1",
            })
    void refusals(String codeAndSql) {
        String sql = codeAndSql.substring(7);
        assertThat(texts(routed.query(sql)).toString()).as(sql).contains("C=0A000", codeAndSql.substring(0, 6));
        assertThat(routed.ask("select 1")).isEqualTo("1");
    }

    @Test
    void aTransactionHasOneShard() {
        routed.query("begin");
        assertThat(texts(routed.query("select count(*) from readings")).toString())
                .contains("TL0217", "ReadyForQuery E");
        routed.query("rollback");
        assertThat(routed.ask("select count(*) from readings")).isEqualTo(Integer.toString(ROWS));
    }

    private static byte[][] texts(String... values) {
        byte[][] bytes = new byte[values.length][];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = values[i].getBytes(UTF_8);
        }
        return bytes;
    }

    private static List<String> texts(List<ServerMessage> messages) {
        return messages.stream().map(ServerMessage::toString).toList();
    }

    private static List<String> sorted(List<String> messages) {
        return messages.stream().sorted().toList();
    }
}
