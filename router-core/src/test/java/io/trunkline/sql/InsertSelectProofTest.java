// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Case;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The promise of an INSERT ... SELECT on several shards, by brute force: what the shards insert is what one server with all data inserts, and each row lies where its key
 * belongs.
 *
 * <p>The queries are those of {@link TinyJoin}, over all rows and over those of each shard. Refusing is always allowed.
 */
class InsertSelectProofTest {

    /** A random statement, which stores one of the two columns of a query as key. */
    private record Insert(String sql, TinyQuery query, int key) {
        static Insert of(Random random) {
            TinyJoin join = new TinyJoin(random);
            TinyQuery query = join.query();
            int key = random.nextInt(4) == 0 ? 1 : 0;
            String into = "insert into orders " + (key == 0 ? "(customer_id, x) " : "(x, customer_id) ");
            String head = random.nextBoolean() ? join.with() + into : into + join.with();
            String tail = List.of("", "", " order by 1", " on conflict do nothing", " limit 1000")
                    .get(random.nextInt(5));
            return new Insert(head + query.sql() + tail, query, key);
        }

        List<List<@Nullable Integer>> rowsOf(int shard) {
            return query.rows(each -> each == shard, Map.of());
        }

        List<List<@Nullable Integer>> rows() {
            return query.rows(shard -> true, Map.of());
        }

        boolean belongsTo(int shard, List<@Nullable Integer> row) {
            Integer value = row.get(key);
            return value != null && value % 3 == shard;
        }
    }

    @Property(tries = 10_000)
    @Case({"H36", "H62"})
    void eachShardInsertsItsOwnOfTheRowsOfTheWhole(@ForAll long seed) {
        Insert insert = Insert.of(new Random(seed));

        ShardingShape shape = ScatterNotation.shape(insert.sql);

        if (shape.spread() != null) {
            List<List<@Nullable Integer>> stored = new ArrayList<>();
            for (int shard = 0; shard < 3; shard++) {
                int here = shard;
                assertThat(insert.rowsOf(here)).as(insert.sql).allMatch(row -> insert.belongsTo(here, row));
                stored.addAll(insert.rowsOf(here));
            }
            assertThat(stored).as(insert.sql).containsExactlyInAnyOrderElementsOf(insert.rows());
        }
    }

    @Property(tries = 10_000)
    @Case({"H01", "H04", "H62"})
    void oneShardInsertsAllRowsWhereTheConditionsLeadThere(@ForAll long seed) {
        Insert insert = Insert.of(new Random(seed));

        ShardingShape shape = ScatterNotation.shape(insert.sql);

        if (TinyConditions.leadToShardTwo(shape)) {
            assertThat(insert.rowsOf(2))
                    .as(insert.sql)
                    .allMatch(row -> insert.belongsTo(2, row))
                    .containsExactlyInAnyOrderElementsOf(insert.rows());
        }
    }

    @Test
    void insertsEnoughToProveAnything() {
        List<String> spread = new ArrayList<>();
        int placed = 0;
        for (int seed = 0; seed < 4000; seed++) {
            Insert insert = Insert.of(new Random(seed));
            ShardingShape shape = ScatterNotation.shape(insert.sql);
            placed += TinyConditions.leadToShardTwo(shape) ? 1 : 0;
            if (shape.spread() != null) {
                spread.add(insert.sql);
            }
        }

        assertThat(placed).isGreaterThan(20);
        for (String part : List.of(
                "(customer_id, x)",
                "with w0 as ",
                " union ",
                " join ",
                "distinct",
                "group by",
                "order by",
                "(select ")) {
            assertThat(spread.stream().filter(sql -> sql.contains(part)).count())
                    .as(part)
                    .isGreaterThan(5);
        }
    }
}
