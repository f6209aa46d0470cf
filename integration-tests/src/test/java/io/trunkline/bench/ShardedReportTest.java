// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ShardedReportTest {
    private static final BenchOptions OPTIONS = new BenchOptions(3, 5, 0, 16, 16, 1, 0, 0, 10);
    private static final Contender UNSHARDED = new Contender(ShardedBench.UNSHARDED, 1, "bench", new ProxyProcess(1));
    private static final Contender SHARDED = new Contender("sharded", 2, "bench", new ProxyProcess(2));

    @Test
    void comparesMediansWithTheUnshardedRouter() {
        Measurements measured = new Measurements();
        for (double processor : new double[] {20, 90, 10}) {
            measured.add(new Measurement(UNSHARDED, Workload.PREPARED, 10_000, 0.5, 2, processor, 0, 0));
        }
        measured.add(new Measurement(SHARDED, Workload.PREPARED, 9_000, 0.5, 3, 21, 0, 0));

        String text = new ShardedReport(OPTIONS, List.of(UNSHARDED, SHARDED), measured).text();

        assertThat(text)
                .contains("select-only, prepared statements")
                .contains("| unsharded | 10000.0 | 1.00 | 2.00 | 20.00 | 1.00 |")
                .contains("| sharded | 9000.0 | 0.90 | 3.00 | 21.00 | 1.05 |")
                .doesNotContain("simple");
    }
}
