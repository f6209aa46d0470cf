// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Text in a committed file that is made from code: a test compares both, and writes the file when run with {@code -Dtrunkline.regenerate}.
 *
 * <p>To bring every such text up to date: {@code ./mvnw test -Dtrunkline.regenerate}.
 */
public final class GeneratedText {
    private static final boolean REGENERATE = System.getProperty("trunkline.regenerate") != null;

    private GeneratedText() {}

    /** Asserts that a whole file has this content. */
    public static void assertFile(Path file, String expected) throws IOException {
        if (REGENERATE) {
            Files.writeString(file, expected);
        }
        assertThat(file)
                .content()
                .as("%s is stale; regenerate with -Dtrunkline.regenerate", file)
                .isEqualTo(expected);
    }

    /** Asserts that the lines between {@code <!-- name:begin -->} and {@code <!-- name:end -->} are these. */
    public static void assertSection(Path file, String name, String expected) throws IOException {
        String begin = "<!-- " + name + ":begin -->\n";
        String end = "<!-- " + name + ":end -->";
        String content = Files.readString(file);
        int from = content.indexOf(begin) + begin.length();
        int to = content.indexOf(end);
        assertThat(content).as("markers in %s", file).contains(begin, end);
        if (REGENERATE) {
            Files.writeString(file, content.substring(0, from) + expected + content.substring(to));
            return;
        }
        assertThat(content.substring(from, to))
                .as("section %s of %s is stale; regenerate with -Dtrunkline.regenerate", name, file)
                .isEqualTo(expected);
    }
}
