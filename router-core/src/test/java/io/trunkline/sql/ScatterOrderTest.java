// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Case;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What ORDER BY, LIMIT and OFFSET of a query over several shards mean; the notation is that of {@link ScatterNotation}, without select list and body. */
class ScatterOrderTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select a, b from orders order by a                           → order[a]
            select a, b from orders order by a, B desc                   → order[a, b desc nulls first]
            select a, b from orders order by "A" desc nulls last, b asc nulls first → order[A desc, b nulls first]
            select a, b from orders order by 2 desc, 1                   → order[#2 desc nulls first, #1]
            select a, b from orders order by 3                           → order[#3]
            select a, b from orders order by c                           → order[c]
            select a, lower(b) from orders order by lower(b)             → order[#2]
            select a, lower(b) from orders order by lower(c) desc        → order[<lower(c)> desc nulls first]
            select a, o.b from orders o order by o.b                     → order[#2]
            select a, b from orders o order by o.b                       → order[#2]
            select c.name, o.b from orders o, countries c order by b     → order[b]
            select name, b from orders o, countries c order by c.name    → order[<c.name>]
            select * from orders order by total                          → order[total]
            select o.*, lower(b) from orders o order by lower(b)         → order[<lower(b)>]
            select lower(b), o.* from orders o order by lower(b)         → order[#1]
            select a from orders order by a collate "C"                  → order[<a collate "C"> C]
            select a from orders order by a collate pg_catalog."C" desc  → order[<a collate pg_catalog."C"> desc nulls first C]
            select a from orders order by a collate "de_DE"              → order[<a collate "de_DE">]
            select a from orders order by a collate c                    → order[<a collate c>]
            select a collate "C" from orders order by a collate "C"      → order[#1 C]
            select a from orders order by a + 1                          → order[<a + 1>]
            select d->>'a', b from orders order by d->>'b'               → order[<d->>'b'>]
            select d->>'a', b from orders order by d->>'a'               → order[<d->>'a'>]
            select distinct d->>'b', d->>'a' from orders order by d->>'a' → order[#2]
            select distinct d->>'a', b from orders order by d->>'b'      → another text
            select a from orders order by -1                             → order[<-1>]
            select a from orders order by 'x'                            → TL0128
            select a from orders order by 1.5                            → TL0128
            select a from orders order by 0                              → TL0128
            select a from orders order by 99999999999                    → TL0128
            select a from orders order by (1)                            → TL0128
            select a from orders order by current_date                   → order[<current_date>]
            select a from orders order by case when b then 1 end desc    → order[<case when b then 1 end> desc nulls first]
            select a from orders order by a using <                      → TL0101
            select distinct a from orders order by a                     → order[a]
            select distinct a, lower(b) from orders order by lower(b)    → order[#2]
            select distinct a from orders order by lower(a)              → TL0128
            select distinct a from orders order by 1                     → order[#1]
            """)
    @Case({"H23", "H28"})
    void readsTheOrder(String sql, String expected) {
        assertThat(behindBody(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select a from orders limit 10                                → limit 10
            select a from orders order by a limit 10 offset 5            → order[a] limit 10 offset 5
            select a from orders offset 5 limit 10                       → TL0104
            select a from orders limit $1 offset $2                      → limit $1 offset $2
            select a from orders limit all                               → ``
            select a from orders limit null offset null                  → ``
            select a from orders offset 5 rows fetch first 3 rows only   → limit 3 offset 5
            select a from orders fetch next 1 row only                   → limit 1
            select a from orders fetch first row only                    → TL0129
            select a from orders limit 1 + 1                             → TL0129
            select a from orders limit (5)                               → TL0129
            select a from orders limit -1                                → TL0129
            select a from orders limit 1.5                               → TL0129
            select a from orders limit '5'                               → TL0129
            select a from orders limit $1::int                           → TL0129
            select a from orders limit (select 1)                        → TL0129
            select a from orders limit 5, 10                             → TL0129
            select a from orders limit $123456                           → TL0129
            select a from orders limit 0                                 → limit 0
            select a from orders limit 0x10                              → limit -1
            """)
    @Case("H27")
    void readsHowManyRowsAreWanted(String sql, String expected) {
        assertThat(behindBody(sql)).isEqualTo(expected);
    }

    private static String behindBody(String sql) {
        String line = ScatterNotation.read(sql);
        return line.startsWith("TL")
                ? line
                : line.substring(line.indexOf('>', line.indexOf("body<")) + 1).strip();
    }
}
