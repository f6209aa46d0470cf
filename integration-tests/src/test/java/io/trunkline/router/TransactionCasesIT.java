// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static io.trunkline.router.Dialogue.queries;
import static io.trunkline.router.Dialogue.ready;
import static io.trunkline.router.Dialogue.script;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Cases of transactions, compared with a direct connection. */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class TransactionCasesIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private static CaseServers servers;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        servers = CaseServers.start(
                PostgresOptions.major(major).setting("max_prepared_transactions", "10"),
                List.of(
                        "create table t (id int primary key, word text)",
                        "grant all on t to public",
                        "create function catches() returns text language plpgsql set work_mem to '9MB' as $$"
                                + " begin begin set local search_path to pg_catalog; perform 1/0;"
                                + " exception when division_by_zero then raise notice 'caught'; end;"
                                + " return current_setting('search_path'); end $$"),
                "truncate t",
                "insert into t select i, 'word ' || i from generate_series(1, 10) i");
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

    @Case({"T03", "T16"})
    static Stream<Dialogue> dialogues() {
        return Stream.of(
                queries(
                        "T03 an error between SAVEPOINT and ROLLBACK TO",
                        "begin",
                        "set application_name to 'kept'",
                        "savepoint a",
                        "delete from t; set application_name to 'undone'",
                        "select 1/0",
                        "select 1",
                        "rollback to nothing",
                        "rollback to a",
                        "show application_name",
                        "select count(*) from t",
                        "savepoint b; select 1/0",
                        "rollback to a; release a",
                        "commit",
                        "show application_name",
                        "reset application_name"),
                script(
                        "T03 by extended protocol",
                        ready(parse("r", "rollback to a"), parse("f", "select 1/0"), sync()),
                        ready(query("begin; savepoint a")),
                        ready(bind("", "f"), execute("", 0), sync()),
                        ready(bind("", "r"), execute("", 0), sync()),
                        ready(parse("", "select count(*) from t"), bind("", ""), execute("", 0), sync()),
                        ready(query("rollback"))),
                queries(
                        "T09 a transaction that is prepared",
                        "begin; delete from t",
                        "prepare transaction 'p'",
                        "select count(*) from t",
                        "begin",
                        "commit prepared 'p'",
                        "rollback",
                        "commit prepared 'p'",
                        "select count(*) from t",
                        "commit prepared 'p'",
                        "begin; insert into t values (20)",
                        "prepare transaction 'q'",
                        "rollback prepared 'q'",
                        "select count(*) from t",
                        "begin; create temporary table mine (a int)",
                        "prepare transaction 'r'",
                        "select 1"),
                queries(
                        "T16 an error that a function caught",
                        "select catches()",
                        "begin",
                        "select catches()",
                        "show work_mem",
                        "commit"));
    }

    @Test
    @Case("T09")
    void T09_anotherClientEndsAPreparedTransaction() {
        try (WireClient first = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION);
                WireClient second = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION)) {
            servers.server().executeIn(TestTopologies.DATABASE, "truncate t");
            first.query("begin; insert into t values (1)");
            assertThat(first.query("prepare transaction 'handed over'"))
                    .hasToString("[CommandComplete PREPARE TRANSACTION, ReadyForQuery I]");
            first.close();

            assertThat(second.ask("select count(*) from t")).isEqualTo("0");
            assertThat(second.query("commit prepared 'handed over'"))
                    .hasToString("[CommandComplete COMMIT PREPARED, ReadyForQuery I]");
            assertThat(second.ask("select count(*) from t")).isEqualTo("1");
        }
    }

    @Test
    @Case("T13")
    void T13_aTransactionThatTheServerEndedEndsTheClientInTheServersWords() {
        try (WireClient client = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION);
                WireClient other = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION)) {
            servers.server().executeIn(TestTopologies.DATABASE, "truncate t");
            client.query("begin; set local idle_in_transaction_session_timeout to 100; insert into t values (1)");

            String seen = other.ask("select count(*) from t");
            ServerMessage last = client.receive();

            assertThat(seen).isEqualTo("0");
            assertThat(last.fields())
                    .containsEntry('V', "FATAL")
                    .containsEntry('C', "25P03")
                    .containsEntry('M', "terminating connection due to idle-in-transaction timeout");
            assertThat(client.receiveOrEnd()).isNull();
            assertThat(other.ask("select count(*) from t")).isEqualTo("0");
        }
    }

    @Test
    @Case("T15")
    void T15_theTimeoutOfOneClientDoesNotReachAnother() {
        try (WireClient hasty = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION);
                WireClient patient = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION)) {
            hasty.query("set statement_timeout to '50ms'");

            assertThat(patient.ask("select 'slept' from pg_sleep(0.3)")).isEqualTo("slept");
            assertThat(hasty.ask("select 'slept' from pg_sleep(3)")).isEqualTo("57014");
            assertThat(patient.ask("select 'slept' from pg_sleep(0.3)")).isEqualTo("slept");
        }
    }

    @Test
    @Case("T17")
    void T17_aRoleThatReadsOnlyByDefaultMakesNoReplicaOfItsNode() {
        servers.server()
                .execute("alter role " + RouterUnderTest.TRUSTED_USER + " set default_transaction_read_only to on");
        try (RouterUnderTest router = RouterUnderTest.with(
                                servers.cluster().workspace(),
                                TestTopologies.singleWithoutRoles(servers.cluster(), 1, "app"))
                        .start();
                WireClient client = WireClient.connect(router.port(), "app")) {
            assertThat(client.ask("show transaction_read_only")).isEqualTo("on");
            assertThat(client.ask("insert into t values (100)")).isEqualTo("25006");
            assertThat(client.query("begin read write; insert into t values (100); rollback"))
                    .last()
                    .hasToString("ReadyForQuery I");
            client.query("set default_transaction_read_only to off");
            assertThat(client.ask("insert into t values (101) returning id")).isEqualTo("101");
            assertThat(client.ask("show trunkline.route")).contains("role=primary");
        } finally {
            servers.server()
                    .execute("alter role " + RouterUnderTest.TRUSTED_USER + " reset default_transaction_read_only");
        }
    }

    @Test
    @Case("T18")
    void T18_theLocksOfAClientThatVanishedAreFreeAtOnce() {
        servers.server()
                .executeIn(TestTopologies.DATABASE, "truncate t", "insert into t values (1, 'locked'), (2, 'free')");
        try (WireClient locks = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION);
                WireClient fails = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION);
                WireClient waits = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION)) {
            locks.query("begin; update t set word = 'mine' where id = 1");
            fails.query("begin; update t set word = 'mine' where id = 2");
            fails.query("select 1/0");
            locks.abort();
            fails.abort();

            await().atMost(LIMIT)
                    .until(() ->
                            "2".equals(waits.ask("select count(*) from (select from t for update skip locked) x")));

            assertThat(waits.ask("select count(*) from t where word = 'mine'")).isEqualTo("0");
        }
    }
}
