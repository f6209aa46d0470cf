// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** All measurements of the merge, and the table made of their medians. */
final class MergeReport {
    private final MergeOptions options;
    private final List<MergeMeasurement> measurements = new ArrayList<>();

    MergeReport(MergeOptions options) {
        this.options = options;
    }

    void add(MergeMeasurement measurement) {
        measurements.add(measurement);
    }

    /** Returns Markdown; ratios are to one server with all rows. */
    String text() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                "Medians of %d rounds, %,d rows in order, %d shards, %d event loops; %d processors, load %.1f, Java %s.%n%n",
                options.rounds(),
                options.rows(),
                options.shards(),
                options.eventLoops(),
                Runtime.getRuntime().availableProcessors(),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
                Runtime.version()));
        text.append("| | rows/s | MB/s | x one server | router CPU ms / 100,000 rows | RSS MB |\n");
        text.append("|---|---:|---:|---:|---:|---:|\n");
        double oneServer = median(MergeBench.ONE_SERVER, MergeMeasurement::rowsPerSecond);
        Set<String> contenders = new LinkedHashSet<>();
        measurements.forEach(measurement -> contenders.add(measurement.contender()));
        for (String contender : contenders) {
            double rowsPerSecond = median(contender, MergeMeasurement::rowsPerSecond);
            text.append(String.format(
                    "| %s | %.0f | %.1f | %.2f | %s | %s |%n",
                    contender,
                    rowsPerSecond,
                    median(contender, MergeMeasurement::megabytesPerSecond),
                    rowsPerSecond / oneServer,
                    format(median(contender, MergeMeasurement::processorMillisPer100000)),
                    format(median(contender, MergeMeasurement::residentBytes) / 1e6)));
        }
        return text.toString();
    }

    private double median(String contender, ToDoubleFunction<MergeMeasurement> figure) {
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
        return Double.isFinite(value) && value != 0 ? String.format("%.1f", value) : "-";
    }
}
