// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** A query of two columns, {@code k} and {@code x}, over a {@link TinyJoin}'s relations, as text and as something that can be run over the rows of some shards. */
interface TinyQuery {
    String sql();

    /**
     * Returns the rows found on some shards.
     *
     * @param around the row of the query around it, by column
     */
    List<List<@Nullable Integer>> rows(IntPredicate shards, Map<String, Integer> around);

    /** One block; grouped it has the least {@code x} of each {@code k}. */
    record Block(
            TinyJoin.Relation from,
            TinyJoin.@Nullable Condition where,
            String k,
            String x,
            boolean distinct,
            boolean grouped)
            implements TinyQuery {
        @Override
        public String sql() {
            return "select " + (distinct ? "distinct " : "") + k + " k, " + (grouped ? "min(" + x + ")" : x)
                    + " x from " + from.sql() + (where == null ? "" : " where " + where.sql())
                    + (grouped ? " group by " + k : "");
        }

        @Override
        public List<List<@Nullable Integer>> rows(IntPredicate shards, Map<String, Integer> around) {
            List<List<@Nullable Integer>> rows = new ArrayList<>();
            for (Map<String, Integer> row : from.rows(shards)) {
                Map<String, Integer> all = new HashMap<>(around);
                all.putAll(row);
                if (where == null || where.isTrue(all, shards)) {
                    rows.add(Arrays.asList(all.get(k), all.get(x)));
                }
            }
            if (grouped) {
                Map<String, List<@Nullable Integer>> least = new TreeMap<>();
                for (List<@Nullable Integer> row : rows) {
                    least.merge(String.valueOf(row.get(0)), row, Block::lesser);
                }
                return new ArrayList<>(least.values());
            }
            return distinct ? new ArrayList<>(rows.stream().distinct().toList()) : rows;
        }

        private static List<@Nullable Integer> lesser(List<@Nullable Integer> one, List<@Nullable Integer> other) {
            Integer first = one.get(1);
            Integer second = other.get(1);
            return second == null || first != null && first <= second ? one : other;
        }
    }

    /** A set operation of two blocks. */
    record Pair(TinyQuery left, String operation, TinyQuery right) implements TinyQuery {
        @Override
        public String sql() {
            return left.sql() + " " + operation + " " + right.sql();
        }

        @Override
        public List<List<@Nullable Integer>> rows(IntPredicate shards, Map<String, Integer> around) {
            List<List<@Nullable Integer>> first = new ArrayList<>(left.rows(shards, around));
            List<List<@Nullable Integer>> second = new ArrayList<>(right.rows(shards, around));
            switch (operation) {
                case "union all" -> first.addAll(second);
                case "union" -> {
                    first.addAll(second);
                    return new ArrayList<>(first.stream().distinct().toList());
                }
                case "except all" -> second.forEach(first::remove);
                case "except" -> {
                    first.removeAll(second);
                    return new ArrayList<>(first.stream().distinct().toList());
                }
                case "intersect" -> {
                    first.retainAll(second);
                    return new ArrayList<>(first.stream().distinct().toList());
                }
                default -> throw new IllegalArgumentException(operation);
            }
            return first;
        }
    }

    /** Returns whether a value is among those of the first column, in three-valued logic. */
    static @Nullable Boolean isAmong(@Nullable Integer value, List<List<@Nullable Integer>> rows) {
        if (rows.isEmpty()) {
            return false;
        }
        if (value == null) {
            return null;
        }
        if (rows.stream().anyMatch(row -> Objects.equals(row.get(0), value))) {
            return true;
        }
        return rows.stream().anyMatch(row -> row.get(0) == null) ? null : false;
    }
}
