// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.sql.ScatterShape.Aggregate;
import io.trunkline.sql.ScatterShape.Collected;
import io.trunkline.sql.ScatterShape.Repeats;
import io.trunkline.sql.ScatterShape.RowValue;
import io.trunkline.testing.Case;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is sent of each row for aggregates that need all of them: the values, where they stand in the call, and how ties keep their order. */
class CollectedReaderTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            array_agg(x)                                          → <x> at 0, ties ordered
            pg_catalog.array_agg(x + 1)                           → <x + 1> at 0, ties ordered
            array_agg(x order by x)                               → <x> at 0 0, ties last
            array_agg(o.x order by x)                             → <o.x> <x> at 0 1, ties last
            array_agg(x order by y desc nulls last, lower(x) asc) → <x> <y> <lower(x)> at 0 1 2, ties last
            array_agg(x order by y collate "C", 1)                → <x> <y collate "C"> at 0 1, ties last
            array_agg(distinct x)                                 → distinct <x> at 0
            array_agg(distinct x order by o.x desc)               → distinct <x> at 0 0
            string_agg(distinct left(x, 1), ',' order by left(x, 1)) → distinct <left(x, 1)> at 0 0
            string_agg(left(x, 1), ',' order by left(x, 2))       → <left(x, 1)> <left(x, 2)> at 0 1, ties last
            string_agg(x, ',')                                    → <x> at 0, ties ordered
            string_agg(x, ('-'))                                  → <x> at 0, ties ordered
            string_agg(x, $1)                                     → <x> at 0, ties ordered
            string_agg(x, $1::text order by null)                 → <x> at 0, ties last
            string_agg(x, $1 || ',')                              → <x> <$1 || ','> at 0 1, ties ordered
            string_agg(x, x)                                      → <x> at 0 0, ties ordered
            string_agg(x, y order by z) filter (where y > 'a')    → <x> <y> <z> at 0 1 2, ties last where<y > 'a'>
            string_agg(x, ',') filter (where mine(y))             → <x> at 0, ties ordered where<mine(y)>
            string_agg(x, y) filter (where lower(y) in ('a', 'b')) → <x> <y> at 0 1, ties ordered where<lower(y) in ('a', 'b')>
            json_agg(o)                                           → <o> at 0, ties ordered
            json_object_agg(x, y)                                 → <x> <y> at 0 1, ties ordered
            json_object_agg('k', y)                               → <y> at 0, ties ordered
            jsonb_agg(x order by x)                               → to_jsonb<x> <x> at 0 1, ties last
            jsonb_agg(distinct x order by x)                      → distinct <x> at 0 0
            jsonb_object_agg(x, y)                                → <x> to_jsonb<y> at 0 1, ties ordered
            mode() within group (order by x)                      → <x> at 0
            percentile_disc(0.5) within group (order by x desc)   → <x> at 0
            percentile_cont(array[0.1, $1]) within group (order by x) → <x> at 0
            array_agg((select max(c.name) from countries c) order by x) → <(select max(c.name) from countries c)> <x> at 0 1, ties last
            count(distinct x), sum(distinct y)                    → distinct <x> at 0
            count(distinct x) filter (where z), sum(distinct y)   → distinct <x> at 0 where<z>
            array_agg(1)                                          → TL0126
            string_agg('x', ',')                                  → TL0126
            string_agg(null::text, ',')                           → TL0126
            array_agg(all x)                                      → TL0126
            array_agg(x => y)                                     → TL0126
            array_agg(*)                                          → TL0126
            array_agg()                                           → TL0126
            array_agg(distinct x order by y)                      → TL0126
            array_agg(distinct x order by x::text)                → TL0126
            string_agg(x, y) filter (where mine(y))               → TL0126
            string_agg(x, y) filter (where random() > 0.5)        → TL0126
            string_agg(x, y) filter (where app.lower(y) = 'a')    → TL0126
            string_agg(x, y) filter (where "lower"(y) = 'a')      → TL0126
            array_agg(x collate "C")                              → TL0127
            percentile_cont(x) within group (order by x)          → TL0127
            """)
    @Case("H29")
    void readsWhatAnAggregateSeesOfARow(String call, String expected) {
        String sql = "select " + call + " from orders o";

        ShardingShape shape = ScatterNotation.shape(sql);

        assertThat(shape.scatter() == null ? ScatterNotation.read(sql) : write(shape.scatter(), sql))
                .isEqualTo(expected);
    }

    private static String write(ScatterShape shape, String sql) {
        TokenText text = requireNonNull(ScatterNotation.text(shape, sql));
        Aggregate call = requireNonNull(shape.finish()).aggregates().get(0);
        Collected collected = requireNonNull(call.collected());
        String tie = switch (collected.tie()) {
            case ORDER -> ", ties ordered";
            case LAST_OF_ORDER -> ", ties last";
            case NONE -> "";
        };
        return (collected.repeats() == Repeats.ARE_LEFT_OUT ? "distinct " : "")
                + joined(collected.values().stream()
                        .map(value -> value(value, text))
                        .toList())
                + " at "
                + joined(collected.places().stream()
                        .map(place -> Integer.toString(place.value()))
                        .toList())
                + tie
                + (call.filter() == null ? "" : " where<" + text.text(call.filter()) + ">");
    }

    private static String value(RowValue value, TokenText text) {
        return (value.sentBy() == null ? "" : value.sentBy()) + "<" + text.text(value.expression()) + ">";
    }

    private static String joined(List<String> parts) {
        return parts.stream().collect(Collectors.joining(" "));
    }
}
