// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** All measurements, and the tables made of their medians. */
final class BenchReport {
    private static final String NOTHING = "-";

    private final BenchOptions options;
    private final List<Contender> contenders;
    private final List<Measurement> measurements = new ArrayList<>();
    private final Set<String> failures = new LinkedHashSet<>();

    BenchReport(BenchOptions options, List<Contender> contenders) {
        this.options = options;
        this.contenders = List.copyOf(contenders);
    }

    void add(Measurement measurement) {
        measurements.add(measurement);
    }

    void addFailure(Contender contender, Workload workload, String why) {
        failures.add(workload.option() + ", " + contender.name() + ": " + why);
    }

    boolean hasFailures() {
        return !failures.isEmpty();
    }

    /**
     * Returns Markdown: one table for each workload. Ratios of throughput and latency are to the direct way, those of processor time and memory to
     * PgBouncer.
     */
    String text() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                "Medians of %d rounds of %d s, %d clients, pools of %d, %d event loops; %d processors, load %s, Java %s.%n",
                options.rounds(),
                options.seconds(),
                options.clients(),
                options.poolSize(),
                options.eventLoops(),
                Runtime.getRuntime().availableProcessors(),
                load(),
                Runtime.version()));
        for (Workload workload : Workload.values()) {
            if (measurements.stream().anyMatch(each -> each.workload() == workload)) {
                text.append(workload == Workload.IDLE ? idleTable() : table(workload));
            }
        }
        failures.forEach(failure -> text.append("\nfailed: ").append(failure));
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
                            format("%.1f", median(contender.name(), workload, Measurement::tps)),
                            ratio("direct", contender, workload, Measurement::tps),
                            format("%.2f", median(contender.name(), workload, Measurement::averageMillis)),
                            format("%.2f", median(contender.name(), workload, Measurement::p99Millis)),
                            ratio("direct", contender, workload, Measurement::p99Millis),
                            format("%.2f", median(contender.name(), workload, Measurement::processorMillisPer1000)),
                            ratio("pgbouncer", contender, workload, Measurement::processorMillisPer1000),
                            format("%.1f", megabytes(contender, workload)),
                            ratio("pgbouncer", contender, workload, Measurement::residentBytes)));
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
                double growth = median(contender.name(), Workload.IDLE, Measurement::residentGrowthBytes);
                double login = median(contender.name(), Workload.IDLE, Measurement::processorMillisPer1000) / 1_000;
                row(
                        text,
                        contender.name(),
                        List.of(
                                format("%.1f", megabytes(contender, Workload.IDLE)),
                                ratio("pgbouncer", contender, Workload.IDLE, Measurement::residentBytes),
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
                : median(contender.name(), workload, Measurement::residentBytes) / 1e6;
    }

    private String ratio(
            String baseline, Contender contender, Workload workload, ToDoubleFunction<Measurement> figure) {
        return format("%.2f", median(contender.name(), workload, figure) / median(baseline, workload, figure));
    }

    /** Returns NaN when there is nothing to take the median of. */
    private double median(String contender, Workload workload, ToDoubleFunction<Measurement> figure) {
        double[] values = measurements.stream()
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

    private static String format(String format, double value) {
        return Double.isFinite(value) && value != 0 ? String.format(format, value) : NOTHING;
    }

    private static String load() {
        return String.format(
                "%.1f",
                java.lang.management.ManagementFactory.getOperatingSystemMXBean()
                        .getSystemLoadAverage());
    }
}
