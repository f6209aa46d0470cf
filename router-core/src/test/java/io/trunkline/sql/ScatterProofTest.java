// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Case;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The promise of a scatter shape, by brute force: the rows that all shards find are those that one server with all data finds, and groups that are called whole are.
 *
 * <p>Random joins over sharded and reference tables, and queries of those, are read from their text, and run by {@link TinyJoin} over all rows and over those of each shard. Refusing is
 * always allowed.
 */
class ScatterProofTest {

    @Property(tries = 5000)
    @Case({"H02", "H31"})
    void rowsOfAllShardsAreTheRowsOfTheWhole(@ForAll long seed) {
        TinyJoin join = new TinyJoin(new Random(seed));
        String sql = join.with() + "select * " + join.sql();

        ScatterShape shape = ScatterNotation.shape(sql).scatter();

        if (shape != null) {
            List<String> scattered = new ArrayList<>();
            IntStream.range(0, 3).forEach(shard -> scattered.addAll(written(join.rows(each -> each == shard))));
            assertThat(scattered).as(sql).containsExactlyInAnyOrderElementsOf(written(join.rows(shard -> true)));
        }
    }

    @Property(tries = 5000)
    @Case("H31")
    void wholeGroupsLieOnOneShard(@ForAll long seed) {
        Random random = new Random(seed);
        TinyJoin join = new TinyJoin(random);
        String first = join.column();
        String second = join.column();
        String sql = random.nextBoolean()
                ? join.with() + "select distinct " + first + ", " + second + " " + join.sql()
                : join.with() + "select count(*) " + join.sql() + " group by " + first + ", " + second;

        ScatterShape shape = ScatterNotation.shape(sql).scatter();

        if (shape != null && shape.keepsGroupsWhole()) {
            List<List<@Nullable Integer>> groups = new ArrayList<>();
            IntStream.range(0, 3)
                    .forEach(shard -> join.rows(each -> each == shard).stream()
                            .map(row -> values(row, first, second))
                            .distinct()
                            .forEach(groups::add));
            assertThat(groups).as(sql).doesNotHaveDuplicates();
        }
    }

    /** The other promise: where the conditions of all tables lead to one shard, the rows there are all. */
    @Property(tries = 5000)
    @Case({"H01", "H02"})
    void oneShardHasAllRowsWhereTheConditionsLeadThere(@ForAll long seed) {
        TinyJoin join = new TinyJoin(new Random(seed));
        String sql = join.with() + "select * " + join.sql();

        ShardingShape shape = ScatterNotation.shape(sql);

        if (TinyConditions.leadToShardTwo(shape)) {
            assertThat(written(join.rows(shard -> shard == 2)))
                    .as(sql)
                    .containsExactlyInAnyOrderElementsOf(written(join.rows(shard -> true)));
        }
    }

    @Test
    void scattersEnoughToProveAnything() {
        List<String> scattered = new ArrayList<>();
        for (int seed = 0; seed < 4000; seed++) {
            TinyJoin join = new TinyJoin(new Random(seed));
            String sql = join.with() + "select * " + join.sql();
            if (ScatterNotation.shape(sql).scatter() != null) {
                scattered.add((join.tableCount() > 2 ? "joins " : "") + sql);
            }
        }

        for (String part :
                List.of("joins ", " left join ", "from (select ", "exists (", "with w0 as ", " union all ")) {
            assertThat(scattered.stream().filter(sql -> sql.contains(part)).count())
                    .as(part)
                    .isGreaterThan(20);
        }
        for (String part : List.of(
                " right join ",
                " full join ",
                "not exists (",
                "not in (",
                " in (",
                "distinct",
                "group by",
                " union ",
                " except ",
                " intersect ")) {
            assertThat(scattered.stream().filter(sql -> sql.contains(part)).count())
                    .as(part)
                    .isGreaterThan(5);
        }
    }

    private static List<String> written(List<Map<String, Integer>> rows) {
        return rows.stream().map(row -> new TreeMap<>(row).toString()).toList();
    }

    private static List<@Nullable Integer> values(Map<String, Integer> row, String first, String second) {
        List<@Nullable Integer> values = new ArrayList<>();
        values.add(row.get(first));
        values.add(row.get(second));
        return values;
    }
}
