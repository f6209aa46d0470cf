// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import io.trunkline.topology.KeyValue.IntegerKey;

/**
 * The input functions of {@code int2}, {@code int4} and {@code int8} as of PostgreSQL 16: white space around, a sign, {@code 0x},
 * {@code 0o} and {@code 0b}, single underscores between digits.
 *
 * <p>Older servers refuse the last two. That is harmless: the statement goes to the shard of the value, and fails there.
 *
 * @see <a href="https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/utils/adt/numutils.c">numutils.c:
 *     pg_strtoint64_safe</a>
 */
final class IntegerInput {
    private static final String SYNTAX = "an integer from %d to %d";

    private IntegerInput() {}

    static KeyValue read(KeyType type, CharSequence text) {
        long min = min(type);
        int end = InputText.trimmedEnd(text);
        int index = InputText.trimmedStart(text);
        boolean negative = index < end && text.charAt(index) == '-';
        if (negative || (index < end && text.charAt(index) == '+')) {
            index++;
        }
        int radix = InputText.radix(text, index, end);
        if (radix != 10) {
            index += 2;
        }
        // A leading underscore is fine behind 0x and only there.
        boolean underscoreAllowed = radix != 10;
        // Counts downwards, since the negative range is the larger one.
        long value = 0;
        boolean digitSeen = false;
        for (; index < end; index++) {
            char c = text.charAt(index);
            if (c == '_' && underscoreAllowed) {
                underscoreAllowed = false;
                digitSeen = false;
                continue;
            }
            int digit = InputText.digit(c, radix);
            if (digit < 0 || value < (min + digit) / radix) {
                throw refuse(type, text);
            }
            value = value * radix - digit;
            digitSeen = true;
            underscoreAllowed = true;
        }
        // Also reached with an underscore at the end, which cleared digitSeen.
        if (!digitSeen || (!negative && value < -max(type))) {
            throw refuse(type, text);
        }
        return new IntegerKey(negative ? value : -value);
    }

    private static long min(KeyType type) {
        return -max(type) - 1;
    }

    private static long max(KeyType type) {
        return switch (type) {
            case INT2 -> Short.MAX_VALUE;
            case INT4 -> Integer.MAX_VALUE;
            case INT8 -> Long.MAX_VALUE;
            case TEXT, VARCHAR, UUID, DATE, TIMESTAMP, TIMESTAMPTZ, NUMERIC ->
                throw new IllegalArgumentException("not an integer type: " + type);
        };
    }

    private static KeyFormatException refuse(KeyType type, CharSequence text) {
        return new KeyFormatException(type, text, SYNTAX.formatted(min(type), max(type)));
    }
}
