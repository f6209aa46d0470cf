// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import static io.trunkline.bench.Measurements.format;

import java.util.List;

/** What it costs to find the shard of a key, as tables of medians. */
final class ShardedReport {
    private final BenchOptions options;
    private final List<Contender> contenders;
    private final Measurements measurements;

    ShardedReport(BenchOptions options, List<Contender> contenders, Measurements measurements) {
        this.options = options;
        this.contenders = List.copyOf(contenders);
        this.measurements = measurements;
    }

    boolean hasFailures() {
        return !measurements.failures().isEmpty();
    }

    /** Returns Markdown: one table for each workload, with ratios to the router that has one server. */
    String text() {
        StringBuilder text = new StringBuilder(Measurements.circumstances(options));
        for (Workload workload : Workload.values()) {
            if (measurements.has(workload)) {
                text.append("\n**").append(workload.title()).append("**\n\n");
                text.append(
                        "| | tps | x unsharded | p99 ms | CPU ms / 1000 tx | x unsharded |\n|---|---:|---:|---:|---:|---:|\n");
                contenders.forEach(contender -> text.append(row(contender, workload)));
            }
        }
        measurements.failures().forEach(failure -> text.append("\nfailed: ").append(failure));
        return text.toString();
    }

    private String row(Contender contender, Workload workload) {
        return "| "
                + String.join(
                        " | ",
                        contender.name(),
                        format("%.1f", measurements.median(contender.name(), workload, Measurement::tps)),
                        measurements.ratio(ShardedBench.UNSHARDED, contender, workload, Measurement::tps),
                        format("%.2f", measurements.median(contender.name(), workload, Measurement::p99Millis)),
                        format(
                                "%.2f",
                                measurements.median(contender.name(), workload, Measurement::processorMillisPer1000)),
                        measurements.ratio(
                                ShardedBench.UNSHARDED, contender, workload, Measurement::processorMillisPer1000))
                + " |\n";
    }
}
