// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What one run of a driver's suite saw, by check, in the order of the checks. Immutable.
 *
 * <p><i>Shape</i>: lines {@code ok CHECK VALUES}, {@code error CHECK SQLSTATE MESSAGE FIELDS} for an error that the check provokes,
 * {@code broken CHECK WHAT} for one that it does not, and at last {@code end}. A line that begins otherwise goes on the one before.
 */
record Transcript(Map<String, List<String>> checks, boolean isWhole) {
    private static final Set<String> KINDS = Set.of("ok", "error", "broken");
    static final String END = "end";
    /** How the names of checks begin that need several connections at a time. */
    static final String CONCURRENT = "concurrent-";

    /** Reads the lines that a suite has printed. */
    static Transcript of(List<String> lines) {
        Map<String, List<String>> checks = new LinkedHashMap<>();
        boolean isWhole = false;
        List<String> current = new ArrayList<>();
        for (String line : lines) {
            String[] words = line.split(" ", 3);
            if (line.equals(END)) {
                isWhole = true;
            } else if (words.length > 1 && KINDS.contains(words[0])) {
                current = checks.computeIfAbsent(words[1], check -> new ArrayList<>());
                current.add(line);
            } else {
                current.add(line);
            }
        }
        return new Transcript(checks, isWhole);
    }

    /** Returns the lines of errors that no check provokes. */
    List<String> broken() {
        return checks.values().stream()
                .flatMap(List::stream)
                .filter(line -> line.startsWith("broken "))
                .toList();
    }

    /** Returns the same without the checks that need several connections at a time. */
    Transcript oneAtATime() {
        Map<String, List<String>> fewer = new LinkedHashMap<>(checks);
        fewer.keySet().removeIf(check -> check.startsWith(CONCURRENT));
        return new Transcript(fewer, isWhole);
    }

    /** Returns, for each check that saw something else in the other run, what that is. */
    Map<String, String> differences(Transcript other) {
        Map<String, String> differences = new TreeMap<>();
        Set<String> names = new LinkedHashSet<>(checks.keySet());
        names.addAll(other.checks.keySet());
        for (String check : names) {
            List<String> here = checks.getOrDefault(check, List.of());
            List<String> there = other.checks.getOrDefault(check, List.of());
            if (!here.equals(there)) {
                differences.put(check, difference(here, there));
            }
        }
        return differences;
    }

    /** Returns the lines from the first to the last that differ, of both. */
    private static String difference(List<String> here, List<String> there) {
        int shorter = Math.min(here.size(), there.size());
        int same = 0;
        while (same < shorter && here.get(same).equals(there.get(same))) {
            same++;
        }
        int sameAtEnd = 0;
        while (sameAtEnd < shorter - same
                && here.get(here.size() - 1 - sameAtEnd).equals(there.get(there.size() - 1 - sameAtEnd))) {
            sameAtEnd++;
        }
        StringBuilder text = new StringBuilder();
        here.subList(same, here.size() - sameAtEnd)
                .forEach(line -> text.append("- ").append(line).append('\n'));
        there.subList(same, there.size() - sameAtEnd)
                .forEach(line -> text.append("+ ").append(line).append('\n'));
        return text.toString();
    }
}
