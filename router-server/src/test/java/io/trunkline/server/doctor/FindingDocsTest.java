// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FindingDocsTest {
    @ParameterizedTest
    @EnumSource(Finding.Kind.class)
    void theGuideSaysWhatEachFindingMeans(Finding.Kind kind) throws IOException {
        assertThat(Files.readString(Path.of("README.md")))
                .contains("| `" + kind.label() + "` | " + kind.severity().name().toLowerCase(Locale.ROOT) + " | "
                        + kind.meaning() + " |");
    }
}
