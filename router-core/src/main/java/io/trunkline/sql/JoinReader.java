// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.schema.Column;
import net.sf.jsqlparser.statement.select.Join;

/**
 * Reads one join: which side it may fill with nulls, and what its condition says about keys.
 *
 * <p>The condition of an inner join drops rows of both sides. That of an outer join drops only rows of the nullable side, so nothing may be concluded about
 * the preserved one; that of a full join drops none.
 */
final class JoinReader {
    private final PredicateReader predicates;
    private final QueryScope scope;
    private final int groupStart;
    private final List<KeyNode> left;
    private final List<KeyNode> right;

    /**
     * Prepares for the join whose right side was just added to the scope.
     *
     * @param groupStart where the left side begins: behind the last comma
     * @param rightStart where the right side begins
     */
    JoinReader(PredicateReader predicates, QueryScope scope, int groupStart, int rightStart) {
        this.predicates = predicates;
        this.groupStart = groupStart;
        this.scope = scope;
        this.right = scope.keysSince(rightStart);
        List<KeyNode> group = scope.keysSince(groupStart);
        this.left = group.subList(0, group.size() - right.size());
    }

    /** Reads the join and returns it as it concerns keys. */
    KeyJoin read(Join join) {
        refuseForeignJoins(join);
        Set<KeyNode> droppable = new HashSet<>();
        if (!join.isFull() && !join.isLeft()) {
            droppable.addAll(left);
        }
        if (!join.isFull() && !join.isRight()) {
            droppable.addAll(right);
        }
        // The condition is tested on rows as they are; only behind the join one side may be null.
        KeyFacts condition = condition(join);
        condition.apply(droppable::contains);
        if (join.isLeft() || join.isFull()) {
            right.forEach(KeyNode::becomeNullable);
        }
        if (join.isRight() || join.isFull()) {
            left.forEach(KeyNode::becomeNullable);
        }
        return new KeyJoin(typeOf(join), List.copyOf(left), List.copyOf(right), condition);
    }

    private static KeyJoin.Type typeOf(Join join) {
        if (join.isNatural()) {
            return KeyJoin.Type.OTHER;
        }
        if (join.isFull()) {
            return KeyJoin.Type.FULL;
        }
        if (join.isRight()) {
            return KeyJoin.Type.RIGHT;
        }
        return join.isLeft() ? KeyJoin.Type.LEFT : KeyJoin.Type.INNER;
    }

    private static void refuseForeignJoins(Join join) {
        boolean foreign = join.isApply()
                || join.isSemi()
                || join.isStraight()
                || join.isGlobal()
                || join.isAny()
                || join.isAll()
                || join.isAsOf()
                || join.isArray()
                || join.isFetch()
                || join.isWindowJoin()
                || join.getJoinHint() != null
                || join.isOuter() && !join.isLeft() && !join.isRight() && !join.isFull();
        if (foreign) {
            throw QueryTreeReader.unreadable("there is a join PostgreSQL does not have");
        }
        boolean conditioned = join.getOnExpressions() != null
                        && !join.getOnExpressions().isEmpty()
                || join.getUsingColumns() != null && !join.getUsingColumns().isEmpty();
        if (conditioned == (join.isSimple() || join.isCross() || join.isNatural())) {
            // In "a LEFT JOIN b CROSS JOIN c ON ..." the condition is that of the first join.
            throw QueryTreeReader.unreadable("there are joins nested without parentheses");
        }
    }

    private KeyFacts condition(Join join) {
        Collection<Expression> conditions = join.getOnExpressions();
        if (conditions != null && conditions.size() > 1) {
            // "a JOIN b JOIN c ON ... ON ..." nests to the right, and the tree does not show it.
            throw QueryTreeReader.unreadable("there are joins nested without parentheses");
        }
        KeyFacts facts = KeyFacts.NONE;
        if (conditions != null) {
            for (Expression condition : conditions) {
                facts = facts.and(predicates.read(condition, scope));
            }
        }
        if (join.isNatural()) {
            for (KeyNode key : scope.keysSince(groupStart)) {
                for (String column : key.columns()) {
                    facts = facts.and(merged(column));
                }
            }
        }
        if (join.getUsingColumns() != null) {
            for (Column column : join.getUsingColumns()) {
                facts = facts.and(merged(Names.fold(column.getColumnName())));
            }
        }
        return facts;
    }

    /** Two keys of the same name are equal under USING and NATURAL. */
    private KeyFacts merged(String column) {
        List<KeyNode> lefts = left.stream().filter(key -> key.isColumn(column)).toList();
        List<KeyNode> rights =
                right.stream().filter(key -> key.isColumn(column)).toList();
        boolean found = !lefts.isEmpty() && !rights.isEmpty();
        if (lefts.isEmpty() != rights.isEmpty()
                || found && !lefts.get(0).distribution().equals(rights.get(0).distribution())) {
            // Two keys, different as int8, may be equal as float8.
            scope.mergesKey(column);
        }
        // What was merged before need not be the key any more, by whatever name it came.
        boolean certain = found
                && !scope.isMerged(column)
                && !lefts.get(0).isNullable()
                && !rights.get(0).isNullable();
        return certain ? KeyFacts.equal(lefts.get(0), rights.get(0)) : KeyFacts.NONE;
    }
}
