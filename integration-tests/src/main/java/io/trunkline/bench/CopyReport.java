// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** All measurements of COPY FROM, and the table made of their medians. */
final class CopyReport {
    private final CopyBenchOptions options;
    private final List<CopyMeasurement> measurements = new ArrayList<>();

    CopyReport(CopyBenchOptions options) {
        this.options = options;
    }

    void add(CopyMeasurement measurement) {
        measurements.add(measurement);
    }

    /** Returns Markdown; ratios are to one server. */
    String text() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                "Medians of %d rounds, %,d rows, %d shards, %d event loops; %d processors, load %.1f, Java %s.%n%n",
                options.rounds(),
                options.rows(),
                options.shards(),
                options.eventLoops(),
                Runtime.getRuntime().availableProcessors(),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
                Runtime.version()));
        text.append(
                "| | rows/s | MB/s | x one server | router CPU s / million rows | servers CPU s / million rows |\n");
        text.append("|---|---:|---:|---:|---:|---:|\n");
        double oneServer = median(CopyBench.ONE_SERVER, CopyMeasurement::rowsPerSecond);
        Set<String> contenders = new LinkedHashSet<>();
        measurements.forEach(measurement -> contenders.add(measurement.contender()));
        for (String contender : contenders) {
            double rowsPerSecond = median(contender, CopyMeasurement::rowsPerSecond);
            text.append(String.format(
                    "| %s | %.0f | %.1f | %.2f | %s | %s |%n",
                    contender,
                    rowsPerSecond,
                    median(contender, CopyMeasurement::megabytesPerSecond),
                    rowsPerSecond / oneServer,
                    format(median(contender, CopyMeasurement::routerSecondsPerMillion)),
                    format(median(contender, CopyMeasurement::serverSecondsPerMillion))));
        }
        return text.toString();
    }

    private double median(String contender, ToDoubleFunction<CopyMeasurement> figure) {
        double[] values = measurements.stream()
                .filter(measurement -> measurement.contender().equals(contender))
                .mapToDouble(figure)
                .sorted()
                .toArray();
        if (values.length == 0) {
            return Double.NaN;
        }
        int middle = values.length / 2;
        return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    private static String format(double value) {
        return Double.isFinite(value) ? String.format("%.2f", value) : "-";
    }
}
