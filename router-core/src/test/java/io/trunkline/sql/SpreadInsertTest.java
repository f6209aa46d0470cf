// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.testing.Case;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How INSERTs of several rows are divided; the notation is that of {@link SpreadNotation}, a refusal is its code. */
class SpreadInsertTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            insert into orders (customer_id, a) values (1, 'x'), (2, 'y') → <insert into orders (customer_id, a) values> [(1, 'x')=#0 (2, 'y')=#2]
            insert into orders (a, customer_id) values ($1, $2), ($3, $4), ($5, $2) → <insert into orders (a, customer_id) values> [($1, $2)=$2 ($3, $4)=$4 ($5, $2)=$2]
            insert into public.orders as o (customer_id) values (1), (1) → <insert into public.orders as o (customer_id) values> [(1)=#0 (1)=#1]
            INSERT INTO "orders"("customer_id")VALUES(1),(-2),(+ 3)      → <INSERT INTO "orders"("customer_id")VALUES> [(1)=#0 (-2)=-#1 (+ 3)=#2]
            insert into orders (customer_id) values (null), ('5'::int8)  → <insert into orders (customer_id) values> [(null)=null ('5'::int8)=#0::int8]
            insert into orders (customer_id, a) values (1, default), (2, (3 + 4) * 5) → <insert into orders (customer_id, a) values> [(1, default)=#0 (2, (3 + 4) * 5)=#1]
            insert into orders (customer_id, a) values (1, array[1, 2]), (2, row(3, 4)) → <insert into orders (customer_id, a) values> [(1, array[1, 2])=#0 (2, row(3, 4))=#3]
            insert into orders (customer_id, a) values (1, '), ('), (2, $$ values (3) $$) → <insert into orders (customer_id, a) values> [(1, '), (')=#0 (2, $$ values (3) $$)=#2]
            insert into orders (customer_id, a) values (1, case when b then 2 else 3 end), (4, 5) → <insert into orders (customer_id, a) values> [(1, case when b then 2 else 3 end)=#0 (4, 5)=#3]
            insert into orders (customer_id) overriding system value values (1), (2) → <insert into orders (customer_id) overriding system value values> [(1)=#0 (2)=#1]
            insert into orders (customer_id) values /* a */ (1 /* b */), /* c */ (2) -- d → <insert into orders (customer_id) values> [(1 /* b */)=#0 (2)=#1]
            """)
    void divideIntoRows(String sql, String expected) {
        assertThat(SpreadNotation.read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            returning *                                                  → <returning *> returning
            returning id, total as "where"                               → <returning id, total as "where"> returning
            on conflict do nothing                                       → <on conflict do nothing> omits
            on conflict do nothing returning id                          → <on conflict do nothing returning id> omits returning
            on conflict (id) do nothing                                  → <on conflict (id) do nothing> omits
            on conflict (id) where total > 5 do update set total = 1     → <on conflict (id) where total > 5 do update set total = 1>
            on conflict (id) do update set total = excluded.total, x = orders.x + 1 → <on conflict (id) do update set total = excluded.total, x = orders.x + 1>
            on conflict (id) do update set (a, b) = (1, 2)               → <on conflict (id) do update set (a, b) = (1, 2)>
            on conflict (id) do update set customer_id = excluded.customer_id → <on conflict (id) do update set customer_id = excluded.customer_id>
            on conflict (id) do update set total = 1 where orders.total > 5 → <on conflict (id) do update set total = 1 where orders.total > 5> omits
            on conflict on constraint c do update set total = 1 where orders.total > 5 returning id → <on conflict on constraint c do update set total = 1 where orders.total > 5 returning id> omits returning
            on conflict (id) do update set total = (select max(r.x) from rates r where r.id = 1) → <on conflict (id) do update set total = (select max(r.x) from rates r where r.id = 1)> calls[max]
            returning f(id), (select count(*) from countries)            → <returning f(id), (select count(*) from countries)> returning calls[count, f]
            on conflict (id) do update set customer_id = 5               → TL0113
            on conflict (id) do update set total = (select count(*) from orders) → TL0127
            on conflict (id) do update set total = (select x from rates limit 1) → TL0125
            returning (select count(*) from customers)                   → TL0127
            on conflict (id) do update set total = (select random())     → TL0125
            on conflict (id) do update set total = random(), x = f(y)    → <on conflict (id) do update set total = random(), x = f(y)> calls[f, random]
            returning ctid                                               → TL0123
            on conflict (id) do update set total = 1 where orders.xmin = 5 → TL0123
            """)
    void keepWhatFollowsTheRows(String tail, String expected) {
        String divided = "<insert into orders (customer_id) values> [(1)=#0 (2)=#1] ";

        assertThat(SpreadNotation.read("insert into orders (customer_id) values (1), (2) " + tail))
                .isEqualTo(expected.startsWith("<") ? divided + expected : expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            insert into orders (customer_id) values (1)                  → TL0131
            insert into orders (customer_id) values ($1) on conflict do nothing → TL0131
            insert into orders (customer_id) select 1                    → TL0112
            with x as (select 1) insert into orders (customer_id) values (1), (2) → TL0130
            with x as (select 1 as a) insert into orders (customer_id, a) values (1, (select a from x)), (2, 3) → TL0130
            insert into orders (customer_id, a) values (1, (select 2)), (3, 4) → TL0132
            insert into orders (customer_id, a) values (1, 2), (3, array(select id from rates)) → TL0132
            insert into orders (customer_id, a) values (1, exists (select 1 from countries)), (3, 4) → TL0132
            insert into orders (customer_id, a) values (1, (values (2))), (3, 4) → TL0132
            insert into orders values (1), (2)                           → TL0109
            insert into orders (a) values (1), (2)                       → TL0110
            insert into orders (customer_id) values (1), (default)       → TL0110
            insert into orders (customer_id) overriding user value values (1), (2) → TL0110
            insert into orders (customer_id) values (1), (random())      → TL0111
            insert into orders (customer_id) values (1), (2 + 3)         → TL0111
            insert into orders (customer_id) values (1), ((select 2))    → TL0111
            insert into orders (customer_id, a) values (1, 2), (3)       → TL0101
            insert into orders (customer_id) values (1), (2, 3)          → TL0101
            insert into U&"orders" (customer_id) values (1), (2)         → TL0101
            insert into countries (code) values (1), (2)                 → same rows of <countries>
            explain insert into orders (customer_id) values (1), (2)     → KEYED
            copy (insert into orders (customer_id) values (1), (2) returning id) to stdout → TL0138
            """)
    void refuseWhatCannotBeDivided(String sql, String expected) {
        assertThat(SpreadNotation.read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            now()                                → calls[now]
            current_timestamp                    → ``
            pg_catalog.upper('x')                → calls[pg_catalog.upper]
            gen_random_uuid()                    → calls[gen_random_uuid]
            nextval('s')                         → calls[nextval]
            coalesce($1, 'x')                    → ``
            '5'::numeric(10, 2)                  → ``
            generate_series(1, 3)                → TL0132
            unnest($1)                           → TL0132
            pg_catalog.regexp_matches('a', 'b')  → TL0132
            lower(unnest($1))                    → TL0132
            my_function(1)                       → TL0132
            public.lower('x')                    → TL0132
            "Now"()                              → TL0132
            """)
    void takeNoFunctionInARowThatMayReturnASet(String value, String expected) {
        String sql = "insert into orders (customer_id, a) values ($2, " + value + "), ($3, 1)";

        String read = SpreadNotation.read(sql);

        assertThat(read.replaceFirst("^<.*=\\$3] ?", "")).isEqualTo(expected);
    }

    @Test
    void coverEveryTextOfTheirFingerprint() {
        SpreadWrite.Rows rows =
                SpreadNotation.rows("insert into orders (customer_id, a) values (1, 'x'), (2, 'y') returning a");

        TokenText text = SpreadNotation.text(
                rows, "INSERT INTO orders(customer_id, a)\nVALUES (100, $$),($$) ,(200,'it''s') RETURNING a");

        assertThat(text.text(rows.head())).isEqualTo("INSERT INTO orders(customer_id, a)\nVALUES");
        assertThat(text.text(rows.rows().get(0).values())).isEqualTo("(100, $$),($$)");
        assertThat(text.text(rows.rows().get(1).values())).isEqualTo("(200,'it''s')");
        assertThat(text.text(rows.tail())).isEqualTo("RETURNING a");
    }

    @Test
    void areNoneOfAStatementWithOtherTokens() {
        SpreadWrite.Rows rows = SpreadNotation.rows("insert into orders (customer_id) values (1), (2)");
        ByteBuf more =
                Unpooled.copiedBuffer("insert into orders (customer_id) values (1), (2), (3)", StandardCharsets.UTF_8);

        assertThat(TokenText.of(rows.tokenCount(), more, 0, more.writerIndex(), true))
                .isNull();
    }

    @Test
    @Case("Q13")
    void dividesAsManyRowsAsDriversSendInOneStatement() {
        String row = "(1, 'a note of some length', 12.50, now()), ";
        String sql =
                "insert into orders (customer_id, note, total, at) values " + row.repeat(4_000) + "(2, '', 0, null)";

        assertThat(SpreadNotation.read(sql)).contains(" (2, '', 0, null)=#");
    }
}
