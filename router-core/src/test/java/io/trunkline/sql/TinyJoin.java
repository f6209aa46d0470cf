// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A random FROM and WHERE over a few small tables, queries in FROM, and common table expressions, as text and as something that can be run over the rows of some
 * shards.
 */
final class TinyJoin {
    private static final int SHARDS = 3;
    private static final List<String> TABLES = List.of("customers", "orders", "orders", "countries");
    private static final Map<String, String> KEYS =
            Map.of("customers", "id", "orders", "customer_id", "countries", "code");

    private final Random random;
    private final List<Source> sources = new ArrayList<>();
    private final List<TinyQuery> withQueries = new ArrayList<>();
    private final Relation from;
    private final @Nullable Condition where;
    private int aliasCount;

    /** A row of joined tables: values by qualified name; no value where an outer join found no partner. */
    interface Relation {
        String sql();

        List<Map<String, Integer>> rows(IntPredicate shards);
    }

    /** A relation with an alias and two columns. */
    private interface Source extends Relation {
        String key();

        String other();
    }

    /** A predicate in three-valued logic. */
    record Condition(String sql, BiFunction<Map<String, Integer>, IntPredicate, @Nullable Boolean> test) {
        boolean isTrue(Map<String, Integer> row, IntPredicate shards) {
            return Boolean.TRUE.equals(test.apply(row, shards));
        }
    }

    private record Table(String alias, String name, List<Map<String, Integer>> all) implements Source {
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

        @Override
        public String key() {
            return alias + "." + KEYS.get(name);
        }

        @Override
        public String other() {
            return alias + ".x";
        }
    }

    /** A query in FROM, or one in WITH that is named there. */
    private record Derived(
            String alias, TinyQuery query, @Nullable String with) implements Source {
        @Override
        public String sql() {
            return (with == null ? "(" + query.sql() + ")" : with) + " " + alias;
        }

        @Override
        public List<Map<String, Integer>> rows(IntPredicate shards) {
            List<Map<String, Integer>> rows = new ArrayList<>();
            for (List<@Nullable Integer> row : query.rows(shards, Map.of())) {
                Map<String, Integer> named = new HashMap<>();
                put(named, key(), row.get(0));
                put(named, other(), row.get(1));
                rows.add(named);
            }
            return rows;
        }

        private static void put(Map<String, Integer> row, String name, @Nullable Integer value) {
            if (value != null) {
                row.put(name, value);
            }
        }

        @Override
        public String key() {
            return alias + ".k";
        }

        @Override
        public String other() {
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
            boolean[] matched = new boolean[partners.size()];
            for (Map<String, Integer> row : left.rows(shards)) {
                int before = found.size();
                for (int i = 0; i < partners.size(); i++) {
                    Map<String, Integer> both = new HashMap<>(row);
                    both.putAll(partners.get(i));
                    if (on == null || on.isTrue(both, shards)) {
                        found.add(both);
                        matched[i] = true;
                    }
                }
                if ((kind.equals("left") || kind.equals("full")) && found.size() == before) {
                    found.add(row);
                }
            }
            for (int i = 0; i < matched.length && (kind.equals("right") || kind.equals("full")); i++) {
                if (!matched[i]) {
                    found.add(partners.get(i));
                }
            }
            return found;
        }
    }

    TinyJoin(Random random) {
        this.random = random;
        for (int i = random.nextInt(3); i > 1; i--) {
            withQueries.add(query(List.of()));
        }
        Relation relation = relation(2, sources);
        if (random.nextInt(3) == 0) {
            relation = new Joined(relation, "inner", relation(1, sources), null);
        }
        this.from = relation;
        this.where = random.nextBoolean() ? condition(sources, 1) : null;
    }

    /** Returns the text before SELECT. */
    String with() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < withQueries.size(); i++) {
            text.append(i == 0 ? "with w" : ", w")
                    .append(i)
                    .append(" as (")
                    .append(withQueries.get(i).sql())
                    .append(")");
        }
        return text.isEmpty() ? "" : text + " ";
    }

    /** Returns the text from FROM on. */
    String sql() {
        return "from " + from.sql() + (where == null ? "" : " where " + where.sql);
    }

    int tableCount() {
        return sources.size();
    }

    /** Returns a query that stands for itself. */
    TinyQuery query() {
        return query(List.of());
    }

    /** Returns the rows found on some shards. */
    List<Map<String, Integer>> rows(IntPredicate shards) {
        return from.rows(shards).stream()
                .filter(row -> where == null || where.isTrue(row, shards))
                .toList();
    }

    /** Returns a column of one of the relations. */
    String column() {
        return column(sources);
    }

    private Relation relation(int depth, List<Source> found) {
        int first = found.size();
        Relation relation = depth == 0 || random.nextInt(3) == 0 ? source(depth, found) : relation(depth - 1, found);
        for (int joins = random.nextInt(depth + 1); joins > 0; joins--) {
            Relation right = random.nextInt(4) == 0 ? relation(depth - 1, found) : source(depth, found);
            String kind = List.of("inner", "inner", "left", "left", "left", "right", "full")
                    .get(random.nextInt(7));
            relation = new Joined(relation, kind, right, condition(found.subList(first, found.size()), 0));
        }
        return relation;
    }

    private Source source(int depth, List<Source> found) {
        Source source;
        if (!withQueries.isEmpty() && random.nextInt(3) == 0) {
            int i = random.nextInt(withQueries.size());
            source = new Derived(alias(), withQueries.get(i), "w" + i);
        } else {
            source = depth > 0 && random.nextInt(4) == 0 ? new Derived(alias(), query(List.of()), null) : table();
        }
        found.add(source);
        return source;
    }

    private String alias() {
        return "t" + aliasCount++;
    }

    /** Returns a query that may name columns of those around it. */
    private TinyQuery query(List<Source> around) {
        TinyQuery first = block(around);
        return random.nextInt(4) > 0
                ? first
                : new TinyQuery.Pair(
                        first,
                        List.of("union all", "union all", "union", "except all", "except", "intersect")
                                .get(random.nextInt(6)),
                        block(around));
    }

    private TinyQuery block(List<Source> around) {
        List<Source> inner = new ArrayList<>();
        Relation relation = relation(random.nextInt(3) == 0 ? 1 : 0, inner);
        List<Source> visible = new ArrayList<>(inner);
        visible.addAll(around);
        Condition condition = around.isEmpty() && random.nextBoolean() ? null : condition(visible, 0);
        int form = random.nextInt(6);
        return new TinyQuery.Block(relation, condition, column(inner), column(inner), form == 0, form == 1);
    }

    private Table table() {
        String name = TABLES.get(random.nextInt(TABLES.size()));
        String alias = alias();
        List<Map<String, Integer>> rows = new ArrayList<>();
        for (int i = random.nextInt(5); i >= 0; i--) {
            Map<String, Integer> row = new HashMap<>();
            row.put(alias + "." + KEYS.get(name), 1 + random.nextInt(4));
            if (random.nextInt(4) > 0) {
                row.put(alias + ".x", 1 + random.nextInt(4));
            }
            rows.add(row);
        }
        return new Table(alias, name, rows);
    }

    private String column(List<Source> among) {
        Source source = among.get(random.nextInt(among.size()));
        return random.nextInt(5) == 0 ? source.other() : source.key();
    }

    private Condition condition(List<Source> among, int queries) {
        Condition first = atom(among, queries);
        return switch (random.nextInt(4)) {
            case 0 -> first;
            case 1 -> {
                Condition second = atom(among, queries);
                yield new Condition("(" + first.sql + " or " + second.sql + ")", (row, shards) -> {
                    Boolean left = first.test.apply(row, shards);
                    Boolean right = second.test.apply(row, shards);
                    boolean either = Boolean.TRUE.equals(left) || Boolean.TRUE.equals(right);
                    return either ? Boolean.TRUE : left == null || right == null ? null : Boolean.FALSE;
                });
            }
            default -> {
                Condition second = atom(among, queries);
                yield new Condition(
                        first.sql + " and " + second.sql,
                        (row, shards) -> first.isTrue(row, shards) && second.isTrue(row, shards) ? true : null);
            }
        };
    }

    private Condition atom(List<Source> among, int queries) {
        String left = column(among);
        String right = column(among);
        if (queries > 0 && random.nextInt(2) == 0) {
            return aboutQuery(left, query(random.nextInt(3) == 0 ? List.of() : among));
        }
        return switch (random.nextInt(8)) {
            case 0 -> new Condition(left + " is null", (row, shards) -> row.get(left) == null);
            case 1 -> new Condition(left + " = 2", (row, shards) -> row.get(left) == null ? null : row.get(left) == 2);
            default ->
                new Condition(
                        left + " = " + right,
                        (row, shards) -> row.get(left) == null || row.get(right) == null
                                ? null
                                : row.get(left).equals(row.get(right)));
        };
    }

    private Condition aboutQuery(String column, TinyQuery query) {
        boolean not = random.nextInt(3) == 0;
        String word = not ? "not " : "";
        if (random.nextBoolean()) {
            return new Condition(
                    word + "exists (" + query.sql() + ")",
                    (row, shards) -> query.rows(shards, row).isEmpty() == not);
        }
        return new Condition(column + " " + word + "in (select s.k from (" + query.sql() + ") s)", (row, shards) -> {
            Boolean among = TinyQuery.isAmong(row.get(column), query.rows(shards, row));
            return among == null ? null : among != not;
        });
    }
}
