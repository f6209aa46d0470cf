// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which INSERT ... SELECT may run on every shard; the notation is that of {@link SpreadNotation}, a refusal is its code. */
class SpreadInsertSelectTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select id, 1 from customers                                  → everywhere
            select c.id, c.* from customers c                            → everywhere
            (select id, 1 from customers)                                → everywhere
            select o.customer_id, o.x from orders o where o.x > $1       → everywhere
            select c.id, r.x from customers c join countries r on r.code = c.x → everywhere
            select c.id, r.x from customers c left join countries r on r.code = c.x → everywhere
            select o.customer_id, c.x from customers c join orders o on o.customer_id = c.id → everywhere
            select c.id, o.x from customers c left join orders o on o.customer_id = c.id → everywhere
            select o.customer_id, c.x from customers c left join orders o on o.customer_id = c.id → TL0112
            select o.customer_id, c.x from customers c join orders o on o.x = c.id → TL0124
            select c.id, g from customers c, generate_series(1, c.x) g   → everywhere calls[generate_series]
            select c.id, unnest(c.tags) from customers c                 → everywhere calls[unnest]
            select c.id, gen_random_uuid() from customers c              → everywhere calls[gen_random_uuid]
            select c.id, random() from customers c, generate_series(1, 2) → TL0123
            select c.id, r from customers c, random() r                  → TL0123
            select c.id, r from customers c join (countries k cross join random() r) on true → TL0123
            select c.id, r from customers c, (select random() r) q       → TL0125
            select id, max(x) from customers group by id                 → everywhere calls[max]
            select id, max(x) from customers group by id having count(*) > 1 → everywhere calls[count, max]
            select max(id), 1 from customers                             → TL0127
            select min(id), x from customers group by x                  → TL0127
            select id, 1 from customers group by rollup(id)              → TL0127
            select distinct id, x from customers                         → everywhere
            select distinct x, id from customers                         → TL0112
            select distinct on (id) id, x from customers order by id, y  → everywhere
            select distinct on (x) id, x from customers order by x       → TL0127
            select id, row_number() over (partition by id order by x) from customers → everywhere calls[row_number]
            select id, row_number() over (order by x) from customers     → TL0121
            select id, x from customers order by x                       → everywhere
            (select id, x from customers) order by x                     → everywhere
            select id, x from customers limit 5                          → TL0125
            select id, x from customers order by x offset 2              → TL0125
            (select id, x from customers) limit 5                        → TL0125
            select id, x from customers for update                       → TL0121
            select id, x from customers union all select customer_id, y from orders → everywhere
            select id, x from customers union all select customer_id, y from orders order by 1 → everywhere
            select id, x from customers union select customer_id, y from orders → everywhere
            select id, x from customers except select customer_id, y from orders → TL0112
            select id, x from customers intersect select code, 1 from countries → TL0141
            select customer_id, a.x from orders a join orders b using (customer_id) → everywhere
            select id, x from customers c join countries r using (id)    → TL0112
            select c.id, x from customers c join countries r using (x)   → TL0112
            select q.id, 1 from (select id from customers join rates using (id)) q → TL0112
            select id, x from customers union all select y, customer_id from orders → TL0112
            select id, x from customers union all select code, 1 from countries → TL0141
            select id, x from customers union all (select customer_id, y from orders limit 1) → TL0125
            select s.k, s.x from (select id k, x from customers) s       → everywhere
            select s.k, s.x from (select id k, x from customers limit 2) s → TL0125
            with w as (select id, x from customers) select w.id, w.x from w → everywhere
            select id, (select max(r.x) from rates r) from customers     → everywhere calls[max]
            select id, (select max(o.x) from orders o where o.customer_id = c.id) from customers c → everywhere calls[max]
            select id, (select max(o.x) from orders o) from customers c  → TL0127
            select id, x from customers c where exists (select 1 from orders o where o.customer_id = c.id) → everywhere
            select id, x from customers where id in (select customer_id from orders) → everywhere
            select id, x from customers where x in (select customer_id from orders) → TL0125
            select id + 0, x from customers                              → TL0112
            select id::int8, x from customers                            → TL0112
            select coalesce(id, 1), x from customers                     → TL0112
            select (id), x from customers                                → TL0112
            select x, id from customers                                  → TL0112
            select *, 1 from customers                                   → TL0112
            select c.*, c.id from customers c                            → TL0112
            select tenant, x from events                                 → TL0112
            select 5, id from customers                                  → TL0112
            select $1, id from customers                                 → TL0112
            select code, 1 from countries                                → TL0112
            select g, 1 from generate_series(1, 100) g                   → TL0112
            select unnest(array[1, 2]), 1                                → TL0112
            select k, x from (values (1, 2), (3, 4)) v(k, x)             → TL0112
            select id, ctid from customers                               → TL0123
            select all id, x from customers                              → TL0104
            select c.id, x from customers c natural join orders          → TL0124
            select id, array(select x from rates) from customers         → TL0125
            select id, x from customers tablesample system (10)          → TL0121
            select id, relname from customers, pg_class                  → TL0123
            """)
    void runsWhereEachRowBringsItsKey(String query, String expected) {
        assertThat(SpreadNotation.read("insert into orders (customer_id, x) " + query))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            returning *                                                  → everywhere returning
            returning id, total as "where"                               → everywhere returning
            on conflict do nothing                                       → everywhere
            on conflict (id) do nothing returning id                     → everywhere returning
            on conflict (id) do update set total = excluded.total, x = orders.x + 1 where orders.x > 5 → everywhere
            on conflict on constraint c do update set customer_id = excluded.customer_id → everywhere
            on conflict (id) do update set customer_id = 5               → TL0113
            on conflict (id) do update set total = (select count(*) from orders) → TL0127
            on conflict (id) do update set total = (select random())     → TL0125
            order by x                                                   → everywhere
            order by x on conflict do nothing                            → everywhere
            order by x returning id                                      → TL0128
            returning (select count(*) from customers)                   → TL0127
            returning ctid                                               → TL0123
            """)
    void keepsWhatFollowsTheQuery(String tail, String expected) {
        assertThat(SpreadNotation.read("insert into orders (customer_id, x) select c.id, c.x from customers c " + tail))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            insert into orders select * from orders                      → TL0109
            insert into orders (x) select id from customers              → TL0110
            insert into orders (customer_id) overriding user value select id from customers → TL0110
            insert into orders (customer_id) overriding system value select id from customers → everywhere
            insert into public.orders as o (x, customer_id) select 1, id from customers → everywhere
            insert into events (tenant) select id from customers         → TL0112
            insert into countries (code) select id from customers        → TL0116
            with w as (select id, x from customers) insert into orders (customer_id, x) select w.id, w.x from w → everywhere
            with w as (select id, x from customers) insert into orders (customer_id) select a.id from w a join w b on a.id = b.id → everywhere
            with w as (select id, x from customers limit 3) insert into orders (customer_id) select w.id from w → TL0125
            with w as (select random() r) insert into orders (customer_id, x) select c.id, w.r from customers c, w → TL0125
            with w as (delete from customers returning id) insert into orders (customer_id) select w.id from w → TL0121
            with w as (delete from customers returning id) insert into orders (customer_id) select o.customer_id from orders o → TL0130
            with w as (select id from customers) insert into orders (customer_id) select w.id from w on conflict (customer_id) do nothing returning * → everywhere returning
            insert into orders (customer_id) select id from customers join countries on conflict(code) → TL0122
            explain insert into orders (customer_id) select id from customers → KEYED
            """)
    void readsTheHead(String sql, String expected) {
        assertThat(SpreadNotation.read(sql)).isEqualTo(expected);
    }
}
