// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Values for statements, made at random: literals in many spellings, and parameters of many types in both formats. Most are 5, so that conditions often agree. */
final class RandomValues {
    /**
     * One value.
     *
     * @param sql how the statement spells it
     * @param number what it is, null for NULL
     */
    record Value(String sql, @Nullable BigDecimal number) {}

    private final Random random;
    private final GivenKeys keys = GivenKeys.none();
    private final List<String> parameters = new ArrayList<>();

    RandomValues(Random random) {
        this.random = random;
    }

    /** Returns what the router gets. */
    GivenKeys keys() {
        return keys;
    }

    /** Returns the parameters so far, for messages. */
    List<String> parameters() {
        return parameters;
    }

    /** Notes a parameter that was added to {@link #keys} and returns its number. */
    int note(String parameter) {
        parameters.add(parameter);
        return parameters.size();
    }

    Value next() {
        long number = random.nextInt(4) == 0 ? random.nextInt(16) - 3 : 5;
        if (random.nextInt(24) == 0) {
            return new Value("null", null);
        }
        return random.nextInt(3) == 0 ? literal(number) : parameter(number);
    }

    private Value literal(long number) {
        String digits = Long.toString(number);
        String sql = switch (random.nextInt(6)) {
            case 0 -> "'" + digits + "'";
            case 1 -> "'" + digits + "'::int8";
            case 2 -> "cast(" + digits + " as bigint)";
            case 3 -> "(" + digits + ")";
            default -> digits;
        };
        return new Value(sql, BigDecimal.valueOf(number));
    }

    private Value parameter(long number) {
        BigDecimal value = BigDecimal.valueOf(number);
        String digits = Long.toString(number);
        switch (random.nextInt(9)) {
            case 0 -> keys.andText(20, digits);
            case 1 -> keys.andText(23, " " + digits);
            case 2 -> keys.andText(21, digits);
            case 3 -> keys.andBinary(23, PostgresBinary.int4(number));
            case 4 -> keys.andBinary(21, PostgresBinary.int2(number));
            case 5 -> keys.andText(0, digits);
            case 6 -> {
                value = value.add(new BigDecimal("0.5"));
                keys.andText(1700, value.toPlainString());
            }
            case 7 -> {
                keys.andText(20, null);
                return new Value("$" + note("null"), null);
            }
            default -> keys.andBinary(20, PostgresBinary.int8(number));
        }
        return new Value("$" + note(value.toPlainString()), value);
    }
}
