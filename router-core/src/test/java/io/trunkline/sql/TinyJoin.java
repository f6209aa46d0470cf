// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** A random FROM and WHERE over a few small tables, as text and as something that can be run over the rows of some shards. */
final class TinyJoin {
    private static final int SHARDS = 3;
    private static final List<String> TABLES = List.of("customers", "orders", "orders", "countries");
    private static final Map<String, String> KEYS =
            Map.of("customers", "id", "orders", "customer_id", "countries", "code");

    private final Random random;
    private final List<Table> tables = new ArrayList<>();
    private final Relation from;
    private final @Nullable Condition where;

    /** A row of joined tables: values by qualified name; no value where an outer join found no partner. */
    private interface Relation {
        String sql();

        List<Map<String, Integer>> rows(IntPredicate shards);
    }

    /** A predicate in three-valued logic. */
    private record Condition(String sql, java.util.function.Function<Map<String, Integer>, @Nullable Boolean> test) {
        boolean isTrue(Map<String, Integer> row) {
            return Boolean.TRUE.equals(test.apply(row));
        }
    }

    private record Table(String alias, String name, List<Map<String, Integer>> all) implements Relation {
        @Override
        public String sql() {
            return name + " " + alias;
        }

        @Override
        public List<Map<String, Integer>> rows(IntPredicate shards) {
            boolean everywhere = name.equals("countries");
            return all.stream()
                    .filter(row -> everywhere || shards.test(row.get(key()) % SHARDS))
                    .toList();
        }

        String key() {
            return alias + "." + KEYS.get(name);
        }

        String other() {
            return alias + ".x";
        }
    }

    private record Joined(
            Relation left,
            String kind,
            Relation right,
            @Nullable Condition on) implements Relation {
        @Override
        public String sql() {
            String second = right instanceof Joined ? "(" + right.sql() + ")" : right.sql();
            return left.sql() + (on == null ? ", " + right.sql() : " " + kind + " join " + second + " on " + on.sql());
        }

        @Override
        public List<Map<String, Integer>> rows(IntPredicate shards) {
            List<Map<String, Integer>> found = new ArrayList<>();
            List<Map<String, Integer>> partners = right.rows(shards);
            for (Map<String, Integer> row : left.rows(shards)) {
                int before = found.size();
                for (Map<String, Integer> partner : partners) {
                    Map<String, Integer> both = new HashMap<>(row);
                    both.putAll(partner);
                    if (on == null || on.isTrue(both)) {
                        found.add(both);
                    }
                }
                if (kind.equals("left") && found.size() == before) {
                    found.add(row);
                }
            }
            return found;
        }
    }

    TinyJoin(Random random) {
        this.random = random;
        Relation relation = relation(2);
        if (random.nextInt(3) == 0) {
            relation = new Joined(relation, "inner", relation(1), null);
        }
        this.from = relation;
        this.where = random.nextBoolean() ? condition(tables) : null;
    }

    /** Returns the text from FROM on. */
    String sql() {
        return "from " + from.sql() + (where == null ? "" : " where " + where.sql);
    }

    boolean hasLeftJoin() {
        return sql().contains("left join");
    }

    int tableCount() {
        return tables.size();
    }

    /** Returns the rows found on some shards. */
    List<Map<String, Integer>> rows(IntPredicate shards) {
        return from.rows(shards).stream()
                .filter(row -> where == null || where.isTrue(row))
                .toList();
    }

    /** Returns a column of one of the tables. */
    String column() {
        return column(tables);
    }

    private Relation relation(int depth) {
        int first = tables.size();
        Relation relation = depth == 0 || random.nextInt(3) == 0 ? table() : relation(depth - 1);
        for (int joins = random.nextInt(depth + 1); joins > 0; joins--) {
            Relation right = random.nextInt(4) == 0 ? relation(depth - 1) : table();
            String kind = random.nextInt(3) == 0 ? "inner" : "left";
            relation = new Joined(relation, kind, right, condition(tables.subList(first, tables.size())));
        }
        return relation;
    }

    private Table table() {
        String name = TABLES.get(random.nextInt(TABLES.size()));
        String alias = "t" + tables.size();
        List<Map<String, Integer>> rows = new ArrayList<>();
        for (int i = random.nextInt(5); i >= 0; i--) {
            Map<String, Integer> row = new HashMap<>();
            row.put(alias + "." + KEYS.get(name), 1 + random.nextInt(4));
            if (random.nextInt(4) > 0) {
                row.put(alias + ".x", 1 + random.nextInt(4));
            }
            rows.add(row);
        }
        Table table = new Table(alias, name, rows);
        tables.add(table);
        return table;
    }

    private String column(List<Table> among) {
        Table table = among.get(random.nextInt(among.size()));
        return random.nextInt(5) == 0 ? table.other() : table.key();
    }

    private Condition condition(List<Table> among) {
        Condition first = atom(among);
        return switch (random.nextInt(4)) {
            case 0 -> first;
            case 1 -> {
                Condition second = atom(among);
                yield new Condition("(" + first.sql + " or " + second.sql + ")", row -> {
                    Boolean left = first.test.apply(row);
                    Boolean right = second.test.apply(row);
                    boolean either = Boolean.TRUE.equals(left) || Boolean.TRUE.equals(right);
                    return either ? Boolean.TRUE : left == null || right == null ? null : Boolean.FALSE;
                });
            }
            default -> {
                Condition second = atom(among);
                yield new Condition(
                        first.sql + " and " + second.sql, row -> first.isTrue(row) && second.isTrue(row) ? true : null);
            }
        };
    }

    private Condition atom(List<Table> among) {
        String left = column(among);
        String right = column(among);
        return switch (random.nextInt(8)) {
            case 0 -> new Condition(left + " is null", row -> row.get(left) == null);
            case 1 -> new Condition(left + " = 2", row -> row.get(left) == null ? null : row.get(left) == 2);
            default ->
                new Condition(
                        left + " = " + right,
                        row -> row.get(left) == null || row.get(right) == null
                                ? null
                                : row.get(left).equals(row.get(right)));
        };
    }
}
