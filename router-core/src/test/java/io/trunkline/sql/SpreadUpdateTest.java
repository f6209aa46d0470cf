// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Case;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which UPDATEs and DELETEs may run on every shard as they are; the notation is that of {@link SpreadNotation}, a refusal is its code. */
class SpreadUpdateTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            update orders set total = 1                                  → everywhere
            update orders set total = total + 1 where total > 5          → everywhere
            update orders set total = 1 where customer_id in (1, 2)      → everywhere
            update public.orders as o set total = 1 where o.total is distinct from 5 → everywhere
            update only orders set total = 1                             → TL0101
            update orders set total = default, a = b                     → everywhere
            update orders set (a, b) = (1, 2)                            → everywhere
            update orders set (a, b) = (1, 2), c = 3                     → everywhere
            update orders set c = 3, (a, b) = (1, 2)                     → TL0101
            update orders set (a, b) = row(1, 2)                         → TL0101
            update orders set customer_id = customer_id, total = 1       → everywhere
            update orders set total = 1 returning *                      → everywhere returning
            update orders o set total = 1 returning o.total as returned  → everywhere returning
            update orders o set total = 1 where o.from = 1               → everywhere
            update orders o set total = o.from                           → everywhere
            update orders set total = 1;                                 → everywhere
            delete from orders                                           → everywhere
            delete from only orders where total > 5                      → TL0101
            delete from orders o where o.total in (1, 2) returning o.id  → everywhere returning
            delete from orders where a is distinct from b and c is not distinct from d → everywhere
            update orders set total = 1 where customer_id = 5            → everywhere
            """)
    void runEverywhereOnOneTable(String sql, String expected) {
        assertThat(SpreadNotation.read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            update orders o set total = r.x from rates r where r.id = o.rate → everywhere
            update orders o set total = r.x from rates r join countries c on c.id = r.c where r.id = o.rate → everywhere
            update orders o set total = r.x from rates r, countries c    → everywhere
            update orders o set total = 1 from rates r left join countries c on c.id = r.c where r.id = o.rate → everywhere
            update orders o set total = c.x from customers c where c.id = o.customer_id → everywhere
            update orders o set total = c.x from customers c join orders p on p.customer_id = c.id where c.id = o.customer_id → everywhere
            update orders o set total = c.x from customers c left join orders p on p.customer_id = c.id where c.id = o.customer_id → everywhere
            update orders o set total = 1 from orders p where p.customer_id = o.customer_id → everywhere
            update orders o set total = x.a from (select a, b from rates) x where x.b = o.b → everywhere
            delete from orders o using countries c where c.id = o.c      → everywhere
            delete from orders o using countries c, rates r where c.id = o.c → everywhere
            delete from orders o using customers c where c.id = o.customer_id returning o.id, c.id → everywhere returning
            delete from orders o using customers c, rates r where c.id = o.customer_id → everywhere
            update orders o set total = 1 from customers c               → TL0124
            update orders o set total = 1 from customers c where c.id = o.id → TL0124
            update orders o set total = 1 from customers c where c.id = o.customer_id or o.a → TL0124
            update orders o set total = 1 from events e where e.tenant = o.customer_id → TL0124
            update orders o set total = 1 from customers c join orders p on p.customer_id = c.id where c.id = 5 → TL0124
            update orders o set total = 1 from customers c left join orders p on p.id = c.id where c.id = o.customer_id → TL0124
            update orders o set total = 1 from customers c right join orders p on p.customer_id = c.id where c.id = o.customer_id → everywhere
            update orders o set total = 1 from customers c full join rates r on r.id = c.id where c.id = o.customer_id → TL0124
            delete from orders o using customers c                       → TL0124
            delete from orders o using customers c where c.name = o.name → TL0124
            delete from orders o using customers c, orders p where c.id = o.customer_id → TL0124
            update orders o set total = 1 from (select * from customers) c where c.id = o.customer_id → everywhere
            update orders o set total = 1 from customers as c (x) where c.x = o.customer_id → TL0123
            update orders o set total = 1 from generate_series(1, 2) x   → TL0123
            update orders o set total = r from (countries c cross join random() r) where c.id = 1 → TL0123
            delete from orders o using (countries c cross join random() r) where o.total < r → TL0123
            update orders o set total = 1 from pg_class c                → TL0123
            update orders o set total = 1 from rates r, lateral (select 1) x → everywhere
            update orders o set total = 1 from rates r tablesample system (5) → TL0121
            update orders o set total = 1 from rates r natural join countries c → TL0121
            """)
    @Case("H02")
    void joinRowsOfTheSameShard(String sql, String expected) {
        assertThat(SpreadNotation.read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            update orders set total = 1 where rate in (select id from rates where x > 1) → everywhere
            update orders o set total = (select max(r.x) from rates r where r.id = o.rate) → everywhere calls[max]
            update orders o set (a, b) = (select r.a, r.b from rates r where r.id = o.rate) → everywhere
            delete from orders where exists (select 1 from countries)    → everywhere
            update orders set total = 1 returning (select count(*) from countries) → everywhere returning calls[count]
            update orders set total = 1 where id in (select id from customers) → TL0125
            update orders set total = (select count(*) from orders p)    → TL0127
            delete from orders o where not exists (select 1 from customers c where c.id = o.customer_id) → everywhere
            delete from orders where id in (select oid from pg_class)    → TL0123
            update orders set total = 1 returning (select count(*) from customers) → TL0127
            delete from orders where id in (select id from rates limit 5) → TL0125
            update orders set total = (select x from rates order by y fetch first row only) → TL0125
            update orders set total = (select distinct on (a) b from rates) → TL0125
            update orders set total = (select string_agg(x, ',') from rates) → TL0125
            update orders set total = (select max(x) from rates)         → TL0125
            update orders set total = (select x from rates for share)    → TL0137
            update orders o set total = v.x from (values (1, 2), (3, 4)) v (id, x) where v.id = o.id → everywhere
            update orders o set total = v.x from (values (1, 2), (3, 4)) as v (id, x) where v.id = o.id → everywhere
            update orders o set total = x.t from (select now() as t) x   → everywhere calls[now]
            update orders o set total = x.u from (select gen_random_uuid() as u) x → TL0125
            update orders o set total = x.u from (values (random())) x (u) → TL0125
            update orders set total = array(select id from rates)        → TL0125
            update orders set total = array[1, 2]                        → everywhere
            update orders set total = (select random())                  → TL0125
            update orders set total = random()                           → everywhere calls[random]
            delete from orders where id in (select r.id from rates r where f(r.id)) → TL0125
            update orders set total = (select rank() over (order by r.x) from rates r) → TL0125
            """)
    void lookIntoReferenceTablesOnly(String sql, String expected) {
        assertThat(SpreadNotation.read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            with x as (select 1) update orders set total = 1             → TL0130
            with x as (select id from rates) delete from orders where id in (select id from x) → TL0130
            with x as (delete from orders returning id) delete from customers → TL0130
            with x as (delete from orders returning id) select * from x  → TL0121
            delete from orders where current of c                        → TL0101
            update orders set total = 1 where current of c               → TL0101
            delete from orders where ctid = '(0,1)'                      → TL0123
            update orders set total = 1 returning xmax                   → TL0123
            delete from orders where orders.tableoid = 5                 → TL0123
            delete from orders where U&"\\0061" = 1                      → TL0104
            update orders set customer_id = 5                            → TL0113
            update orders set customer_id = $2, total = 1 where customer_id = $1 → TL0113
            update orders o set customer_id = c.id from customers c where c.id = o.customer_id → TL0113
            update countries set name = 'x'                              → same words
            update countries set name = o.x from orders o                → TL0116
            delete from countries using orders o where o.c = code        → TL0116
            explain update orders set total = 1                          → KEYED
            explain analyze delete from orders                           → KEYED
            """)
    void refuseWhatIsNotTheSameInParts(String sql, String expected) {
        assertThat(SpreadNotation.read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            update orders set total = f(total), x = pg_catalog.lower(x) where public.g(y) → everywhere calls[f, pg_catalog.lower, public.g]
            update orders set (a, b) = (set(1), "select"(2)), c = 1      → everywhere calls[select, set]
            update orders set total = coalesce(a, nullif(b, c)), d = e::numeric(10, 2) → everywhere
            update orders set total = 1 where x in (1, 2) and (a or b)   → everywhere
            delete from orders where a operator(pg_catalog.=) (b)        → everywhere
            delete from orders returning Lower(x), F (x)                 → everywhere returning calls[f, lower]
            delete from orders where a = set(5)                          → everywhere calls[set]
            delete from orders where a operator(pg_catalog.+) f(5) > 1   → everywhere calls[f]
            delete from orders where x = (select max(r.x) from rates r where pg_catalog.upper(r.y) = 'a') → everywhere calls[max, pg_catalog.upper]
            """)
    void nameTheFunctionsTheyCall(String sql, String expected) {
        assertThat(SpreadNotation.read(sql)).isEqualTo(expected);
    }
}
