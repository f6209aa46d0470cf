// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.sync;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Two clients, one backend: what ties the first to the backend keeps the second from it, and no longer than it lasts. */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class TiesIT {
    private static PostgresCluster cluster;
    private static RouterUnderTest router;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        cluster = TestTopologies.start(PostgresOptions.major(major).replicas(0));
        router = RouterUnderTest.with(cluster.workspace(), TestTopologies.single(cluster, 1, "app"))
                .set("defaults.pool_size", "1")
                .set("defaults.lease_wait_timeout", "300ms")
                .start();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        router.close();
        cluster.close();
    }

    /**
     * Something that ties a session to its backend, and its end.
     *
     * @param ties statements after which the session keeps its backend
     * @param ends statements after each of which but the last it still does
     */
    private record Tie(String name, List<String> ties, List<String> ends) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Tie> ties() {
        return Stream.of(
                new Tie("N14 a temporary table", List.of("create temp table a (i int)"), List.of("drop table a")),
                new Tie(
                        "N14 several temporary objects",
                        List.of(
                                "create temp table a (i serial primary key)",
                                "create function pg_temp.f() returns int language sql as 'select 1'"),
                        List.of("drop table a", "drop function pg_temp.f()")),
                new Tie(
                        "N14 a temporary table with a reserved name",
                        List.of("create temp table \"pg_class\" (i int)"),
                        List.of("drop table pg_temp.pg_class")),
                new Tie("N14 DISCARD TEMP", List.of("create temp table a (i int)"), List.of("discard temp")),
                new Tie(
                        "N15 advisory locks",
                        List.of("select pg_advisory_lock(1)", "select pg_advisory_lock_shared(2, 3)"),
                        List.of("select pg_advisory_unlock(1)", "select pg_advisory_unlock_shared(2, 3)")),
                new Tie(
                        "N15 an advisory lock taken twice",
                        List.of("select pg_advisory_lock(1), pg_advisory_lock(1)"),
                        List.of("select pg_advisory_unlock(1)", "select pg_advisory_unlock(1)")),
                new Tie(
                        "N15 advisory locks with computed keys",
                        List.of("select pg_advisory_lock(hashtext('a' || i)) from generate_series(1, 3) i"),
                        List.of("select pg_advisory_unlock_all()")),
                new Tie(
                        "N18 a cursor WITH HOLD",
                        List.of("declare c cursor with hold for select 1"),
                        List.of("close c")),
                new Tie(
                        "N18 cursors WITH HOLD",
                        List.of(
                                "begin; declare c cursor with hold for select 1; declare d cursor with hold for select 1; commit"),
                        List.of("close c", "close all")),
                new Tie(
                        "E35 statements of SQL that were prepared among others",
                        List.of("select 1; prepare p as select 1", "select 1; prepare q as select 2"),
                        List.of("deallocate p", "deallocate q")),
                new Tie("E35 DEALLOCATE ALL", List.of("select 1; prepare p as select 1"), List.of("deallocate all")),
                new Tie(
                        "several of them",
                        List.of("create temp table a (i int)", "select pg_advisory_lock(1)"),
                        List.of("select pg_advisory_unlock(1)", "drop table a")),
                new Tie("DISCARD ALL", List.of("create temp table a (i int)"), List.of("discard all")));
    }

    @ParameterizedTest
    @MethodSource("ties")
    void keepsItsBackendUntilTheLastTieEnds(Tie tie) {
        try (WireClient tied = WireClient.connect(router.port(), "app");
                WireClient other = WireClient.connect(router.port(), "app")) {
            for (String sql : tie.ties) {
                assertThat(tied.query(sql).toString()).doesNotContain("ErrorResponse");
                assertThat(other.ask("select 1")).as("after " + sql).isEqualTo("57014");
            }
            for (String sql : tie.ends.subList(0, tie.ends.size() - 1)) {
                assertThat(tied.query(sql).toString()).doesNotContain("ErrorResponse");
                assertThat(other.ask("select 1")).as("after " + sql).isEqualTo("57014");
            }

            assertThat(tied.query(tie.ends.get(tie.ends.size() - 1)).toString()).doesNotContain("ErrorResponse");

            assertThat(other.ask("select 1")).isEqualTo("1");
            assertThat(tied.ask("select 2")).isEqualTo("2");
        }
    }

    static Stream<String> statementsThatTieNothing() {
        return Stream.of(
                "begin; create temp table a (i int); rollback",
                "begin; create temp table a (i int); savepoint s; drop table a; commit",
                "begin; create temp table a (i int); select 1/0",
                "begin; create temp table a (i int) on commit drop; commit",
                "begin; declare c cursor with hold for select 1; rollback",
                "create temp table a (i int); select 1/0",
                "create temp table a (i no_such_type)",
                "select pg_advisory_lock(1), pg_advisory_unlock(1)",
                "select pg_try_advisory_xact_lock(1)",
                "prepare p as select 1",
                "prepare p as select pg_advisory_lock(1)",
                "prepare p as selec 1",
                "select 1; prepare p as selec 1");
    }

    @ParameterizedTest
    @MethodSource("statementsThatTieNothing")
    void doesNotKeepItsBackendForWhatIsGone(String sql) {
        try (WireClient client = WireClient.connect(router.port(), "app");
                WireClient other = WireClient.connect(router.port(), "app")) {
            client.query(sql);
            client.query("rollback");

            assertThat(other.ask("select 1")).isEqualTo("1");
        }
    }

    @Test
    void aLockThatAnotherHoldsTiesNobody() {
        cluster.primary().executeIn(TestTopologies.DATABASE, "select 1");
        try (WireClient holder = WireClient.connect(cluster.primary().port(), TestTopologies.DATABASE);
                WireClient client = WireClient.connect(router.port(), "app");
                WireClient other = WireClient.connect(router.port(), "app")) {
            holder.query("select pg_advisory_lock(77)");

            String granted = client.ask("select pg_try_advisory_lock(77)");

            assertThat(granted).isEqualTo("f");
            assertThat(other.ask("select 1")).isEqualTo("1");
        }
    }

    @Test
    void E51_whatSetConfigSetFollowsTheClientAndNobodyElse() {
        try (WireClient first = WireClient.connect(router.port(), "app");
                WireClient second = WireClient.connect(router.port(), "app")) {
            first.query("select set_config('app.tenant', 'one', false), set_config('work_mem', '5MB', false)");
            second.send(
                            parse("", "select set_config('app.tenant', $1, false)", 25),
                            bind("", "", "two"),
                            execute("", 0),
                            sync())
                    .receiveUntilReady();
            first.query("begin; select set_config('app.tenant', 'three', false); rollback");
            first.query("select set_config('app.tenant', 'four', true)");

            for (int i = 0; i < 3; i++) {
                assertThat(first.ask("select current_setting('app.tenant')")).isEqualTo("one");
                assertThat(second.ask("select current_setting('app.tenant')")).isEqualTo("two");
                assertThat(first.ask("show work_mem")).isEqualTo("5MB");
                assertThat(second.ask("show work_mem")).isEqualTo("4MB");
            }
        }
    }

    @Test
    void N11_aRoleSetByFunctionFollowsTheClientAndNobodyElse() {
        cluster.primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        "drop role if exists tied_role",
                        "create role tied_role",
                        "grant tied_role to " + RouterUnderTest.TRUSTED_USER);
        try (WireClient first = WireClient.connect(router.port(), "app");
                WireClient second = WireClient.connect(router.port(), "app")) {
            first.query("select set_config('role', 'tied_role', false)");

            assertThat(second.ask("select current_user")).isEqualTo(RouterUnderTest.TRUSTED_USER);
            assertThat(first.ask("select current_user")).isEqualTo("tied_role");
            first.query("reset role");
            assertThat(second.ask("select current_user")).isEqualTo(RouterUnderTest.TRUSTED_USER);
            assertThat(first.ask("select current_user")).isEqualTo(RouterUnderTest.TRUSTED_USER);
        }
    }

    @Test
    void aSettingWithMoreThanAsciiIsTheSameWhateverEncodingItsBackendHad() {
        try (WireClient unicode = WireClient.connect(router.port(), "app");
                WireClient latin =
                        WireClient.connect(router.port(), "app", Map.of("client_encoding", "LATIN1"), false)) {
            unicode.query("set app.note = 'é'");
            unicode.query("set client_min_messages = warning");

            assertThat(latin.ask("select coalesce(current_setting('app.note', true), '') = ''"))
                    .isEqualTo("t");
            assertThat(unicode.ask("select current_setting('app.note') = 'é'")).isEqualTo("t");
            assertThat(unicode.ask("select char_length(current_setting('app.note'))"))
                    .isEqualTo("1");
            assertThat(latin.ask("show client_encoding")).isEqualTo("LATIN1");
            assertThat(unicode.ask("show client_encoding")).isEqualTo("UTF8");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"set app.note = 'é'", "select set_config('app.note', 'é', false)"})
    void aSettingInAnEncodingThatIsNotReadTiesItsSession(String sql) {
        try (WireClient unicode = WireClient.connect(router.port(), "app");
                WireClient latin =
                        WireClient.connect(router.port(), "app", Map.of("client_encoding", "LATIN1"), false)) {
            latin.send(ClientMessage.raw('Q', (sql + "\0").getBytes(StandardCharsets.ISO_8859_1)))
                    .receiveUntilReady();

            assertThat(unicode.ask("select 1")).isEqualTo("57014");
            assertThat(latin.ask("select char_length(current_setting('app.note'))"))
                    .isEqualTo("1");
            latin.query("discard all");
            assertThat(unicode.ask("select coalesce(current_setting('app.note', true), '') = ''"))
                    .isEqualTo("t");
        }
    }

    @Test
    void transactionDefaultsAreThoseThatWereSaidLast() {
        try (WireClient first = WireClient.connect(router.port(), "app");
                WireClient second = WireClient.connect(router.port(), "app")) {
            first.query("set session characteristics as transaction isolation level serializable, read only");
            first.query("set default_transaction_read_only = off");
            first.query("set session characteristics as transaction isolation level repeatable read, deferrable");
            second.query("set default_transaction_isolation = 'serializable'");

            assertThat(first.ask("show transaction_isolation")).isEqualTo("repeatable read");
            assertThat(second.ask("show transaction_isolation")).isEqualTo("serializable");
            assertThat(second.ask("show transaction_deferrable")).isEqualTo("off");
            assertThat(first.ask("show transaction_read_only")).isEqualTo("off");
            assertThat(first.ask("show transaction_deferrable")).isEqualTo("on");
        }
    }
}
