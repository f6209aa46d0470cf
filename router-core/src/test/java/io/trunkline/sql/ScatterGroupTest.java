// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Case;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What aggregates, GROUP BY, HAVING and DISTINCT over several shards mean; the notation is that of {@link ScatterNotation}. */
class ScatterGroupTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select count(*) from orders                                  → items[count(*)] body<from orders>
            select pg_catalog.count(*) n from orders                     → items[count(*) n] body<from orders>
            select "count"(*), COUNT(x) from orders                      → items[count(*), count(<x>)] body<from orders>
            select count(distinct lower(x)) from orders                  → items[count(distinct <lower(x)>)] body<from orders>
            select sum(a + b), min(c), avg(d) as m from orders           → items[sum(<a + b>), min(<c>), avg(<d>) m] body<from orders>
            select count(*) filter (where x > 1) n from orders           → items[count(*) where<x > 1> n] body<from orders>
            select bool_and(a), bool_or(b), every(c), bit_and(d), bit_or(e), bit_xor(f) from orders → items[bool_and(<a>), bool_or(<b>), every(<c>), bit_and(<d>), bit_or(<e>), bit_xor(<f>)] body<from orders>
            select max(greatest(a, (b, c))) from orders                  → items[max(<greatest(a, (b, c))>)] body<from orders>
            select 'x', $1, null, -5, 'y'::text t, count(*) from orders  → items[<'x'>, <$1>, <null>, <-5>, <'y'::text> t, count(*)] body<from orders>
            select count(*) from orders order by 1                       → items[count(*)] body<from orders> order[#1]
            select app.sum(x) from orders                                → items[<app.sum(x)>] body<from orders>
            select my_sum(x) from orders                                 → items[<my_sum(x)>] body<from orders>
            select count, o.sum from orders o                            → items[<count>, <o.sum>] body<from orders o>
            select a, count(*) from orders                               → TL0127
            select *, count(*) from orders                               → TL0127
            select count(*) + 1 from orders                              → items[<count(*) + 1>] body<from orders> finish[<count(*)>=0]
            select count(*)::int from orders                             → items[<count(*)::int>] body<from orders> finish[<count(*)>=0]
            select -sum(x) from orders                                   → items[<-sum(x)>] body<from orders> finish[<sum(x)>=0]
            select coalesce(sum(x), 0) from orders                       → items[<coalesce(sum(x), 0)>] body<from orders> finish[<sum(x)>=0]
            select round(avg(x), 2) from orders                          → items[<round(avg(x), 2)>] body<from orders> finish[<avg(x)>=0]
            select sum(distinct x), max(distinct y) from orders                           → items[sum(distinct <x>), max(<y>)] body<from orders>
            select string_agg(x, ',') from orders                        → items[<string_agg(x, ',')>] body<from orders> finish[<string_agg(x, ',')>=0]
            select array_agg(x) from orders                              → items[array_agg(<x>)] body<from orders> finish[<array_agg(x)>=0]
            select array_agg(x) from orders group by a order by a        → items[array_agg(<x>)] body<from orders> group[<a>=-1] order[a] finish[<array_agg(x)>=1, <a>=0]
            select array_agg(x order by y) filter (where z) from orders  → items[<array_agg(x order by y) filter (where z)>] body<from orders> finish[<array_agg(x order by y) filter (where z)>=0]
            select sum(x order by y) from orders                         → TL0126
            select percentile_cont(0.5) within group (order by x) from orders → items[<percentile_cont(0.5) within group (order by x)>] body<from orders> finish[<percentile_cont(0.5) within group (order by x)>=0]
            select xmlagg(x), corr(x, y) from orders                     → TL0126
            select stddev(x), var_pop(distinct y) from orders                                 → items[stddev(<x>), var_pop(distinct <y>)] body<from orders>
            select count(distinct x), sum(distinct o.x) from orders o → items[count(distinct <x>), sum(distinct <o.x>)] body<from orders o>
            select count(distinct x), sum(distinct y) from orders        → items[count(distinct <x>), sum(distinct <y>)] body<from orders> finish[<count(distinct x)>=0, <sum(distinct y)>=1]
            select count(distinct x), 1 from orders                      → items[count(distinct <x>), <1>] body<from orders> finish[<count(distinct x)>=0]
            select json_arrayagg(x) from orders                          → TL0126
            select count(all x) from orders                              → TL0126
            select sum(*) from orders                                    → TL0126
            select count() from orders                                   → TL0126
            select any_value(x) from orders                              → TL0126
            select 1 from orders having count(*) > 1                     → items[<1>] body<from orders> having<count(*) > 1> finish[<count(*)>=0]
            select 1 from orders order by count(*)                       → items[<1>] body<from orders> order[<count(*)>] finish[<count(*)>=0]
            select count(*) from orders order by count(*)                → items[count(*)] body<from orders> order[#1]
            select distinct count(*) from orders                         → distinct items[count(*)] body<from orders> finish[<count(*)>=0]
            """)
    @Case("H29")
    void readsAggregatesOfAllRows(String sql, String expected) {
        assertThat(ScatterNotation.read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select a, count(*) from orders group by a                    → items[<a>, count(*)] body<from orders> group[<a>=0]
            select count(*), a from orders where x group by 2 limit 1    → items[count(*), <a>] body<from orders where x> group[<2>=1] limit 1
            select count(*) from orders group by a, lower(b)             → items[count(*)] body<from orders> group[<a>=-1, <lower(b)>=-1]
            select o.a, count(*) from orders o group by a                → items[<o.a>, count(*)] body<from orders o> group[<a>=0]
            select a, count(*) from orders o group by o.a                → items[<a>, count(*)] body<from orders o> group[<o.a>=0]
            select o.a as a, count(*) from orders o group by a           → items[<o.a> a, count(*)] body<from orders o> group[<a>=0]
            select "a", count(*) from orders group by A                  → items[<"a">, count(*)] body<from orders> group[<A>=0]
            select "A", count(*) from orders group by a                  → TL0127
            select date_trunc('day', a) d, count(*) from orders group by date_trunc('day', a) → items[<date_trunc('day', a)> d, count(*)] body<from orders> group[<date_trunc('day', a)>=0]
            select date_trunc('day', a) d, count(*) from orders group by 1 order by 1 desc → items[<date_trunc('day', a)> d, count(*)] body<from orders> group[<1>=0] order[#1 desc nulls first]
            select lower(o.a), count(*) from orders o group by lower(a)  → items[<lower(o.a)>, count(*)] body<from orders o> group[<lower(a)>=0]
            select date_trunc('day', a) d, count(*) from orders group by d → items[<date_trunc('day', a)> d, count(*)] body<from orders> group[<d>=0] names[d]
            select date_trunc('day', a) d, count(*) * 2 from orders group by d order by d → items[<date_trunc('day', a)> d, <count(*) * 2>] body<from orders> group[<d>=0] order[d] names[d] finish[<date_trunc('day', a)>=0, <count(*)>=1]
            select date_trunc('day', d) d, count(*) from orders group by d → items[<date_trunc('day', d)> d, count(*)] body<from orders> group[<d>=-1] finish[<d>=0, <count(*)>=1]
            select a d, b d, count(*) from orders group by d             → TL0127
            select count(*) d from orders group by d                     → TL0127
            select b as a, count(*) from orders group by a               → items[<b> a, count(*)] body<from orders> group[<a>=0] names[a]
            select lower(a), count(*) from orders group by lower         → TL0127
            select b, x + a, count(*) from orders group by b, x + a, a   → items[<b>, <x + a>, count(*)] body<from orders> group[<b>=0, <x + a>=1, <a>=-1]
            select b, a(x), count(*) from orders group by b, a(x), a     → TL0127
            select b, x::a, count(*) from orders group by b, x::a, a     → TL0127
            select a, b, count(*) from orders group by a                 → TL0127
            select a + 1, count(*) from orders group by a                → items[<a + 1>, count(*)] body<from orders> group[<a>=-1] finish[<a>=0, <count(*)>=1]
            select a, sum(b) / count(*) from orders group by a           → items[<a>, <sum(b) / count(*)>] body<from orders> group[<a>=0] finish[<a>=0, <sum(b)>=1, <count(*)>=2]
            select a, count(*) from orders group by 2                    → TL0127
            select a, count(*) from orders group by 3                    → TL0127
            select a, count(*) from orders group by 'a'                  → TL0127
            select *, count(*) from orders group by 1                    → TL0127
            select a, count(*) from orders group by a having count(*) > 1 → items[<a>, count(*)] body<from orders> group[<a>=0] having<count(*) > 1> finish[<a>=0, <count(*)>=1, <count(*)>=2]
            select a, count(*) from orders group by a having a > 1       → items[<a>, count(*)] body<from orders> group[<a>=0] having<a > 1> finish[<a>=0, <count(*)>=1, <a>=0]
            select distinct a, count(*) from orders group by a           → distinct items[<a>, count(*)] body<from orders> group[<a>=0] finish[<a>=0, <count(*)>=1]
            select a, count(*) n from orders group by a order by n desc, a → items[<a>, count(*) n] body<from orders> group[<a>=0] order[n desc nulls first, a]
            select a, count(*) from orders group by a order by count(*) desc limit 3 → items[<a>, count(*)] body<from orders> group[<a>=0] order[#2 desc nulls first] limit 3
            select a, count(*) from orders group by a order by count     → items[<a>, count(*)] body<from orders> group[<a>=0] order[count]
            select count(*) from orders group by a order by a            → items[count(*)] body<from orders> group[<a>=-1] order[a]
            select count(*) from orders group by lower(a) order by lower(a) → items[count(*)] body<from orders> group[<lower(a)>=-1] order[<lower(a)>]
            select a, count(*) from orders group by a order by sum(b)    → items[<a>, count(*)] body<from orders> group[<a>=0] order[<sum(b)>] finish[<a>=0, <count(*)>=1, <sum(b)>=2]
            select a, count(*) from orders group by a order by b         → TL0128
            select a, count(*) from orders group by a order by lower(a)  → items[<a>, count(*)] body<from orders> group[<a>=0] order[<lower(a)>] finish[<a>=0, <count(*)>=1, <a>=0]
            select a from orders group by a                              → items[<a>] body<from orders> group[<a>=0]
            select c.name, sum(o.total) from orders o join countries c on c.code = o.c group by c.name → items[<c.name>, sum(<o.total>)] body<from orders o join countries c on c.code = o.c> group[<c.name>=0]
            """)
    @Case({"H29", "H30"})
    void readsGroupsOfWhichShardsHaveParts(String sql, String expected) {
        assertThat(ScatterNotation.read(sql)).isEqualTo(expected);
    }

    /** Of expressions over groups only the substituted stretches may depend on rows. */
    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            lower(a) || b, sum(c) group by lower(a), b                   → <lower(a)>=0 <b>=1 <sum(c)>=2
            o.a + count(*) group by a                                    → TL0127
            o.a + count(*), a group by a                                 → <o.a>=0 <count(*)>=1 <a>=0
            a + count(*) group by o.a                                    → <a>=0 <count(*)>=1
            1 + count(*), a + b group by a + b                           → <count(*)>=1 <a + b>=0
            1 + count(*), (a + b) * 2 group by a + b                     → <count(*)>=1 <a + b>=0
            1 + count(*), abs(a + b) group by a + b                      → <count(*)>=1 <a + b>=0
            1 + count(*), a + b * 2 group by a + b                       → TL0127
            1 + count(*), a + b * 2 group by a + b, a, b                 → <count(*)>=3 <a>=1 <b>=2
            1 + count(*), 2 * a + b group by a + b                       → TL0127
            d::date + 1, count(*) * 2 group by d::date                   → <d::date>=0 <count(*)>=1
            d::date::text, count(*) * 2 group by d::date                 → <d::date>=0 <count(*)>=1
            d::date, count(*) * 2 group by d                             → <d>=0 <count(*)>=1
            -d::int, count(*) * 2 group by d::int                        → <d::int>=0 <count(*)>=1
            d, count(*) * 2 group by d::date                             → TL0127
            max(d)::date + date, count(*) group by date                  → <max(d)>=1 <date>=0 <count(*)>=2
            date '2024-01-01' + count(*)::int, date group by date        → <count(*)>=1 <date>=0
            cast(sum(x) as numeric(9, 2)), cast(a as double precision) group by a → <sum(x)>=1 <a>=0
            case a when 1 then sum(x) else -max(y) end group by a        → <a>=0 <sum(x)>=1 <max(y)>=2
            extract(epoch from max(x)), trim(both 'x' from a) group by a → <max(x)>=1 <a>=0
            max(x) at time zone 'UTC', at group by at                    → <max(x)>=1 <at>=0
            sum(x) between 1 and $1, a is distinct from 2 group by a     → <sum(x)>=1 <a>=0
            sum(x) filter (where y) + 1, pg_catalog.count(*) * 2         → <sum(x) filter (where y)>=0 <pg_catalog.count(*)>=1
            array[a, count(*)], (array_fill(count(*), array[2]))[1] group by a → <a>=0 <count(*)>=1 <count(*)>=2
            coalesce(sum(x), 0) = any (array[1, 2])                      → <sum(x)>=0
            sum(x) collate "C"                                           → <sum(x)>=0
            sum(x) collate "de-x-icu"                                    → TL0127
            min(x collate "C") || ''                                     → TL0127
            a || '', count(*) group by a collate "C"                     → TL0127
            sum(x) + c                                                   → TL0127
            sum(x) + t.c                                                 → TL0127
            sum(x) + "end"                                               → TL0127
            row(count(*), o)                                             → TL0127
            count(*) + (select 1)                                        → TL0127
            count(*) > all (select 1 from countries)                     → TL0127
            (max(x)).y                                                   → TL0127
            count(*) + my_function(1)                                    → TL0126
            count(*) + app.round(1)                                      → TL0127
            count(*) + generate_series(1, 3)                             → TL0126
            count(*), pg_typeof(max(x))                                  → TL0126
            count(*), max(x)::regclass                                   → TL0127
            make_interval(days => count(*)::int)                         → TL0127
            count(*) operator(pg_catalog.+) 1                            → TL0126
            count(*) + 1, count(*) over ()                               → TL0121
            count(*) + array_agg(x)                                      → <count(*)>=0 <array_agg(x)>=1
            array_length(array_agg(x order by y), 1) + a group by a      → <array_agg(x order by y)>=1 <a>=0
            a, string_agg(x, a) group by a                               → <a>=0 <string_agg(x, a)>=1
            percentile_cont(0.5) within group (order by x) + 1           → <percentile_cont(0.5) within group (order by x)>=0
            percentile_cont(a) within group (order by x) group by a      → TL0127
            rank(1) within group (order by x)                            → TL0126
            sum(x) + stddev(x) - sum(y, z)                               → TL0126
            count(distinct x) + count(distinct y)                        → <count(distinct x)>=0 <count(distinct y)>=1
            count(distinct x) + sum(distinct x)                          → <count(distinct x)>=0 <sum(distinct x)>=1
            """)
    @Case("H29")
    void substitutesWhatGroupsHave(String selected, String expected) {
        String sql = "select "
                + (selected.contains(" group by ")
                        ? selected.replace(" group by ", " from orders o group by ")
                        : selected + " from orders o");

        String read = ScatterNotation.read(sql);

        int finish = read.indexOf(" finish[");
        String substitutes = finish < 0 ? read : read.substring(finish + " finish[".length(), read.length() - 1);
        assertThat(substitutes.replace(", <", " <")).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select customer_id, count(*) from orders group by customer_id → whole items[<customer_id>, count(*)] body<from orders> group[<customer_id>=0]
            select o.customer_id c, string_agg(x, ',') from orders o group by 1 → whole items[<o.customer_id> c, <string_agg(x, ',')>] body<from orders o> group[<1>=0]
            select count(*) from orders group by total, orders.customer_id having sum(total) > 5 order by avg(total) → whole items[count(*)] body<from orders> group[<total>=-1, <orders.customer_id>=-1] having<sum(total) > 5> order[<avg(total)>]
            select customer_id, a, sum(distinct b) + 1 from orders group by customer_id → whole items[<customer_id>, <a>, <sum(distinct b) + 1>] body<from orders> group[<customer_id>=0]
            select total as customer_id, count(*) from orders group by customer_id → whole items[<total> customer_id, count(*)] body<from orders> group[<customer_id>=-1]
            select customer_id, percentile_cont(0.5) within group (order by x) from orders group by customer_id → whole items[<customer_id>, <percentile_cont(0.5) within group (order by x)>] body<from orders> group[<customer_id>=0]
            select distinct customer_id, count(*) from orders group by customer_id, a → whole distinct items[<customer_id>, count(*)] body<from orders> group[<customer_id>=0, <a>=-1]
            select distinct count(*) from orders group by customer_id     → distinct items[count(*)] body<from orders> group[<customer_id>=-1] finish[<count(*)>=1]
            select customer_id as c, count(*) from orders group by c      → whole items[<customer_id> c, count(*)] body<from orders> group[<c>=0] names[c]
            select customer_id + 0, string_agg(a, b) from orders group by customer_id + 0 → items[<customer_id + 0>, <string_agg(a, b)>] body<from orders> group[<customer_id + 0>=0] finish[<customer_id + 0>=0, <string_agg(a, b)>=1]
            select customer_id::text, array_agg(a) from orders group by customer_id::text → items[<customer_id::text>, array_agg(<a>)] body<from orders> group[<customer_id::text>=0] finish[<customer_id::text>=0, <array_agg(a)>=1]
            select customer_id, sum(a) + 1 from orders group by a, lower(customer_id) → TL0127
            select c.id, array_agg(o.x) from customers c left join orders o on o.customer_id = c.id group by c.id → whole items[<c.id>, array_agg(<o.x>)] body<from customers c left join orders o on o.customer_id = c.id> group[<c.id>=0]
            select o.customer_id, array_agg(o.x) from customers c left join orders o on o.customer_id = c.id group by o.customer_id → items[<o.customer_id>, array_agg(<o.x>)] body<from customers c left join orders o on o.customer_id = c.id> group[<o.customer_id>=0] finish[<o.customer_id>=0, <array_agg(o.x)>=1]
            select o.customer_id, count(*) from customers c left join orders o on o.customer_id = c.id group by o.customer_id → items[<o.customer_id>, count(*)] body<from customers c left join orders o on o.customer_id = c.id> group[<o.customer_id>=0]
            select distinct o.customer_id from customers c left join orders o on o.customer_id = c.id → distinct items[<o.customer_id>] body<from customers c left join orders o on o.customer_id = c.id>
            select distinct c.id, o.x from customers c left join orders o on o.customer_id = c.id → whole distinct items[<c.id>, <o.x>] body<from customers c left join orders o on o.customer_id = c.id>
            select distinct o.* from customers c left join orders o on o.customer_id = c.id → distinct items[<o.*>] body<from customers c left join orders o on o.customer_id = c.id>
            select distinct c.*, o.x from customers c left join orders o on o.customer_id = c.id → whole distinct items[<c.*>, <o.x>] body<from customers c left join orders o on o.customer_id = c.id>
            select distinct r.* from orders o, countries r                → distinct items[<r.*>] body<from orders o, countries r>
            """)
    @Case({"H29", "H31"})
    void knowsGroupsThatLieOnOneShard(String sql, String expected) {
        assertThat(ScatterNotation.read(sql)).isEqualTo(expected);
    }
}
