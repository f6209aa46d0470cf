// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The checks that are known to see something else through the router, each with the reason; read from {@code drivers/differences.txt}, which tells its form. */
final class KnownDifferences {
    private static final int COLUMNS = 5;

    private final List<Entry> entries;

    private KnownDifferences(List<Entry> entries) {
        this.entries = entries;
    }

    /** How often a difference shows. */
    enum Frequency {
        ALWAYS,
        SOMETIMES
    }

    private record Entry(Predicate<String> suite, Predicate<String> route, String check, Frequency frequency) {
        boolean isFor(String suiteName, String routeName) {
            return suite.test(suiteName) && route.test(routeName);
        }
    }

    static KnownDifferences read(Path file) {
        try {
            return new KnownDifferences(Files.readAllLines(file).stream()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(KnownDifferences::entry)
                    .toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Entry entry(String line) {
        String[] columns =
                Arrays.stream(line.split("\\|", -1)).map(String::trim).toArray(String[]::new);
        if (columns.length != COLUMNS || columns[COLUMNS - 1].isEmpty()) {
            throw new IllegalArgumentException(line + " (expected: suites | routes | check | frequency | reason)");
        }
        return new Entry(
                pattern(columns[0]),
                pattern(columns[1]),
                columns[2],
                Frequency.valueOf(columns[3].toUpperCase(Locale.ROOT)));
    }

    private static Predicate<String> pattern(String names) {
        String expression = Arrays.stream(names.split(","))
                .map(name -> name.trim().equals("*") ? ".*" : name.trim().replace("*", "\\E.*\\Q"))
                .map(name -> name.equals(".*") ? name : "\\Q" + name + "\\E")
                .collect(Collectors.joining("|"));
        return Pattern.compile(expression).asMatchPredicate();
    }

    /** Returns the checks that may differ. */
    Set<String> possible(String suite, String route) {
        return checks(suite, route, entry -> true);
    }

    /** Returns the checks that must differ, else the entry has had its day. */
    Set<String> certain(String suite, String route) {
        return checks(suite, route, entry -> entry.frequency == Frequency.ALWAYS);
    }

    private Set<String> checks(String suite, String route, Predicate<Entry> wanted) {
        return entries.stream()
                .filter(entry -> entry.isFor(suite, route))
                .filter(wanted)
                .map(Entry::check)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
