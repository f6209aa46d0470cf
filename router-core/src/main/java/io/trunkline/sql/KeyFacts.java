// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What a predicate says about keys when it is true: a condition for some of them, and pairs that are equal.
 *
 * <p>Immutable. A key that is not mentioned may have any value; so the facts of {@code AND} are those of both sides, and the facts of {@code OR} are about
 * the keys that both sides mention.
 */
final class KeyFacts {
    /** Says nothing. */
    static final KeyFacts NONE = new KeyFacts(Map.of(), List.of());

    private final Map<KeyNode, KeyCondition> conditions;
    private final List<Equality> equalities;

    private KeyFacts(Map<KeyNode, KeyCondition> conditions, List<Equality> equalities) {
        this.conditions = conditions;
        this.equalities = equalities;
    }

    /** Two keys that are equal, and not null. */
    record Equality(KeyNode left, KeyNode right) {
        /** Returns true when rows with these keys lie on one shard. */
        boolean colocates() {
            return left.distribution().equals(right.distribution());
        }
    }

    /** Returns the pairs of keys that are equal whenever the predicate is true. */
    List<Equality> equalities() {
        return equalities;
    }

    static KeyFacts about(KeyNode node, KeyCondition condition) {
        return new KeyFacts(Map.of(node, condition), List.of());
    }

    static KeyFacts equal(KeyNode left, KeyNode right) {
        return new KeyFacts(Map.of(), List.of(new Equality(left, right)));
    }

    KeyFacts and(KeyFacts other) {
        if (this == NONE) {
            return other;
        }
        if (other == NONE) {
            return this;
        }
        Map<KeyNode, KeyCondition> both = new LinkedHashMap<>(conditions);
        other.conditions.forEach((node, condition) ->
                both.merge(node, condition, (left, right) -> KeyNode.all(node.distribution(), List.of(left, right))));
        List<Equality> equal = new ArrayList<>(equalities);
        equal.addAll(other.equalities);
        return new KeyFacts(both, equal);
    }

    KeyFacts or(KeyFacts other) {
        Map<KeyNode, KeyCondition> either = new LinkedHashMap<>();
        conditions.forEach((node, condition) -> {
            KeyCondition otherwise = other.conditions.get(node);
            if (otherwise != null) {
                either.put(node, new KeyCondition.Or(node.distribution(), List.of(condition, otherwise)));
            }
        });
        return either.isEmpty() ? NONE : new KeyFacts(either, List.of());
    }

    /**
     * Records the facts at the nodes whose rows the predicate can drop without being missed.
     *
     * @param droppable true for those nodes: all tables of a query block for its WHERE, those on the nullable side for the ON of an outer join
     */
    void apply(Predicate<KeyNode> droppable) {
        conditions.forEach((node, condition) -> {
            if (droppable.test(node)) {
                node.add(condition);
            }
        });
        for (Equality equality : equalities) {
            if (droppable.test(equality.left)) {
                equality.left.inherit(equality.right);
            }
            if (droppable.test(equality.right)) {
                equality.right.inherit(equality.left);
            }
        }
    }
}
