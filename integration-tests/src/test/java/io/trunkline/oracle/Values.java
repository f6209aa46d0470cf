// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Random values for columns, in all the forms in which a client may write or bind them. */
final class Values {
    private static final int NULL_ONE_IN = 25;

    private final Random random;
    /** The number of the likely key; -1 for none. */
    private int focus = -1;

    Values(Random random) {
        this.random = random;
    }

    boolean oneIn(int count) {
        return random.nextInt(count) == 0;
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    <T> T oneOf(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    @SafeVarargs
    final <T> T oneOf(T... choices) {
        return choices[random.nextInt(choices.length)];
    }

    static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    /** Returns a value to compare a column with, now and then NULL or of another type that can be compared with it. */
    Parameter comparable(Column column) {
        ValueType type = column.type();
        String text = type.value(number(column));
        boolean declared = oneIn(2);
        if (declared && type.isNumber() && oneIn(4)) {
            ValueType other = oneOf(ValueType.INT4, ValueType.INT8, ValueType.NUMERIC);
            text = ValueType.INT4.value(random.nextInt(OracleSchema.VALUES_AT_FIRST + 4));
            return parameter(other, text, declared);
        }
        return parameter(type, oneIn(NULL_ONE_IN) ? null : text, declared);
    }

    /** Returns a value to store in a column. */
    Parameter storable(Column column) {
        boolean isNull = column.nullable() ? oneIn(6) : oneIn(60);
        return parameter(column.type(), isNull ? null : column.type().value(number(column)), oneIn(2));
    }

    /** Returns values for an IN list or an array. */
    List<@Nullable String> texts(Column column) {
        List<@Nullable String> texts = new ArrayList<>();
        int count = oneIn(3) ? 1 : 1 + random.nextInt(4);
        String same = oneIn(3) ? column.type().value(number(column)) : null;
        for (int i = 0; i < count; i++) {
            texts.add(oneIn(15) ? null : same != null ? same : column.type().value(number(column)));
        }
        return texts;
    }

    /** Returns an array for {@code = ANY}. */
    Parameter array(Column column) {
        ValueType type = column.type();
        List<@Nullable String> texts = oneIn(20) ? List.of() : texts(column);
        String literal = oneIn(2)
                ? quoted(Parameter.textArray(texts)) + (oneIn(2) ? "::" + type.sql() + "[]" : "")
                : texts.stream().map(text -> literal(type, text)).collect(Collectors.joining(", ", "array[", "]"))
                        + "::" + type.sql() + "[]";
        return new Parameter(type, texts, true, literal, oneIn(4), oneIn(2), oneIn(2));
    }

    Parameter parameter(ValueType type, @Nullable String text, boolean declared) {
        List<@Nullable String> texts = new ArrayList<>();
        texts.add(text);
        return new Parameter(type, texts, false, literal(type, text), oneIn(4), declared, oneIn(2));
    }

    private int number(Column column) {
        if (column.isNumber()) {
            return 4 + random.nextInt(3);
        } else if (!column.nullable() && focus >= 0 && !oneIn(8)) {
            return focus;
        }
        return random.nextInt(oneIn(6) ? OracleSchema.VALUES_AT_FIRST * 2 : OracleSchema.VALUES_AT_FIRST);
    }

    /** Makes one key likely, so that several statements meet on one shard. */
    void focus() {
        focus = random.nextInt(OracleSchema.VALUES_AT_FIRST);
    }

    /** Makes all keys likely again. */
    void unfocus() {
        focus = -1;
    }

    /** Returns one of the ways to write a value. */
    String literal(ValueType type, @Nullable String text) {
        if (text == null) {
            return oneIn(3) ? "null::" + type.sql() : "null";
        } else if (type.isNumber() && oneIn(2)) {
            return oneOf(
                    text,
                    text,
                    text,
                    "(" + text + ")",
                    text + "::" + type.sql(),
                    "cast(" + text + " as " + type.sql() + ")");
        } else if (type == ValueType.BOOL && oneIn(2)) {
            return text.equals("t") ? "true" : "false";
        } else if (type == ValueType.TEXT && oneIn(3)) {
            return oneOf(
                    "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'",
                    "$q$" + text + "$q$",
                    "U&'" + text.replace("\\", "\\\\").replace("'", "''") + "'",
                    quoted(text) + "::varchar");
        }
        String quoted = quoted(text);
        return oneOf(
                quoted,
                quoted,
                quoted + "::" + type.sql(),
                "cast(" + quoted + " as " + type.sql() + ")",
                type.sql() + " " + quoted);
    }
}
