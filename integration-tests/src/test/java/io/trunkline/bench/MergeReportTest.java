// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MergeReportTest {
    @Test
    void printsMediansAndTheirRatios() {
        MergeReport report = new MergeReport(new MergeOptions(3, 0, 1_000_000, 4, 1));
        RowCounter.Count count = new RowCounter.Count(1_000_000, 100_000_000);
        for (double seconds : new double[] {2, 1, 9}) {
            report.add(new MergeMeasurement(MergeBench.ONE_SERVER, count, seconds, Double.NaN, 0));
        }
        report.add(new MergeMeasurement("trunkline", count, 4, 1_500, 180_000_000));

        String text = report.text();

        assertThat(text)
                .contains("| one server | 500000 | 50.0 | 1.00 | - | - |")
                .contains("| trunkline | 250000 | 25.0 | 0.50 | 150.0 | 180.0 |");
    }
}
