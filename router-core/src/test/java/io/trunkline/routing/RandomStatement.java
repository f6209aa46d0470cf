// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.routing.TinyDatabase.Pair;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A statement over {@code orders o} and maybe {@code customers c}, made at random: its text, its parameters, and what it means, in three-valued logic.
 * Conditions are drawn from what routers get wrong: NOT, OR, outer joins, NULL, ranges, arithmetic, keys on both sides, arrays, casts, values of other
 * types.
 */
final class RandomStatement {
    private static final int CONDITION_DEPTH_MAX = 3;

    /** A condition: its text, and its value for a pair of rows, null for unknown. */
    private record Condition(String sql, Function<Pair, @Nullable Boolean> value) {}

    /** A column: its text and its value. */
    private record Operand(String sql, Function<Pair, @Nullable BigDecimal> value) {}

    private enum Join {
        NONE,
        INNER,
        LEFT,
        RIGHT,
        FULL
    }

    private final Random random;
    private final RandomValues values;
    private final Join join;
    private final Condition on;
    private final Condition where;
    private final String sql;

    private RandomStatement(Random random) {
        this.random = random;
        this.values = new RandomValues(random);
        this.join = random.nextInt(3) == 0 ? Join.values()[1 + random.nextInt(4)] : Join.NONE;
        this.on = join == Join.NONE ? always() : joinCondition();
        this.where = random.nextInt(12) == 0 ? always() : condition(0);
        this.sql = text();
        values.keys().withSql(sql, true);
    }

    static RandomStatement of(Random random) {
        return new RandomStatement(random);
    }

    String sql() {
        return sql;
    }

    List<String> parameters() {
        return values.parameters();
    }

    KeySource keys() {
        return values.keys();
    }

    boolean hasJoin() {
        return join != Join.NONE;
    }

    boolean keepsOrders() {
        return join == Join.LEFT || join == Join.FULL;
    }

    boolean keepsCustomers() {
        return join == Join.RIGHT || join == Join.FULL;
    }

    boolean joins(Pair pair) {
        return Boolean.TRUE.equals(on.value().apply(pair));
    }

    boolean selects(Pair pair) {
        return Boolean.TRUE.equals(where.value().apply(pair));
    }

    private String text() {
        String whereClause = where.sql().equals("true") ? "" : " where " + where.sql();
        return switch (join) {
            case NONE ->
                switch (random.nextInt(4)) {
                    case 0 -> "update orders o set amount = 0" + whereClause;
                    case 1 -> "delete from orders o" + whereClause;
                    default -> "select * from orders o" + whereClause;
                };
            case INNER ->
                random.nextBoolean()
                        ? "select * from orders o join customers c on " + on.sql() + whereClause
                        : "select * from orders o, customers c where " + on.sql()
                                + (whereClause.isEmpty() ? "" : " and (" + where.sql() + ")");
            case LEFT, RIGHT, FULL ->
                "select * from orders o " + join.name().toLowerCase(java.util.Locale.ROOT) + " join customers c on "
                        + on.sql() + whereClause;
        };
    }

    private Condition joinCondition() {
        Condition keysEqual = new Condition(
                "o.customer_id = c.id",
                pair -> compare(
                        orderKey().value().apply(pair), customerKey().value().apply(pair), 0));
        return switch (random.nextInt(4)) {
            case 0 -> condition(1);
            case 1 -> both(keysEqual, condition(2));
            default -> keysEqual;
        };
    }

    private Condition condition(int depth) {
        int kind = depth >= CONDITION_DEPTH_MAX ? random.nextInt(6) : random.nextInt(10);
        return switch (kind) {
            case 6, 7 -> both(condition(depth + 1), condition(depth + 1));
            case 8 -> either(condition(depth + 1), condition(depth + 1));
            case 9 -> not(condition(depth + 1));
            case 0 -> membership();
            case 1 -> anyOf();
            case 2 -> oddity();
            default -> equality();
        };
    }

    private Condition equality() {
        Operand key = key();
        Operand value = value();
        Function<Pair, @Nullable Boolean> equal =
                pair -> compare(key.value().apply(pair), value.value().apply(pair), 0);
        return random.nextBoolean()
                ? new Condition(key.sql() + " = " + value.sql(), equal)
                : new Condition(value.sql() + " = " + key.sql(), equal);
    }

    private Condition membership() {
        Operand key = key();
        List<Operand> operands = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(3); i++) {
            operands.add(value());
        }
        boolean negated = random.nextInt(4) == 0;
        Condition in = new Condition(
                key.sql() + (negated ? " not in (" : " in (")
                        + operands.stream().map(Operand::sql).collect(Collectors.joining(", ")) + ")",
                pair -> {
                    Boolean any = false;
                    for (Operand value : operands) {
                        any = or(
                                any,
                                compare(key.value().apply(pair), value.value().apply(pair), 0));
                    }
                    return negated && any != null ? Boolean.valueOf(!any) : any;
                });
        return in;
    }

    private Condition anyOf() {
        Operand key = key();
        List<@Nullable Long> elements = new ArrayList<>();
        for (int i = 0; i < random.nextInt(4); i++) {
            elements.add(random.nextInt(6) == 0 ? null : (long) random.nextInt(16) - 3);
        }
        String text = elements.stream()
                .map(String::valueOf)
                .collect(Collectors.joining(",", "{", "}"))
                .replace("null", "NULL");
        if (random.nextBoolean()) {
            values.keys().andText(random.nextBoolean() ? 1016 : 1007, text);
        } else {
            List<byte @Nullable []> encoded = new ArrayList<>();
            for (Long element : elements) {
                encoded.add(element == null ? null : PostgresBinary.int8(element));
            }
            values.keys().andBinary(1016, PostgresBinary.array(20, encoded));
        }
        int number = values.note(text);
        return new Condition(key.sql() + " = any ($" + number + ")", pair -> {
            Boolean any = false;
            for (Long element : elements) {
                any = or(
                        any, compare(key.value().apply(pair), element == null ? null : BigDecimal.valueOf(element), 0));
            }
            return any;
        });
    }

    /** What must not be taken for a key, or only with care. */
    private Condition oddity() {
        Operand key = key();
        return switch (random.nextInt(8)) {
            case 0 -> new Condition(key.sql() + " is null", pair -> key.value().apply(pair) == null);
            case 1 -> comparison(key, " <> ", order -> order != 0);
            case 2 -> comparison(key, " >= ", order -> order >= 0);
            case 3 -> {
                Operand value = value();
                yield new Condition(key.sql() + " is not distinct from " + value.sql(), pair -> {
                    BigDecimal left = key.value().apply(pair);
                    BigDecimal right = value.value().apply(pair);
                    return left == null || right == null ? left == right : left.compareTo(right) == 0;
                });
            }
            case 4 -> {
                long low = random.nextInt(12) - 2;
                yield new Condition(key.sql() + " between " + low + " and " + (low + 1), pair -> {
                    BigDecimal value = key.value().apply(pair);
                    return value == null
                            ? null
                            : Boolean.valueOf(value.longValue() >= low && value.longValue() <= low + 1);
                });
            }
            case 5 -> {
                long sum = random.nextInt(12);
                yield new Condition(key.sql() + " + 1 = " + sum, pair -> {
                    BigDecimal value = key.value().apply(pair);
                    return value == null ? null : Boolean.valueOf(value.longValue() + 1 == sum);
                });
            }
            case 6 ->
                new Condition(
                        "o.amount = 1",
                        pair -> compare(
                                pair.order() == null ? null : pair.order().value(), BigDecimal.ONE, 0));
            default -> {
                Operand value = value();
                yield new Condition("coalesce(" + key.sql() + ", 5) = " + value.sql(), pair -> {
                    BigDecimal left = key.value().apply(pair);
                    return compare(
                            left == null ? BigDecimal.valueOf(5) : left,
                            value.value().apply(pair),
                            0);
                });
            }
        };
    }

    private Condition comparison(Operand key, String operator, java.util.function.IntPredicate holds) {
        Operand value = value();
        return new Condition(key.sql() + operator + value.sql(), pair -> {
            BigDecimal left = key.value().apply(pair);
            BigDecimal right = value.value().apply(pair);
            return left == null || right == null ? null : Boolean.valueOf(holds.test(left.compareTo(right)));
        });
    }

    private Operand key() {
        return join != Join.NONE && random.nextBoolean() ? customerKey() : orderKey();
    }

    private Operand orderKey() {
        // Without a join both spellings name the same column.
        return new Operand(
                join == Join.NONE && random.nextBoolean() ? "customer_id" : "o.customer_id",
                pair -> pair.order() == null ? null : pair.order().key());
    }

    private Operand customerKey() {
        return new Operand(
                "c.id", pair -> pair.customer() == null ? null : pair.customer().key());
    }

    private Operand value() {
        RandomValues.Value value = values.next();
        return new Operand(value.sql(), pair -> value.number());
    }

    private static Condition always() {
        return new Condition("true", pair -> true);
    }

    private static Condition both(Condition left, Condition right) {
        return new Condition(
                "(" + left.sql() + ") and (" + right.sql() + ")",
                pair -> and(left.value().apply(pair), right.value().apply(pair)));
    }

    private static Condition either(Condition left, Condition right) {
        return new Condition(
                "(" + left.sql() + ") or (" + right.sql() + ")",
                pair -> or(left.value().apply(pair), right.value().apply(pair)));
    }

    private static Condition not(Condition condition) {
        return new Condition("not (" + condition.sql() + ")", pair -> {
            Boolean value = condition.value().apply(pair);
            return value == null ? null : Boolean.valueOf(!value);
        });
    }

    private static @Nullable Boolean and(@Nullable Boolean left, @Nullable Boolean right) {
        if (Boolean.FALSE.equals(left) || Boolean.FALSE.equals(right)) {
            return false;
        }
        return left == null || right == null ? null : Boolean.TRUE;
    }

    private static @Nullable Boolean or(@Nullable Boolean left, @Nullable Boolean right) {
        if (Boolean.TRUE.equals(left) || Boolean.TRUE.equals(right)) {
            return true;
        }
        return left == null || right == null ? null : Boolean.FALSE;
    }

    private static @Nullable Boolean compare(@Nullable BigDecimal left, @Nullable BigDecimal right, int order) {
        return left == null || right == null ? null : Boolean.valueOf(left.compareTo(right) == order);
    }
}
