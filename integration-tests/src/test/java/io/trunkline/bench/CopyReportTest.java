// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CopyReportTest {
    @Test
    void printsMediansAndTheirRatios() {
        CopyReport report = new CopyReport(new CopyBenchOptions(3, 0, 1_000_000, 4, 1));
        for (double seconds : new double[] {2, 1, 9}) {
            report.add(new CopyMeasurement(
                    CopyBench.ONE_SERVER, 1_000_000, 100_000_000, seconds, Double.NaN, 2 * seconds));
        }
        report.add(new CopyMeasurement("trunkline", 1_000_000, 100_000_000, 1, 0.25, 3));

        String text = report.text();

        assertThat(text)
                .contains("| one server | 500000 | 50.0 | 1.00 | - | 4.00 |")
                .contains("| trunkline | 1000000 | 100.0 | 2.00 | 0.25 | 3.00 |");
    }
}
