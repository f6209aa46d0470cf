// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Everything the Markdown files name exists, and the tables that claim to be complete are. */
class DocsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path ARCHITECTURE = ROOT.resolve("router-core/ARCHITECTURE.md");
    private static final Path CORE = ROOT.resolve("router-core/src/main/java/io/trunkline");
    private static final RepositoryNames NAMES = RepositoryNames.of(ROOT);

    @Test
    void findsTheDocuments() {
        assertThat(NAMES.documents())
                .extracting(file -> ROOT.relativize(file).toString())
                .contains("router-server/README.md", "router-core/ARCHITECTURE.md");
    }

    @Test
    void everythingNamedExists() {
        DocsChecker checker = new DocsChecker(ROOT, NAMES);

        assertThat(NAMES.documents())
                .flatMap(file -> checker.problems(file, DocsChecker.read(file)))
                .isEmpty();
    }

    @Test
    void tableOfStatesHasEveryStateOfTheSession() {
        Set<String> states = new TreeSet<>();
        Matcher matcher = Pattern.compile("record (\\w+)\\([^)]*\\) implements SessionState")
                .matcher(DocsChecker.read(CORE.resolve("session/SessionState.java")));
        while (matcher.find()) {
            states.add(matcher.group(1));
        }

        assertThat(states).isNotEmpty();
        assertThat(DocsChecker.tableKeys(DocsChecker.read(ARCHITECTURE), "states"))
                .containsExactlyInAnyOrderElementsOf(states);
    }

    @Test
    void tableOfSharedTypesHasEveryTypeThatLoopsShare() {
        assertThat(DocsChecker.tableKeys(DocsChecker.read(ARCHITECTURE), "shared"))
                .containsExactlyInAnyOrderElementsOf(NAMES.sharedTypes());
    }
}
