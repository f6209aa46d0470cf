// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.closePortal;
import static io.trunkline.router.ClientMessage.copyData;
import static io.trunkline.router.ClientMessage.copyDone;
import static io.trunkline.router.ClientMessage.copyFail;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.flush;
import static io.trunkline.router.ClientMessage.functionCall;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.raw;
import static io.trunkline.router.ClientMessage.sync;
import static io.trunkline.router.Dialogue.ready;
import static io.trunkline.router.Dialogue.script;
import static io.trunkline.router.Dialogue.silent;
import static io.trunkline.router.Dialogue.until;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Cases of COPY, compared with a direct connection. */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class CopyCasesIT {
    /** Signature, flags, no extension; one row of an int4 and a text; the end. */
    private static final byte[] BINARY_COPY = HexFormat.of()
            .parseHex("5047434f50590aff0d0a00" + "00000000" + "00000000" + "0002" + "00000004" + "0000000b" + "00000003"
                    + "780a79" + "ffff");

    private static CaseServers servers;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        servers = CaseServers.start(
                PostgresOptions.major(major),
                List.of("create table t (id int primary key, word text)", "grant all on t to public"),
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

    @Case({"C07", "C09", "C12"})
    static Stream<Dialogue> dialogues() {
        String csv = "11,\"two\nlines\"\n12,\"a \"\"quote\"\"\"\n13,plain\n";
        return Stream.of(
                script(
                        "C07 a Query within COPY",
                        until('G', query("copy t from stdin")),
                        errors(2, copyData("11\tx\n"), query("select 1"))),
                script("C07 a Query right behind COPY", errors(2, query("copy t from stdin"), query("select 1"))),
                script(
                        "C07 a Parse within COPY, by extended protocol",
                        until('G', parse("", "copy t from stdin"), bind("", ""), execute("", 0), sync()),
                        errors(2, copyData("11\tx\n"), sync(), parse("", "select 1"), sync())),
                script(
                        "C07 a Close within the group that began COPY, in a transaction",
                        ready(query("begin")),
                        errors(
                                2,
                                parse("", "copy t from stdin"),
                                bind("", ""),
                                execute("", 0),
                                closePortal(""),
                                sync())),
                script(
                        "C07 a FunctionCall within COPY",
                        until('G', query("copy t from stdin")),
                        errors(2, functionCall(1598))),
                script(
                        "C07 a Query behind data that are wrong",
                        until('G', query("copy t from stdin")),
                        ready(2, copyData("wrong\n"), query("select 1"))),
                script(
                        "C07 a Query behind a COPY that is refused",
                        ready(2, query("copy missing from stdin"), query("select 1"))),
                script(
                        "C09 an error of COPY by extended protocol in a transaction",
                        ready(query("begin")),
                        until('G', parse("", "copy t from stdin"), bind("", ""), execute("", 0), flush()),
                        ready(copyData("1\tduplicate\n"), copyDone(), sync()),
                        ready(query("select 1")),
                        ready(query("rollback")),
                        ready(query("select count(*) from t"))),
                script(
                        "C09 a savepoint around COPY",
                        ready(query("begin; savepoint a")),
                        until('G', query("copy t from stdin")),
                        ready(copyData("11\tx\n"), copyFail("no")),
                        ready(query("rollback to a")),
                        until('G', query("copy t from stdin")),
                        ready(copyData("11\ty\n"), copyDone()),
                        ready(query("commit")),
                        ready(query("select word from t where id = 11"))),
                script(
                        "C12 binary",
                        until('G', query("copy t from stdin (format binary)")),
                        ready(raw('d', BINARY_COPY), copyDone()),
                        ready(query("copy (select * from t where id > 9 order by id) to stdout (format binary)"))),
                script(
                        "C12 binary, byte by byte",
                        until('G', query("copy t from stdin (format binary)")),
                        silent(eachByte(BINARY_COPY)),
                        ready(copyDone()),
                        ready(query("select word from t where id = 11"))),
                script(
                        "C12 CSV, rows of several lines cut anywhere",
                        until('G', query("copy t from stdin (format csv)")),
                        silent(eachByte(csv.getBytes(UTF_8))),
                        ready(copyDone()),
                        ready(query("select word from t where id > 10 order by id")),
                        ready(query("copy (select * from t where id > 9 order by id) to stdout (format csv, header)"))),
                script(
                        "C12 text with an end mark and another encoding",
                        until('G', query("copy t from stdin (encoding 'latin1', delimiter '|')")),
                        ready(raw('d', (byte) '2', (byte) '0', (byte) '|', (byte) 0xe4, (byte) '\n'), copyDone()),
                        ready(query("select word from t where id = 20"))),
                script(
                        "C16 copies of the server's own files",
                        ready(query("copy t to '/tmp/refused'")),
                        ready(query("copy t from program 'true'"))));
    }

    /** A write that is answered by errors alone. */
    private static Dialogue.Step errors(int count, byte[]... frames) {
        return new Dialogue.Step(frames, 'E', count);
    }

    private static byte[][] eachByte(byte[] bytes) {
        List<byte[]> frames = new ArrayList<>();
        for (byte one : bytes) {
            frames.add(raw('d', one));
        }
        return frames.toArray(byte[][]::new);
    }

    @Test
    @Case("C07")
    void C07_theBackendSurvivesAMessageOfAnotherKind() {
        try (WireClient other = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION)) {
            String backend = other.ask("select pg_backend_pid()");
            WireClient copies = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION);
            copies.send(query("copy t from stdin")).receiveUntil('G');

            copies.send(copyData("12\tx\n"), query("select 1"), copyDone()).receiveUntilEnd();

            assertThat(other.ask("select pg_backend_pid()")).isEqualTo(backend);
            assertThat(other.ask("select count(*) from t where id = 12")).isEqualTo("0");
        }
    }

    @Test
    @Case("C19")
    void C19_aCancelledCopyIsDrainedBeforeTheBackendIsUsedAgain() {
        try (WireClient copies = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION);
                WireClient other = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION)) {
            for (int i = 0; i < 10; i++) {
                copies.send(query("copy (select repeat('x', 1000) from generate_series(1, 1000000)) to stdout"));
                copies.receiveUntil('d');
                other.send(query("select 'mine'"));

                copies.cancel();
                List<ServerMessage> end = copies.receiveUntilReady('d', (in, length) -> in.skipNBytes(length));

                assertThat(end.get(0).sqlState()).isEqualTo("57014");
                assertThat(end).hasSize(2);
                assertThat(other.receiveUntilReady().stream().map(ServerMessage::toString))
                        .containsExactly(
                                "RowDescription [?column?#0:25/-1/-1/0]",
                                "DataRow [mine]",
                                "CommandComplete SELECT 1",
                                "ReadyForQuery I");
            }
        }
    }
}
