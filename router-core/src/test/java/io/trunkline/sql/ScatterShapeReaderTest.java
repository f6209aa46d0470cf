// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Case;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which queries may run on every shard, and what their clauses are; the notation is that of {@link ScatterNotation}, a refusal is its code. */
class ScatterShapeReaderTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select * from orders                                         → items[<*>] body<from orders>
            select * from orders where total > 5                         → items[<*>] body<from orders where total > 5>
            select o.*, 1 from orders o                                  → items[<o.*>, <1>] body<from orders o>
            select public.orders.* from public.orders                    → items[<public.orders.*>] body<from public.orders>
            select total as t, id "I d", x y from orders                 → items[<total> t, <id> I d, <x> y] body<from orders>
            select total as "from", x as limit from orders               → items[<total> from, <x> limit] body<from orders>
            select o.from, o.limit from orders o                         → items[<o.from>, <o.limit>] body<from orders o>
            select a is distinct from b from orders                      → items[<a is distinct from b>] body<from orders>
            select a is not distinct from b c from orders where a is distinct from b → items[<a is not distinct from b> c] body<from orders where a is distinct from b>
            select extract(year from x), substring(x from 1 for 2) from orders → items[<extract(year from x)>, <substring(x from 1 for 2)>] body<from orders>
            select case when a then b else c end as d from orders        → items[<case when a then b else c end> d] body<from orders>
            select array[1, 2], x[1], f(a, b) from orders                → items[<array[1, 2]>, <x[1]>, <f(a, b)>] body<from orders>
            select x::timestamp with time zone from orders               → items[<x::timestamp with time zone>] body<from orders>
            select distinct a, b from orders                             → distinct items[<a>, <b>] body<from orders>
            select distinct customer_id, b from orders                   → whole distinct items[<customer_id>, <b>] body<from orders>
            select distinct * from orders                                → whole distinct items[<*>] body<from orders>
            select * from orders for update                              → items[<*>] body<from orders>
            select * from orders o where x for no key update of o skip locked → items[<*>] body<from orders o where x>
            select all a from orders                                     → TL0104
            select from orders                                           → TL0101
            """)
    @Case("H31")
    void splitsTheClausesOfPlainQueries(String sql, String expected) {
        assertThat(ScatterNotation.read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            explain (format json) select * from orders                   → TL0133
            explain (format 'text') select * from orders                 → TL0133
            explain (generic_plan) select * from orders where a = $1     → TL0133
            declare c scroll cursor for select * from orders             → TL0134
            declare c binary cursor for select * from orders             → TL0134
            declare c cursor with hold for select * from orders          → TL0134
            copy (select * from orders order by a) to stdout             → TL0138
            (select * from orders)                                       → TL0120
            select * from orders except select * from orders             → TL0141
            select distinct on (a) a, b from orders                      → TL0127
            select rank() over (order by x) from orders                  → TL0121
            select sum(x) over w from orders window w as (order by x)    → TL0121
            select a, count(*) from orders group by rollup (a)           → TL0121
            select a, count(*) from orders group by cube (a, b)          → TL0121
            select a, count(*) from orders group by grouping sets ((a), ()) → TL0121
            select a, grouping(a) from orders group by a                 → TL0121
            select count(*) from orders group by ()                      → TL0121
            select a, count(*) from orders group by (a, b)               → TL0121
            select a, count(*) from orders group by (a)                  → TL0121
            select a, count(*) from orders group by distinct a           → TL0101
            select a from orders order by a fetch first 3 rows with ties → TL0129
            select * from orders tablesample system (10)                 → TL0121
            select * from orders, unnest(array[1]) with ordinality x     → TL0121
            select * from orders natural join countries                  → TL0121
            select * from orders, pg_class                               → TL0123
            select ctid from orders                                      → TL0123
            select o.tableoid, count(*) from orders o group by o.tableoid → TL0123
            select * from (orders o join countries c on true) as j       → TL0123
            select * from orders as x (a, b)                             → TL0123
            update orders set total = 1                                  → KEYED
            delete from orders                                           → KEYED
            insert into orders (customer_id) values (1)                  → TL0131
            select * from countries                                      → REFERENCE_READ
            """)
    @Case({"H31", "H33"})
    void refusesWhatNeedsAllRowsInOnePlace(String sql, String expected) {
        assertThat(ScatterNotation.read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"explain ", "explain analyze verbose ", "EXPLAIN (costs off, format text) "})
    void readsWhatIsExplainedAsIfItWereRun(String head) {
        for (String query : List.of(
                "select * from orders order by a desc limit 3",
                "with w as (select a from orders where b = 'x') select a, count(*) from w group by a")) {
            ShardingShape explained = ScatterNotation.shape(head + query);
            assertThat(explained.scatter())
                    .isNotNull()
                    .isEqualTo(ScatterNotation.shape(query).scatter());
        }
    }

    /** The merged column may be a float8, in which keys of different shards are equal. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "join countries using (customer_id)",
                "left join countries using (customer_id)",
                "natural join countries"
            })
    void takesNoColumnForAKeyThatIsMergedWithAnother(String join) {
        String from = " from orders " + join;
        assertThat(ScatterNotation.shape("select 1" + from + " where orders.customer_id = 7")
                        .conditions())
                .noneMatch(KeyCondition.Everything.class::isInstance);
        assertThat(ScatterNotation.shape("select 1" + from + " where customer_id = 7")
                        .conditions())
                .hasOnlyElementsOfType(KeyCondition.Everything.class);
        ScatterShape grouped = ScatterNotation.shape("select customer_id, count(*)" + from + " group by customer_id")
                .scatter();
        assertThat(grouped == null || !grouped.keepsGroupsWhole()).isTrue();
    }

    @Test
    @Case("Q13")
    void refusesListsThatWouldTakeLongToCompare() {
        String wide = "select a" + ", a".repeat(1_663) + " from orders";
        String long64 = " order by lower(b)" + ", lower(b)".repeat(63);

        assertThat(ScatterNotation.read(wide)).startsWith("items");
        assertThat(ScatterNotation.read(wide + long64)).startsWith("items");
        assertThat(ScatterNotation.read(wide.replaceFirst("a", "a, a"))).isEqualTo("TL0121");
        assertThat(ScatterNotation.read(wide + long64 + ", a")).isEqualTo("TL0121");
        assertThat(ScatterNotation.read(wide + long64.replace("order", "group") + ", a"))
                .isEqualTo("TL0121");
    }
}
