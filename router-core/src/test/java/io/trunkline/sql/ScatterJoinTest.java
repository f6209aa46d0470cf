// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Case;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which relations a query over several shards may read together; the tables are those of {@link ScatterNotation}. */
class ScatterJoinTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            customers c join orders o on o.customer_id = c.id                                  → scattered
            customers c join orders o on o.customer_id = c.id and o.total > 5                  → scattered
            customers c, orders o where o.customer_id = c.id                                   → scattered
            customers c cross join orders o where (c.id, 1) = (o.customer_id, 1)               → scattered
            customers c join orders o on true where o.customer_id = c.id and c.x is null       → scattered
            orders a join orders b using (customer_id)                                         → scattered
            orders a left join orders b using (customer_id) left join orders c using (customer_id) → scattered
            orders a left join orders b using (customer_id, id)                                → scattered
            orders a, orders b, orders c where a.customer_id = b.customer_id and b.customer_id = c.customer_id → scattered
            orders o join countries r on r.code = o.c join rates t on t.x = r.x                → scattered
            countries r cross join orders o                                                    → scattered
            countries r left join rates t on t.x = r.x join orders o on o.c = r.code           → scattered
            orders o left join countries r on r.code = o.c                                     → scattered
            orders o left join (countries r left join rates t on t.x = r.x) on r.code = o.c    → scattered
            (customers c join orders o on o.customer_id = c.id) left join countries r on true  → scattered
            customers c left join orders o on o.customer_id = c.id                             → scattered
            customers c left join orders o on c.id = o.customer_id and o.total > 5             → scattered
            customers c left join orders o on o.customer_id = c.id left join orders p on p.customer_id = o.customer_id → scattered
            customers c left join (orders a join orders b on a.customer_id = b.customer_id) on a.customer_id = c.id → scattered
            customers c left join (orders a cross join countries r) on a.customer_id = c.id    → scattered
            customers a, orders x left join orders b on x.customer_id = b.customer_id where a.id = b.customer_id → scattered
            orders o, (select * from countries) r                                              → scattered
            customers c cross join orders o                                                    → TL0124
            customers c, orders o where o.customer_id = c.id or c.x                            → TL0124
            customers c, orders o where not o.customer_id = c.id                               → TL0124
            customers c, orders o where o.customer_id <> c.id                                  → TL0124
            customers c, orders o where c.id = 1 and o.customer_id = 1                         → TL0124
            customers c join orders o on o.customer_id = c.x                                   → TL0124
            customers c join orders o on o.customer_id = c.id + 0                              → TL0124
            orders a join orders b using (id)                                                  → TL0124
            orders o join events e on e.tenant = o.customer_id                                 → TL0124
            orders a, orders b, orders c where a.customer_id = b.customer_id                   → TL0124
            customers c left join orders o on true                                             → TL0124
            orders a left join (orders b join orders c on b.customer_id = c.customer_id and b.customer_id = a.customer_id) on a.customer_id = b.customer_id where c.customer_id = a.customer_id → scattered
            orders a left join (orders b left join orders c on c.customer_id = a.customer_id) on a.customer_id = b.customer_id → TL0124
            customers c left join orders o on o.x = c.x where o.customer_id = c.id             → TL0124
            customers c left join orders o on o.customer_id = c.id or o.x                      → TL0124
            customers c left join (orders a cross join orders b) on a.customer_id = c.id       → TL0124
            (customers a cross join customers b) left join orders o on o.customer_id = a.id and o.customer_id = b.id → TL0124
            customers c left join orders o on o.customer_id = c.id left join orders p on o.x = p.x → TL0124
            countries r left join orders o on o.c = r.code                                     → TL0124
            orders o right join countries r on o.c = r.code                                    → TL0124
            countries r right join orders o on o.c = r.code                                    → scattered
            orders o full join customers c on o.customer_id = c.id                             → scattered
            countries r left join orders as o (a) on o.a = r.code                              → TL0123
            customers c join orders as o (customer_id) on o.customer_id = c.id                 → TL0123
            customers c join (orders as o (a, b) cross join countries r) as y on y.b = c.x     → TL0123
            customers c join (countries r join (select x, count(*) n from orders group by x) s on s.x = r.id) as y on y.n = c.x → TL0127
            customers c join (countries r join (select distinct x from orders) s on s.x = r.id) as y on y.x = c.x → TL0127
            """)
    @Case({"H02", "H31"})
    void joinsOnlyRowsOfOneShard(String from, String expected) {
        assertThat(verdict("select 1 from " + from)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select 1 from orders where c in (select code from countries)                       → scattered
            select (select name from countries r where r.code = o.c) from orders o             → scattered
            select (select max(r.name) from countries r where r.code = o.c) from orders o      → scattered
            select (select count(*) from countries) from orders                                → scattered
            select 1 from orders o join countries r on r.x = (select 1)                        → scattered
            select 1 from orders where c = any (select code from countries union select code from rates) → scattered
            select (select 1) + 1 from orders                                                  → scattered
            select (select sum(r.x) from countries r), count(*) from orders                    → TL0127
            select (select max(name) from countries) from orders o                             → TL0125
            select (select count(x) from countries) from orders o                              → TL0125
            select (select sum(o.total)) from orders o                                         → TL0125
            select (select count(*) filter (where o.x) from countries) from orders o           → TL0125
            select (select sum(o.total) from countries o) from orders o                        → scattered
            select (select sum(public.orders.total) from countries) from public.orders         → TL0125
            select (select string_agg(r.name, ',') from countries r) from orders               → TL0125
            select 1 from orders where c = (select code from countries limit 1)                → TL0125
            select 1 from orders where c = (select code from countries fetch first 1 row only) → TL0125
            select 1 from orders where c = ((select code from countries) limit 1)              → TL0101
            select (select sum((select r.x from countries r where r.c = o.c))) from orders o   → TL0125
            select 1 from orders where c in (select distinct on (x) code from countries)       → TL0125
            select 1 from orders where x in (select row_number() over () from countries)       → TL0125
            select 1 from orders where x in (with w as (select 1) select * from w)             → scattered
            select 1 from orders o where exists (select 1 from customers c where c.id = o.customer_id) → scattered
            select (select count(*) from customers) from orders                                → TL0127
            select 1 from orders where x in (select oid from pg_class)                         → TL0123
            """)
    @Case("H31")
    void readsSubqueriesThatAreTheSameOnEveryShard(String sql, String expected) {
        assertThat(verdict(sql)).isEqualTo(expected);
    }

    private static String verdict(String sql) {
        String line = ScatterNotation.read(sql);
        return line.startsWith("items") ? "scattered" : line;
    }
}
