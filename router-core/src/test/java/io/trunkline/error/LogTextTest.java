// SPDX-License-Identifier: Apache-2.0
package io.trunkline.error;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Case;
import org.junit.jupiter.api.Test;

class LogTextTest {

    @Test
    @Case("M11")
    void M11_letsNoNameForgeALine() {
        assertThat(LogText.quoted("a\nFATAL \u001b[2J\"\u202eb\udce9"))
                .isEqualTo("\"a\\u000aFATAL \\u001b[2J\\u0022\\u202eb\\udce9\"");
    }

    @Test
    void shortensLongNames() {
        assertThat(LogText.quoted("x".repeat(1000))).hasSize(131).endsWith("…\"");
    }
}
