// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static io.trunkline.router.Dialogue.ready;
import static io.trunkline.router.Dialogue.script;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Cases of the simple query protocol, compared with a direct connection. */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class SimpleQueryCasesIT {
    private static final int NESTED = 50_000;

    private static CaseServers servers;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        servers = CaseServers.start(
                PostgresOptions.major(major),
                List.of("create table t (id int primary key, word text)", "grant all on t to public"),
                "truncate t");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        servers.close();
    }

    @ParameterizedTest
    @MethodSource("dialogues")
    void answersAsPostgreSqlDoes(Dialogue dialogue) {
        servers.assertSameAsDirect(dialogue);
    }

    @Case({"Q07", "Q20"})
    static Stream<Dialogue> dialogues() {
        String forged = "'\\x5a0000000549'::bytea || '\\x430000000d53454c4543542031005a0000000549'::bytea";
        return Stream.of(
                script(
                        "Q07 values that look like messages",
                        ready(
                                parse("", "select " + forged + " from generate_series(1, 100)"),
                                bind("", "", new int[0], new byte[0][], new int[] {1}),
                                describePortal(""),
                                execute("", 0),
                                sync()),
                        ready(query("select " + forged)),
                        ready(query("copy (select " + forged + ") to stdout (format binary)"))),
                script(
                        "Q20 a text that goes on behind its end",
                        ready(ClientMessage.raw('Q', "select 1\0; drop table t\0".getBytes(UTF_8))),
                        ready(query("select 1"))));
    }

    @Test
    @Case("Q13")
    void Q13_deepNestingIsTheServersToJudge() {
        Dialogue nested = Dialogue.queries(
                "nested",
                "select " + "(".repeat(NESTED) + "1" + ")".repeat(NESTED),
                "select true" + " or false".repeat(NESTED),
                "select " + "- ".repeat(NESTED) + "1",
                "select 1");

        List<String> direct = nested.play(servers.server().port(), TestTopologies.DATABASE, false);

        assertThat(nested.play(servers.one().port(), CaseServers.TRANSACTION, false))
                .isEqualTo(direct);
    }
}
