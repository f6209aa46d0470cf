// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The key column of one occurrence of a sharded table in a statement, with what is known about the keys of the rows it contributes; or the key of a relation that is
 * computed from such tables and keeps it.
 *
 * <p>Facts are its own; {@code inherits} leads to key columns whose rows are the only partners of its rows, so that their facts hold for it too. The relation is
 * directed: in {@code a LEFT JOIN b ON a.k = b.k AND b.k = 5} the rows of {@code b} inherit from {@code a}, never the other way round.
 */
final class KeyNode {
    private final String distribution;
    private final Set<String> columns;
    private final String table;
    private final List<KeyCondition> facts = new ArrayList<>();
    private final Set<KeyNode> inherits = new LinkedHashSet<>();
    private boolean nullable;

    KeyNode(TableUse.Sharded use, String table) {
        this(use.distribution(), Set.of(use.keyColumn()), table);
    }

    /**
     * Makes the key of a relation whose rows are computed.
     *
     * @param columns the folded names of the columns that have it, none when it is not among them
     * @param table the name of a table it comes from
     */
    KeyNode(String distribution, Set<String> columns, String table) {
        this.distribution = distribution;
        this.columns = columns;
        this.table = table;
    }

    String distribution() {
        return distribution;
    }

    /** Returns the folded name of a table's key column. */
    String column() {
        return columns.iterator().next();
    }

    /** Returns true when a column of this folded name has the key. */
    boolean isColumn(String name) {
        return columns.contains(name);
    }

    /** Returns the folded names of the columns that have the key. */
    Set<String> columns() {
        return columns;
    }

    /** Returns the name of the table, for messages. */
    String table() {
        return table;
    }

    /** Returns true when an outer join may replace the table's row by nulls: a predicate that nulls satisfy then tells nothing. */
    boolean isNullable() {
        return nullable;
    }

    void becomeNullable() {
        nullable = true;
    }

    void add(KeyCondition fact) {
        facts.add(fact);
    }

    /** Lets this node's rows be known as far as the other's are; only values of one distribution compare alike. */
    void inherit(KeyNode other) {
        if (other != this && distribution.equals(other.distribution)) {
            inherits.add(other);
        }
    }

    /** Returns everything known about the keys, as one condition. */
    KeyCondition condition() {
        Set<KeyCondition> known = new LinkedHashSet<>();
        Set<KeyNode> seen = new LinkedHashSet<>();
        Deque<KeyNode> open = new ArrayDeque<>(List.of(this));
        while (!open.isEmpty()) {
            KeyNode node = open.remove();
            if (seen.add(node)) {
                known.addAll(node.facts);
                open.addAll(node.inherits);
            }
        }
        return all(distribution, known);
    }

    /** Returns the conjunction of conditions. */
    static KeyCondition all(String distribution, Collection<KeyCondition> parts) {
        List<KeyCondition> distinct = parts.stream().distinct().toList();
        return switch (distinct.size()) {
            case 0 -> new KeyCondition.Everything(distribution);
            case 1 -> distinct.get(0);
            default -> new KeyCondition.And(distribution, distinct);
        };
    }
}
