// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.wire.ProtocolViolation;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ParameterReportsTest {
    private final ParameterReports reports = new ParameterReports(ReportedParameters.of(Map.of("TimeZone", "UTC")));

    @Test
    void passesAValueOnAtOnce() {
        boolean told = reports.note("TimeZone", "CET");

        assertThat(told).isTrue();
        assertThat(reports.current().get("TimeZone")).isEqualTo("CET");
        assertThat(reports.takeWithheld()).isEmpty();
    }

    @Test
    void withholdsAllButTheLastValueOfEach() {
        reports.withhold();
        reports.note("TimeZone", "UTC");
        reports.note("DateStyle", "ISO");
        reports.note("TimeZone", "CET");

        Map<String, String> taken = reports.takeWithheld();

        assertThat(taken).containsExactly(Map.entry("TimeZone", "CET"), Map.entry("DateStyle", "ISO"));
        assertThat(reports.note("TimeZone", "UTC")).isTrue();
    }

    @Test
    void knowsTheLastValueWhileItIsWithheld() {
        reports.withhold();

        boolean told = reports.note("TimeZone", "CET");

        assertThat(told).isFalse();
        assertThat(reports.current().get("TimeZone")).isEqualTo("CET");
    }

    @Test
    void keepsWhatIsWithheldWhenItIsToldToWithholdAgain() {
        reports.withhold();
        reports.note("TimeZone", "CET");

        reports.withhold();

        assertThat(reports.takeWithheld()).containsExactly(Map.entry("TimeZone", "CET"));
    }

    @Test
    void takesNoMoreParametersThanAServerHas() {
        for (int i = 1; i < ReportedParameters.COUNT_MAX; i++) {
            reports.note("parameter" + i, "on");
        }

        assertThatThrownBy(() -> reports.note("one_more", "on"))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessageContaining("100 reported parameters");
        assertThat(reports.note("parameter1", "off")).isTrue();
    }
}
