// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.demo.FailoverWriter.Acknowledged;
import io.trunkline.demo.FailoverWriter.Failed;
import io.trunkline.demo.FailoverWriter.Step;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FailoverReportTest {
    private static final long MILLIS = 1_000_000;

    @Test
    void measuresGapsOverAllWriters() {
        FailoverReport report = report(
                Set.of(1L, 2L, 3L, 4L),
                new WriterRecord(List.of(at(1, 10), at(3, 430)), List.of(), 0),
                new WriterRecord(List.of(at(2, 30), at(4, 440)), List.of(), 0));

        assertThat(report.isGood()).isTrue();
        assertThat(report.text())
                .contains("attempts         4\n")
                .contains("acknowledged     4, of which missing in the table: 0\n")
                .contains("400 ms between two acknowledged writes; after promotion 230 ms");
    }

    @Test
    void isNotGoodWhenAnAcknowledgedWriteIsMissing() {
        FailoverReport report = report(Set.of(1L), new WriterRecord(List.of(at(1, 10), at(2, 20)), List.of(), 0));

        assertThat(report.isGood()).isFalse();
        assertThat(report.text()).contains("acknowledged     2, of which missing in the table: 1");
    }

    @Test
    void isNotGoodWhenAConnectionWasLost() {
        FailoverReport report = report(Set.of(1L), new WriterRecord(List.of(at(1, 10)), List.of(), 1));

        assertThat(report.isGood()).isFalse();
    }

    @Test
    void forgivesErrorsInsideAnOpenTransactionOnly() {
        Failed inside = new Failed(7, Step.INSERT, "40001", "the server was lost");
        Failed inDoubt = new Failed(8, Step.COMMIT, "08007", "the outcome is not known");
        Failed outside = new Failed(9, Step.BEGIN, "08006", "refused");

        FailoverReport forgiven = report(Set.of(8L), new WriterRecord(List.of(), List.of(inside, inDoubt), 0));
        FailoverReport unforgiven = report(Set.of(), new WriterRecord(List.of(), List.of(outside), 0));

        assertThat(forgiven.isGood()).isTrue();
        assertThat(forgiven.text())
                .contains("40001 inside an open transaction (the server was lost): 1")
                .contains("08007 in COMMIT, the write is in the table (the outcome is not known): 1");
        assertThat(unforgiven.isGood()).isFalse();
    }

    private static FailoverReport report(Set<Long> rows, WriterRecord... writers) {
        return new FailoverReport(0, List.of(writers), rows, 0, 200 * MILLIS);
    }

    private static Acknowledged at(long id, long millis) {
        return new Acknowledged(id, millis * MILLIS);
    }
}
