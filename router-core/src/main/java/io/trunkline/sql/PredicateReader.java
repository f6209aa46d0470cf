// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.KeyOperand.Places;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import net.sf.jsqlparser.expression.ArrayConstructor;
import net.sf.jsqlparser.expression.BinaryExpression;
import net.sf.jsqlparser.expression.CastExpression;
import net.sf.jsqlparser.expression.DateTimeLiteralExpression;
import net.sf.jsqlparser.expression.DoubleValue;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.expression.Function;
import net.sf.jsqlparser.expression.JdbcParameter;
import net.sf.jsqlparser.expression.LongValue;
import net.sf.jsqlparser.expression.NullValue;
import net.sf.jsqlparser.expression.SignedExpression;
import net.sf.jsqlparser.expression.StringValue;
import net.sf.jsqlparser.expression.operators.conditional.AndExpression;
import net.sf.jsqlparser.expression.operators.conditional.OrExpression;
import net.sf.jsqlparser.expression.operators.relational.EqualsTo;
import net.sf.jsqlparser.expression.operators.relational.ExpressionList;
import net.sf.jsqlparser.expression.operators.relational.InExpression;
import net.sf.jsqlparser.expression.operators.relational.IsDistinctExpression;
import net.sf.jsqlparser.expression.operators.relational.IsNullExpression;
import net.sf.jsqlparser.expression.operators.relational.ParenthesedExpressionList;
import net.sf.jsqlparser.schema.Column;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a predicate says about sharding keys when it is true.
 *
 * <p>Understood: {@code AND}, {@code OR}, {@code key = operand}, rows of those, {@code key IN (...)}, {@code key = ANY(array)}, {@code key IS NOT DISTINCT FROM operand},
 * {@code key IS NULL} and {@code key = key}. An operand is a parameter or constant, maybe negative, maybe under one cast; a cast or function on the key
 * makes it another value. Everything else, {@code NOT} and {@code CASE} included, says nothing.
 */
final class PredicateReader {
    private final MarkedStatement statement;

    PredicateReader(MarkedStatement statement) {
        this.statement = statement;
    }

    /** Returns the facts of a predicate in a scope. Recursion is bounded by the statement's size and depth. */
    KeyFacts read(@Nullable Expression predicate, QueryScope scope) {
        if (predicate == null) {
            return KeyFacts.NONE;
        }
        if (predicate instanceof ParenthesedExpressionList<?> group && group.size() == 1) {
            return read(group.get(0), scope);
        }
        if (predicate instanceof AndExpression and) {
            return readAnd(and, scope);
        }
        if (predicate instanceof OrExpression or) {
            return isWord(or, "OR")
                    ? read(or.getLeftExpression(), scope).or(read(or.getRightExpression(), scope))
                    : KeyFacts.NONE;
        }
        if (predicate instanceof EqualsTo equals) {
            return readEquals(equals, scope);
        }
        if (predicate instanceof InExpression in) {
            return readIn(in, scope);
        }
        if (predicate instanceof IsDistinctExpression distinct) {
            return distinct.isNot() ? readNotDistinct(distinct, scope) : KeyFacts.NONE;
        }
        if (predicate instanceof IsNullExpression isNull) {
            return readIsNull(isNull, scope);
        }
        return KeyFacts.NONE;
    }

    /** A chain of {@code AND} leans to the left, so it is walked, not recursed into. */
    private KeyFacts readAnd(AndExpression last, QueryScope scope) {
        KeyFacts facts = KeyFacts.NONE;
        Expression rest = last;
        while (rest instanceof AndExpression and) {
            if (!isWord(and, "AND")) {
                // JSqlParser reads "id = 2 && tags" as two conditions; for PostgreSQL it is id = (2 && tags).
                return KeyFacts.NONE;
            }
            facts = read(and.getRightExpression(), scope).and(facts);
            rest = and.getLeftExpression();
        }
        return read(rest, scope).and(facts);
    }

    private static boolean isWord(BinaryExpression expression, String word) {
        return expression.getStringExpression().strip().equalsIgnoreCase(word);
    }

    private KeyFacts readEquals(EqualsTo equals, QueryScope scope) {
        if (!isWord(equals, "=") || equals.getOldOracleJoinSyntax() != 0 || equals.getOraclePriorPosition() != 0) {
            return KeyFacts.NONE;
        }
        return readEqual(equals.getLeftExpression(), equals.getRightExpression(), scope);
    }

    private KeyFacts readEqual(Expression left, Expression right, QueryScope scope) {
        List<? extends Expression> leftRow = row(left);
        List<? extends Expression> rightRow = row(right);
        if (leftRow.size() > 1 && leftRow.size() == rightRow.size()) {
            KeyFacts facts = KeyFacts.NONE;
            for (int i = 0; i < leftRow.size(); i++) {
                facts = facts.and(readEqual(leftRow.get(i), rightRow.get(i), scope));
            }
            return facts;
        }
        KeyNode leftKey = key(left, scope);
        KeyNode rightKey = key(right, scope);
        if (leftKey != null && rightKey != null) {
            return KeyFacts.equal(leftKey, rightKey);
        }
        if (leftKey != null) {
            return equalTo(leftKey, right);
        }
        return rightKey == null ? KeyFacts.NONE : equalTo(rightKey, left);
    }

    private static List<? extends Expression> row(Expression expression) {
        return expression instanceof ParenthesedExpressionList<?> list ? list : List.of();
    }

    private KeyFacts equalTo(KeyNode key, Expression other) {
        KeyOperand operand = operand(other);
        if (operand != null) {
            return KeyFacts.about(key, new KeyCondition.Equal(key.distribution(), operand));
        }
        KeyCondition any = anyOf(key, unwrapped(other));
        return any == null ? KeyFacts.NONE : KeyFacts.about(key, any);
    }

    private KeyFacts readIn(InExpression in, QueryScope scope) {
        if (in.isNot() || in.isGlobal() || in.getOldOracleJoinSyntax() != 0 || in.getOraclePriorPosition() != 0) {
            return KeyFacts.NONE;
        }
        if (!(in.getRightExpression() instanceof ParenthesedExpressionList<?> list) || list.isEmpty()) {
            return KeyFacts.NONE;
        }
        List<? extends Expression> columns = row(in.getLeftExpression());
        if (columns.size() > 1) {
            return readRowsIn(columns, list, scope);
        }
        KeyNode key = key(in.getLeftExpression(), scope);
        return key == null ? KeyFacts.NONE : inList(key, list);
    }

    /** {@code (a, key) IN ((1, 2), (3, 4))}. */
    private KeyFacts readRowsIn(List<? extends Expression> columns, List<?> rows, QueryScope scope) {
        KeyFacts facts = KeyFacts.NONE;
        for (int i = 0; i < columns.size(); i++) {
            KeyNode key = key(columns.get(i), scope);
            if (key == null) {
                continue;
            }
            List<Expression> members = new ArrayList<>();
            for (Object each : rows) {
                if (!(each instanceof ParenthesedExpressionList<?> row) || row.size() != columns.size()) {
                    return KeyFacts.NONE;
                }
                members.add(row.get(i));
            }
            facts = facts.and(inList(key, members));
        }
        return facts;
    }

    private KeyFacts inList(KeyNode key, List<? extends Expression> members) {
        List<KeyOperand> operands = operands(members);
        return operands == null
                ? KeyFacts.NONE
                : KeyFacts.about(key, new KeyCondition.InList(key.distribution(), operands));
    }

    private @Nullable List<KeyOperand> operands(List<? extends Expression> members) {
        List<KeyOperand> operands = new ArrayList<>();
        for (Expression member : members) {
            KeyOperand operand = operand(member);
            if (operand == null) {
                return null;
            }
            operands.add(operand);
        }
        return operands.stream().anyMatch(PredicateReader::isInSeveralPlaces)
                ? operands.stream().map(PredicateReader::inSeveralPlaces).toList()
                : operands;
    }

    private static boolean isInSeveralPlaces(KeyOperand operand) {
        return operand instanceof KeyOperand.Parameter parameter && parameter.places() == Places.SEVERAL;
    }

    /** The members of a list have one type, which the one that stands elsewhere too may bring along. */
    private static KeyOperand inSeveralPlaces(KeyOperand operand) {
        return operand instanceof KeyOperand.Parameter parameter
                ? new KeyOperand.Parameter(parameter.number(), parameter.cast(), Places.SEVERAL)
                : operand;
    }

    private KeyFacts readNotDistinct(IsDistinctExpression distinct, QueryScope scope) {
        KeyNode key = key(distinct.getLeftExpression(), scope);
        KeyOperand operand = operand(distinct.getRightExpression());
        if (key == null) {
            key = key(distinct.getRightExpression(), scope);
            operand = operand(distinct.getLeftExpression());
        }
        if (key == null || operand == null || key.isNullable()) {
            return KeyFacts.NONE;
        }
        return KeyFacts.about(key, new KeyCondition.Equal(key.distribution(), operand));
    }

    private KeyFacts readIsNull(IsNullExpression isNull, QueryScope scope) {
        KeyNode key = key(isNull.getLeftExpression(), scope);
        boolean plain = !isNull.isNot() && !isNull.isUseIsNull() && !isNull.isUseNotNull();
        if (key == null || !plain || key.isNullable()) {
            return KeyFacts.NONE;
        }
        return KeyFacts.about(key, new KeyCondition.Equal(key.distribution(), new KeyOperand.Null()));
    }

    /** Returns the key that an expression is, and nothing but is, or null. */
    @Nullable
    KeyNode key(Expression expression, QueryScope scope) {
        return unwrapped(expression) instanceof Column column ? scope.resolve(column) : null;
    }

    /** {@code ANY($1)}, {@code ANY('{...}')}, {@code ANY(ARRAY[...])}; JSqlParser takes them for functions. */
    private @Nullable KeyCondition anyOf(KeyNode key, Expression expression) {
        if (!(expression instanceof Function function) || function.getParameters() == null) {
            return null;
        }
        String name = function.getName().toLowerCase(Locale.ROOT);
        ExpressionList<?> arguments = function.getParameters();
        boolean plain = function.toString().equals(function.getName() + "(" + arguments + ")");
        if (!plain || !name.equals("any") && !name.equals("some") || arguments.size() != 1) {
            return null;
        }
        Expression argument = unwrapped(arguments.get(0));
        if (argument instanceof ArrayConstructor array) {
            List<KeyOperand> operands = operands(array.getExpressions());
            return operands == null || operands.isEmpty()
                    ? null
                    : new KeyCondition.InList(key.distribution(), operands);
        }
        KeyOperand operand = operand(argument);
        return operand == null ? null : new KeyCondition.AnyOf(key.distribution(), operand);
    }

    /** Returns the parameter or constant that an expression is, or null when it has to be computed. */
    @Nullable
    KeyOperand operand(Expression written) {
        Expression expression = unwrapped(written);
        if (expression instanceof CastExpression cast) {
            String type =
                    cast.getColDataType() == null ? "" : cast.getColDataType().toString();
            boolean plain = cast.getFormat() == null
                    && !type.isEmpty()
                    && (cast.keyword == null || cast.keyword.equalsIgnoreCase("cast"));
            Expression inner = unwrapped(cast.getLeftExpression());
            return plain && !(inner instanceof CastExpression) ? uncast(inner, type.toLowerCase(Locale.ROOT)) : null;
        }
        if (expression instanceof DateTimeLiteralExpression date) {
            int literal = statement.literalOfQuoted(date.getValue());
            String type = date.getType().name().toLowerCase(Locale.ROOT);
            return literal < 0 ? null : new KeyOperand.Literal(literal, type, false);
        }
        return uncast(expression, null);
    }

    private @Nullable KeyOperand uncast(Expression expression, @Nullable String cast) {
        if (expression instanceof JdbcParameter parameter) {
            boolean numbered = parameter.isUseFixedIndex() && "$".equals(parameter.getParameterCharacter());
            return numbered && parameter.getIndex() > 0
                    ? new KeyOperand.Parameter(parameter.getIndex(), cast, places(parameter.getIndex()))
                    : null;
        }
        if (expression instanceof NullValue) {
            return new KeyOperand.Null();
        }
        if (expression instanceof StringValue string) {
            return literal(statement.literal(string), cast, false);
        }
        if (expression instanceof SignedExpression signed) {
            boolean negative = signed.getSign() == '-';
            return negative || signed.getSign() == '+'
                    ? number(unwrapped(signed.getExpression()), cast, negative)
                    : null;
        }
        return number(expression, cast, false);
    }

    private Places places(int parameter) {
        return statement.parameterCount(parameter) > 1 ? Places.SEVERAL : Places.THIS;
    }

    private @Nullable KeyOperand number(Expression expression, @Nullable String cast, boolean negative) {
        if (expression instanceof LongValue number) {
            return literal(statement.literal(number), cast, negative);
        }
        if (expression instanceof DoubleValue number) {
            return literal(statement.literal(number), cast, negative);
        }
        return null;
    }

    private static @Nullable KeyOperand literal(int index, @Nullable String cast, boolean negative) {
        return index < 0 ? null : new KeyOperand.Literal(index, cast, negative);
    }

    private static Expression unwrapped(Expression expression) {
        Expression inner = expression;
        while (inner instanceof ParenthesedExpressionList<?> group && group.size() == 1) {
            inner = group.get(0);
        }
        return inner;
    }
}
