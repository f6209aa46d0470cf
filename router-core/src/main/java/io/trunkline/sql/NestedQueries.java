// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.sf.jsqlparser.expression.AnalyticExpression;
import net.sf.jsqlparser.expression.AnalyticType;
import net.sf.jsqlparser.expression.AnyComparisonExpression;
import net.sf.jsqlparser.expression.AnyType;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.expression.ExpressionVisitorAdapter;
import net.sf.jsqlparser.expression.operators.relational.EqualsTo;
import net.sf.jsqlparser.expression.operators.relational.InExpression;
import net.sf.jsqlparser.expression.operators.relational.ParenthesedExpressionList;
import net.sf.jsqlparser.statement.select.ParenthesedSelect;
import net.sf.jsqlparser.statement.select.Select;

/**
 * The sub-queries inside the expressions of one block, and whether each shard can answer them for its own rows of that block.
 *
 * <p>It can when they are whole there: the same everywhere, or about rows with the key of the row at hand. It also can when that key is looked for among the keys of
 * rows that are divided in the same way: {@code key IN (SELECT key ...)}, or {@code NOT IN}. A row with that key lies nowhere else, and as neither is null, rows with
 * other keys change nothing.
 */
final class NestedQueries extends ExpressionVisitorAdapter<Void> {
    private final QueryTreeReader reader;
    private final PredicateReader predicates;
    private final QueryScope scope;
    private final WithQueries with;
    private final Set<Object> seen = new HashSet<>();

    NestedQueries(QueryTreeReader reader, PredicateReader predicates, QueryScope scope, WithQueries with) {
        this.reader = reader;
        this.predicates = predicates;
        this.scope = scope;
        this.with = with;
    }

    @Override
    public <S> Void visit(ParenthesedSelect select, S context) {
        return readOnce(select, List.of());
    }

    @Override
    public <S> Void visit(Select select, S context) {
        return readOnce(select, List.of());
    }

    @Override
    public <S> Void visit(AnyComparisonExpression comparison, S context) {
        // The adapter does not look inside these.
        return readOnce(comparison.getSelect(), List.of());
    }

    @Override
    public <S> Void visit(InExpression in, S context) {
        if (in.getRightExpression() instanceof Select select) {
            readOnce(select, row(in.getLeftExpression()));
        }
        return super.visit(in, context);
    }

    @Override
    public <S> Void visit(EqualsTo equals, S context) {
        if (equals.getRightExpression() instanceof AnyComparisonExpression any && any.getAnyType() != AnyType.ALL) {
            readOnce(any.getSelect(), row(equals.getLeftExpression()));
        }
        return super.visit(equals, context);
    }

    @Override
    public <S> Void visit(AnalyticExpression call, S context) {
        boolean over = call.getType() == AnalyticType.OVER || call.getType() == AnalyticType.WITHIN_GROUP_OVER;
        if (over && seen.add(call)) {
            scope.addWindow(call);
        }
        return super.visit(call, context);
    }

    private static List<? extends Expression> row(Expression expression) {
        return expression instanceof ParenthesedExpressionList<?> list ? list : List.of(expression);
    }

    @SuppressWarnings("NullAway") // The visitor's answer is not used.
    private Void readOnce(Select select, List<? extends Expression> soughtAmongRows) {
        if (seen.add(select)) {
            reader.read(select, scope, with);
            judge(reader.placements().of(select), soughtAmongRows);
        }
        return null;
    }

    private void judge(Placement placement, List<? extends Expression> sought) {
        if (placement instanceof Placement.Unproven unproven) {
            scope.doubt(unproven.reason());
        } else if (placement instanceof Placement.Partitioned rows && !isSoughtByKey(rows, sought)) {
            scope.doubt(RefusalCode.SUBQUERY_ACROSS_SHARDS.because(
                    "its rows lie on several shards, and no key ties them to the row around it"));
        }
    }

    private boolean isSoughtByKey(Placement.Partitioned rows, List<? extends Expression> sought) {
        for (int i = 0; i < sought.size(); i++) {
            KeyNode key = predicates.key(sought.get(i), scope);
            Placement.KeyColumn column = rows.at(i);
            if (key == null || column == null) {
                continue;
            }
            if (!key.isNullable() && key.distribution().equals(rows.distribution())) {
                column.keys().forEach(each -> each.inherit(key));
                return true;
            }
        }
        return false;
    }
}
