// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import io.trunkline.oracle.Verdict.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** How many statements of each class were answered, and how many refused, by code. */
final class OracleReport {
    private final Map<String, Map<String, Integer>> outcomes = new TreeMap<>();
    private long statements;

    void count(String kind, Verdict verdict) {
        statements++;
        String outcome = verdict.outcome() == Outcome.REFUSED
                ? verdict.what()
                : verdict.outcome().name().toLowerCase(java.util.Locale.ROOT);
        outcomes.computeIfAbsent(kind, none -> new TreeMap<>()).merge(outcome, 1, Integer::sum);
    }

    /** Returns how many statements were played, a text or a batch of several as one. */
    long statements() {
        return statements;
    }

    /** Returns how many had one outcome: {@code equal}, {@code different}, or a code. */
    long count(String outcome) {
        return outcomes.values().stream()
                .mapToLong(of -> of.getOrDefault(outcome, 0))
                .sum();
    }

    /** Adds what another one has counted. */
    void add(OracleReport other) {
        statements += other.statements;
        other.outcomes.forEach((kind, counts) -> counts.forEach((outcome, count) ->
                outcomes.computeIfAbsent(kind, none -> new TreeMap<>()).merge(outcome, count, Integer::sum)));
    }

    void write(Path file) {
        try {
            Files.writeString(file, toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("| class | answered | refused | by code |\n|---|---:|---:|---|\n");
        outcomes.forEach((kind, counts) -> {
            int all = counts.values().stream().mapToInt(count -> count).sum();
            int equal = counts.getOrDefault("equal", 0);
            String codes = counts.entrySet().stream()
                    .filter(entry -> !entry.getKey().equals("equal"))
                    .map(entry -> entry.getKey() + " " + entry.getValue())
                    .collect(Collectors.joining(", "));
            text.append("| %s | %d | %d | %s |\n".formatted(kind, equal, all - equal, codes));
        });
        return text.append("%d statements, %d answered\n".formatted(statements, count("equal")))
                .toString();
    }
}
