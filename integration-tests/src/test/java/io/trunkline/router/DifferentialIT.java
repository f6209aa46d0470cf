// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.closePortal;
import static io.trunkline.router.ClientMessage.closeStatement;
import static io.trunkline.router.ClientMessage.copyData;
import static io.trunkline.router.ClientMessage.copyDone;
import static io.trunkline.router.ClientMessage.copyFail;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.describeStatement;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.flush;
import static io.trunkline.router.ClientMessage.functionCall;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static io.trunkline.router.Dialogue.queries;
import static io.trunkline.router.Dialogue.ready;
import static io.trunkline.router.Dialogue.script;
import static io.trunkline.router.Dialogue.silent;
import static io.trunkline.router.Dialogue.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same frames, sent to PostgreSQL and through the router, bring the same answers: types, SQLSTATEs, texts, tags, rows and statuses, in the
 * same order.
 *
 * <p>Every script runs in both pool modes, once more with each byte written by itself, and beside a dry run, which must not be noticed.
 */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class DifferentialIT {
    private static final String TRANSACTION = "transaction";
    private static final String SESSION = "session";
    private static final String DRY_RUN = "planned";

    private static final Map<String, String> STARTUP = Map.of(
            "TimeZone",
            "Asia/Tokyo",
            "application_name",
            "it's",
            "options",
            "-c work_mem=1MB -c search_path=one,\\ two");

    private static PostgresCluster cluster;
    private static RouterUnderTest router;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        cluster = TestTopologies.start(PostgresOptions.major(major).replicas(0));
        cluster.primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        "create table t (id int primary key, word text)",
                        "create table deferred (id int unique deferrable initially deferred)",
                        "create table changing (a int)",
                        "grant all on t, deferred to public");
        Topology single = TestTopologies.single(cluster, 1, TRANSACTION, SESSION);
        Topology planned = TestTopologies.dryRun(
                cluster,
                1,
                List.of(new Distribution("id", KeyType.INT4, HashSlots.evenly(16, 2))),
                List.of(new ShardedTable("public", "t", "id", "id")),
                List.of(new ReferenceTable("public", "deferred")),
                DRY_RUN);
        Topology both = new Topology(
                1,
                List.of(single.clusters().get(0), planned.clusters().get(0)),
                Stream.concat(single.databases().stream(), planned.databases().stream())
                        .toList());
        router = RouterUnderTest.with(cluster.workspace(), both)
                .set("databases.session.pool_mode", "session")
                .start();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        router.close();
        cluster.close();
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void theRouterAnswersAsPostgreSqlDoes(Dialogue script) {
        List<String> direct = transcript(cluster.primary().port(), TestTopologies.DATABASE, script, false);

        assertThat(transcript(router.port(), TRANSACTION, script, false)).isEqualTo(direct);
        assertThat(transcript(router.port(), SESSION, script, false)).isEqualTo(direct);
        assertThat(transcript(router.port(), TRANSACTION, script, true)).isEqualTo(direct);
        assertThat(transcript(router.port(), DRY_RUN, script, false)).isEqualTo(direct);
        assertThat(transcript(router.port(), DRY_RUN, script, true)).isEqualTo(direct);
    }

    private static List<String> transcript(int port, String database, Dialogue script, boolean sliced) {
        cluster.primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        "truncate t, deferred",
                        "insert into t select i, 'word ' || i from generate_series(1, 10) i");
        return script.play(port, database, sliced);
    }

    static Stream<Dialogue> scripts() {
        return Stream.of(simple(), extended(), failing(), transactions(), copies(), sessions())
                .flatMap(scripts -> scripts);
    }

    @Case({"Q01", "Q02", "Q03", "Q06", "Q08", "Q09", "Q12", "Q15", "Q16", "Q17", "Q22", "N01", "E53"})
    private static Stream<Dialogue> simple() {
        return Stream.of(
                queries("Q01 several statements", "select 1; select 'a', null; update t set word = word where id < 4"),
                queries("Q02 an error undoes the whole text", "delete from t; select 1/0", "select count(*) from t"),
                queries(
                        "Q03 transaction control inside a text",
                        "begin; delete from t where id = 1; commit; select nothing",
                        "select count(*) from t"),
                queries("Q06 empty query", "", ";", " ; ; ", "-- nothing", "/* nothing */"),
                queries("Q08 an error in the middle", "select 1; select 1/0; select 2", "select 3"),
                script(
                        "Q09 pipelined queries",
                        ready(4, query("select 1"), query("select 1/0"), query(""), query("select 2"))),
                queries(
                        "Q12 lexical traps",
                        "select $$;$$, 'a''b;', E'\\';', \"id\" /* ; /* ; */ */ from t where id = 1; select $a$ $$ $a$"),
                queries("Q12 an unterminated quote", "select 'abc", "select 1"),
                queries(
                        "Q12 backslashes without standard strings",
                        "set standard_conforming_strings = off; set escape_string_warning = off",
                        "select 'a\\';b'",
                        "reset standard_conforming_strings"),
                script(
                        "Q15 a query destroys the unnamed statement",
                        ready(parse("", "select 1"), sync()),
                        ready(query("select 2")),
                        ready(bind("", ""), execute("", 0), sync())),
                script(
                        "Q16 a query in the middle of a batch",
                        ready(2, parse("", "select 1"), bind("", ""), query("select 2"), execute("", 0), sync())),
                script(
                        "Q17 a query is skipped after an error",
                        ready(parse("", "selec"), query("select 2"), sync()),
                        ready(query("select 3"))),
                queries(
                        "Q22 other words for the same",
                        "start transaction",
                        "end",
                        "begin work",
                        "abort",
                        "begin transaction isolation level serializable",
                        "rollback work"),
                queries(
                        "N01 notices",
                        "do $$ begin raise notice 'one'; raise warning 'two'; end $$",
                        "drop table if exists nothing_there"),
                script(
                        "E53 function call",
                        ready(functionCall(1397, new byte[] {-1, -1, -1, -7})),
                        ready(functionCall(1397)),
                        ready(query("select 1"))));
    }

    @Case({
        "E01", "E02", "E04", "E06", "E07", "E08", "E15", "E16", "E22", "E23", "E24", "E26", "E27", "E28", "E31", "E33",
        "E34", "E45", "E48", "E50", "E54", "E57"
    })
    private static Stream<Dialogue> extended() {
        return Stream.of(
                script(
                        "E01 unnamed statement",
                        ready(
                                parse("", "select $1::int + 1"),
                                bind("", "", "41"),
                                describePortal(""),
                                execute("", 0),
                                sync()),
                        ready(bind("", "", "1"), execute("", 0), sync())),
                script(
                        "E04 named statement, bound again and again",
                        ready(parse("s", "select $1::int, $2::text"), sync()),
                        ready(
                                bind("", "s", "1", null),
                                execute("", 0),
                                bind("", "s", "2", "b"),
                                execute("", 0),
                                sync()),
                        ready(bind("", "s", "3", "c"), execute("", 0), sync())),
                script(
                        "E06 duplicate name",
                        ready(parse("s", "select 1"), parse("s", "select 2"), sync()),
                        ready(bind("", "s"), execute("", 0), sync())),
                script(
                        "E06 duplicate name in a later batch",
                        ready(parse("s", "select 1"), sync()),
                        ready(parse("s", "select 1"), sync()),
                        ready(closeStatement("s"), parse("s", "select 2"), bind("", "s"), execute("", 0), sync())),
                script(
                        "E07 unknown statement",
                        ready(bind("", "unknown"), execute("", 0), sync()),
                        ready(describeStatement("unknown"), sync()),
                        ready(execute("unknown", 0), sync()),
                        ready(describePortal("unknown"), sync())),
                script(
                        "E09 a wrong number of parameters",
                        ready(parse("s", "select $1::int"), sync()),
                        ready(bind("", "s", "1", "2"), execute("", 0), sync()),
                        ready(parse("", "select $1::int"), bind("", ""), execute("", 0), sync())),
                script(
                        "E08 close",
                        ready(
                                parse("s", "select 1"),
                                closeStatement("s"),
                                closeStatement("s"),
                                closePortal("none"),
                                sync()),
                        ready(bind("", "s"), sync())),
                script(
                        "E15 parse error, then the name again",
                        ready(parse("s", "selec 1"), sync()),
                        ready(parse("s", "select 1"), bind("", "s"), execute("", 0), sync())),
                script(
                        "E16 a Parse that was skipped",
                        ready(parse("a", "selec"), parse("s", "select 1"), sync()),
                        ready(bind("", "s"), execute("", 0), sync()),
                        ready(parse("s", "select 2"), bind("", "s"), execute("", 0), sync())),
                script(
                        "E22 describe statement",
                        ready(
                                parse("a", "select $1::int8, word from t where id = $2"),
                                describeStatement("a"),
                                parse("b", "insert into t values ($1, $2)"),
                                describeStatement("b"),
                                parse("c", "insert into t values ($1, $2) returning id"),
                                describeStatement("c"),
                                parse("d", ""),
                                describeStatement("d"),
                                sync())),
                script(
                        "E23 describe portal",
                        ready(
                                parse("", "select word from t where id = $1"),
                                bind("p", "", "3"),
                                describePortal("p"),
                                execute("p", 0),
                                sync())),
                script(
                        "E24 flush",
                        until('1', parse("s", "select $1::int"), flush()),
                        until('T', bind("", "s", "7"), describePortal(""), flush()),
                        until('C', execute("", 0), flush()),
                        ready(sync())),
                script(
                        "E26 several Syncs",
                        ready(
                                3,
                                parse("", "select 1"),
                                bind("", ""),
                                execute("", 0),
                                sync(),
                                parse("", "select 1/0"),
                                bind("", ""),
                                execute("", 0),
                                sync(),
                                parse("", "select 3"),
                                bind("", ""),
                                execute("", 0),
                                sync())),
                script("E27 lone Syncs", ready(sync()), ready(3, sync(), sync(), sync())),
                script(
                        "E28 lone Flush and Close",
                        silent(flush()),
                        until('3', closeStatement("none"), flush()),
                        ready(closePortal(""), sync())),
                script(
                        "E33 a portal that is suspended",
                        ready(query("begin")),
                        ready(
                                parse("", "select id from t order by id"),
                                bind("p", ""),
                                execute("p", 3),
                                execute("p", 3),
                                sync()),
                        ready(execute("p", 100), execute("p", 1), closePortal("p"), sync()),
                        ready(execute("p", 1), sync()),
                        ready(query("rollback"))),
                script(
                        "E02 a portal ends with the transaction",
                        ready(parse("", "select id from t"), bind("p", ""), execute("p", 1), sync()),
                        ready(execute("p", 1), sync())),
                script(
                        "E34 every end of Execute",
                        ready(
                                parse("a", ""),
                                bind("", "a"),
                                execute("", 0),
                                parse("b", "create temporary table x ()"),
                                bind("", "b"),
                                execute("", 0),
                                parse("c", "select 1 where false"),
                                bind("", "c"),
                                execute("", 0),
                                sync())),
                script(
                        "E45 wrong number of parameters",
                        ready(parse("", "select $1::int"), bind("", ""), sync()),
                        ready(bind("", "", "1", "2"), sync()),
                        ready(bind("", "", "x"), sync()),
                        ready(bind("", "", "1"), execute("", 0), sync())),
                script(
                        "E48 binary parameters and results",
                        ready(
                                parse("s", "select $1, $2", 23, 25),
                                bind("", "s", new int[] {1, 0}, new byte[][] {{0, 0, 0, 5}, {'a'}}, new int[] {0, 1}),
                                execute("", 0),
                                bind("", "s", new int[] {1}, new byte[][] {{0, 0, 0, 6}, {'b'}}, new int[] {1}),
                                execute("", 0),
                                sync())),
                script(
                        "E50 transaction control by Parse",
                        ready(parse("b", "begin"), bind("", "b"), execute("", 0), sync()),
                        ready(parse("", "delete from t"), bind("", ""), execute("", 0), sync()),
                        ready(parse("r", "rollback"), bind("", "r"), execute("", 0), sync()),
                        ready(query("select count(*) from t"))),
                script(
                        "E54 simple and extended in turn",
                        ready(
                                3,
                                query("begin"),
                                parse("", "select 1"),
                                bind("", ""),
                                execute("", 0),
                                sync(),
                                query("commit"))),
                script(
                        "E57 DDL by Parse",
                        ready(parse("", "create table made (a int)"), bind("", ""), execute("", 0), sync()),
                        ready(parse("", "drop table made"), bind("", ""), describePortal(""), execute("", 0), sync())),
                script(
                        "E31 one implicit transaction up to Sync",
                        ready(
                                parse("", "insert into t values (100)"),
                                bind("", ""),
                                execute("", 0),
                                parse("", "select 1/0"),
                                bind("", ""),
                                execute("", 0),
                                sync()),
                        ready(query("select count(*) from t"))));
    }

    @Case({"E14", "E21", "E29", "E30", "E59"})
    private static Stream<Dialogue> failing() {
        return Stream.of(
                script(
                        "E29 everything up to Sync is skipped",
                        ready(
                                parse("", "select 1/0"),
                                bind("", ""),
                                describePortal(""),
                                execute("", 0),
                                parse("x", "select 1"),
                                bind("", "x"),
                                closeStatement("x"),
                                execute("", 0),
                                flush(),
                                sync()),
                        ready(bind("", "x"), sync())),
                script(
                        "E29 an error awaited by Flush",
                        until('E', parse("", "selec"), flush()),
                        silent(parse("y", "select 1"), bind("", "y")),
                        ready(sync()),
                        ready(bind("", "y"), sync())),
                script(
                        "E30 an error of the router's own in its place",
                        ready(
                                parse("a", "select 1"),
                                bind("", "a"),
                                execute("", 0),
                                bind("", "unknown"),
                                execute("", 0),
                                parse("b", "select 2"),
                                sync()),
                        ready(bind("", "b"), sync())),
                script(
                        "E30 in a transaction",
                        ready(query("begin")),
                        ready(parse("a", "select 1"), bind("", "a"), execute("", 0), bind("", "unknown"), sync()),
                        ready(query("select 1")),
                        ready(query("rollback")),
                        ready(bind("", "a"), execute("", 0), sync())),
                script(
                        "E59 parse and describe in a failed transaction",
                        ready(parse("a", "select 1"), parse("c", "commit"), sync()),
                        ready(query("begin; select 1/0")),
                        ready(parse("b", "select 2"), sync()),
                        ready(describeStatement("a"), sync()),
                        ready(bind("", "a"), sync()),
                        ready(bind("", "c"), execute("", 0), sync()),
                        ready(bind("", "a"), execute("", 0), sync())),
                script(
                        "E14 a statement survives ROLLBACK",
                        ready(query("begin")),
                        ready(parse("s", "select 1"), sync()),
                        ready(query("rollback")),
                        ready(bind("", "s"), execute("", 0), sync())),
                script(
                        "E20 DDL under a statement",
                        ready(query("create temporary table c (a int)")),
                        ready(parse("s", "select * from c"), bind("", "s"), execute("", 0), sync()),
                        ready(query("alter table c add b int")),
                        ready(bind("", "s"), execute("", 0), sync()),
                        ready(parse("z", "select * from c"), bind("", "z"), execute("", 0), sync()),
                        ready(query("discard temp"))),
                script(
                        "E20 DDL under a statement whose columns are known",
                        ready(query("drop table changing; create table changing (a int)")),
                        ready(
                                parse("s", "select * from changing"),
                                describeStatement("s"),
                                bind("", "s"),
                                execute("", 0),
                                sync()),
                        ready(query("alter table changing add b int")),
                        ready(bind("", "s"), execute("", 0), sync()),
                        ready(bind("", "s"), execute("", 0), sync()),
                        ready(query("begin")),
                        ready(describeStatement("s"), sync()),
                        ready(query("rollback")),
                        ready(
                                closeStatement("s"),
                                parse("s", "select * from changing"),
                                describeStatement("s"),
                                bind("", "s"),
                                execute("", 0),
                                sync())));
    }

    @Case({"Q14", "Q21", "T02", "T03", "T07", "T08", "T11", "T12", "T15"})
    private static Stream<Dialogue> transactions() {
        return Stream.of(
                queries(
                        "T02 a failed transaction",
                        "begin",
                        "select 1/0",
                        "select 1",
                        "savepoint a",
                        "commit",
                        "select 1"),
                queries(
                        "T03 savepoints",
                        "begin",
                        "savepoint a",
                        "delete from t",
                        "rollback to a",
                        "select count(*) from t",
                        "release a",
                        "rollback to a",
                        "rollback"),
                queries("T07 warnings", "commit", "rollback", "begin", "begin", "commit", "commit"),
                queries(
                        "T08 and chain",
                        "begin isolation level repeatable read",
                        "commit and chain",
                        "show transaction_isolation",
                        "rollback and chain",
                        "select 1/0",
                        "rollback and chain",
                        "show transaction_isolation",
                        "commit",
                        "commit and chain"),
                queries(
                        "T09 prepared transactions",
                        "begin",
                        "prepare transaction 'p'",
                        "select 1",
                        "rollback prepared 'p'",
                        "rollback prepared 'p'"),
                queries(
                        "T11 cursors",
                        "begin",
                        "declare c cursor for select id from t order by id",
                        "fetch 2 from c",
                        "move 3 in c",
                        "fetch all from c",
                        "close c",
                        "fetch c",
                        "commit"),
                queries(
                        "T12 a constraint that fails at COMMIT",
                        "begin",
                        "insert into deferred values (1), (1)",
                        "commit",
                        "select 1"),
                script(
                        "T12 a constraint that fails at Sync",
                        ready(parse("", "insert into deferred values (1), (1)"), bind("", ""), execute("", 0), sync()),
                        ready(query("select count(*) from deferred"))),
                queries(
                        "T15 statement timeout",
                        "set statement_timeout = 50",
                        "select pg_sleep(5)",
                        "reset statement_timeout"),
                queries(
                        "Q21 a procedure that commits",
                        "do $$ begin delete from t; commit; raise exception 'after'; end $$",
                        "select count(*) from t"));
    }

    @Case({"C01", "C02", "C04", "C05", "C06", "C08", "C09", "C10", "C11", "E55"})
    private static Stream<Dialogue> copies() {
        byte[] copyIn = query("copy t from stdin");
        return Stream.of(
                script(
                        "C01 copy in",
                        until('G', copyIn),
                        ready(copyData("11\ta\n"), copyData("12\tb\n13\tc\n"), copyDone()),
                        ready(query("select count(*) from t"))),
                script(
                        "C01 copy in, sent without waiting",
                        ready(copyIn, copyData("11\ta\n"), copyDone()),
                        ready(query("select count(*) from t"))),
                script(
                        "C02 copy out",
                        ready(query("copy (select id, word from t order by id) to stdout")),
                        ready(
                                parse("", "copy t (id) to stdout (format binary)"),
                                bind("", ""),
                                execute("", 0),
                                sync())),
                script(
                        "C04 an error before the end",
                        until('G', copyIn),
                        ready(copyData("x\ty\n"), copyDone()),
                        ready(query("select 1"))),
                script(
                        "C04 an error before COPY begins",
                        ready(query("copy nowhere from stdin"), copyData("1\n"), copyDone()),
                        ready(query("select 1"))),
                script(
                        "C04 data after the error",
                        until('G', copyIn),
                        ready(copyData("x\ty\n"), copyData("11\tb\n"), copyData("12\tc\n"), copyDone()),
                        silent(copyData("13\n"), copyDone(), copyFail("late")),
                        ready(query("select count(*) from t"))),
                script(
                        "C05 extended",
                        until('G', parse("", "copy t from stdin"), bind("", ""), execute("", 0), flush()),
                        ready(copyData("11\ta\n"), copyDone(), sync()),
                        ready(query("select count(*) from t"))),
                script(
                        "C05 extended with an error",
                        until('G', parse("", "copy t from stdin"), bind("", ""), execute("", 0), flush()),
                        ready(copyData("x\ty\n"), copyDone(), sync()),
                        ready(query("select 1"))),
                script(
                        "C06 Sync and Flush inside",
                        until('G', copyIn),
                        ready(copyData("11\ta\n"), flush(), sync(), copyData("12\tb\n"), copyDone()),
                        ready(query("select count(*) from t"))),
                script(
                        "C06 Sync behind Execute",
                        until('G', parse("", "copy t from stdin"), bind("", ""), execute("", 0), sync()),
                        ready(copyData("11\ta\n"), copyDone(), sync()),
                        ready(query("select count(*) from t"))),
                script(
                        "C08 CopyFail",
                        until('G', copyIn),
                        ready(copyData("11\ta\n"), copyFail("no more")),
                        ready(query("select count(*) from t"))),
                script(
                        "C09 in a transaction",
                        ready(query("begin")),
                        until('G', copyIn),
                        ready(copyData("x\n"), copyDone()),
                        ready(query("select 1")),
                        ready(query("rollback"))),
                script(
                        "C10 several copies in one text",
                        ready(
                                query("copy t from stdin; select 1; copy t from stdin; copy (select 2) to stdout"),
                                copyData("11\ta\n"),
                                copyDone(),
                                copyData("12\ta\n"),
                                copyDone())),
                script(
                        "C11 stray copy messages",
                        silent(copyData("1\n"), copyDone(), copyFail("stray")),
                        ready(query("select 1"))));
    }

    @Case({"E35", "E36", "E38", "E39", "N02", "N05", "N06", "N13", "N14", "N16", "N23"})
    private static Stream<Dialogue> sessions() {
        return Stream.of(
                queries(
                        "N02 parameters that are reported",
                        "set client_encoding to latin1",
                        "set datestyle to german",
                        "set timezone to 'UTC'; set application_name to 'other'",
                        "reset all",
                        "show client_encoding"),
                queries(
                        "N05 a setting that is rolled back",
                        "begin",
                        "set application_name to 'inside'",
                        "rollback",
                        "show application_name"),
                queries(
                        "N06 local settings",
                        "begin",
                        "set local work_mem to '1MB'",
                        "show work_mem",
                        "commit",
                        "show work_mem",
                        "set local work_mem to '1MB'"),
                queries(
                        "N08 custom settings",
                        "set my.setting to 'x'",
                        "show my.setting",
                        "reset my.setting",
                        "show my.setting",
                        "show my.other"),
                queries(
                        "N13 RESET leads to what the client started with",
                        "set application_name to 'other'",
                        "reset application_name",
                        "show application_name",
                        "set application_name to 'again'",
                        "reset all",
                        "show application_name"),
                queries(
                                "N13 RESET with startup values, alone and in the midst of a text",
                                "set timezone to 'Europe/Berlin'; set application_name to 'other'",
                                "reset timezone",
                                "show timezone",
                                "set timezone to 'Europe/Berlin'",
                                "begin; reset all /* ä */; show timezone; select nothing_there",
                                "show timezone",
                                "rollback",
                                "show timezone",
                                "reset all; show timezone; show work_mem; selec",
                                "reset all; show timezone; show work_mem",
                                "set timezone to default; show timezone; set work_mem = '3MB'; reset work_mem; show work_mem",
                                "set timezone to 'UTC'",
                                "begin; set local timezone to default; show timezone; commit; show timezone",
                                "set datestyle to german; set timezone to utc",
                                "set session timezone to default; reset datestyle",
                                "show search_path; reset search_path; show search_path")
                        .startedWith(STARTUP),
                queries(
                                "N13 DISCARD ALL with startup values",
                                "set timezone to 'Europe/Berlin'; set datestyle to german",
                                "discard all",
                                "show timezone",
                                "begin",
                                "discard all",
                                "rollback",
                                "set client_encoding to latin1",
                                "discard all",
                                "select 1; discard all",
                                "show application_name")
                        .startedWith(STARTUP),
                script(
                                "N13 RESET and DISCARD ALL by extended protocol",
                                ready(
                                        parse("", "set timezone to 'Europe/Berlin'"),
                                        bind("", ""),
                                        execute("", 0),
                                        sync()),
                                ready(
                                        parse("", "reset all"),
                                        bind("", ""),
                                        execute("", 0),
                                        parse("s", "show timezone"),
                                        bind("", "s"),
                                        execute("", 0),
                                        sync()),
                                ready(parse("", "select 1/0"), bind("", ""), execute("", 0), sync()),
                                ready(parse("", "discard all"), bind("", ""), execute("", 0), sync()),
                                ready(bind("", "s"), execute("", 0), sync()),
                                ready(
                                        2,
                                        query("set timezone to 'UTC'"),
                                        parse("", "discard all"),
                                        bind("", ""),
                                        execute("", 0),
                                        parse("", "show timezone"),
                                        bind("", ""),
                                        execute("", 0),
                                        sync()),
                                ready(3, query("set timezone to 'UTC'"), query("discard all"), query("show timezone")))
                        .startedWith(STARTUP),
                queries(
                        "a setting that does not exist",
                        "set nothing_there to 1",
                        "show nothing_there",
                        "set work_mem to 'much'",
                        "select 1"),
                queries(
                        "E35 SQL PREPARE and EXECUTE",
                        "prepare s (int) as select $1 + 1",
                        "execute s (1)",
                        "execute unknown",
                        "deallocate s",
                        "execute s (1)"),
                script(
                        "E36 DEALLOCATE of a protocol statement",
                        ready(parse("s", "select 1"), sync()),
                        ready(query("deallocate s")),
                        ready(bind("", "s"), sync()),
                        ready(query("deallocate s"))),
                script(
                        "E37 DEALLOCATE ALL",
                        ready(parse("s", "select 1"), parse("u", "select 2"), sync()),
                        ready(query("deallocate all")),
                        ready(bind("", "s"), sync()),
                        ready(parse("u", "select 3"), bind("", "u"), execute("", 0), sync())),
                script(
                        "E37 DISCARD ALL",
                        ready(parse("s", "select 1"), sync()),
                        ready(query("set work_mem to '1MB'")),
                        ready(query("discard all")),
                        ready(bind("", "s"), sync()),
                        ready(query("show work_mem"))),
                queries(
                        "E38 DISCARD ALL in a transaction",
                        "begin",
                        "discard all",
                        "rollback",
                        "select 1; discard all"),
                script(
                        "E39 one name space",
                        ready(query("prepare s as select 1")),
                        ready(bind("", "s"), execute("", 0), sync()),
                        ready(query("deallocate s"))),
                script(
                        "E39 a name is taken by SQL or by protocol",
                        ready(query("prepare s as select 1")),
                        ready(parse("s", "select 2"), sync()),
                        ready(closeStatement("s"), parse("s", "select 3"), bind("", "s"), execute("", 0), sync()),
                        ready(query("prepare s as select 4")),
                        ready(query("deallocate s")),
                        ready(parse("", "prepare s as select 5"), bind("", ""), execute("", 0), sync()),
                        ready(query("execute s")),
                        ready(parse("s", "select 6"), sync()),
                        ready(query("prepare u as selec")),
                        ready(parse("u", "select 7"), bind("", "u"), execute("", 0), sync())),
                queries(
                        "N14 temporary tables",
                        "create temporary table mine (a int)",
                        "insert into mine values (1)",
                        "select * from mine",
                        "drop table mine"),
                queries(
                        "N16 notifications",
                        "listen channel",
                        "notify channel, 'one'",
                        "unlisten *",
                        "notify channel, 'two'"));
    }
}
