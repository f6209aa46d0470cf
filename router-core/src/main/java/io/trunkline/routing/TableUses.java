// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a statement may do to tables that it does not name: by functions it calls, and by triggers, rules, defaults, constraints and policies of
 * the tables it names. On one shard such a thing sees the rows of that shard only.
 *
 * <p>From the rows of {@link CatalogQueries#TABLE_USES}. Immutable; names are folded and without schema, as in {@link CatalogSnapshot}.
 */
final class TableUses {
    static final TableUses NONE = new TableUses(Set.of(), Set.of(), Set.of(), Map.of(), Map.of());

    private static final int COLUMNS = 3;

    private final Set<String> functions;
    private final Set<String> attributes;
    private final Set<String> operators;
    /** By relation, what its reading does; one thing of maybe many. */
    private final Map<String, String> reads;

    private final Map<String, String> writes;

    private TableUses(
            Set<String> functions,
            Set<String> attributes,
            Set<String> operators,
            Map<String, String> reads,
            Map<String, String> writes) {
        this.functions = Set.copyOf(functions);
        this.attributes = Set.copyOf(attributes);
        this.operators = Set.copyOf(operators);
        this.reads = Map.copyOf(reads);
        this.writes = Map.copyOf(writes);
    }

    /**
     * Reads the rows of the query.
     *
     * @throws IllegalArgumentException when they are not what it returns
     */
    static TableUses of(List<List<@Nullable String>> rows) {
        Set<String> functions = new HashSet<>();
        Set<String> attributes = new HashSet<>();
        Set<String> operators = new HashSet<>();
        Map<String, String> reads = new HashMap<>();
        Map<String, String> writes = new HashMap<>();
        for (List<@Nullable String> row : rows) {
            String name = CatalogSnapshot.text(row, 1, COLUMNS);
            String what = CatalogSnapshot.text(row, 2, COLUMNS);
            switch (CatalogSnapshot.text(row, 0, COLUMNS)) {
                case "function" -> functions.add(name);
                case "attribute" -> attributes.add(name);
                case "operator" -> operators.add(name);
                case "read" -> reads.put(name, what);
                case "write" -> writes.put(name, what);
                default -> throw new IllegalArgumentException("catalogue row of an unknown kind");
            }
        }
        return new TableUses(functions, attributes, operators, reads, writes);
    }

    /** Returns what holds in either of two databases. */
    TableUses or(TableUses other) {
        return new TableUses(
                CatalogSnapshot.union(functions, other.functions),
                CatalogSnapshot.union(attributes, other.attributes),
                CatalogSnapshot.union(operators, other.operators),
                union(reads, other.reads),
                union(writes, other.writes));
    }

    private static Map<String, String> union(Map<String, String> one, Map<String, String> other) {
        Map<String, String> both = new HashMap<>(one);
        both.putAll(other);
        return both;
    }

    /** Returns the first of some functions that may use tables, or null; names may be qualified. */
    @Nullable
    String function(Iterable<String> calls) {
        return functions.isEmpty()
                ? null
                : first(
                        calls,
                        call -> functions.contains(call)
                                || functions.contains(call.substring(call.lastIndexOf('.') + 1)));
    }

    /** Returns the first of some operators whose function may, or null. */
    @Nullable
    String operator(Iterable<String> symbols) {
        return operators.isEmpty() ? null : first(symbols, operators::contains);
    }

    /** Returns the first of some names that may be a function called like a column which may, or null. */
    @Nullable
    String attribute(Iterable<String> names) {
        return attributes.isEmpty() ? null : first(names, attributes::contains);
    }

    /**
     * Returns what a statement may do beside what it says, by the names in it, as {@code table t: trigger g calls f}, or null.
     *
     * @param writes whether the statement does
     */
    @Nullable
    String hidden(Iterable<String> names, boolean writes) {
        if (reads.isEmpty() && (!writes || this.writes.isEmpty())) {
            return null;
        }
        for (String name : names) {
            String what = reads.get(name);
            if (what == null && writes) {
                what = this.writes.get(name);
            }
            if (what != null) {
                return "table " + name + ": " + what;
            }
        }
        return null;
    }

    private static @Nullable String first(Iterable<String> names, Predicate<String> test) {
        for (String name : names) {
            if (test.test(name)) {
                return name;
            }
        }
        return null;
    }
}
