// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The checker of documents finds wrong names, and lets right ones pass. */
class DocsCheckerTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path DOCUMENT = ROOT.resolve("router-server/IMAGINED.md");

    private final DocsChecker checker = new DocsChecker(ROOT, RepositoryNames.of(ROOT));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[a file](src/main/java/Nowhere.java)",
                "[a heading](README.md#no-such-heading)",
                "[a heading of its own](#no-such-heading)",
                "`router-core/src/main/java/io/trunkline/Nowhere.java`",
                "`SessionManager.java`",
                "`Daydreaming`",
                "`SessionManager`",
                "`SessionState.Daydreaming`",
                "`Session.becomeNothing()`",
                "`limits.no_such_key`",
                "`databases.shop.no_such_key`",
                "`trunkline.no_such_setting`",
                "`trunkline_no_such_metric_total`",
                "trunkline_no_such_metric_total",
                "`./trunkline fly --config FILE`",
                "`trunkline fly`",
                "`./trunkline topology forget`",
                "```\n./trunkline fly\n```",
                "`./mvnw verify -Pno-such-profile`",
                "`./mvnw verify -pl router-clouds`"
            })
    void findsWrongName(String text) {
        assertThat(checker.problems(DOCUMENT, text)).as(text).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[a file](src/main/resources/reference.yaml)",
                "[a heading](README.md#configuration)",
                "# One\n[a heading of its own](#one)",
                "[elsewhere](https://www.postgresql.org/docs/17/protocol.html)",
                "`router-core/src/main/java/io/trunkline/session/Session.java`",
                "`SessionState.java`",
                "`Gathering`",
                "`SessionState.Gathering`",
                "`Session.become`",
                "`ReadyForQuery`",
                "`limits.held_bytes`",
                "`databases.shop.pool_size`",
                "`databases.<name>`",
                "`trunkline.role`",
                "`trunkline.yaml`",
                "`trunkline_lease_wait_seconds_bucket`",
                "`./trunkline serve --config FILE`",
                "`./trunkline demo failover`",
                "`./trunkline topology publish`",
                "```\ntrunkline demo: starting\n```",
                "`./mvnw verify -Pmatrix -pl integration-tests -am`",
                "`begin`, `SELECT`, `0A000`, `a.b`"
            })
    void letsRightNamePass(String text) {
        assertThat(checker.problems(DOCUMENT, text)).as(text).isEmpty();
    }

    @Test
    void readsFirstNameOfEachRowBetweenMarkers() {
        String text =
                "| `Before` |\n<!-- x:begin -->\n| State | |\n|---|---|\n| `One` | `Two` |\n| [`Three`](a) | |\n<!-- x:end -->";

        assertThat(DocsChecker.tableKeys(text, "x")).containsExactly("One", "Three");
    }
}
