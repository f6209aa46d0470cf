// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Case;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which sub-queries over sharded tables a query over several shards may have; the tables are those of {@link ScatterNotation}. */
class ScatterSubqueryTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select 1 from customers c where exists (select 1 from orders o where o.customer_id = c.id and o.x > 5) → scattered
            select 1 from customers c where not exists (select 1 from orders o where c.id = o.customer_id) → scattered
            select 1 from customers c where exists (select 1 from orders o, orders p where o.customer_id = c.id and p.customer_id = o.customer_id) → scattered
            select 1 from customers c where exists (select 1 from orders o join countries r on r.code = o.c where o.customer_id = c.id) → scattered
            select 1 from customers c where exists (select 1 from countries r where exists (select 1 from orders o where o.customer_id = c.id and o.c = r.code)) → scattered
            select 1 from customers c where x = (select max(o.x) from orders o where o.customer_id = c.id) → scattered
            select (select o.x from orders o where o.customer_id = c.id order by o.at desc limit 1) from customers c → scattered
            select (select string_agg(o.x, ',') from orders o where o.customer_id = c.id) from customers c → scattered
            select (select rank() over (order by o.x) from orders o where o.customer_id = c.id limit 1) from customers c → scattered
            select (select count(*) from orders o where o.customer_id = c.id) n from customers c order by n → scattered
            select sum((select count(*) from orders o where o.customer_id = c.id)) from customers c → scattered
            select 1 from customers c left join orders o on o.customer_id = c.id and exists (select 1 from orders p where p.customer_id = o.customer_id) → scattered
            select c.id, count(*) from customers c group by c.id having exists (select 1 from orders o where o.customer_id = c.id) → scattered
            select 1 from customers c where exists (select 1 from orders o)                → TL0125
            select 1 from customers c where exists (select 1 from orders o where o.x = c.id) → TL0125
            select 1 from customers c where exists (select 1 from orders o where o.customer_id = c.x) → TL0125
            select 1 from customers c where exists (select 1 from orders o where o.customer_id = c.id or o.x) → TL0125
            select 1 from customers c where exists (select 1 from events e where e.tenant = c.id) → TL0125
            select 1 from customers c where exists (select 1 from orders o, orders p where o.customer_id = c.id) → TL0124
            select 1 from customers c where exists (select 1 from countries r left join orders o on o.c = r.code where r.code = c.x) → TL0124
            select 1 from customers c where exists (select 1 from orders o left join orders p on p.customer_id = c.id where o.customer_id = c.id) → TL0124
            select (select max(x) from orders o where o.customer_id = c.id) from customers c → TL0125
            select (select sum(c.x) from orders o where o.customer_id = c.id) from customers c → TL0125
            select 1 from customers c where x = (select o.x from orders o where o.customer_id = c.id for update) → TL0121
            select 1 from customers c where exists (select 1 from pg_class where c.id = 1)  → TL0123
            """)
    @Case({"H02", "H31"})
    void tiesRowsToTheRowAroundThem(String sql, String expected) {
        assertThat(verdict(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select 1 from customers c where c.id in (select customer_id from orders)        → scattered
            select 1 from customers c where c.id not in (select customer_id from orders where x > 1) → scattered
            select 1 from customers c where not (c.id in (select o.customer_id from orders o where o.x = c.x)) → scattered
            select 1 from customers c where (c.x, c.id) in (select o.x, o.customer_id from orders o) → scattered
            select 1 from customers c where c.id = any (select customer_id from orders)     → scattered
            select 1 from customers c where c.id in (select customer_id from orders group by customer_id having count(*) > 1) → scattered
            select 1 from customers c where c.id in (select customer_id from orders union select id from customers where x) → scattered
            select 1 from customers c where c.id in (select customer_id from orders except select code from countries) → TL0141
            select 1 from customers c where c.id in (select code from countries intersect select customer_id from orders) → TL0141
            select c.id in (select customer_id from orders) from customers c                → scattered
            select 1 from customers c where c.id in (select x from orders)                  → TL0125
            select 1 from customers c where c.x in (select customer_id from orders)         → TL0125
            select 1 from customers c where c.id in (select o.customer_id + 0 from orders o) → TL0125
            select 1 from customers c where c.id in (select tenant from events)             → TL0125
            select 1 from customers c where c.id in (select customer_id from orders limit 5) → TL0125
            select 1 from customers c where c.id in (select max(customer_id) from orders)   → TL0125
            select 1 from customers c where c.id <> all (select customer_id from orders)    → TL0125
            select 1 from customers c where c.id < any (select customer_id from orders)     → TL0125
            select 1 from customers c where c.id = (select customer_id from orders)         → TL0125
            select 1 from customers c where c.id in (select customer_id from orders union select code from countries) → TL0141
            select 1 from customers c where c.id in (select code from countries except select customer_id from orders) → TL0141
            select 1 from customers c left join orders o on o.customer_id = c.id where o.customer_id not in (select p.customer_id from orders p) → TL0125
            select 1 from customers c where c.id not in (select p.customer_id from customers d left join orders p on p.customer_id = d.id) → TL0125
            """)
    @Case({"H02", "H31"})
    void looksForTheKeyAmongKeys(String sql, String expected) {
        assertThat(verdict(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select 1 from (select * from orders where x > 1) o                              → scattered
            select 1 from (select customer_id k, x from orders) o join customers c on c.id = o.k → scattered
            select 1 from (select x, customer_id from orders) o (a, b) join customers c on c.id = o.b → scattered
            select 1 from customers c left join (select * from orders) o on o.customer_id = c.id → scattered
            select 1 from customers c left join (select customer_id, count(*) n from orders group by customer_id) o using (customer_id) → TL0124
            select 1 from orders c left join (select customer_id, count(*) n from orders group by customer_id) o using (customer_id) → scattered
            select 1 from customers c join (select distinct customer_id, x from orders) o on o.customer_id = c.id → scattered
            select 1 from (select c.id, o.x from customers c join orders o on o.customer_id = c.id) j join orders p on p.customer_id = j.id → scattered
            select 1 from (select distinct on (customer_id) customer_id, x from orders order by customer_id, x) o → scattered
            select 1 from (select customer_id, rank() over (partition by customer_id order by x) r from orders) o where r = 1 → scattered
            select 1 from (select customer_id from orders union all select id from customers) u → scattered
            select 1 from (select customer_id k from orders union all select id from customers) u join orders o on o.customer_id = u.k → scattered
            select 1 from (select x from orders union all select y from customers) u        → scattered
            select o.customer_id, count(*) from (select customer_id from orders) o group by o.customer_id having count(*) > 1 → scattered
            select 1 from customers c, lateral (select * from orders o where o.customer_id = c.id order by o.x limit 3) l → scattered
            select 1 from customers c left join lateral (select sum(o.x) s from orders o where o.customer_id = c.id) l on true → scattered
            select 1 from customers c cross join lateral (select o.customer_id from orders o) l where l.customer_id = c.id → scattered
            select 1 from orders o, generate_series(1, o.n) g                              → scattered
            select 1 from (select x from orders) o join customers c on c.id = o.x           → TL0124
            select 1 from (select x as customer_id from orders) o join customers c on c.id = o.customer_id → TL0124
            select 1 from (select * from orders) o (customer_id) join customers c on c.id = o.customer_id → TL0124
            select 1 from (select sum(x) from orders) o                                     → TL0127
            select 1 from (select x, count(*) from orders group by x) o                     → TL0127
            select 1 from (select distinct x from orders) o                                 → TL0127
            select 1 from (select distinct on (x) x, customer_id from orders order by x) o  → TL0127
            select 1 from (select distinct on (customer_id) x as customer_id from orders) o → TL0127
            select 1 from (select rank() over (partition by x) from orders) o               → TL0121
            select 1 from (select rank() over w from orders window w as (partition by customer_id)) o → TL0121
            select 1 from (select * from orders limit 5) o                                  → TL0125
            select 1 from (select * from orders order by x) o                               → TL0125
            select 1 from (select * from orders union select * from orders) o               → TL0141
            select 1 from (select customer_id from orders union all select code from countries) u → TL0141
            select 1 from customers c, lateral (select sum(o.x) s from orders o where o.x = c.id) l → TL0127
            select 1 from countries r left join (select * from orders) o on o.c = r.code    → TL0124
            select distinct * from (select x from orders) o                                 → parts
            select distinct * from (select customer_id from orders) o                       → scattered
            """)
    @Case({"H02", "H31"})
    void carriesKeysThroughQueriesInFrom(String sql, String expected) {
        assertThat(verdict(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            with x as (select * from orders) select * from x                                → items[<*>] body<from x>
            with x as materialized (select customer_id k from orders), y as (select * from x) select a.k from x a join y b on b.k = a.k → items[<a.k>] body<from x a join y b on b.k = a.k>
            with x (k) as (select customer_id from orders) select k from x group by k having count(*) > 1 → whole items[<k>] body<from x> group[<k>=0] having<count(*) > 1>
            with x as (select * from orders) select count(*) from x                         → items[count(*)] body<from x>
            with x as (select code from countries) select * from orders where c in (select code from x) order by 1 limit 2 → items[<*>] body<from orders where c in (select code from x)> order[#1] limit 2
            with recursive n(i) as (select 1 union all select i + 1 from n where i < 5) select * from orders join n on n.i = x → items[<*>] body<from orders join n on n.i = x>
            with x as (select 1) select * from orders                                       → items[<*>] body<from orders>
            with x as (select sum(total) from orders) select * from x                       → TL0127
            with x as (select * from orders limit 1) select * from x                        → TL0125
            with x as (select * from orders) select * from x a, x b                         → TL0124
            with x as (delete from orders returning *) select * from customers              → TL0121
            with recursive a as (select n from b), b as (select count(*) as n from orders) select c.id, a.n from customers c, a → TL0121
            with recursive a as (select x from b), b as (select x from orders) select count(*) from customers c join a on a.x = c.x → TL0121
            with recursive n as (select customer_id from orders union all select customer_id from n) select * from n → TL0141
            with x as (select * from orders) select 1 from customers c where exists (select 1 from x where x.customer_id = c.id) → items[<1>] body<from customers c where exists (select 1 from x where x.customer_id = c.id)>
            """)
    @Case("H31")
    void takesCommonTableExpressionsForWhatTheyAre(String sql, String expected) {
        assertThat(ScatterNotation.read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select * from orders union all select * from orders                             → whole items[] body<select * from orders union all select * from orders>
            select a from orders union all select b from customers order by 1 desc, a limit 3 offset 2 → whole items[] body<select a from orders union all select b from customers> order[#1 desc nulls first, a] limit 3 offset 2
            (select a from orders) union all (select b from events)                         → whole items[] body<(select a from orders) union all (select b from events)>
            with x as (select * from orders) select a from x union all select b from x      → whole items[] body<select a from x union all select b from x>
            select customer_id, a from orders union select id, b from customers             → whole items[] body<select customer_id, a from orders union select id, b from customers>
            select customer_id, a from orders intersect all select id, b from customers     → whole items[] body<select customer_id, a from orders intersect all select id, b from customers>
            select customer_id from orders except select id from customers                  → whole items[] body<select customer_id from orders except select id from customers>
            select customer_id from orders except select code from countries                → TL0141
            select a from orders union select b from customers order by a                   → distinct items[] body<select a from orders union select b from customers> order[a]
            select a from orders union select code from countries                           → distinct items[] body<select a from orders union select code from countries>
            select a from orders union all select b from orders union select 1              → distinct items[] body<select a from orders union all select b from orders union select 1>
            select a from orders union select b from orders union all select c from orders  → TL0141
            select a from orders union all select code from countries                       → TL0141
            select code from countries union all select a from orders                       → TL0141
            select a from orders intersect select b from customers                          → TL0141
            select a from orders except select b from customers                             → TL0141
            select customer_id, a from orders except select b, id from customers            → TL0141
            select customer_id from orders union all select tenant from events intersect select code from countries → TL0141
            select customer_id from orders union select tenant from events                  → distinct items[] body<select customer_id from orders union select tenant from events>
            select customer_id from orders except select tenant from events                 → TL0141
            select a from orders union all select count(*) from orders                      → TL0127
            select a from orders union all (select b from orders limit 1)                   → TL0125
            select a from orders union all select b from orders for update                  → TL0121
            select a from orders union all select b from orders order by a + 1              → TL0128
            select a from orders union all select b from orders limit 1 + 1                 → TL0125
            select a from orders union all select 1 from customers, orders                  → TL0124
            """)
    @Case("H31")
    void dividesSetOperations(String sql, String expected) {
        assertThat(ScatterNotation.read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select customer_id, rank() over (partition by customer_id order by x) from orders → scattered
            select sum(x) over (partition by a, o.customer_id), lag(x) over (partition by customer_id order by y) from orders o order by 1 → scattered
            select customer_id, sum(count(*)) over (partition by customer_id) from orders group by customer_id, x → scattered
            select x from orders order by rank() over (partition by customer_id order by y)  → scattered
            select rank() over (partition by x) from orders                                  → TL0121
            select rank() over (order by customer_id) from orders                            → TL0121
            select rank() over (partition by customer_id), rank() over () from orders        → TL0121
            select rank() over w from orders window w as (partition by customer_id)          → TL0121
            select sum(count(*)) over (partition by x) from orders group by x                → TL0127
            select rank() over (partition by o.customer_id) from customers c left join orders o on o.customer_id = c.id → TL0121
            select distinct on (customer_id) customer_id, x from orders order by customer_id, x desc limit 3 → scattered
            select distinct on (x, o.customer_id) o.* from orders o                          → scattered
            select distinct on (x) x, customer_id from orders                                → TL0127
            select distinct on (customer_id) x as customer_id from orders                    → TL0127
            select distinct on (customer_id) r.* from orders o, countries r                  → TL0127
            select distinct on (customer_id) o.* from orders o, countries r                  → scattered
            """)
    @Case({"H28", "H31"})
    void keepsWindowsAndDistinctOnWithTheKey(String sql, String expected) {
        assertThat(verdict(sql)).isEqualTo(expected);
    }

    private static String verdict(String sql) {
        ShardingShape shape = ScatterNotation.shape(sql);
        if (shape.scatter() != null
                && shape.scatter().distinct()
                && !shape.scatter().keepsGroupsWhole()) {
            return "parts";
        }
        return shape.scatter() != null ? "scattered" : ScatterNotation.read(sql);
    }
}
