// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import static io.trunkline.bench.Measurements.format;

import java.util.List;
import java.util.stream.Collectors;

/** The tables made of the medians of all measurements. */
final class BenchReport {
    private final BenchOptions options;
    private final List<Contender> contenders;
    private final Measurements measurements;

    BenchReport(BenchOptions options, List<Contender> contenders, Measurements measurements) {
        this.options = options;
        this.contenders = List.copyOf(contenders);
        this.measurements = measurements;
    }

    boolean hasFailures() {
        return !measurements.failures().isEmpty();
    }

    /**
     * Returns Markdown: one table for each workload. Ratios of throughput and latency are to the direct way, those of processor time and memory to
     * PgBouncer.
     */
    String text() {
        StringBuilder text = new StringBuilder(Measurements.circumstances(options));
        for (Workload workload : Workload.values()) {
            if (measurements.has(workload)) {
                text.append(workload == Workload.IDLE ? idleTable() : table(workload));
            }
        }
        measurements.failures().forEach(failure -> text.append("\nfailed: ").append(failure));
        return text.toString();
    }

    private String table(Workload workload) {
        StringBuilder text = new StringBuilder("\n**").append(title(workload)).append("**\n\n");
        text.append(
                "| | tps | x direct | average ms | p99 ms | x direct | CPU ms / 1000 tx | x pgbouncer | RSS MB | x pgbouncer |\n");
        text.append("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        for (Contender contender : contenders) {
            if (!workload.suits(contender)) {
                continue;
            }
            row(
                    text,
                    contender.name(),
                    List.of(
                            format("%.1f", measurements.median(contender.name(), workload, Measurement::tps)),
                            measurements.ratio("direct", contender, workload, Measurement::tps),
                            format("%.2f", measurements.median(contender.name(), workload, Measurement::averageMillis)),
                            format("%.2f", measurements.median(contender.name(), workload, Measurement::p99Millis)),
                            measurements.ratio("direct", contender, workload, Measurement::p99Millis),
                            format(
                                    "%.2f",
                                    measurements.median(
                                            contender.name(), workload, Measurement::processorMillisPer1000)),
                            measurements.ratio("pgbouncer", contender, workload, Measurement::processorMillisPer1000),
                            format("%.1f", megabytes(contender, workload)),
                            measurements.ratio("pgbouncer", contender, workload, Measurement::residentBytes)));
        }
        return text.toString();
    }

    private String idleTable() {
        StringBuilder text =
                new StringBuilder("\n**").append(title(Workload.IDLE)).append("**\n\n");
        text.append(
                "| | RSS MB | x pgbouncer | kB for each client | CPU ms for each login |\n|---|---:|---:|---:|---:|\n");
        for (Contender contender : contenders) {
            if (Workload.IDLE.suits(contender)) {
                double growth = measurements.median(contender.name(), Workload.IDLE, Measurement::residentGrowthBytes);
                double login = measurements.median(contender.name(), Workload.IDLE, Measurement::processorMillisPer1000)
                        / 1_000;
                row(
                        text,
                        contender.name(),
                        List.of(
                                format("%.1f", megabytes(contender, Workload.IDLE)),
                                measurements.ratio("pgbouncer", contender, Workload.IDLE, Measurement::residentBytes),
                                format("%.1f", growth / options.idleClients() / 1e3),
                                format("%.2f", login)));
            }
        }
        return text.toString();
    }

    private String title(Workload workload) {
        return switch (workload) {
            case LARGE ->
                "results of " + options.largeMegabytes() + " MB, one client (tps x " + options.largeMegabytes()
                        + " = MB/s)";
            case IDLE -> options.idleClients() + " idle clients";
            case PREPARED ->
                workload.title()
                        + contenders.stream()
                                .filter(contender ->
                                        !contender.preparedDatabase().equals(PgbenchRun.DATABASE))
                                .map(contender -> " (" + contender.name() + ": in session pooling)")
                                .collect(Collectors.joining());
            case SIMPLE, EXTENDED, TPCB, RECONNECT -> workload.title();
        };
    }

    private static void row(StringBuilder text, String name, List<String> cells) {
        text.append("| ")
                .append(name)
                .append(" | ")
                .append(String.join(" | ", cells))
                .append(" |\n");
    }

    private double megabytes(Contender contender, Workload workload) {
        return contender.proxy() == null
                ? Double.NaN
                : measurements.median(contender.name(), workload, Measurement::residentBytes) / 1e6;
    }
}
