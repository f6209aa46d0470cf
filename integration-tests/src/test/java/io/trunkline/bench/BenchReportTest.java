// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class BenchReportTest {
    private static final BenchOptions OPTIONS = new BenchOptions(3, 5, 0, 16, 16, 1, 2_000, 200, 10);
    private static final Contender DIRECT = new Contender("direct", 1, "bench", null);
    private static final Contender PGBOUNCER = new Contender("pgbouncer", 2, "bench", new ProxyProcess(2));
    private static final Contender TRUNKLINE = new Contender("trunkline", 3, "bench", new ProxyProcess(3));

    @Test
    void printsMediansAndTheirRatios() {
        Measurements measured = new Measurements();
        for (double tps : new double[] {10_000, 90_000, 20_000}) {
            measured.add(measurement(DIRECT, tps, Double.NaN, 0));
        }
        measured.add(measurement(PGBOUNCER, 10_000, 16, 8_000_000));
        measured.add(measurement(TRUNKLINE, 15_000, 12, 80_000_000));

        String text = new BenchReport(OPTIONS, List.of(DIRECT, PGBOUNCER, TRUNKLINE), measured).text();

        assertThat(text)
                .contains("| direct | 20000.0 | 1.00 | 0.50 | 2.00 | 1.00 | - | - | - | - |")
                .contains("| pgbouncer | 10000.0 | 0.50 | 0.50 | 2.00 | 1.00 | 16.00 | 1.00 | 8.0 | 1.00 |")
                .contains("| trunkline | 15000.0 | 0.75 | 0.50 | 2.00 | 1.00 | 12.00 | 0.75 | 80.0 | 10.00 |");
    }

    @Test
    void leavesRatiosOpenWhenTheBaselineIsMissing() {
        Measurements measured = new Measurements();
        measured.add(measurement(TRUNKLINE, 15_000, 12, 80_000_000));

        measured.addFailure(DIRECT, Workload.SIMPLE, "refused");

        BenchReport report = new BenchReport(OPTIONS, List.of(DIRECT, TRUNKLINE), measured);
        assertThat(report.hasFailures()).isTrue();
        assertThat(report.text())
                .contains("| trunkline | 15000.0 | - | 0.50 | 2.00 | - | 12.00 | - | 80.0 | - |")
                .contains("failed: simple, direct: refused");
    }

    private static Measurement measurement(Contender contender, double tps, double processor, long resident) {
        return new Measurement(contender, Workload.SIMPLE, tps, 0.5, 2, processor, resident, 0);
    }
}
