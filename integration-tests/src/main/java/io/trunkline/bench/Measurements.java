// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** All that was measured in the rounds of a benchmark, and what could not be. */
final class Measurements {
    private static final String NOTHING = "-";

    private final List<Measurement> all = new ArrayList<>();
    private final Set<String> failures = new LinkedHashSet<>();

    void add(Measurement measurement) {
        all.add(measurement);
    }

    void addFailure(Contender contender, Workload workload, String why) {
        failures.add(workload.option() + ", " + contender.name() + ": " + why);
    }

    /** Returns what failed, and why, each once. */
    Set<String> failures() {
        return failures;
    }

    boolean has(Workload workload) {
        return all.stream().anyMatch(each -> each.workload() == workload);
    }

    /** Returns NaN when there is nothing to take the median of. */
    double median(String contender, Workload workload, ToDoubleFunction<Measurement> figure) {
        double[] values = all.stream()
                .filter(each ->
                        each.workload() == workload && each.contender().name().equals(contender))
                .mapToDouble(figure)
                .sorted()
                .toArray();
        if (values.length == 0) {
            return Double.NaN;
        }
        int middle = values.length / 2;
        return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    /** Returns how many times the baseline's median a contender's is, as text. */
    String ratio(String baseline, Contender contender, Workload workload, ToDoubleFunction<Measurement> figure) {
        return format("%.2f", median(contender.name(), workload, figure) / median(baseline, workload, figure));
    }

    /** Returns a number as text, a dash for what is not known. */
    static String format(String format, double value) {
        return Double.isFinite(value) && value != 0 ? String.format(format, value) : NOTHING;
    }

    /** Returns a sentence of what was measured how, and on what. */
    static String circumstances(BenchOptions options) {
        return String.format(
                "Medians of %d rounds of %d s, %d clients, pools of %d, %d event loops; %d processors, load %.1f, Java %s.%n",
                options.rounds(),
                options.seconds(),
                options.clients(),
                options.poolSize(),
                options.eventLoops(),
                Runtime.getRuntime().availableProcessors(),
                java.lang.management.ManagementFactory.getOperatingSystemMXBean()
                        .getSystemLoadAverage(),
                Runtime.version());
    }
}
