// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Case;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How writes of reference tables keep their copies equal; the notation is that of {@link SpreadNotation}, a refusal is its code. */
class CopyWriteReaderTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            insert into countries (code) values (1)                      → same rows of <countries>
            insert into public.countries as c (code, a) values (1, now()), (2, default) → same rows of <public.countries> calls[now]
            insert into countries values (1)                             → same rows of <countries>
            insert into countries default values                         → same rows of <countries>
            insert into countries (code) select id from rates order by id limit 5 → same rows of <countries> using["countries", "rates"]
            insert into countries select id, random() from rates         → same rows of <countries> using["countries", "rates"] calls[random]
            insert into countries (code) values (1) returning *          → same rows of <countries> <*> returning
            insert into countries (code) values (1) returning code, upper(name) as x → same rows of <countries> <code, upper(name) as x> returning calls[upper]
            insert into countries (code) values (1) on conflict do nothing → same rows of <countries>
            insert into countries (code) values (1) on conflict (code) do nothing returning code → same rows of <countries> <code> returning
            insert into countries (code, a) values (1, 2) on conflict (code) do update set a = excluded.a, b = random() → same rows of <countries> by [code] sets[a, b] calls[random]
            insert into countries (code, a) values (1, 2) on conflict (code, "A b") do update set (a, b) = (1, 2) where countries.a > 3 returning a → same rows of <countries> by [A b, code] sets[a, b] <a> returning
            insert into countries (code, a) values (1, 2) on conflict (code) do update set code = 5 → TL0135
            insert into countries (code, a) values (1, 2) on conflict on constraint u do update set a = 5 → TL0135
            insert into countries (code, a) values (1, 2) on conflict (lower(code)) do update set a = 5 → TL0135
            insert into countries (code, a) values (1, 2) on conflict (code) where a > 1 do update set a = 5 → TL0135
            with x as (select 1) insert into countries (code) select * from x → TL0135
            insert into countries (code) with x as (select 1) select * from x → TL0135
            insert into countries (code) select oid from pg_class        → TL0135
            insert into countries (code) select id from customers        → TL0116
            explain insert into countries (code) values (1)              → REFERENCE_WRITE
            """)
    @Case("H47")
    void insertOnceAndCopy(String sql, String expected) {
        assertThat(SpreadNotation.read(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            update countries set a = a + 1 where code in (1, 2)          → same words
            update countries c set a = upper(b) where c.code = $1 returning c.a → same words returning calls[upper]
            update countries set a = now(), b = current_timestamp, c = current_date → same words INSTANT<now()> INSTANT<current_timestamp> DATE<current_date>
            update countries set a = pg_catalog.now(), b = localtimestamp where c is distinct from d → same words INSTANT<pg_catalog.now()> LOCAL<localtimestamp>
            update countries set a = x.now()                             → same words calls[x.now]
            update countries set a = f(now())                            → same words INSTANT<now()> calls[f]
            update countries set a = (select r.x from rates r where r.id = code) → same words using["countries", "rates"]
            update countries set a = (select count(*) from rates)        → same words using["countries", "rates"] calls[count]
            update countries set a = '2026-01-01'::date, region = $1::timestamptz → same words
            delete from countries                                        → same words
            delete from countries using rates r where r.id = code returning r.x → same words using["countries", "rates"] returning
            update countries set a = r.x from rates r where r.id = code  → TL0135
            update countries set a = default                             → TL0135
            update countries set a = current_timestamp(0)                → TL0135
            update countries set a = localtime                           → TL0135
            update countries set a = current_schema                      → TL0135
            update countries set a = b::date                             → TL0135
            update countries set a = cast(b || 'w' as timestamptz)       → TL0135
            update countries set a = (b)::pg_catalog.timestamptz         → TL0135
            update countries set a = 'rates'::regclass::text             → TL0135
            update countries set a = array(select x from rates)          → TL0135
            update countries set a = (select distinct x from rates)      → TL0135
            update countries set a = (select x from rates group by x)    → TL0135
            update countries set a = (select sum(r.x) from rates r)      → TL0135
            update countries set a = (select x from rates union select 1) → TL0135
            update countries set a = (select x from rates limit 1)       → TL0125
            update countries set a = (select rank() over () from rates)  → TL0125
            delete from countries where ctid = '(0,1)'                   → TL0123
            with x as (select 1) delete from countries                   → TL0135
            """)
    @Case("H47")
    void sayTheSameEverywhere(String sql, String expected) {
        assertThat(SpreadNotation.read(sql)).isEqualTo(expected);
    }
}
