// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.routing.OfflineExplainer.Circumstances;
import io.trunkline.testing.Case;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What rows of several shards would have to be merged, counted or written for: merged or refused with a code without a key and with keys of several
 * shards, and run on one shard with one key.
 *
 * <p>Three shards; {@code …} in a statement is where its WHERE stands.
 */
class SeveralShardsTest {
    private static final String ONE_KEY = " where customer_id = 42 ";
    private static final String KEYS_OF_ALL = " where customer_id in (1, 2, 3, 4, 5, 6) ";

    private final RoutingTable table = Given.table(3);
    private final Topology topology = Given.topology(table.cluster());
    private final String shardOf42 = table.shardName(Given.shardOf(table, 42L));

    @ParameterizedTest
    @Case({"H22", "H23", "H24", "H25", "H26", "H28"})
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "select * from orders … order by note|merged",
                "select * from orders … order by note collate \"C\" desc|merged",
                "select * from orders … order by note nulls first, amount desc nulls last|merged",
                "select * from orders … order by place::inet, span::interval, data::jsonb|merged",
                "select placed_at, price, data from orders … order by 1|merged",
                "select amount as a from orders … order by a|merged",
                "select id from orders … order by amount * 2|merged",
                "select distinct on (note) * from orders … order by note, amount|TL0127",
                "select distinct note from orders …|merged",
                "select min(note), max(note) from orders …|merged",
            })
    void mergesSortedRows(String statement, String outcome) {
        assertRuns(statement, outcome);
    }

    @ParameterizedTest
    @Case("H27")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "select * from orders … order by id limit 10 offset 5|merged",
                "select * from orders … limit null|merged",
                "select * from orders … limit all offset 1|merged",
                "select * from orders … limit (select 5)|TL0129",
                "select * from orders … order by id fetch first 3 rows with ties|TL0129",
                "select * from orders … order by id offset 2 rows fetch next row only|TL0129",
            })
    void countsLimitsOverShards(String statement, String outcome) {
        assertRuns(statement, outcome);
    }

    @ParameterizedTest
    @Case({"H29", "H30", "H31"})
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "select count(*) from orders …|merged",
                "select avg(amount), sum(amount), stddev(amount), round(var_pop(amount) * 2, 1) from orders …|merged",
                "select count(distinct note), sum(distinct lower(note)) from orders …|merged",
                "select count(distinct note), max(distinct id), sum(id) from orders …|merged",
                "select corr(amount, id), regr_slope(amount, id) from orders …|TL0126",
                "select string_agg(note, ',' order by id), array_agg(id) from orders …|merged",
                "select percentile_cont(0.5) within group (order by amount) from orders …|merged",
                "select rank(5) within group (order by amount) from orders …|TL0126",
                "select bool_and(paid) filter (where amount > 1) from orders …|merged",
                "select note, sum(amount) from orders … group by note|merged",
                "select note from orders … group by note having count(*) > 1|merged",
                "select grouping(note), sum(amount) from orders … group by grouping sets ((note), ())|TL0121",
                "select sum(amount) from orders … group by rollup (note)|TL0121",
                "select id, rank() over (partition by note order by amount) from orders …|TL0121",
                "select id, rank() over (partition by customer_id order by amount) from orders …|merged",
                "select exists (select 1 from customers c where c.id = o.customer_id) from orders o …|merged",
                "select count(*) from (select customer_id from orders … group by customer_id) o|merged",
                "with o as (select * from orders …) select note from o|merged",
                "select id from orders … union all select id from orders … order by 1 limit 3|merged",
                "select sum(amount) over w from orders … window w as (order by id)|TL0121",
                "select id from orders … union select 1|merged",
                "select id from orders … except all select 1|TL0141",
                "select 1 intersect select id from orders …|TL0141",
                "with recursive t as (select id from orders … union all select id + 1 from t where id < 3) select * from t|TL0141",
                "select * from countries r, lateral (select * from orders … limit 1) o|TL0125",
            })
    void combinesRowsOfShardsWhereItCan(String statement, String outcome) {
        assertRuns(statement, outcome);
    }

    @ParameterizedTest
    @Case("H33")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "select * from orders … for update|merged",
                "select * from orders … for no key update nowait|merged",
                "select * from orders … for share skip locked|merged",
                "select * from orders o … for key share of o|merged",
                "select * from orders … order by id for update|TL0121",
                "select * from orders … limit 1 for update|TL0121",
                "select note from orders … group by note for update|TL0121",
                "select * from (select * from orders …) o for update|TL0123",
                "select random() from orders … for update|TL0220",
            })
    void locksRowsOfSeveralShardsWithoutChoosingThem(String statement, String outcome) {
        assertRuns(statement, outcome);
    }

    @Test
    @Case("H33")
    void locksRowsOfReferenceTablesOnlyWhereAllMeet() {
        String joined =
                "select * from orders o join countries c on c.code = o.note where o.customer_id = 42 for update";

        assertRefused(joined, "TL0137");
        assertRefused(joined + " of c", "TL0137");
        assertRefused(joined + " of o, c", "TL0137");
        assertRefused("select * from orders o, countries c for update", "TL0137");
        assertRefused(
                "select * from (select o.* from orders o, countries c where customer_id = 42) x for update", "TL0137");
        assertRefused(
                "select 1 from orders where customer_id = 42 and exists (select 1 from countries c for share)",
                "TL0137");
        assertThat(explain(
                                "select * from orders where customer_id = 42 and note in (select code from countries) for update")
                        .shard())
                .isEqualTo(shardOf42);
        assertThat(explain(
                                "select * from (select o.* from orders o, countries c where o.customer_id = 42 for update of o) x")
                        .shard())
                .isEqualTo(shardOf42);
        assertThat(explain(
                                "update orders set amount = 1 where customer_id = 42 and id in (select id from orders p "
                                        + "where p.customer_id = 42 and note in (select code from countries) for update of p skip locked)")
                        .shard())
                .isEqualTo(shardOf42);
        assertThat(explain(joined + " of o").shard()).isEqualTo(shardOf42);
        assertThat(explain("select * from orders where customer_id = 42 for update")
                        .shard())
                .isEqualTo(shardOf42);
        assertThat(explain("select * from countries for update").shard()).isEqualTo("a");
    }

    @Test
    @Case("H49")
    void callsForTheHomeShardThoughNoRowCanMatch() {
        assertThat(explain("select nextval('s'), count(*) from orders where customer_id = null")
                        .shard())
                .isEqualTo("a");
    }

    @ParameterizedTest
    @Case({"H34", "H35", "H52", "H58"})
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "select * from orders …|merged",
                "declare c cursor for select * from orders …|merged",
                "declare c no scroll cursor with hold for select * from orders …|TL0134",
                "declare c cursor for select * from orders … for update|TL0120",
                "copy (select * from orders …) to stdout|merged",
                "copy (select * from orders …) to stdout (format csv, header)|merged",
                "copy (select * from orders …) to stdout (format binary)|merged",
                "copy (select customer_id, count(*) from orders … group by customer_id) to stdout|merged",
                "copy (select distinct customer_id from orders …) to stdout|merged",
                "copy (select count(*) from orders …) to stdout|TL0138",
                "copy (select coalesce(sum(amount), 0) from orders …) to stdout|TL0138",
                "copy (select count(*) + 1 from orders …) to stdout|TL0138",
                "copy (select string_agg(note, ',') from orders …) to stdout|TL0138",
                "copy (select array_agg(note order by id) from orders …) to stdout|TL0138",
                "copy (select 1 from orders … having count(*) > 1) to stdout|TL0138",
                "copy (select * from orders … order by 1) to stdout|TL0138",
                "copy (select * from orders … limit 3) to stdout|TL0138",
                "copy (select distinct amount from orders …) to stdout|TL0138",
                "copy (update orders set amount = 1 … returning 1) to stdout|TL0138",
            })
    void readsStreamsOfSeveralShardsWhereItCan(String statement, String outcome) {
        assertRuns(statement, outcome);
    }

    @ParameterizedTest
    @Case({"H36", "H37", "H38"})
    @CsvSource(
            delimiter = '|',
            value = {
                "insert into orders (customer_id, id) values (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)|b, c",
                "insert into orders (customer_id, id) values (1, default), (2, 1 + 1), (3, 3), (4, 4) returning id|b, c",
                "insert into orders (customer_id) values (1), (2), (3), (4), (5) on conflict do nothing|b, c",
                "insert into orders (customer_id) overriding system value values (1), (2), (3), (4), (5)|b, c",
                "insert into orders (customer_id) select unnest(array[1, 2, 3])|TL0112",
                "update orders set amount = 0|a, b, c",
                "update orders set amount = 0 where customer_id in (1, 2, 3, 4, 5)|b, c",
                "delete from orders where amount > 1|a, b, c",
                "with x as (delete from orders where customer_id = 1 returning 1) "
                        + "delete from customers where id in (2, 3, 4, 5)|TL0130",
                "update orders set amount = (select 1 limit 1)|TL0125",
                "delete from orders where ctid = '(0,1)'|TL0123",
            })
    void splitsWritesWhereItCan(String statement, String outcome) {
        if (outcome.startsWith("TL")) {
            assertRefused(statement, outcome);
        } else {
            assertThat(explain(statement).shard()).as(statement).isEqualTo(outcome);
        }
    }

    @ParameterizedTest
    @Case("H62")
    @CsvSource(
            delimiter = '|',
            value = {
                "insert into orders (customer_id, amount) select id, 1 from customers|a, b, c",
                "insert into orders (customer_id) select id from customers where id in (1, 2, 3, 4, 5)|b, c",
                "insert into orders (customer_id) select id from customers where id = 1 "
                        + "union all select id from customers where id in (2, 3, 4, 5)|b, c",
                "insert into orders (customer_id, amount) select id, random() from customers returning id|a, b, c",
                "with c as (select id from customers) insert into orders (customer_id) select id from c|a, b, c",
                "insert into orders (customer_id, id) select id, nextval('s') from customers|TL0220",
                "insert into orders (customer_id, id) select id, my_function(id) from customers|TL0220",
                "insert into orders (customer_id) select id from customers order by id limit 3|TL0125",
                "insert into orders (customer_id) select code from countries|TL0112",
                "insert into orders (customer_id, amount) select 42, 1 from customers|TL0112",
                "insert into orders select * from orders|TL0109",
            })
    void insertsWhatItSelectsWhereTheRowsAre(String statement, String outcome) {
        if (outcome.startsWith("TL")) {
            assertRefused(statement, outcome);
        } else {
            assertThat(explain(statement).shard()).as(statement).isEqualTo(outcome);
        }
    }

    @ParameterizedTest
    @Case("H62")
    @ValueSource(
            strings = {
                "insert into orders (customer_id, amount) select id, 1 from customers where id = 42 order by id limit 3",
                "insert into orders (customer_id, amount) select 42, 1 from customers where id = 42",
                "insert into orders (customer_id) select 42 from countries",
                "insert into orders (customer_id) select 42 from generate_series(1, 3)",
                "insert into orders (customer_id) select id from customers where id = 42 "
                        + "union all select id from customers where id = 42",
                "with c as (select id from customers where id = 42) insert into orders (customer_id) select id from c",
            })
    void insertsWhatItSelectsByOneKeyOnOneShard(String statement) {
        RouteExplanation route = explain(statement);

        assertThat(route.refusal()).as(statement).isEmpty();
        assertThat(route.shard()).as(statement).isEqualTo(shardOf42);
    }

    @Test
    @Case("H62")
    void copiesNoKeysBetweenColumnsThatMayCutThemOff() {
        Distribution byName = new Distribution("name", KeyType.VARCHAR, HashSlots.evenly(64, 3));
        List<ShardedTable> tables = List.of(
                new ShardedTable("public", "t", "name", "name"), new ShardedTable("public", "s", "name", "name"));
        Topology names =
                Given.topology(new Cluster("main", table.cluster().shards(), List.of(byName), tables, List.of()));
        String insert = "insert into t (name) select name from s where name ";

        assertThat(explain(names, insert + "> 'a'").refusal().get("detail")).startsWith("TL0206: ");
        assertThat(explain(names, insert + "in ('a', 'b', 'c', 'd')").refusal().get("detail"))
                .startsWith("TL0206: ");
        assertThat(explain(names, insert + "= any ('{\"a \"}')").refusal().get("detail"))
                .startsWith("TL0206: ");
        assertThat(explain(names, insert + "= 'a '").refusal().get("detail")).startsWith("TL0206: ");
        assertThat(explain(names, insert + "= 'a'").refusal()).isEmpty();
        assertThat(explain(names, "update t set x = 1").refusal()).isEmpty();
    }

    @Test
    @Case("H36")
    void tellsThatAKeyCannotBeReadAndNotThatTheInsertCannotBeDivided() {
        RouteExplanation route = explain("insert into orders (customer_id) values ('a')");

        assertThat(route.refusal().get("error")).startsWith("22P02: ");
        assertThat(route.refusal().get("detail")).startsWith("TL0206: ");
    }

    @ParameterizedTest
    @Case({"H46", "H47"})
    @CsvSource(
            delimiter = '|',
            value = {
                "insert into countries (code, since) values ('AT', mine())|TL0229",
                "update countries set since = default|TL0135",
                "/* trunkline: shard_key=3 */ delete from countries|TL0214",
                "insert into countries (code) select note from orders where customer_id = 42|TL0116",
                "with x as (delete from countries returning code) select * from orders where customer_id = 42|TL0116",
            })
    void writesReferenceTablesOnlyWhereTheirCopiesStayEqual(String statement, String code) {
        assertRefused(statement, code);
    }

    @ParameterizedTest
    @Case({"H46", "H47", "H50"})
    @ValueSource(
            strings = {
                "insert into countries (code, name) values ('AT', 'Austria')",
                "insert into countries (code, since) values ('AT', now())",
                "update countries set name = upper(name)",
                "delete from countries",
                "create table t (id int8)",
                "create index concurrently i on orders (amount)",
                "alter table orders add column x int",
                "drop table orders",
                "truncate orders",
                "vacuum orders",
                "reindex table orders",
                "grant select on orders to public",
                "comment on table orders is 'x'",
            })
    void runsOnEveryShardWhatConcernsAll(String statement) {
        assertThat(explain(statement).shard()).as(statement).isEqualTo("a, b, c");
    }

    @Test
    @Case("H07")
    void changesAKeyOnlyWhereTheRowStays() {
        long other = 43;
        while (!table.shardName(Given.shardOf(table, other)).equals(shardOf42)) {
            other++;
        }
        long elsewhere = 43;
        while (table.shardName(Given.shardOf(table, elsewhere)).equals(shardOf42)) {
            elsewhere++;
        }
        String update = "update orders set customer_id = %d, amount = 1 where customer_id = %s";

        assertThat(explain(update.formatted(other, "42")).shard()).isEqualTo(shardOf42);
        assertThat(explain(update.formatted(42, "42")).shard()).isEqualTo(shardOf42);
        assertThat(explain(update.formatted(42, "any (array[42, " + other + "])"))
                        .shard())
                .isEqualTo(shardOf42);
        assertRefused(update.formatted(elsewhere, "42"), "TL0113");
        assertRefused(update.formatted(other, "any (array[42, " + elsewhere + "])"), "TL0113");
        assertRefused("update orders set customer_id = 42 where amount = 1", "TL0113");
    }

    @ParameterizedTest
    @Case("H50")
    @CsvSource(
            delimiter = '|',
            value = {
                "refresh materialized view v|TL0136",
                "create table t as select * from orders|TL0136",
                "create materialized view v as select * from orders|TL0136",
                "alter table countries add column since timestamptz default now()|TL0136",
                "alter table countries add column id bigserial|TL0136",
                "alter table countries add column id int generated always as identity|TL0136",
                "alter table countries alter column name type int using random()|TL0136",
                "create temp table t (id int8)|TL0115",
                "create database d|TL0115",
                "alter system set work_mem = 5|TL0115",
                "checkpoint|TL0115",
                "select * into t from orders where customer_id = 42|TL0115",
            })
    void definesNothingThatWouldDiffer(String statement, String code) {
        assertRefused(statement, code);
    }

    @ParameterizedTest
    @Case("H51")
    @ValueSource(
            strings = {
                "copy orders from stdin",
                "copy orders (customer_id, amount) from stdin with (format csv, header, null 'x')",
                "copy orders from stdin (format binary)",
                "copy orders to stdout",
                "copy countries from stdin",
            })
    void copiesTablesOnEveryShard(String statement) {
        RouteExplanation route = explain(statement);

        assertThat(route.refusal()).as(statement).isEmpty();
        assertThat(route.shard()).as(statement).isEqualTo("a, b, c");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "copy orders from '/tmp/orders'|TL0117",
                "copy orders to program 'cat'|TL0117",
                "copy orders from stdin where customer_id > 3|TL0139",
                "copy orders from stdin (format csv, reject_limit 3)|TL0139",
                "copy others from stdin|TL0105",
            })
    void copiesNothingThatItCannotDivide(String statement, String code) {
        assertRefused(statement, code);
    }

    private void assertRuns(String statement, String outcome) {
        for (String where : List.of("", KEYS_OF_ALL)) {
            RouteExplanation several = explain(statement.replace("…", where));
            assertThat(several.isRefused() ? several.refusal().get("detail").substring(0, 6) : several.shard())
                    .as(statement)
                    .isEqualTo(outcome.equals("merged") ? "a, b, c" : outcome);
        }
        RouteExplanation route = explain(statement.replace("…", ONE_KEY));
        assertThat(route.refusal()).as(statement).isEmpty();
        assertThat(route.shard()).as(statement).isEqualTo(shardOf42);
    }

    private void assertRefused(String statement, String code) {
        RouteExplanation route = explain(statement);

        assertThat(route.isRefused())
                .as("%s goes to %s", statement, route.shard())
                .isTrue();
        assertThat(route.refusal().get("detail")).as(statement).startsWith(code + ": ");
        assertThat(route.refusal().get("error")).as(statement).startsWith("0A000: ");
    }

    private RouteExplanation explain(String statement) {
        return explain(topology, statement);
    }

    private static RouteExplanation explain(Topology topology, String statement) {
        return OfflineExplainer.explain(topology, "app", statement, List.of(), Circumstances.DEFAULT);
    }
}
