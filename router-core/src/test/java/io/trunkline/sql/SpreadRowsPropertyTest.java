// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * The promise of {@link SpreadWrite.Rows}: an INSERT put together of the head, some of the rows and the tail is one of exactly these rows, and each row is on one shard.
 *
 * <p>Keys are compared by their text, for a literal has another index in each statement.
 */
class SpreadRowsPropertyTest {
    private static final List<String> KEYS =
            List.of("1", "'two'", "-3", "$1", "$2", "$3", "$4::int8", "null", "$$5$$", "e'\\'6'", "'), (7'", "'x''y'");
    private static final List<String> VALUES = List.of(
            "1",
            "'), (9'",
            "$1",
            "$5",
            "default",
            "null",
            "(1 + 2) * 3",
            "array[1, 2]",
            "/* ) */ 4",
            "coalesce($6, 'x')",
            "$a$ ), ( $a$",
            "'x' -- ), (\n",
            "now()",
            "row(1, (2))",
            "case when true then 1 else 2 end");
    private static final List<String> TAILS = List.of(
            "",
            "returning *",
            "on conflict (id) do nothing",
            "on conflict (id) do update set a = excluded.a where orders.b > 5 returning id, 'values (1)'",
            "on conflict (customer_id, id) do update set (a, b) = (excluded.a, $7)");
    private static final int SHARDS = 3;

    /** A statement, and what it was made of. */
    private record Insert(String sql, List<String> rows, List<String> keys, String tail) {
        static Insert random(Random random) {
            int columns = 1 + random.nextInt(4);
            int keyColumn = random.nextInt(columns);
            String names = IntStream.range(0, columns)
                    .mapToObj(i -> i == keyColumn ? "customer_id" : "c" + i)
                    .collect(Collectors.joining(", ", "(", ")"));
            List<String> rows = new ArrayList<>();
            List<String> keys = new ArrayList<>();
            int rowCount = 2 + random.nextInt(6);
            for (int row = 0; row < rowCount; row++) {
                String key = pick(KEYS, random);
                keys.add(key);
                rows.add(IntStream.range(0, columns)
                        .mapToObj(i -> i == keyColumn ? key : pick(VALUES, random))
                        .collect(Collectors.joining(random.nextBoolean() ? "," : " , ", "(", ")")));
            }
            String tail = pick(TAILS, random);
            String comma = random.nextBoolean() ? "," : " /* , */ , ";
            String sql = "insert into orders " + names + " values " + String.join(comma, rows) + " " + tail;
            return new Insert(sql, rows, keys, tail);
        }

        private static String pick(List<String> list, Random random) {
            return list.get(random.nextInt(list.size()));
        }
    }

    @Property(tries = 2000)
    void partsHaveExactlyTheirRows(@ForAll long seed) {
        Random random = new Random(seed);
        Insert insert = Insert.random(random);
        SpreadWrite.Rows whole = SpreadNotation.rows(insert.sql);
        TokenText text = SpreadNotation.text(whole, insert.sql);
        List<List<Integer>> shards = new ArrayList<>();
        IntStream.range(0, SHARDS).forEach(shard -> shards.add(new ArrayList<>()));
        IntStream.range(0, whole.rows().size())
                .forEach(row -> shards.get(random.nextInt(SHARDS)).add(row));

        List<String> written = new ArrayList<>();
        for (List<Integer> rows : shards) {
            if (!rows.isEmpty()) {
                List<String> values = rows.stream()
                        .map(row -> text.text(whole.rows().get(row).values()))
                        .toList();
                String part = text.text(whole.head()) + " " + String.join(", ", values) + " " + text.text(whole.tail());
                assertThat(keys(part))
                        .as(part)
                        .isEqualTo(rows.stream().map(insert.keys::get).toList());
                written.addAll(values);
            }
        }

        assertThat(keys(insert.sql)).as(insert.sql).isEqualTo(insert.keys);
        assertThat(written).as(insert.sql).containsExactlyInAnyOrderElementsOf(insert.rows);
        assertThat(text.text(whole.tail())).as(insert.sql).isEqualTo(insert.tail);
    }

    /** Returns the text of the key of each row. */
    private static List<String> keys(String sql) {
        ShardingShape shape = ScatterNotation.shape(sql);
        if (shape.spread() instanceof SpreadWrite.Rows rows) {
            return rows.rows().stream().map(row -> key(row.key(), sql)).toList();
        }
        assertThat(shape.conditions()).as(sql).hasSize(1);
        return List.of(key(shape.conditions().get(0), sql));
    }

    private static String key(KeyCondition key, String sql) {
        KeyOperand operand = ((KeyCondition.Equal) key).operand();
        if (operand instanceof KeyOperand.Literal literal) {
            Sql text = Sql.of(sql);
            return (literal.negative() ? "-" : "") + text.literals(text.scan()).get(literal.index());
        }
        return ShardingShapeReaderTest.render(key).substring(1);
    }
}
