// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.copyData;
import static io.trunkline.router.ClientMessage.copyDone;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.flush;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.time.Duration;
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

/**
 * Two clients, one backend: whatever the first leaves behind and however it goes, the second finds nothing of it, on the same backend or on
 * the one that replaces it, and the server has nothing of it left.
 *
 * <p>The databases ending in {@code _hurried} are the others with timeouts of a moment; all four share the one backend.
 */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class IsolationIT {
    private static final String HURRIED = "_hurried";

    private static final String LEFT_ON_SERVER = "with mine as (select * from pg_stat_activity where usename = '"
            + RouterUnderTest.TRUSTED_USER
            + "') select string_agg(line, '; ') from (select state || ': ' || query as line from mine"
            + " where state <> 'idle' or backend_xid is not null or backend_xmin is not null"
            + " union all select 'lock ' || locktype from pg_locks where pid in (select pid from mine)) as left_over";

    private static PostgresCluster cluster;
    private static RouterUnderTest router;

    @Parameter
    int major;

    /**
     * Something a client leaves on its backend.
     *
     * @param holds whether a client that stays keeps its backend for it, so that nobody else can get that
     */
    private record Leftover(String name, boolean holds, Consumer<WireClient> leave) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** A way in which a client goes, or gives its backend back. */
    private enum Departure {
        SAYS_GOODBYE {
            @Override
            void of(WireClient client) {
                client.close();
            }
        },
        /** Its statement is over, and it is there to the end. */
        STAYS {
            @Override
            void of(WireClient client) {
                // nothing more comes from it
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
        },
        LOSES_ITS_BACKEND {
            @Override
            void of(WireClient client) {
                cluster.primary()
                        .executeIn(
                                TestTopologies.DATABASE,
                                "select pg_terminate_backend(pid, 10000) from pg_stat_activity where usename = '"
                                        + RouterUnderTest.TRUSTED_USER + "'");
                client.close();
            }
        },
        TAKES_TOO_LONG {
            @Override
            String database(String poolMode) {
                return poolMode + HURRIED;
            }

            @Override
            void of(WireClient client) {
                client.receiveUntilEnd();
                client.close();
            }
        };

        String database(String poolMode) {
            return poolMode;
        }

        abstract void of(WireClient client);

        boolean isPossible(String poolMode, Leftover leftover) {
            return this != STAYS || poolMode.equals(CaseServers.TRANSACTION) && !leftover.holds;
        }
    }

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        cluster = TestTopologies.start(PostgresOptions.major(major).replicas(0));
        cluster.primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        "create table t (id int)",
                        "create role other",
                        "grant other to " + RouterUnderTest.TRUSTED_USER,
                        "grant all on t to public",
                        "create sequence numbers",
                        "grant all on sequence numbers to public",
                        function("function sets_memory() returns void", "set work_mem to '77MB'"),
                        function(
                                "function configures() returns void",
                                "perform set_config('leaked.setting', 'leaked', false)"),
                        function("function calls() returns void", "perform configures()"),
                        function("function runs_text() returns void", "execute 'se' || 't work_mem to ''77MB'''"),
                        function("procedure set_by_procedure()", "set work_mem to '77MB'"),
                        "create table counted (id int generated by default as identity, word text)",
                        "grant all on counted to public",
                        "grant all on sequence counted_id_seq to public");
        RouterUnderTest.Builder builder = RouterUnderTest.with(
                        cluster.workspace(),
                        TestTopologies.single(
                                cluster, 1, "transaction", "session", "transaction" + HURRIED, "session" + HURRIED))
                .set("event_loops", "1")
                .set("defaults.pool_size", "1")
                .set("databases.session.pool_mode", "session")
                .set("databases.session" + HURRIED + ".pool_mode", "session");
        for (String mode : List.of("transaction", "session")) {
            for (String timeout : List.of("query", "copy_stall", "idle_in_transaction", "idle")) {
                builder.set("databases." + mode + HURRIED + "." + timeout + "_timeout", "100ms");
            }
        }
        router = builder.start();
        awaitCatalog();
    }

    private static String function(String head, String statement) {
        return "create " + head + " language plpgsql as $$ begin " + statement + "; end $$";
    }

    /** Until the router has read the catalogue it knows of no function, and has the backend reset after each. */
    private static void awaitCatalog() {
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            try (WireClient client = WireClient.connect(router.port(), "transaction")) {
                client.query("select sets_memory()");
                assertThat(client.ask("show work_mem")).isEqualTo("77MB");
            }
        });
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        router.close();
        cluster.close();
    }

    /** Queries after which a client of transaction pooling has no backend. */
    private static Leftover queries(String name, String... sql) {
        return new Leftover(name, false, client -> Stream.of(sql).forEach(client::query));
    }

    /** Queries after which it has one. */
    private static Leftover held(String name, String... sql) {
        return new Leftover(name, true, client -> Stream.of(sql).forEach(client::query));
    }

    /** Frames whose answers are not awaited. */
    private static Leftover frames(String name, byte[]... frames) {
        return new Leftover(name, true, client -> client.send(frames));
    }

    private static List<Leftover> leftovers() {
        byte[] half = query("select 'half a frame'");
        return List.of(
                queries("N02 a setting that is reported", "set application_name to 'leaked'"),
                queries("N02 an encoding", "set client_encoding to latin1"),
                queries("N05 a setting that is not reported", "set work_mem to '77MB'; set search_path to pg_catalog"),
                queries("N07 a setting by function", "select set_config('work_mem', '77MB', false)"),
                held("N07 a setting inside a function", "select sets_memory()"),
                held("N07 a custom setting inside a function that another calls", "select calls()"),
                queries("N07 a setting by text inside a function", "select runs_text()"),
                queries("N07 a setting inside a procedure", "call set_by_procedure()"),
                queries("N07 a setting inside DO", "do $$ begin set work_mem to '77MB'; end $$"),
                queries("N08 a custom setting", "set leaked.setting to 'leaked'"),
                queries("N26 session characteristics", "set session characteristics as transaction read only"),
                queries("N11 a role", "set role other"),
                queries("N12 a session authorization", "set session authorization " + RouterUnderTest.TRUSTED_USER),
                held("N14 a temporary table", "create temporary table leaked (a int)"),
                held("N14 a temporary table that hides another", "create temporary table t (leaked int)"),
                held("N15 an advisory lock", "select pg_advisory_lock(4711)"),
                queries("N16 listening", "listen leaked"),
                queries("N16 listening, from within a transaction", "begin; listen leaked; commit"),
                held("N18 a cursor WITH HOLD", "declare leaked cursor with hold for select 1"),
                queries("E35 a statement of SQL", "prepare leaked as select 1"),
                held("E35 a statement of SQL that was prepared among others", "select 1; prepare leaked as select 1"),
                queries("N19 lastval", "select nextval('numbers')"),
                held("T01 an open transaction", "begin; insert into t values (1)"),
                held("T02 a failed transaction", "begin; insert into t values (1)", "select 1/0"),
                new Leftover(
                        "E04 a statement of the protocol",
                        false,
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
                new Leftover("D03 half a frame in a transaction", true, client -> {
                    client.query("begin; insert into t values (1)");
                    client.sendBytes(Arrays.copyOf(half, half.length - 5));
                }),
                new Leftover("C03 a copy that is not finished", true, client -> {
                    client.send(query("copy t from stdin")).receiveUntil('G');
                    client.send(copyData("1\n"));
                }),
                new Leftover("C03 half a row of a copy", true, client -> {
                    client.send(query("copy t from stdin")).receiveUntil('G');
                    client.sendBytes(Arrays.copyOf(copyData("1\n2\n3\n"), 8));
                }),
                new Leftover("C03 rows behind a copy that failed", false, client -> {
                    client.send(query("copy t from stdin")).receiveUntil('G');
                    client.send(copyData("wrong\n"), copyData("1\n"), copyDone())
                            .receiveUntilReady();
                    client.send(copyData("1\n"), copyDone());
                }),
                frames("D02 a statement that is running", query("insert into t select 1 from pg_sleep(60)")),
                new Leftover("X16 a cancel request under way", true, client -> {
                    client.send(query("insert into t select 1 from pg_sleep(60)"));
                    client.startCancel();
                    client.startCancel();
                }),
                new Leftover("X16 a cancel request that comes too late", true, client -> {
                    client.send(query("select 1"));
                    client.startCancel();
                    client.startCancel();
                }),
                frames(
                        "D23 a large result that nobody reads",
                        query("select repeat('x', 1000) from generate_series(1, 100000)")));
    }

    static Stream<Arguments> matrix() {
        List<Arguments> matrix = new ArrayList<>();
        for (Leftover leftover : leftovers()) {
            for (Departure departure : Departure.values()) {
                for (String poolMode : List.of(CaseServers.TRANSACTION, CaseServers.SESSION)) {
                    if (departure.isPossible(poolMode, leftover)) {
                        matrix.add(Arguments.of(poolMode, leftover, departure));
                    }
                }
            }
        }
        return matrix.stream();
    }

    @ParameterizedTest(name = "{1}: the client of {0} pooling {2}")
    @MethodSource("matrix")
    @Case({"C03", "D03", "D23", "E60", "N03", "N07", "N12", "N14", "N15", "N16", "T18", "X16"})
    void theNextClientFindsNothing(String poolMode, Leftover leftover, Departure departure) {
        try (WireClient first = WireClient.connect(router.port(), departure.database(poolMode))) {
            leftover.leave.accept(first);
            departure.of(first);

            try (WireClient second = WireClient.connect(router.port(), poolMode)) {
                assertClean(second);
            }
        }
        await().atMost(Duration.ofSeconds(20)).untilAsserted(IsolationIT::assertServerIsClean);
    }

    /** The server runs and holds nothing of any client; a backend that is being reset may do so for a moment. */
    private static void assertServerIsClean() {
        assertThat(cluster.primary().queryText(LEFT_ON_SERVER)).isNull();
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
    @Case("N07")
    void N07_whatAFunctionSetStaysWithItsClient() {
        try (WireClient client = WireClient.connect(router.port(), "transaction");
                WireClient other = WireClient.connect(router.port(), "transaction")) {
            client.query("select calls()");
            other.send(query("select current_setting('leaked.setting', true)"));

            assertThat(client.ask("select current_setting('leaked.setting')")).isEqualTo("leaked");

            client.close();
            assertThat(other.receiveUntilReady().toString()).doesNotContain("leaked]");
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

    @Test
    @Case("N19")
    void N19_aTransactionIsToldItsOwnValue() {
        try (WireClient client = WireClient.connect(router.port(), "transaction");
                WireClient other = WireClient.connect(router.port(), "transaction")) {
            other.query("select nextval('numbers')");
            client.query("begin");
            String inserted = client.ask("insert into counted (word) values ('x') returning id");

            assertThat(client.ask("select lastval()")).isEqualTo(inserted);
            assertThat(client.ask("select currval(pg_get_serial_sequence('counted', 'id'))"))
                    .isEqualTo(inserted);

            client.query("commit");
            other.query("begin");
            assertThat(other.ask("select currval(pg_get_serial_sequence('counted', 'id'))"))
                    .isEqualTo("55000");
        }
    }

    @Test
    @Case("N19")
    void N19_afterAnotherClientThereIsNone() {
        try (WireClient client = WireClient.connect(router.port(), "transaction");
                WireClient other = WireClient.connect(router.port(), "transaction")) {
            client.query("insert into counted (word) values ('x')");
            String inserted = client.ask("select max(id) from counted");
            other.query("insert into counted (word) values ('y')");

            client.send(parse("", "select lastval()"), bind("", ""), execute("", 0), sync());

            assertThat(client.receiveUntilReady().toString())
                    .contains("lastval is not yet defined in this session")
                    .doesNotContain("DISCARD");
            assertThat(inserted).isNotEmpty();
        }
    }

    @Test
    @Case("N19")
    void N19_aClientThatAsksIsToldItsOwnValueEachTime() {
        try (WireClient client = WireClient.connect(router.port(), "transaction");
                WireClient other = WireClient.connect(router.port(), "transaction")) {
            other.query("insert into counted (word) values ('y')");
            assertThat(client.ask("select lastval()")).isEqualTo("55000");
            other.send(query("insert into counted (word) values ('y') returning id"));
            String inserted = client.ask("insert into counted (word) values ('x') returning id");

            assertThat(client.ask("select lastval()")).isEqualTo(inserted);

            client.close();
            assertThat(other.receiveUntilReady().get(1).columns()).doesNotContain(inserted);
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
        // Outside of a transaction it would keep the backend from then on.
        client.query("begin");
        assertThat(client.ask("select lastval()")).isEqualTo("55000");
        client.query("rollback");
        assertThat(client.query("select 1").toString())
                .isEqualTo("[RowDescription [?column?#0:23/4/-1/0], DataRow [1], CommandComplete SELECT 1,"
                        + " ReadyForQuery I]");
    }
}
