// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.Placement.KeyColumn;
import io.trunkline.sql.Placement.Partitioned;
import io.trunkline.sql.Placement.Unproven;
import io.trunkline.sql.Placement.Whole;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import net.sf.jsqlparser.statement.select.ParenthesedSelect;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.Select;
import net.sf.jsqlparser.statement.select.SetOperation;
import net.sf.jsqlparser.statement.select.SetOperationList;
import net.sf.jsqlparser.statement.select.SetOperationList.SetOperationType;
import org.jspecify.annotations.Nullable;

/** Where the rows of the queries inside one statement lie, by the scopes they were read in. */
final class Placements {
    /** Whether the order matters in which rows come. */
    enum RowOrder {
        /** It may be seen. */
        COUNTS,
        /** Any order will do. */
        FREE
    }

    private final Map<Select, QueryScope> scopes = new IdentityHashMap<>();
    private final Map<Select, Placement> known = new IdentityHashMap<>();

    /** Notes the scope of a query and returns it. */
    QueryScope enter(Select select, QueryScope scope) {
        scopes.put(select, scope);
        return scope;
    }

    /** Returns where the rows of a query lie that was read to its end. */
    Placement of(Select select) {
        Placement placement = known.get(select);
        if (placement == null) {
            placement = find(select, RowOrder.COUNTS);
            known.put(select, placement);
        }
        return placement;
    }

    /** Returns the same where nobody asks in which order the rows come: each shard may keep the order of its own. */
    Placement inAnyOrder(Select select) {
        return find(select, RowOrder.FREE);
    }

    private Placement find(Select select, RowOrder order) {
        QueryScope scope = scopes.get(select);
        if (scope != null && scope.doubt() != null) {
            return new Unproven(scope.doubt());
        }
        if (select instanceof PlainSelect plain && scope != null) {
            return BlockPlacement.of(plain, scope, order);
        }
        if (select instanceof ParenthesedSelect group) {
            return behindTail(select, find(group.getSelect(), order), order);
        }
        if (select instanceof SetOperationList list) {
            return behindTail(select, combined(list), order);
        }
        return behindTail(select, new Whole(false), order);
    }

    /** ORDER BY and LIMIT of a group or set operation. */
    private static Placement behindTail(Select select, Placement placement, RowOrder order) {
        boolean locks = select.getForMode() != null || select.getForUpdate() != null;
        boolean chooses = select.getLimit() != null || select.getOffset() != null || select.getFetch() != null;
        boolean orders = order == RowOrder.COUNTS && select.getOrderByElements() != null;
        if (locks || chooses && !(placement instanceof Whole whole && whole.tied())) {
            return chosen("LIMIT, OFFSET, FETCH or FOR");
        }
        return orders && placement instanceof Partitioned ? chosen("ORDER BY") : placement;
    }

    private static Placement chosen(String what) {
        return new Unproven(RefusalCode.SUBQUERY_ACROSS_SHARDS.because("it has " + what));
    }

    /** INTERSECT binds tighter than the others, which are made from left to right. */
    Placement combined(SetOperationList list) {
        Placement sum = of(list.getSelects().get(0));
        SetOperation open = null;
        Placement left = sum;
        for (int i = 0; i < list.getOperations().size(); i++) {
            SetOperation operation = list.getOperations().get(i);
            Placement right = of(list.getSelects().get(i + 1));
            if (typeOf(operation) == SetOperationType.INTERSECT) {
                left = combined(operation, left, right);
            } else {
                sum = open == null ? left : combined(open, sum, left);
                open = operation;
                left = right;
            }
        }
        return open == null ? left : combined(open, sum, left);
    }

    static @Nullable SetOperationType typeOf(SetOperation operation) {
        String word = operation.toString().strip().toUpperCase(Locale.ROOT);
        for (SetOperationType type : SetOperationType.values()) {
            if (word.equals(type.name())
                    || word.equals(type.name() + " ALL")
                    || word.equals(type.name() + " DISTINCT")) {
                return type;
            }
        }
        return null;
    }

    private static Placement combined(SetOperation operation, Placement left, Placement right) {
        if (left instanceof Unproven) {
            return left;
        }
        if (right instanceof Unproven) {
            return right;
        }
        SetOperationType type = typeOf(operation);
        if (left instanceof Whole first && right instanceof Whole second) {
            return new Whole(first.tied() || second.tied());
        }
        if (type == null || type == SetOperationType.MINUS) {
            return unproven("it has a set operation of an unknown form");
        }
        if (left instanceof Partitioned first && right instanceof Partitioned second) {
            return combined(type, operation.isAll(), first, second);
        }
        // INTERSECT and EXCEPT, too: the columns take the common type of both sides, in which keys of different shards
        // may be equal, as int8 in float8.
        return unproven("a set operation of sharded and reference tables does not show to which shard its rows belong");
    }

    private static Placement combined(SetOperationType type, boolean all, Partitioned left, Partitioned right) {
        List<KeyColumn> columns = new ArrayList<>();
        for (KeyColumn column : placed(left)) {
            KeyColumn other = right.at(column.position());
            if (other != null && left.distribution().equals(right.distribution())) {
                List<KeyNode> keys = new ArrayList<>(column.keys());
                keys.addAll(other.keys());
                columns.add(new KeyColumn(column.position(), column.name(), keys));
            }
        }
        boolean divides = type == SetOperationType.UNION && all || !columns.isEmpty();
        return divides
                ? new Partitioned(left.distribution(), columns)
                : unproven("rows of a set operation that may be equal lie on different shards");
    }

    /** Behind a set operation a column is known by its position only; EXCEPT and INTERSECT keep the first side's rows, but drop by all columns. */
    private static List<KeyColumn> placed(Partitioned rows) {
        return rows.columns().stream().filter(column -> column.position() >= 0).toList();
    }

    private static Unproven unproven(String what) {
        return new Unproven(RefusalCode.SET_OPERATION_ACROSS_SHARDS.because(what));
    }
}
