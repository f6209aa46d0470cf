// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.trunkline.metrics.DryRunMetrics.PlannedStatement;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class DryRunReportTest {
    private final DryRunReport report = new DryRunReport(Instant.EPOCH);

    private static DryRunReport.Statement statement(PlannedStatement outcome, String reason, String text) {
        return new DryRunReport.Statement(outcome, reason, "", text);
    }

    @Test
    void listsTheMostFrequentOfAnOutcomeFirst() {
        report.count(statement(PlannedStatement.REFUSED, "TL0126", "rare"));
        report.count(statement(PlannedStatement.REFUSED, "TL0108", "frequent"));
        report.count(statement(PlannedStatement.REFUSED, "TL0108", "frequent"));
        report.count(statement(PlannedStatement.ONE_SHARD, "key", "another"));

        assertThat(report.top(PlannedStatement.REFUSED, 10))
                .extracting(counted -> counted.statement().text(), DryRunReport.Counted::count)
                .containsExactly(tuple("frequent", 2L), tuple("rare", 1L));
        assertThat(report.top(PlannedStatement.REFUSED, 1)).hasSize(1);
        assertThat(report.refusals()).containsEntry("TL0108", 2L).containsEntry("TL0126", 1L);
    }

    @Test
    void countsWhatItHasNoRoomToTell() {
        for (int i = 0; i < DryRunReport.STATEMENTS_MAX + 7; i++) {
            report.count(statement(PlannedStatement.ONE_SHARD, "key", "text " + i));
        }
        report.count(statement(PlannedStatement.ONE_SHARD, "key", "text 1"));

        assertThat(report.unlisted()).isEqualTo(7);
        assertThat(report.count(PlannedStatement.ONE_SHARD)).isEqualTo(DryRunReport.STATEMENTS_MAX + 8);
        assertThat(report.top(PlannedStatement.ONE_SHARD, 1).get(0).count()).isEqualTo(2);
    }
}
