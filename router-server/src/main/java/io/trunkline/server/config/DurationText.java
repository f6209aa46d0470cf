// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as they stand in the configuration file: {@code 200ms}, {@code 5s}, {@code 10min}, {@code 1h}, {@code 7d}. */
final class DurationText {
    private static final Pattern TEXT = Pattern.compile("(\\d{1,9})(ms|s|min|h|d)");

    private DurationText() {}

    /** Returns the duration a text stands for; throws IllegalArgumentException when it has no unit or another form. */
    static Duration parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a duration: " + text);
        }
        long amount = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "min" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            case "d" -> Duration.ofDays(amount);
            default -> throw new AssertionError(matcher.group(2));
        };
    }
}
