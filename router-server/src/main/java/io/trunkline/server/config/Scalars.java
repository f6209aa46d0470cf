// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The types of single values: how their text is read, and how an error message describes them. */
final class Scalars {
    private static final Set<Class<?>> TYPES = Set.of(
            int.class,
            boolean.class,
            Boolean.class,
            String.class,
            Path.class,
            Duration.class,
            ByteSize.class,
            Secret.class,
            LoopCount.class);

    private Scalars() {}

    static boolean isScalar(Class<?> type) {
        return type.isEnum() || TYPES.contains(type);
    }

    /**
     * Returns the value a text stands for.
     *
     * @throws IllegalArgumentException when the text is not of the type, or outside the range
     */
    static Object read(Class<?> type, String text, String range) {
        Object value = read(type, text);
        if (!range.isEmpty()) {
            int dots = range.indexOf("..");
            checkRange(value, read(type, range.substring(0, dots)), read(type, range.substring(dots + 2)));
        }
        return value;
    }

    /** Returns what may stand there, in words that fit after "expected: ". */
    static String expectation(Class<?> type, String range) {
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants())
                    .map(constant -> text((Enum<?>) constant))
                    .collect(Collectors.joining(" | "));
        }
        if (type == Duration.class) {
            return range + " with unit ms, s, min, h or d";
        }
        if (type == ByteSize.class) {
            return range + " with unit B, KiB, MiB or GiB";
        }
        if (type == boolean.class || type == Boolean.class) {
            return "true | false";
        }
        if (type == LoopCount.class) {
            return "cores | 1..256";
        }
        return range.isEmpty() ? "text" : range;
    }

    /** Returns an enum constant as it stands in the file. */
    static String text(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static Object read(Class<?> type, String text) {
        if (type == int.class) {
            return Integer.parseInt(text);
        }
        if (type == boolean.class || type == Boolean.class) {
            return readBoolean(text);
        }
        if (type == Path.class) {
            return Path.of(text);
        }
        if (type == Duration.class) {
            return DurationText.parse(text);
        }
        if (type == ByteSize.class) {
            return ByteSize.parse(text);
        }
        if (type == Secret.class) {
            return new Secret(text);
        }
        if (type == LoopCount.class) {
            return LoopCount.parse(text);
        }
        return type.isEnum() ? readEnum(type, text) : text;
    }

    private static Boolean readBoolean(String text) {
        if (text.equals("true") || text.equals("false")) {
            return Boolean.valueOf(text);
        }
        throw new IllegalArgumentException("neither true nor false");
    }

    private static Object readEnum(Class<?> type, String text) {
        // io_uring is written with an underscore everywhere else, so both spellings are taken for every word.
        String wanted = text.replace('_', '-');
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> text((Enum<?>) constant).equals(wanted))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no such word"));
    }

    @SuppressWarnings("unchecked") // all three were read as the same type, and only comparable types have a range
    private static void checkRange(Object value, Object least, Object most) {
        if (((Comparable<Object>) value).compareTo(least) < 0 || ((Comparable<Object>) value).compareTo(most) > 0) {
            throw new IllegalArgumentException("out of range");
        }
    }
}
