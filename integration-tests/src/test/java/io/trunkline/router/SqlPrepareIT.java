// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.closeStatement;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.describeStatement;
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
import io.trunkline.fixture.PostgresServer.StopMode;
import io.trunkline.testing.Case;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** PREPARE, EXECUTE and DEALLOCATE in SQL: as without a router, and yet a client that has prepared something leaves its backend to others. */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class SqlPrepareIT {
    private static CaseServers servers;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        servers = CaseServers.start(
                PostgresOptions.major(major),
                List.of(
                        "create table t (id int primary key, word text)",
                        "grant all on t to public",
                        "grant create on schema public to public"),
                "truncate t",
                "drop table if exists changing",
                "create table changing (a int, b int)",
                "alter table changing owner to " + RouterUnderTest.TRUSTED_USER,
                "drop table if exists copied",
                "insert into t select i, 'word ' || i from generate_series(1, 10) i");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        servers.close();
    }

    @ParameterizedTest
    @MethodSource("dialogues")
    @Case({"E35", "E36", "E37", "E39"})
    void answersAsPostgreSqlDoes(Dialogue dialogue) {
        servers.assertSameAsDirect(dialogue);
    }

    static Stream<Dialogue> dialogues() {
        return Stream.of(
                queries(
                        "E35 arguments",
                        "prepare p (int, text) as select $1 + 1, $2 || 'x'",
                        "execute p(1, 'a')",
                        "execute p(1)",
                        "execute p",
                        "execute p(1, 2, 3)",
                        "execute p('x', 'y')",
                        "execute p(nothing, 'a')",
                        "select 'ä'; execute p(1, 'ö'); execute p(nothing, 'a')",
                        "execute p(1, 'a') p",
                        "prepare p as select 1",
                        "deallocate p",
                        "execute p(1, 'a')",
                        "deallocate p"),
                queries(
                        "E35 statements that cannot be prepared",
                        "prepare q (no_such) as select 1",
                        "  /* ä */ prepare q (int, no_such) as select $1",
                        "prepare q as select nothing",
                        "prepare q as selec",
                        "prepare q (int) as select $1 +",
                        "prepare q as create table x ()",
                        "prepare q as select 1 into copied",
                        "prepare q",
                        "prepare select as select 1",
                        "prepare q (int) as select $2 + 1",
                        "execute q",
                        "prepare q as select 1",
                        "execute q"),
                queries(
                        "E35 names",
                        "prepare \"Ä p\" (text) as select 'ä', nothing",
                        "prepare \"Ä p\" (text) as select 'ä', $1",
                        "execute \"Ä p\"('ö')",
                        "execute \"Ä p\"('ö', 1)",
                        "EXECUTE \"Ä p\" (x)",
                        "prepare Mixed as select 1",
                        "execute MIXED",
                        "execute \"Mixed\"",
                        "deallocate prepare mixed",
                        "prepare \"select\" as select 2",
                        "execute select",
                        "execute \"select\"",
                        "prepare prepare as select 3",
                        "execute prepare",
                        "deallocate prepare"),
                queries(
                        "E35 kinds of statements",
                        "prepare w (int) as insert into t values ($1, 'new') returning id",
                        "execute w(11)",
                        "execute w(11)",
                        "prepare u as update t set word = 'x' where id = $1",
                        "execute u(1)",
                        "prepare d as delete from t where id > $1",
                        "execute d(8)",
                        "prepare v as values (1), (2)",
                        "execute v",
                        "prepare tt as table t",
                        "execute tt",
                        "prepare wi as with x as (select 1 as a) select * from x",
                        "execute wi",
                        "prepare par as (select 1) union all (select 2)",
                        "execute par",
                        "prepare m as merge into t using (values (1)) v (i) on id = i when matched then delete",
                        "execute m"),
                queries(
                        "E35 within other statements",
                        "prepare v as select id from t where id < 3 order by id",
                        "explain (costs off) execute v",
                        "explain (costs off) create table copied as execute v",
                        "explain execute none",
                        "create table copied as execute v",
                        "select * from copied",
                        "create table copied as execute none",
                        "begin; create temp table c on commit drop as execute v; select count(*) from c; commit"),
                queries(
                        "E35 in transactions",
                        "begin",
                        "prepare p as select 1",
                        "selec",
                        "prepare q as select 2",
                        "prepare p as select 1",
                        "execute p",
                        "execute none",
                        "deallocate p",
                        "rollback",
                        "execute p",
                        "execute q",
                        "begin",
                        "deallocate p",
                        "rollback",
                        "execute p",
                        "begin isolation level serializable",
                        "prepare p as select 3",
                        "execute p",
                        "commit"),
                queries(
                        "E35 among other statements",
                        "prepare a as select 1; execute a; deallocate a",
                        "prepare b as select 2",
                        "select 0; execute b; execute b",
                        "select 1/0; execute b",
                        "execute b; select nothing",
                        "insert into t values (20); execute b; select 1/0",
                        "select count(*) from t",
                        "begin isolation level serializable; execute b; rollback; execute b; deallocate b; execute b",
                        "prepare b as select 2; execute b; prepare b as select 3",
                        "execute b"),
                queries(
                        "E36 DEALLOCATE among other statements",
                        "prepare c as select 3",
                        "select 'ä'; deallocate c; select nothing",
                        "execute c",
                        "prepare c as select 3",
                        "deallocate c; deallocate c; select 1",
                        "prepare c as select 3",
                        "select nothing; deallocate c",
                        "execute c",
                        "begin; deallocate c; rollback; execute c"),
                queries(
                        "E37 DEALLOCATE ALL among other statements",
                        "prepare c as select 3",
                        "execute c; deallocate all; execute c",
                        "prepare c as select 3",
                        "select nothing; deallocate all",
                        "execute c",
                        "select 1; deallocate prepare all; select 2",
                        "execute c",
                        "prepare c as select 4",
                        "execute c"),
                script(
                        "E39 prepared by protocol, executed by SQL",
                        ready(parse("s", "select $1 + 1", 23), parse("r", "select $1 || 'x'"), sync()),
                        ready(query("execute s(1)")),
                        ready(query("execute s(1, 2)")),
                        ready(query("execute r('a')")),
                        ready(bind("", "s", "5"), execute("", 0), sync()),
                        ready(query("explain (costs off) execute s(1)")),
                        ready(query("prepare s as select 1")),
                        ready(query("deallocate s")),
                        ready(bind("", "s", "5"), sync()),
                        ready(query("execute s(1)"))),
                script(
                        "E39 prepared by SQL, executed by protocol",
                        ready(query("prepare s (int, text) as select $1 + 1 as a, $2 as b")),
                        ready(
                                describeStatement("s"),
                                bind("", "s", "5", "x"),
                                describePortal(""),
                                execute("", 0),
                                sync()),
                        ready(bind("", "s", "5"), execute("", 0), sync()),
                        ready(parse("s", "select 1"), sync()),
                        ready(closeStatement("s"), parse("s", "select 2"), bind("", "s"), execute("", 0), sync()),
                        ready(query("execute s"))),
                script(
                        "E35 pipelined",
                        ready(
                                5,
                                query("prepare p (int) as select $1"),
                                query("execute p(1)"),
                                query("execute p(nothing)"),
                                query("deallocate p"),
                                query("execute p(1)")),
                        ready(3, query("prepare p as selec"), query("execute p"), query("prepare p as select 1")),
                        ready(4, query("begin"), query("execute p"), query("deallocate p; select 1"), query("commit"))),
                queries(
                        "E35 columns that change",
                        "prepare p as select * from changing",
                        "execute p",
                        "alter table changing add c int",
                        "execute p",
                        "execute p",
                        "deallocate p",
                        "prepare p as select * from changing",
                        "execute p",
                        "alter table changing drop c",
                        "execute p",
                        "deallocate p"),
                queries(
                        "E35 parameters set by EXECUTE",
                        "prepare p as select set_config('work_mem', $1, false)",
                        "execute p('5MB')",
                        "show work_mem",
                        "begin; execute p('6MB'); rollback",
                        "show work_mem"),
                script(
                        "E35 EXECUTE by extended protocol",
                        ready(query("prepare p (int) as select $1 as a")),
                        ready(parse("e", "execute p(7)"), describeStatement("e"), bind("", "e"), sync()),
                        ready(bind("", "e"), describePortal(""), execute("", 0), sync()),
                        ready(parse("", "execute p(8)"), bind("", ""), describePortal(""), execute("", 0), sync()),
                        ready(parse("", "execute p(x)"), bind("", ""), execute("", 0), sync()),
                        ready(parse("", "execute p(1, 2)"), bind("", ""), execute("", 0), sync()),
                        ready(parse("", "execute p("), bind("", ""), execute("", 0), sync()),
                        ready(parse("", "explain (costs off) execute p(1)"), bind("", ""), execute("", 0), sync()),
                        ready(query("deallocate p")),
                        ready(bind("", "e"), execute("", 0), sync()),
                        ready(query("prepare p (int) as select $1 * 2 as b")),
                        ready(bind("", "e"), describePortal(""), execute("", 0), sync()),
                        ready(parse("s", "select 'by protocol'"), parse("f", "execute s"), sync()),
                        ready(bind("", "f"), execute("", 0), sync()),
                        ready(query("begin")),
                        ready(
                                bind("", "f"),
                                execute("", 0),
                                parse("", "execute none"),
                                bind("", ""),
                                execute("", 0),
                                sync()),
                        ready(query("rollback"))),
                queries(
                        "E35 EXECUTE beyond what is inspected",
                        "prepare p (text) as select length($1)",
                        "execute p('" + "ä".repeat(1_000_000) + "')",
                        "execute p('" + "x".repeat(2_000_000) + "', nothing)",
                        "execute p('" + "x".repeat(2_000_000) + "'); select 2"),
                queries(
                        "E35 EXECUTE in an encoding that cannot be read",
                        "prepare p (text) as select length($1)",
                        "set client_encoding to sjis",
                        "execute p('\u001b\u3042')",
                        "execute p('a')"),
                script(
                        "E35 PREPARE by extended protocol",
                        ready(parse("", "prepare s (int) as select $1"), bind("", ""), execute("", 0), sync()),
                        ready(query("execute s(1)")),
                        ready(parse("", "execute s(2)"), bind("", ""), execute("", 0), sync()),
                        ready(query("deallocate s"))));
    }

    @Test
    @Case("E35")
    void E35_aTextThatMeantAnotherStatementIsNotGivenToABackend() {
        try (WireClient client = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION);
                WireClient other = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION)) {
            client.query("prepare p as select 'a\\b'");
            client.send(parse("q", "select 'c\\d'"), sync()).receiveUntilReady();
            client.query("set standard_conforming_strings to off; set escape_string_warning to off");
            assertThat(client.ask("execute p")).isEqualTo("a\\b");

            // It takes the statements of the backend with it.
            other.query("discard all");

            assertThat(client.ask("execute p")).isEqualTo("0A000");
            assertThat(client.send(bind("", "q"), execute("", 0), sync())
                            .receiveUntilReady()
                            .get(0)
                            .sqlState())
                    .isEqualTo("0A000");
            client.query("reset standard_conforming_strings");
            assertThat(client.ask("execute p")).isEqualTo("a\\b");
        }
    }

    @Test
    @Case("E35")
    void E35_aPreparedStatementLeavesTheOnlyBackendToOthers() {
        try (WireClient client = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION);
                WireClient other = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION)) {
            client.query("prepare p (int) as select $1 * 2");
            other.query("prepare p (int) as select $1 * 3");

            for (int i = 1; i <= 3; i++) {
                assertThat(client.ask("execute p(" + i + ")")).isEqualTo(Integer.toString(2 * i));
                assertThat(other.ask("execute p(" + i + ")")).isEqualTo(Integer.toString(3 * i));
            }
            other.query("deallocate all");
            assertThat(other.ask("execute p(1)")).isEqualTo("26000");
            assertThat(client.ask("execute p(1)")).isEqualTo("2");
        }
    }

    @Test
    @Case({"E35", "E39"})
    void E35_aStatementIsFoundOnEveryBackend() {
        List<WireClient> blockers = new ArrayList<>();
        Set<String> backends = new HashSet<>();
        try (WireClient client = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION)) {
            client.query("prepare p (text) as select pg_backend_pid() || $1");
            client.send(parse("q", "select pg_backend_pid() || $1", 25), sync()).receiveUntilReady();

            for (int i = 0; i < 3; i++) {
                backends.add(client.ask("execute p('')"));
                assertThat(client.ask("execute q('')")).isEqualTo(client.ask("execute p('')"));
                WireClient blocker = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION);
                blockers.add(blocker);
                blocker.query("begin");
            }

            assertThat(backends).hasSizeGreaterThan(1);
        } finally {
            blockers.forEach(WireClient::close);
        }
    }

    @Test
    @Case("E35")
    void E35_aStatementOutlivesItsBackendAndItsServer() {
        try (WireClient client = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION);
                WireClient other = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION)) {
            client.query("prepare p (int) as select $1 * 2");
            String backend = other.ask("select pg_backend_pid()");

            servers.server().execute("select pg_terminate_backend(" + backend + ")");
            await().atMost(Duration.ofSeconds(60)).until(() -> !backend.equals(other.ask("select pg_backend_pid()")));
            assertThat(client.ask("execute p(1)")).isEqualTo("2");

            servers.server().restart(StopMode.FAST);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> other.ask("select 1").equals("1"));
            assertThat(client.ask("execute p(2)")).isEqualTo("4");
        }
    }

    @Test
    @Case("E35")
    void E35_manyExecutionsAndStatementsLeaveNothingBehind() {
        try (WireClient client = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION)) {
            client.query("prepare p (int) as select $1");
            for (int i = 0; i < 3_000; i++) {
                assertThat(client.ask("execute p(" + i + ")")).isEqualTo(Integer.toString(i));
            }
            assertThat(Integer.parseInt(client.ask("select count(*) from pg_prepared_statements")))
                    .isLessThan(100);
            for (int i = 0; i < 1_000; i++) {
                client.query("prepare q as select " + i);
                assertThat(client.ask("execute q")).isEqualTo(Integer.toString(i));
                client.query("select 1; deallocate q");
            }

            // limits.statements_per_backend
            assertThat(Integer.parseInt(client.ask("select count(*) from pg_prepared_statements")))
                    .isLessThanOrEqualTo(500);
            assertThat(client.ask("execute p(1)")).isEqualTo("1");
        }
    }
}
