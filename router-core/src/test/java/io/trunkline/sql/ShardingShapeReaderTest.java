// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Case;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a statement tells about its keys, in a short notation: {@code #0} is the first literal, {@code *} every shard, {@code &} both and {@code |} either; one condition for
 * each table, separated by semicolons; a refusal is its code.
 *
 * <p>Tables: {@code customers(id)} and {@code orders(customer_id)} are of distribution C, {@code events(tenant)} is of distribution T, {@code countries} is a reference table.
 */
class ShardingShapeReaderTest {
    private final ShardingShapeReader reader = new ShardingShapeReader();

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select * from orders where customer_id = $1                                → C=$1
            select * from orders where $2 = customer_id                                → C=$2
            select * from orders where customer_id = 42                                → C=#0
            select * from orders where customer_id = -42                               → C=-#0
            select * from orders where customer_id = + 42                              → C=#0
            select 'x', 1.5 from orders where customer_id = '42'                       → C=#2
            select * from orders where customer_id = $$42$$                            → C=#0
            select * from orders where customer_id = e'4\\x32'                          → C=#0
            select * from orders where customer_id = 1.5                               → C=#0
            select * from orders where customer_id = n'42'                             → C*
            select * from orders where customer_id = b'101'                            → C*
            select * from orders where customer_id = null                              → C=null
            select * from orders where customer_id is null                             → C=null
            select * from orders where customer_id is not null                         → C*
            select * from orders where customer_id is not distinct from $1             → C=$1
            select * from orders where customer_id is distinct from $1                 → C*
            select * from orders where customer_id = $1::int8                          → C=$1::int8
            select * from orders where customer_id = cast('5' as bigint)               → C=#0::bigint
            select * from orders where customer_id = ($1)::int8                        → C=$1::int8
            select * from orders where customer_id = uuid 'x'                          → C=#0::uuid
            select * from orders where customer_id = date '2024-01-01'                 → C=#0::date
            select * from orders where customer_id = $1::text::int8                    → C*
            select * from orders where customer_id::text = $1                          → C*
            select * from orders where cast(customer_id as text) = $1                  → C*
            select * from orders where (customer_id) = (($1))                          → C=$1
            select * from orders where customer_id in ($1, 2, '3')                     → C in($1,#0,#1)
            select * from orders where customer_id in ($1)                             → C in($1)
            select * from orders where customer_id in ($1, $2 + 1)                     → C*
            select * from orders where customer_id not in ($1)                         → C*
            select * from orders where customer_id = any($1)                           → C any($1)
            select * from orders where customer_id = some ($1::int8[])                 → C any($1::int8[])
            select * from orders where customer_id = any('{1,2}')                      → C any(#0)
            select * from orders where customer_id = any(array[1, $2])                 → C in(#0,$2)
            select * from orders where customer_id = all($1)                           → C*
            select * from orders where customer_id = "any"($1)                         → C*
            select * from orders where customer_id <> $1                               → C*
            select * from orders where customer_id > $1                                → C*
            select * from orders where customer_id between $1 and $1                   → C*
            select * from orders where customer_id like 'a'                            → C*
            select * from orders where customer_id = $1 + 1                            → C*
            select * from orders where customer_id = -$1                               → C*
            select * from orders where customer_id = now()                             → C*
            select * from orders where customer_id = current_user                      → C*
            select * from orders where customer_id = $01                               → TL0104
            select * from orders where customer_id = $1 collate "C"                    → C*
            select * from orders where customer_id[1] = $1                             → C*
            select * from orders where (orders).customer_id = $1                       → C*
            select * from orders where lower(customer_id) = $1                         → C*
            select * from orders where -customer_id = 1                                → C*
            select * from orders where "customer_id" = $1                              → C=$1
            select * from orders where CUSTOMER_ID = $1                                → C=$1
            select * from orders where "CUSTOMER_ID" = $1                              → C*
            select * from orders where customer_id = (select 5)                        → C*
            select * from orders                                                       → C*
            """)
    @Case({"H01", "H04", "H05"})
    void readsComparisonsOfTheKey(String sql, String expected) {
        assertThat(read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select * from orders where customer_id = $1 and total > 5                       → C=$1
            select * from orders where total > 5 and customer_id = $1 and x                 → C=$1
            select * from orders where customer_id = $1 and customer_id = $2                → C(=$1&=$2)
            select * from orders where customer_id = $1 or customer_id = $2                 → C(=$1|=$2)
            select * from orders where customer_id = $1 or total > 5                        → C*
            select * from orders where total > 5 or customer_id = $1                        → C*
            select * from orders where customer_id = $1 and a or b                          → C*
            select * from orders where a or b and customer_id = $1                          → C*
            select * from orders where (a or b) and customer_id = $1                        → C=$1
            select * from orders where (customer_id = 1 or customer_id = 2) and customer_id = 2 → C((=#0|=#1)&=#2)
            select * from orders where not customer_id = $1                                 → C*
            select * from orders where not (a or customer_id <> $1)                         → C*
            select * from orders where not a and customer_id = $1                           → C=$1
            select * from orders where case when customer_id = $1 then true else false end  → C*
            select * from orders where case when a then b end and customer_id = $1          → C=$1
            select * from orders where (customer_id = $1) is true                           → C*
            select * from orders where (customer_id = $1) is not true                       → C*
            select * from orders where (customer_id = $1) = false                           → C*
            select * from orders where a between 1 and 2 and customer_id = $1               → C=$1
            select * from orders where a between b and customer_id = 1                      → C*
            select * from orders where customer_id = 2 && tags                              → C*
            select * from orders where customer_id = 2 and tags && $1                       → C=#0
            select * from orders where customer_id = 1 || 'x'                               → C*
            select * from orders where a ? customer_id and customer_id = 1                  → C=#0
            select * from orders where customer_id = @ 5                                    → C*
            select * from orders where customer_id = ~ 5                                    → C*
            select * from orders where customer_id operator(pg_catalog.=) 5                 → C*
            select * from orders where x operator(pg_catalog.~) 'a' collate pg_catalog."default" and customer_id = 1 → C=#1
            select * from orders where a @@ b = c and |/ d <-> e > 1 and customer_id = $1   → C=$1
            select * from orders where customer_id = $1 and tags ? 'a' and tags ?| $2       → C=$1
            select * from orders where a @> customer_id = 1                                 → C*
            select * from orders where customer_id @> a = 1                                 → C*
            select data #>> '{a,b}', a ^@ b, -c @ -d from orders where customer_id = 7      → C=#1
            select * from orders where customer_id = 1 order by place <-> $1                → C=#0
            select * from orders where true and customer_id = $1                            → C=$1
            select * from orders where (total, customer_id) = ($1, $2)                      → C=$2
            select * from orders where (customer_id, total) in (($1, 1), ($2, 2))           → C in($1,$2)
            select * from orders where (customer_id, total) > ($1, 1)                       → C*
            select * from orders where (select customer_id = $1)                            → C*
            select * from orders where coalesce(customer_id = $1, true)                     → C*
            select * from orders having customer_id = $1                                    → C*
            select customer_id = $1 from orders                                             → C*
            select * from orders order by customer_id = $1                                  → C*
            """)
    @Case({"H01", "H02"})
    void followsPredicateAlgebra(String sql, String expected) {
        assertThat(read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select * from orders o where o.customer_id = $1                                        → C=$1
            select * from public.orders where public.orders.customer_id = $1                       → C=$1
            select * from public.orders where orders.customer_id = $1                              → C=$1
            select * from orders where other.orders.customer_id = $1                               → C*
            select * from orders as x (customer_id, id) where x.customer_id = $1                   → C*
            select * from only orders where customer_id = $1                                       → C=$1
            select * from customers c join orders o on o.customer_id = c.id where c.id = $1        → C=$1
            select * from customers c join orders o on o.customer_id = c.id where o.customer_id = $1 → C=$1
            select * from customers c, orders o where o.customer_id = c.id and c.id = $1           → C=$1
            select * from customers c cross join orders o where c.id = $1 and o.customer_id = $2   → C=$1; C=$2
            select * from customers c join orders o on o.customer_id = c.id                        → C*
            select * from customers c join orders o on o.id = c.id where c.id = $1                 → C=$1; C*
            select * from customers c join orders o on o.customer_id = c.id and c.id = $1          → C=$1
            select * from customers c left join orders o on o.customer_id = c.id where c.id = $1   → C=$1
            select * from customers c left join orders o on o.customer_id = c.id and c.id = $1     → C*
            select * from customers c left join orders o on o.customer_id = c.id and o.customer_id = $1 → C*; C=$1
            select * from customers c left join orders o on o.customer_id = c.id where o.customer_id = $1 → C*; C=$1
            select * from customers c left join orders o on o.customer_id = $1 where c.id = $1     → C=$1
            select * from customers c left join orders o on true where c.id = $1 and o.customer_id is null → C=$1; C*
            select * from customers c left join orders o on true where c.id = $1 and o.customer_id is not distinct from $1 → C=$1; C*
            select * from customers c right join orders o on o.customer_id = c.id where o.customer_id = $1 → C=$1
            select * from customers c right join orders o on o.customer_id = c.id and o.customer_id = $1 → C*
            select * from customers c full join orders o on o.customer_id = c.id and c.id = $1     → C*
            select * from customers c full join orders o on o.customer_id = c.id where c.id = $1   → C=$1; C*
            select * from customers c full join orders o on o.customer_id = c.id where c.id = $1 and o.customer_id = $1 → C=$1
            select * from customers c left join (orders a join orders b on a.customer_id = b.customer_id) on a.customer_id = c.id where c.id = $1 → C=$1
            select * from (customers c join orders o on o.customer_id = c.id) as j where j.id = $1 → C*
            select * from customers c join orders o on o.customer_id = c.id join countries x on x.code = c.country where c.id = $1 → C=$1
            select * from orders a join orders b using (customer_id) where a.customer_id = $1      → C=$1
            select * from orders a join orders b using (customer_id) where customer_id = $1        → C=$1
            select * from orders a left join orders b using (customer_id) where customer_id = $1   → C=$1
            select * from orders a right join orders b using (customer_id) where customer_id = $1  → C*
            select * from orders a full join orders b using (customer_id) where customer_id = $1   → C*
            select * from orders a natural join orders b where b.customer_id = $1                  → C=$1
            select * from orders a join orders b using (id) where a.customer_id = $1               → C=$1; C*
            select * from orders o left join customers c cross join countries r on c.id = o.customer_id and o.customer_id = $1 → TL0101
            select * from orders o left join customers c natural join countries r on c.id = o.customer_id and o.customer_id = $1 → TL0101
            select * from orders o left join customers c join countries r on c.id = o.customer_id and o.customer_id = $1 → TL0101
            select * from customers c left join countries r using (id) join customers a using (id) where a.id = $1 → C*; C=$1
            select * from (select * from customers left join countries using (id)) q where q.id = $1 → C*
            select * from (select customers.* from customers left join countries using (id)) q where q.id = $1 → C=$1
            select * from public.orders where customer_id = $1 and x > (select avg(orders.x) from orders where public.orders.customer_id = orders.customer_id) → C=$1; C*
            select * from orders o join events e on e.tenant = o.customer_id where o.customer_id = $1 → C=$1; T*
            select * from orders o join events e on true where o.customer_id = $1 and e.tenant = $1 → C=$1; T=$1
            select * from countries r join orders o on o.customer_id = r.x where r.x = $1          → C*
            select * from orders o, countries r where customer_id = $1                             → C=$1
            select * from orders a, orders b, orders c where a.customer_id = b.customer_id and b.customer_id = c.customer_id and c.customer_id = 5 → C=#0
            select * from orders a where a.customer_id = a.customer_id                             → C*
            select * from customers c join orders o on o.customer_id = c.id or c.id = $1           → C*
            select * from customers c join customers d join customers e on d.id = e.id on c.id = d.id where c.id = 1 → TL0101
            select * from orders global join customers on true where customer_id = 1               → TL0101
            select * from orders final where customer_id = 1                                       → TL0101
            """)
    @Case("H02")
    void followsJoins(String sql, String expected) {
        assertThat(read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select * from customers c where c.id = $1 and exists (select 1 from orders o where o.customer_id = c.id) → C=$1
            select * from customers c where c.id = $1 and not exists (select 1 from orders o where o.customer_id = c.id) → C=$1
            select * from customers c where exists (select 1 from orders o where o.customer_id = c.id and c.id = $1) → C*
            select * from customers c where c.id = $1 and exists (select 1 from orders o)                    → C=$1; C*
            select (select max(total) from orders o where o.customer_id = c.id) from customers c where c.id = $1 → C=$1
            select * from customers c where c.id = $1 and c.id in (select customer_id from orders)           → C=$1
            select * from customers where id = $1 and exists (select 1 from orders where customer_id = id)   → C=$1; C*
            select * from customers where id = $1 and exists (select 1 from orders where customer_id = $1)   → C=$1
            select * from customers where id = $1 and total > any (select total from orders where customer_id = 2) → C=$1; C=#0
            select * from (select * from orders where customer_id = $1) s where s.total > 1                  → C=$1
            select * from (select * from orders) s where s.customer_id = $1                                  → C=$1
            select * from customers c, lateral (select * from orders o where o.customer_id = c.id) x where c.id = $1 → C=$1
            select * from customers c left join lateral (select * from orders o where o.customer_id = c.id) x on true where c.id = $1 → C=$1
            select * from customers c, (select * from orders o where o.customer_id = c.id) x where c.id = $1 → C=$1; C*
            with x as (select * from orders where customer_id = $1) select * from x                          → C=$1
            with x as (select * from orders where customer_id = $1), y as (select * from x) select * from y, x → C=$1
            with orders as (select 1 as customer_id) select * from orders where customer_id = $1             → any shard
            with orders as (select * from orders where customer_id = $2) select * from orders where customer_id = $1 → C(=$2&=$1)
            with recursive orders as (select 1 as n union all select n from orders) select * from orders     → any shard
            with a as (select 1), b as (select * from a) select * from public.a                              → TL0105
            select * from orders where customer_id = $1 union all select * from orders where customer_id = $2 → C=$1; C=$2
            select * from orders where customer_id = $1 union select * from countries                        → C=$1
            (select * from orders where customer_id = $1) order by (select max(id) from customers where id = $1) → C=$1
            select * from orders where customer_id = $1 limit (select count(*) from customers)               → C=$1; C*
            select array(select id from customers) from orders where customer_id = $1                        → C=$1; C*
            select case when exists (select 1 from customers) then 1 end from orders where customer_id = $1  → C=$1; C*
            select sum(total) filter (where customer_id = 1) from orders                                     → C*
            select sum(total) over (partition by customer_id) from orders where customer_id = 7              → C=#0
            select * from generate_series(1, (select max(id) from customers where id = $1)) g(n)             → C=$1
            select * from orders o where customer_id = 1 and exists (select 1 from unnest($1::int[]) as o(customer_id) where o.customer_id = 2) → C=#0
            select * from (table orders) x                                                                   → TL0101
            select * from (values (1)) v(customer_id) where customer_id = 1                                  → any shard
            values ((select max(total) from orders where customer_id = $1))                                  → C=$1
            explain (analyze, buffers) select * from orders where customer_id = 7                            → C=#0
            explain (costs 0) select * from orders where customer_id = 7                                     → C=#1
            declare c cursor with hold for select * from orders where customer_id = $1                       → C=$1
            copy (select * from orders where customer_id = 5) to stdout                                      → C=#0
            copy (select * from orders where customer_id = 5) to stdout with (delimiter '|')                 → C=#0
            copy orders to stdout                                                                            → C*
            """)
    void visitsEveryQueryBlock(String sql, String expected) {
        assertThat(read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            insert into orders (id, customer_id) values ($1, $2)                                    → C=$2
            insert into orders (customer_id) values (5)                                             → C=#0
            insert into orders (customer_id) values (-5)                                            → C=-#0
            insert into "orders" ("customer_id") values ($1::int8)                                  → C=$1::int8
            insert into orders as o (customer_id) values ($1)                                       → C=$1
            insert into orders (id, customer_id) values (1, $1), (2, $2), (3, $1)                   → C in($1,$2)
            insert into orders (id, customer_id) values (1, 7), (2, default)                        → TL0110
            insert into orders (customer_id) values (null)                                          → C=null
            insert into orders (id) values ($1)                                                     → TL0110
            insert into orders default values                                                       → TL0110
            insert into orders (customer_id) overriding user value values (5)                       → TL0110
            insert into orders (customer_id) overriding system value values (5)                     → C=#0
            insert into orders values ($1, $2)                                                      → TL0109
            insert into orders (customer_id) values ($1 + 1)                                        → TL0111
            insert into orders (customer_id) values (nextval('s'))                                  → TL0111
            insert into orders (customer_id) values ((select 1))                                    → TL0111
            insert into orders (id, customer_id) values ($1)                                        → TL0101
            insert into orders (id, customer_id) values (nextval('s'), $1) returning id             → C=$1
            insert into orders (customer_id) values ($1) on conflict do nothing                     → C=$1
            insert into orders (customer_id) values ($1) on conflict (id) do update set total = excluded.total where orders.total > 1 → C=$1
            insert into orders (customer_id) values ($1) on conflict (id) do update set customer_id = excluded.customer_id → C=$1
            insert into orders (customer_id) values ($1) on conflict (id) do update set customer_id = orders.customer_id → C=$1
            insert into orders (customer_id) values ($1) on conflict (id) do update set customer_id = $2 → TL0113
            insert into orders (customer_id) values ($1) on conflict (id) do update set (a, customer_id) = (1, 2) → TL0113
            insert into orders (customer_id) values ($1) on conflict (id) do update set total = (select max(total) from customers) → C=$1; C*
            insert into orders (customer_id, id) select $1, id from countries                       → C=$1
            insert into orders (customer_id, id) select id, 1 from customers where id = $1          → C=$1
            insert into orders (customer_id, id) select c.id, 1 from customers c                    → C*
            insert into orders (customer_id) select $1 where not exists (select 1 from orders where customer_id = $1) → C=$1
            insert into orders (customer_id, id) select * from customers where id = $1              → TL0112
            insert into orders (customer_id) select id from customers union select 1                → TL0141
            insert into orders (customer_id) select id from customers where id = $1 union all select id from customers where id = $2 → C(=$1|=$2); C=$1; C=$2
            insert into orders (customer_id) select tenant from events where tenant = $1            → TL0112
            insert into orders (customer_id) select c.id from countries r left join customers c on c.id = $1 → TL0124
            insert into orders (customer_id) select id from customers where id = 1 group by rollup(id) → TL0127
            with x as (select 1) insert into orders (customer_id) values ($1)                       → C=$1
            insert into countries (code) values ('x')                                               → reference write
            insert into countries (code) select name from customers where id = 1                    → TL0116
            update orders set total = 1 where customer_id = $1                                      → C=$1
            update orders o set total = 1 where o.customer_id = $1 returning *                      → C=$1
            update orders set total = 1                                                             → C*
            update orders set customer_id = customer_id where customer_id = $1                      → C=$1
            update orders o set customer_id = o.customer_id where customer_id = $1                  → C=$1
            update orders set customer_id = id where customer_id = $1                               → TL0113
            update orders set customer_id = c.id from customers c where c.id = customer_id and customer_id = $1 → TL0113
            update orders set customer_id = customer_id + 0 where customer_id = $1                  → TL0113
            update orders set (total, customer_id) = (1, 2) where customer_id = $1                  → TL0113
            update orders set "customer_id" = default where customer_id = $1                        → TL0113
            update orders set customer_id.x = 1 where customer_id = $1                              → TL0113
            update orders set customer_id[1] = 1 where customer_id = $1                             → TL0113
            update orders set total = 1 from customers c where c.id = customer_id and c.id = $1     → C=$1
            update orders set total = (select count(*) from customers c where c.id = orders.customer_id) where customer_id = $1 → C=$1
            update countries set name = 'x' where code = 'y'                                        → reference write
            update countries set name = 'x' from orders where customer_id = 1                       → TL0116
            update pg_class set relname = 'x'                                                       → TL0115
            delete from orders where customer_id = $1                                               → C=$1
            delete from orders o using customers c where o.customer_id = c.id and c.id = $1         → C=$1
            delete from orders                                                                      → C*
            delete from orders where id in (select id from customers where id = 4)                  → C*; C=#0
            delete from orders where customer_id = $1 or true                                       → C*
            with d as (delete from orders where customer_id = $1 returning *) select * from d       → C=$1
            with d as (insert into orders (customer_id) values ($1) returning *) select * from d    → C=$1
            with d as (update orders set total = 1 where customer_id = $1 returning *) select * from d → C=$1
            with d as (delete from orders where customer_id = $1 returning *) insert into customers (id) select $2 from d → C=$1; C=$2
            with d as (delete from countries returning *) select * from d                           → reference write
            merge into orders using customers on true when matched then delete                      → TL0114
            """)
    @Case({"H05", "H07"})
    void readsModifications(String sql, String expected) {
        assertThat(read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select 1                                                → any shard
            select now(), lower('x'), count(*) over ()              → any shard
            select * from countries where code = $1                 → reference
            select * from countries c join pg_class p on true       → reference
            select * from pg_class                                  → catalogue
            select * from pg_catalog.pg_class                       → catalogue
            select * from information_schema.tables                 → catalogue
            select pg_table_size(oid) from pg_class                 → catalogue
            select * from nowhere                                   → TL0105
            select * from other.orders where customer_id = 1        → TL0105
            select * from db.public.orders where customer_id = 1    → TL0104
            select * from orders where customer_id = 1 and exists (select 1 from nowhere) → TL0105
            select my_function(1)                                   → any shard
            select set_config('a.b', 'c', true)                     → any shard
            select my_function(1) from orders where customer_id = 1 → C=#1
            select * from countries for update                      → reference
            select * from orders where customer_id = 1 for update   → C=#0
            select * into x from orders where customer_id = 1       → TL0115
            table orders                                            → TL0106
            create table x (a int)                                  → every shard DEFINITION
            alter table orders add column x int                     → every shard DEFINITION
            truncate orders                                         → every shard DEFINITION
            lock table orders                                       → every shard IN_BLOCK
            vacuum                                                  → every shard SEPARATELY
            call p()                                                → TL0118
            do 'x'                                                  → TL0118
            execute s                                               → TL0118
            prepare s as select 1                                   → TL0118
            explain execute s                                       → TL0118
            explain create table x as select 1                      → TL0115
            copy orders from stdin                                  → copied
            copy public.orders (a, customer_id) from stdin csv header → copied
            copy countries from stdin                               → copied to all
            copy orders from '/tmp/x'                               → TL0117
            copy orders from program 'x'                            → TL0117
            copy orders from stdin where customer_id = 1            → TL0139
            copy orders from stdin (format csv) where a > 1         → TL0139
            copy orders from stdin (fromat csv)                     → TL0139
            copy orders from stdin using delimiters ','             → TL0139
            copy orders from stdin csv what                         → TL0139
            copy binary orders from stdin                           → TL0139
            copy others from stdin                                  → TL0105
            copy pg_class from stdin                                → TL0117
            listen c                                                → TL0119
            notify c                                                → TL0119
            begin                                                   → any shard
            set x = 1                                               → any shard
            fetch c                                                 → any shard
            frobnicate                                              → TL0101
            select 'abc                                             → TL0101
            select * from orders where customer_id = 5 limit 10 offset 5 → C=#0
            """)
    @Case("H08")
    void sortsStatementsByReach(String sql, String expected) {
        assertThat(read(sql)).isEqualTo(expected);
    }

    @Test
    @Case("H11")
    void takesCommentsAndQuotesAsPostgresqlDoes() {
        assertThat(read("select /* where customer_id = 1 /* nested */ */ * from orders -- where customer_id = 2"))
                .isEqualTo("C*");
        assertThat(read("select e'\\'; delete from orders --' from orders where customer_id = $1"))
                .isEqualTo("C=$1");
        assertThat(read("select $a$ ' where customer_id = 3 $a$ from orders where customer_id = 'x''y'"))
                .isEqualTo("C=#1");
        assertThat(read("select 'a'\n'b', 1 from orders where customer_id = 'x'\n'y'"))
                .isEqualTo("C=#2");
        assertThat(read("select \"a'b\" from orders where customer_id = 1")).isEqualTo("C=#0");
        assertThat(read("select 1; delete from orders where customer_id = 1")).isEqualTo("TL0104");
        assertThat(read("select * from orders where customer_id = 1;")).isEqualTo("C=#0");
    }

    @Test
    @Case("Q13")
    void refusesWhatIsTooLargeOrTooDeep() {
        String many = "select * from orders where customer_id = 1 and x in (" + "1,".repeat(140_000) + "1)";
        String deep = "select * from orders where customer_id = " + "(".repeat(65) + "1" + ")".repeat(65);
        String allowed = "select * from orders where customer_id = " + "(".repeat(40) + "1" + ")".repeat(40);

        assertThat(read(many)).isEqualTo("TL0102");
        assertThat(read(deep)).isEqualTo("TL0103");
        assertThat(read(allowed)).isEqualTo("C=#0");
    }

    @Test
    @Case("Q13")
    void survivesLongChainsOnTheStackItAsksFor() throws InterruptedException {
        String and = "select * from orders where " + "a = b and ".repeat(1_500) + "customer_id = $1";
        String or = "select * from orders where customer_id = 0" + " or customer_id=1".repeat(700);
        List<String> read = new ArrayList<>();

        Thread thread = new Thread(null, () -> List.of(and, or).forEach(sql -> read.add(read(sql))), "reader", 8 << 20);
        thread.start();
        thread.join();

        assertThat(read.get(0)).isEqualTo("C=$1");
        assertThat(read.get(1)).startsWith("C(");
    }

    @ParameterizedTest
    @Case("H04")
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select * from orders where customer_id = $1 and total = $2                → THIS
            select * from orders where customer_id = $1 and total = $1                → SEVERAL
            select * from orders where customer_id = $1 and total = $1::text          → SEVERAL
            select $1::int from orders where customer_id = $1::text                   → SEVERAL
            select * from orders where customer_id = $1 limit $11                     → THIS
            select * from orders where customer_id in ($1, $2) and total = $2         → SEVERAL
            select * from orders where customer_id = any(array[$1, $2]) and total = $2 → SEVERAL
            select * from orders where customer_id = any($1) and x = any($1)          → SEVERAL
            select * from orders where (customer_id, total) = ($1, $2)                → THIS
            insert into orders (total, customer_id) values ($1, $1)                   → SEVERAL
            insert into orders (total, customer_id) values ($2, $1)                   → THIS
            insert into orders (customer_id) select $1 where $1 > 0                   → SEVERAL
            """)
    void tellsWhenAParameterMayHaveItsTypeFromAnotherPlace(String sql, KeyOperand.Places places) {
        ShardingShape shape = reader.read(sql, true, ShardingShapeReaderTest::lookup);

        assertThat(shape.conditions().get(0).toString())
                .contains("Parameter[number=1")
                .contains("places=" + places)
                .doesNotContain("places=" + KeyOperand.Places.values()[1 - places.ordinal()]);
    }

    @Test
    void saysWhyAndWhatToWriteInstead() {
        ShardingShape shape = reader.read("insert into orders values (1)", true, ShardingShapeReaderTest::lookup);

        assertThat(shape.refusal())
                .isEqualTo(new Refusal(
                        RefusalCode.INSERT_WITHOUT_COLUMNS,
                        "insert into a sharded table has no list of columns",
                        "TL0109: Without it the value of column customer_id cannot be told.",
                        "Write INSERT INTO table (column, ...)."));
    }

    private String read(String sql) {
        return render(reader.read(sql, true, ShardingShapeReaderTest::lookup));
    }

    private static TableUse lookup(String schema, String table) {
        if ("pg_catalog".equals(schema) || "information_schema".equals(schema)) {
            return new TableUse.Catalog();
        }
        if (schema != null && !schema.equals("public")) {
            return new TableUse.Unknown();
        }
        return switch (table) {
            case "pg_class" -> new TableUse.Catalog();
            case "orders" -> new TableUse.Sharded("customer_id", "C");
            case "customers" -> new TableUse.Sharded("id", "C");
            case "events" -> new TableUse.Sharded("tenant", "T");
            case "countries" -> new TableUse.Reference();
            default -> new TableUse.Unknown();
        };
    }

    private static String render(ShardingShape shape) {
        return switch (shape.reach()) {
            case NO_TABLE -> "any shard";
            case CATALOG -> "catalogue";
            case REFERENCE_READ -> "reference";
            case REFERENCE_WRITE -> "reference write";
            case EVERY_SHARD -> "every shard " + ((EveryShardCommand) Objects.requireNonNull(shape.spread())).form();
            case COPIED -> shape.copy() instanceof CopyShape.IntoSharded ? "copied" : "copied to all";
            case REFUSED -> shape.refusal().code().code();
            case KEYED ->
                shape.conditions().stream()
                        .map(condition -> condition.distribution() + render(condition))
                        .collect(Collectors.joining("; "));
        };
    }

    static String render(KeyCondition condition) {
        if (condition instanceof KeyCondition.Equal equal) {
            return "=" + render(equal.operand());
        }
        if (condition instanceof KeyCondition.InList in) {
            return " in("
                    + in.operands().stream()
                            .map(ShardingShapeReaderTest::render)
                            .collect(Collectors.joining(",")) + ")";
        }
        if (condition instanceof KeyCondition.AnyOf any) {
            return " any(" + render(any.array()) + ")";
        }
        if (condition instanceof KeyCondition.And and) {
            return render(and.parts(), "&");
        }
        if (condition instanceof KeyCondition.Or or) {
            return render(or.parts(), "|");
        }
        return "*";
    }

    private static String render(List<KeyCondition> parts, String operator) {
        return parts.stream().map(ShardingShapeReaderTest::render).collect(Collectors.joining(operator, "(", ")"));
    }

    private static String render(KeyOperand operand) {
        if (operand instanceof KeyOperand.Parameter parameter) {
            return "$" + parameter.number() + (parameter.cast() == null ? "" : "::" + parameter.cast());
        }
        if (operand instanceof KeyOperand.Literal literal) {
            return (literal.negative() ? "-#" : "#")
                    + literal.index()
                    + (literal.cast() == null ? "" : "::" + literal.cast());
        }
        return "null";
    }
}
