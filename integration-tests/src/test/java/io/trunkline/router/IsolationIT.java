// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.copyData;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.flush;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Two clients, one backend: whatever the first leaves behind and however it leaves, the second finds nothing of it. */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class IsolationIT {
    private static PostgresCluster cluster;
    private static RouterUnderTest router;

    @Parameter
    int major;

    /** Something a client leaves on its backend. */
    private record Leftover(String name, Consumer<WireClient> leave) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** A way in which a client goes, or gives its backend back. */
    private enum Departure {
        /** Stays, with its transaction over: another client may get the backend, or has to wait for it. */
        SAYS_GOODBYE {
            @Override
            void of(WireClient client) {
                client.close();
            }
        },
        IS_KILLED {
            @Override
            void of(WireClient client) {
                client.abort();
            }
        },
        FAILS_FIRST {
            @Override
            void of(WireClient client) {
                client.send(query("select 1/0"));
                client.close();
            }
        };

        abstract void of(WireClient client);
    }

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        cluster = PostgresCluster.start(
                TestTopologies.trusting(PostgresOptions.major(major).replicas(0)));
        TestTopologies.prepare(cluster);
        cluster.primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        "create table t (id int)",
                        "create role other",
                        "grant other to " + RouterUnderTest.TRUSTED_USER,
                        "grant all on t to public",
                        "create sequence numbers",
                        "grant all on sequence numbers to public");
        router = RouterUnderTest.with(cluster.workspace(), TestTopologies.single(cluster, 1, "transaction", "session"))
                .set("defaults.pool_size", "1")
                .set("databases.session.pool_mode", "session")
                .start();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        router.close();
        cluster.close();
    }

    private static Leftover queries(String name, String... sql) {
        return new Leftover(name, client -> Stream.of(sql).forEach(client::query));
    }

    private static Leftover frames(String name, byte[]... frames) {
        return new Leftover(name, client -> client.send(frames));
    }

    private static List<Leftover> leftovers() {
        byte[] half = query("select 'half a frame'");
        return List.of(
                queries("N02 a setting that is reported", "set application_name to 'leaked'"),
                queries("N02 an encoding", "set client_encoding to latin1"),
                queries("N05 a setting that is not reported", "set work_mem to '77MB'; set search_path to pg_catalog"),
                queries("N07 a setting by function", "select set_config('work_mem', '77MB', false)"),
                queries("N07 a setting inside DO", "do $$ begin set work_mem to '77MB'; end $$"),
                queries("N08 a custom setting", "set leaked.setting to 'leaked'"),
                queries("N26 session characteristics", "set session characteristics as transaction read only"),
                queries("N11 a role", "set role other"),
                queries("N14 a temporary table", "create temporary table leaked (a int)"),
                queries("N14 a temporary table that hides another", "create temporary table t (leaked int)"),
                queries("N15 an advisory lock", "select pg_advisory_lock(4711)"),
                queries("N16 listening", "listen leaked"),
                queries("N18 a cursor WITH HOLD", "declare leaked cursor with hold for select 1"),
                queries("E35 a statement of SQL", "prepare leaked as select 1"),
                queries(
                        "E35 a statement of SQL that was prepared among others",
                        "select 1; prepare leaked as select 1"),
                queries("N19 lastval", "select nextval('numbers')"),
                queries("T01 an open transaction", "begin; insert into t values (1)"),
                queries("T02 a failed transaction", "begin; insert into t values (1)", "select 1/0"),
                new Leftover(
                        "E04 a statement of the protocol",
                        client -> client.send(parse("leaked", "select 1"), bind("leaked", "leaked"), sync())
                                .receiveUntilReady()),
                frames(
                        "E60 a batch without Sync",
                        parse("leaked", "insert into t values (1)"),
                        bind("", "leaked"),
                        execute("", 0)),
                frames(
                        "E60 a batch that is under way",
                        parse("", "insert into t values (1)"),
                        bind("", ""),
                        execute("", 0),
                        flush()),
                frames("D03 half a frame", Arrays.copyOf(half, half.length - 5)),
                new Leftover("D03 half a frame in a transaction", client -> {
                    client.query("begin; insert into t values (1)");
                    client.sendBytes(Arrays.copyOf(half, half.length - 5));
                }),
                new Leftover("C03 a copy that is not finished", client -> {
                    client.send(query("copy t from stdin")).receiveUntil('G');
                    client.send(copyData("1\n"));
                }),
                new Leftover("C03 half a row of a copy", client -> {
                    client.send(query("copy t from stdin")).receiveUntil('G');
                    client.sendBytes(Arrays.copyOf(copyData("1\n2\n3\n"), 8));
                }),
                frames("D02 a statement that is running", query("insert into t select 1 from pg_sleep(60)")),
                frames(
                        "D23 a large result that nobody reads",
                        query("select repeat('x', 1000) from generate_series(1, 100000)")));
    }

    static Stream<Arguments> matrix() {
        List<Arguments> matrix = new ArrayList<>();
        for (Leftover leftover : leftovers()) {
            for (Departure departure : Departure.values()) {
                matrix.add(Arguments.of("transaction", leftover, departure));
                matrix.add(Arguments.of("session", leftover, departure));
            }
        }
        return matrix.stream();
    }

    @ParameterizedTest
    @MethodSource("matrix")
    @Case({"C03", "D03", "D23", "E60", "N03", "N12", "N14", "N15", "N16", "T18", "X16"})
    void theNextClientFindsNothing(String database, Leftover leftover, Departure departure) {
        WireClient first = WireClient.connect(router.port(), database);
        leftover.leave.accept(first);
        departure.of(first);

        try (WireClient second = WireClient.connect(router.port(), database)) {
            assertClean(second);
        }
    }

    static Stream<Arguments> settingsOfAClientThatStays() {
        return Stream.of(
                        "set application_name to 'leaked'",
                        "set client_encoding to latin1",
                        "set work_mem to '77MB'",
                        "set search_path to pg_catalog",
                        "set leaked.setting to 'leaked'",
                        "set session characteristics as transaction read only",
                        "set role other",
                        "begin; set work_mem to '77MB'; commit",
                        "begin; set local work_mem to '77MB'; commit",
                        "begin; set work_mem to '77MB'; rollback")
                .map(Arguments::of);
    }

    @ParameterizedTest
    @MethodSource("settingsOfAClientThatStays")
    @Case({"N03", "N06"})
    void N03_aClientKeepsItsSettingsForItself(String sql) {
        try (WireClient first = WireClient.connect(router.port(), "transaction");
                WireClient second = WireClient.connect(router.port(), "transaction")) {
            first.query(sql);
            List<String> before = settings(first);

            assertClean(second);

            assertThat(settings(first)).isEqualTo(before);
        }
    }

    @Test
    @Case("N13")
    void N13_resetLeadsBackToWhatTheClientStartedWith() {
        try (WireClient client = WireClient.connect(
                        router.port(),
                        "transaction",
                        Map.of("application_name", "mine", "work_mem", "5MB", "options", "-c statement_timeout=44s"),
                        false);
                WireClient other = WireClient.connect(router.port(), "transaction")) {
            client.query("set application_name to 'x'; set work_mem to '6MB'; set statement_timeout to 0");
            client.query("reset application_name; reset work_mem; reset statement_timeout");
            List<String> afterReset = settings(client);
            assertClean(other);
            client.query("set work_mem to '6MB'");
            client.query("discard all");

            assertThat(afterReset).contains("mine", "5MB").isEqualTo(settings(client));
            assertThat(client.ask("show statement_timeout")).isEqualTo("44s");
        }
    }

    @Test
    @Case("N14")
    void N14_aClientWithATemporaryTableKeepsItsBackend() {
        try (WireClient client = WireClient.connect(router.port(), "transaction")) {
            client.query("create temporary table mine (a int)");
            String backend = client.ask("select pg_backend_pid()");
            client.query("insert into mine values (1)");

            assertThat(client.ask("select count(*) from mine")).isEqualTo("1");
            assertThat(client.ask("select pg_backend_pid()")).isEqualTo(backend);
        }
    }

    private static List<String> settings(WireClient client) {
        return Stream.of(
                        "application_name",
                        "client_encoding",
                        "work_mem",
                        "search_path",
                        "default_transaction_read_only",
                        "role")
                .map(name -> String.valueOf(client.ask("show " + name)))
                .toList();
    }

    private static void assertClean(WireClient client) {
        assertThat(settings(client)).containsExactly("", "UTF8", "4MB", "\"$user\", public", "off", "none");
        assertThat(client.parameter("application_name")).isEmpty();
        assertThat(client.parameter("client_encoding")).isEqualTo("UTF8");
        assertThat(client.ask("select coalesce(current_setting('leaked.setting', true), '')"))
                .isEmpty();
        assertThat(client.ask("select current_user")).isEqualTo(RouterUnderTest.TRUSTED_USER);
        assertThat(client.ask("select count(*) from pg_class where relnamespace = pg_my_temp_schema()"))
                .isEqualTo("0");
        assertThat(client.ask("select count(*) from t")).isEqualTo("0");
        assertThat(client.ask("select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"))
                .isEqualTo("0");
        assertThat(client.ask("select count(*) from pg_listening_channels()")).isEqualTo("0");
        assertThat(client.ask("select count(*) from pg_cursors where name = 'leaked'"))
                .isEqualTo("0");
        assertThat(client.ask("select count(*) from pg_prepared_statements where name = 'leaked'"))
                .isEqualTo("0");
        assertThat(client.send(bind("", "leaked"), sync())
                        .receiveUntilReady()
                        .get(0)
                        .sqlState())
                .isEqualTo("26000");
        assertThat(client.ask("execute leaked")).isEqualTo("26000");
        assertThat(client.ask("select lastval()")).isEqualTo("55000");
        assertThat(client.query("select 1").toString())
                .isEqualTo("[RowDescription [?column?#0:23/4/-1/0], DataRow [1], CommandComplete SELECT 1,"
                        + " ReadyForQuery I]");
    }
}
