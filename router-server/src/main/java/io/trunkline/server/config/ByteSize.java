// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes that is written with its unit: {@code 512B}, {@code 64KiB}, {@code 1MiB}, {@code 2GiB}.
 *
 * @param bytes 0 or more
 */
public record ByteSize(long bytes) implements Comparable<ByteSize> {
    private static final Pattern TEXT = Pattern.compile("(\\d{1,10})(B|KiB|MiB|GiB)");

    public ByteSize {
        if (bytes < 0) {
            throw new IllegalArgumentException("negative size " + bytes);
        }
    }

    /** Returns the size a text stands for; throws IllegalArgumentException when it has no unit or another form. */
    public static ByteSize parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a size: " + text);
        }
        long unit = switch (matcher.group(2)) {
            case "B" -> 1L;
            case "KiB" -> 1L << 10;
            case "MiB" -> 1L << 20;
            case "GiB" -> 1L << 30;
            default -> throw new AssertionError(matcher.group(2));
        };
        return new ByteSize(Math.multiplyExact(Long.parseLong(matcher.group(1)), unit));
    }

    /** Returns the size as an int for limits whose range ends below 2 GiB; larger values throw. */
    public int asInt() {
        return Math.toIntExact(bytes);
    }

    @Override
    public int compareTo(ByteSize other) {
        return Long.compare(bytes, other.bytes);
    }

    /** Returns the size in the largest unit that divides it, in the form that {@link #parse} reads. */
    @Override
    public String toString() {
        if (bytes == 0 || bytes % (1L << 10) != 0) {
            return bytes + "B";
        }
        if (bytes % (1L << 20) != 0) {
            return (bytes >> 10) + "KiB";
        }
        if (bytes % (1L << 30) != 0) {
            return (bytes >> 20) + "MiB";
        }
        return (bytes >> 30) + "GiB";
    }
}
