// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.closePortal;
import static io.trunkline.router.ClientMessage.closeStatement;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.describeStatement;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.functionCall;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static io.trunkline.router.Dialogue.ready;
import static io.trunkline.router.Dialogue.script;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Cases of the extended query protocol, compared with a direct connection. */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class ExtendedQueryCasesIT {
    private static final int PARAMETERS_MAX = 65_535;
    private static final int PIPELINED = 20_000;

    private static CaseServers servers;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        servers = CaseServers.start(
                PostgresOptions.major(major),
                List.of(
                        "create table t (id int primary key, word text)",
                        "create schema one",
                        "create table one.there as select 'in one' as place",
                        "create schema two",
                        "create table two.there as select 'in two' as place, 2 as number",
                        "grant all on t to public",
                        "grant usage on schema one, two to public",
                        "grant all on one.there, two.there to public"),
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

    static Stream<Dialogue> dialogues() {
        return Stream.of(statements(), portals(), parameters(), transactions()).flatMap(all -> all);
    }

    @Case({"E01", "E57"})
    private static Stream<Dialogue> statements() {
        return Stream.of(
                script(
                        "E01 a failed Parse destroys the unnamed statement",
                        ready(parse("", "select 1"), sync()),
                        ready(parse("", "selec"), sync()),
                        ready(bind("", ""), execute("", 0), sync())),
                script(
                        "E37 DEALLOCATE ALL by extended protocol",
                        ready(parse("s", "select 1"), sync()),
                        ready(parse("", "deallocate all"), bind("", ""), execute("", 0), sync()),
                        ready(bind("", "s"), sync()),
                        ready(parse("s", "select 2"), bind("", "s"), execute("", 0), sync())),
                script(
                        "E37 DISCARD PLANS keeps statements",
                        ready(parse("s", "select 1"), sync()),
                        ready(query("discard plans")),
                        ready(bind("", "s"), execute("", 0), sync())),
                script(
                        "E52 long names",
                        ready(
                                parse("n".repeat(60), "select 1"),
                                bind("p".repeat(60), "n".repeat(60)),
                                execute("p".repeat(60), 0),
                                sync())),
                script(
                        "E57 utility statements",
                        ready(
                                parse("a", "create table made (a int)"),
                                describeStatement("a"),
                                bind("", "a"),
                                describePortal(""),
                                execute("", 0),
                                sync()),
                        ready(parse("", "drop table made"), bind("", ""), execute("", 0), sync())));
    }

    @Case({"E02", "E03", "E23"})
    private static Stream<Dialogue> portals() {
        return Stream.of(
                script(
                        "E02 the unnamed portal lives as long as its transaction",
                        ready(query("begin")),
                        ready(parse("", "select id from t order by id"), bind("", ""), execute("", 2), sync()),
                        ready(execute("", 3), sync()),
                        ready(parse("", "select word from t order by id"), bind("", ""), execute("", 1), sync()),
                        ready(execute("", 0), sync()),
                        ready(query("commit")),
                        ready(execute("", 1), sync())),
                script(
                        "E03 named portals live until Close",
                        ready(query("begin")),
                        ready(
                                parse("s", "select id from t order by id"),
                                bind("p", "s"),
                                bind("q", "s"),
                                execute("p", 2),
                                sync()),
                        ready(execute("q", 1), execute("p", 1), sync()),
                        ready(bind("p", "s"), sync()),
                        ready(query("rollback")),
                        ready(query("begin")),
                        ready(bind("p", "s"), execute("p", 1), closePortal("p"), execute("p", 1), sync()),
                        ready(query("rollback"))),
                script(
                        "E03 named portals end with their transaction",
                        ready(query("begin")),
                        ready(parse("s", "select id from t order by id"), bind("p", "s"), execute("p", 1), sync()),
                        ready(query("commit")),
                        ready(execute("p", 1), sync()),
                        ready(query("begin")),
                        ready(bind("p", "s"), execute("p", 1), sync()),
                        ready(query("rollback")),
                        ready(describePortal("p"), sync()),
                        ready(bind("p", "s"), execute("p", 0), sync()),
                        ready(execute("p", 0), sync())),
                script(
                        "E23 formats of a portal are those of its Bind",
                        ready(
                                parse("s", "select id, word from t order by id limit 1"),
                                bind("p", "s", new int[0], new byte[0][], new int[] {1, 0}),
                                describePortal("p"),
                                execute("p", 0),
                                bind("q", "s", new int[0], new byte[0][], new int[] {1}),
                                describePortal("q"),
                                execute("q", 0),
                                parse("n", "insert into t values (100)"),
                                bind("r", "n"),
                                describePortal("r"),
                                execute("r", 0),
                                sync())));
    }

    @Case({"E41", "E45", "E46"})
    private static Stream<Dialogue> parameters() {
        return Stream.of(
                script(
                        "E41 types left open, declared in part, unknown",
                        ready(
                                parse("a", "select $1 + 1, $2::int8 + 1"),
                                describeStatement("a"),
                                parse("b", "select $1 || 'x', $2 + 1", 25),
                                describeStatement("b"),
                                parse("c", "select $1 + 1", 705),
                                describeStatement("c"),
                                parse("d", "select $1 + 1", 20),
                                describeStatement("d"),
                                bind("", "a", "1", "2"),
                                describePortal(""),
                                execute("", 0),
                                bind("", "b", "y", "2"),
                                execute("", 0),
                                bind("", "d", "2"),
                                describePortal(""),
                                execute("", 0),
                                sync())),
                script(
                        "E45 formats that match neither parameters nor columns",
                        ready(parse("s", "select $1::int, $2::int, $3::int"), sync()),
                        ready(
                                bind("", "s", new int[] {0, 0}, new byte[][] {{'1'}, {'2'}, {'3'}}, new int[0]),
                                execute("", 0),
                                sync()),
                        ready(
                                bind("", "s", new int[0], new byte[][] {{'1'}, {'2'}, {'3'}}, new int[] {0, 0}),
                                execute("", 0),
                                sync()),
                        ready(
                                bind("", "s", new int[] {7}, new byte[][] {{'1'}, {'2'}, {'3'}}, new int[0]),
                                execute("", 0),
                                sync()),
                        ready(bind("", "s", "1", "2", "3"), execute("", 0), sync())),
                script(
                        "E46 a parameter longer than its message",
                        ready(parse("s", "select $1::text"), sync()),
                        ready(bindOfLength(-2), sync()),
                        ready(bindOfLength(1000), sync()),
                        ready(bindOfLength(Integer.MAX_VALUE), sync()),
                        ready(bind("", "s", "1"), execute("", 0), sync())));
    }

    /** Not byte by byte: two million writes would tell nothing more. */
    @Test
    @Case("E44")
    void E44_thereMayBeAsManyParametersAsTheCountCanSay() {
        String[] values =
                IntStream.range(0, PARAMETERS_MAX).mapToObj(Integer::toString).toArray(String[]::new);
        Dialogue many =
                script("many", ready(parse("", manyParameters()), bind("", "", values), execute("", 0), sync()));

        List<String> direct = many.play(servers.server().port(), TestTopologies.DATABASE, false);

        assertThat(many.play(servers.one().port(), CaseServers.TRANSACTION, false))
                .isEqualTo(direct);
        assertThat(many.play(servers.four().port(), CaseServers.SESSION, false)).isEqualTo(direct);
    }

    private static String manyParameters() {
        return IntStream.rangeClosed(1, PARAMETERS_MAX)
                .mapToObj(i -> "($" + i + "::int)")
                .collect(Collectors.joining(", ", "select count(*), sum(v) from (values ", ") x (v)"));
    }

    /** Bind of one parameter that claims to be so long and has three bytes. */
    private static byte[] bindOfLength(int length) {
        ByteBuffer body = ByteBuffer.allocate(16);
        body.put("\0s\0".getBytes(UTF_8))
                .putShort((short) 0)
                .putShort((short) 1)
                .putInt(length);
        body.put("abc".getBytes(UTF_8)).putShort((short) 0);
        return ClientMessage.raw('B', body.array());
    }

    @Case({"E27", "E50", "E53", "E59"})
    private static Stream<Dialogue> transactions() {
        return Stream.of(
                script(
                        "E27 a lone Sync tells the status",
                        ready(query("begin")),
                        ready(2, sync(), sync()),
                        ready(query("select 1/0")),
                        ready(2, sync(), query("select 1")),
                        ready(query("rollback")),
                        ready(2, sync(), query("select 2"))),
                script(
                        "E50 Parse of BEGIN begins nothing",
                        ready(parse("b", "begin"), describeStatement("b"), sync()),
                        ready(query("select 1")),
                        ready(bind("", "b"), sync()),
                        ready(
                                bind("", "b"),
                                execute("", 0),
                                parse("", "delete from t"),
                                bind("", ""),
                                execute("", 0),
                                sync()),
                        ready(parse("c", "rollback"), sync()),
                        ready(bind("", "c"), execute("", 0), sync()),
                        ready(query("select count(*) from t"))),
                script(
                        "E53 function call in a failed transaction",
                        ready(query("begin")),
                        ready(functionCall(1397, new byte[] {-1, -1, -1, -7})),
                        ready(query("select 1/0")),
                        ready(functionCall(1397, new byte[] {-1, -1, -1, -7})),
                        ready(query("rollback"))),
                script(
                        "E53 a large object by function calls",
                        ready(query("begin")),
                        ready(functionCall(715, new byte[] {0, 0, 3, 9})),
                        ready(functionCall(952, new byte[] {0, 0, 3, 9}, new byte[] {0, 6, 0, 0})),
                        ready(functionCall(955, new byte[] {0, 0, 0, 0}, new byte[] {'t', 'e', 'x', 't'})),
                        ready(functionCall(956, new byte[] {0, 0, 0, 0}, new byte[4], new byte[4])),
                        ready(functionCall(954, new byte[] {0, 0, 0, 0}, new byte[] {0, 0, 0, 9})),
                        ready(functionCall(958, new byte[] {0, 0, 0, 0})),
                        ready(functionCall(953, new byte[] {0, 0, 0, 0})),
                        ready(query("commit")),
                        ready(query("select convert_from(lo_get(777), 'UTF8')")),
                        ready(functionCall(964, new byte[] {0, 0, 3, 9}))),
                script(
                        "E59 Close in a failed transaction",
                        ready(parse("a", "select 1"), sync()),
                        ready(query("begin")),
                        ready(bind("p", "a"), sync()),
                        ready(query("select 1/0")),
                        ready(closePortal("p"), closeStatement("a"), closeStatement("none"), sync()),
                        ready(query("rollback")),
                        ready(bind("", "a"), sync())));
    }

    /** Each play has a table of its own: what is known of a text outlives the client that prepared it. */
    @Test
    @Case("E21")
    void E21_describeTellsTheColumnsAsTheyAre() {
        for (String table : List.of("direct", "routed", "pinned")) {
            servers.server()
                    .executeIn(
                            TestTopologies.DATABASE,
                            "drop table if exists " + table,
                            "create table " + table + " as select 1 as a",
                            "alter table " + table + " owner to " + RouterUnderTest.TRUSTED_USER);
        }

        List<String> direct = changing("direct").play(servers.server().port(), TestTopologies.DATABASE, false);

        assertThat(changing("routed").play(servers.one().port(), CaseServers.TRANSACTION, false))
                .isEqualTo(direct);
        assertThat(changing("pinned").play(servers.four().port(), CaseServers.SESSION, false))
                .isEqualTo(direct);
    }

    private static Dialogue changing(String table) {
        byte[] parse = parse("s", "select a from " + table);
        return script(
                table,
                ready(parse, describeStatement("s"), bind("", "s"), execute("", 0), sync()),
                ready(query("alter table " + table + " alter a type text")),
                ready(describeStatement("s"), sync()),
                // With Describe of the portal the router would repeat it: RepeatIT.
                ready(bind("", "s"), execute("", 0), sync()),
                ready(closeStatement("s"), parse, describeStatement("s"), sync()),
                ready(bind("", "s"), describePortal(""), execute("", 0), sync()),
                ready(parse("", "select * from " + table), describeStatement(""), sync()),
                ready(query("alter table " + table + " add b int")),
                ready(parse("", "select * from " + table), bind("", ""), describePortal(""), execute("", 0), sync()));
    }

    @Test
    @Case("E19")
    void E19_equalTextsUnderAnotherSearchPathMeanOtherTables() {
        try (WireClient first = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION);
                WireClient second = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION)) {
            first.query("set search_path to one");
            second.query("set search_path to two");
            for (WireClient client : List.of(first, second)) {
                client.send(parse("s", "select * from there"), sync()).receiveUntilReady();
            }

            for (int i = 0; i < 3; i++) {
                assertThat(rows(first, "s")).containsExactly("DataRow [in one]");
                assertThat(rows(second, "s")).containsExactly("DataRow [in two, 2]");
            }
        }
    }

    private static List<String> rows(WireClient client, String statement) {
        return client.send(bind("", statement), execute("", 0), sync()).receiveUntilReady().stream()
                .map(ServerMessage::toString)
                .filter(text -> !text.startsWith("BindComplete") && !text.startsWith("CommandComplete"))
                .filter(text -> !text.startsWith("ReadyForQuery"))
                .toList();
    }

    @Test
    @Case("E51")
    void E51_aSettingMadeByAPreparedFunctionStaysWithItsClient() {
        try (WireClient first = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION);
                WireClient second = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION)) {
            first.send(parse("s", "select set_config($1, $2, false)"), sync()).receiveUntilReady();

            for (String value : List.of("77MB", "78MB")) {
                first.send(bind("", "s", "work_mem", value), execute("", 0), sync())
                        .receiveUntilReady();

                assertThat(first.ask("show work_mem")).isEqualTo(value);
                for (int i = 0; i < 4; i++) {
                    assertThat(second.ask("show work_mem")).isEqualTo("4MB");
                }
            }
            first.close();
            for (int i = 0; i < 4; i++) {
                assertThat(second.ask("show work_mem")).isEqualTo("4MB");
            }
        }
    }

    @Test
    @Case("E17")
    void E17_anOpenPortalOutlivesItsStatement() {
        try (RouterUnderTest router = RouterUnderTest.with(
                                servers.cluster().workspace(), TestTopologies.single(servers.cluster(), 1, "app"))
                        .set("defaults.pool_size", "1")
                        .set("limits.statements_per_backend", "1")
                        .start();
                WireClient client = WireClient.connect(router.port(), "app")) {
            client.query("begin");
            client.send(parse("s", "select * from generate_series(1, 10)"), bind("p", "s"), execute("p", 2), sync())
                    .receiveUntilReady();
            for (int i = 0; i < 10; i++) {
                client.send(parse("other" + i, "select " + i), bind("", "other" + i), execute("", 0), sync())
                        .receiveUntilReady();
            }

            List<ServerMessage> rest = client.send(execute("p", 2), sync()).receiveUntilReady();

            assertThat(rest.stream().map(ServerMessage::toString))
                    .containsExactly("DataRow [3]", "DataRow [4]", "PortalSuspended", "ReadyForQuery T");
            client.query("rollback");
            assertThat(rows(client, "s")).hasSize(10);
        }
    }

    @Test
    @Case({"B03", "E25"})
    void E25_B03_aClientThatWritesMuchAndReadsLateIsAnsweredInTheEnd() throws Exception {
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try (WireClient client = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION);
                WireClient other = WireClient.connect(servers.four().port(), CaseServers.TRANSACTION)) {
            client.socket().setReceiveBufferSize(16 * 1024);
            client.send(parse("s", "select $1::text"), sync()).receiveUntilReady();
            byte[] group = concatenate(bind("", "s", "x".repeat(1000)), execute("", 0));
            Future<?> writing = threads.submit(() -> {
                for (int i = 0; i < PIPELINED; i++) {
                    client.sendBytes(group);
                }
                return client.send(sync());
            });
            // Until every buffer on the way is full.
            for (int i = 0; i < 100; i++) {
                assertThat(other.ask("select " + i)).isEqualTo("" + i);
            }

            long rows = client.receiveUntilReady().stream()
                    .filter(message -> message.type() == 'D')
                    .count();

            assertThat(rows).isEqualTo(PIPELINED);
            writing.get(30, TimeUnit.SECONDS);
        } finally {
            threads.shutdownNow();
        }
    }

    private static byte[] concatenate(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length)
                .put(first)
                .put(second)
                .array();
    }
}
