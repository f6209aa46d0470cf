// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** Two small tables in memory, each row with a key and a value, and the joins of SQL over them. */
final class TinyDatabase {
    /** A row of {@code orders} or {@code customers}. */
    record Row(BigDecimal key, BigDecimal value) {}

    /** A pair of rows a condition is asked about; null columns are those of a missing side. */
    record Pair(@Nullable Row order, @Nullable Row customer) {}

    private static final int KEY_MIN = -3;
    private static final int KEY_MAX = 12;

    private final ToIntFunction<Long> shardOf;

    TinyDatabase(ToIntFunction<Long> shardOf) {
        this.shardOf = shardOf;
    }

    /** Returns the rows a statement selects or touches, sorted, when only the rows of some shards are there. */
    List<String> run(RandomStatement statement, IntPredicate shards) {
        List<Row> orders = rows(shards, 2);
        List<Row> customers = statement.hasJoin() ? rows(shards, 1) : List.of();
        List<Pair> joined = new ArrayList<>();
        boolean[] customerMatched = new boolean[customers.size()];
        for (Row order : orders) {
            boolean matched = false;
            for (int i = 0; i < customers.size(); i++) {
                Pair pair = new Pair(order, customers.get(i));
                if (statement.joins(pair)) {
                    joined.add(pair);
                    matched = true;
                    customerMatched[i] = true;
                }
            }
            if (!statement.hasJoin() || !matched && statement.keepsOrders()) {
                joined.add(new Pair(order, null));
            }
        }
        for (int i = 0; i < customers.size(); i++) {
            if (!customerMatched[i] && statement.keepsCustomers()) {
                joined.add(new Pair(null, customers.get(i)));
            }
        }
        return joined.stream()
                .filter(statement::selects)
                .map(Pair::toString)
                .sorted()
                .toList();
    }

    private List<Row> rows(IntPredicate shards, int rowsPerKey) {
        List<Row> rows = new ArrayList<>();
        for (long key = KEY_MIN; key <= KEY_MAX; key++) {
            if (shards.test(shardOf.applyAsInt(key))) {
                for (int value = 0; value < rowsPerKey; value++) {
                    rows.add(new Row(BigDecimal.valueOf(key), BigDecimal.valueOf(value)));
                }
            }
        }
        return rows;
    }
}
