// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.raw;
import static io.trunkline.router.ClientMessage.sync;
import static io.trunkline.router.Dialogue.ready;
import static io.trunkline.router.Dialogue.script;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.nio.ByteBuffer;
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
import org.junit.jupiter.params.provider.ValueSource;

/** Cases of messages that break the protocol: the session lives on where a server's would, and no backend is lost. */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class MalformedCasesIT {
    private static final String FRONTEND_TYPES = "QPBDECHSFdcfX";

    private static CaseServers servers;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        servers = CaseServers.start(PostgresOptions.major(major), List.of("create table t (id int)"));
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

    @Case({"M05", "M06", "M07"})
    static Stream<Dialogue> dialogues() {
        return Stream.of(
                script("M05 Query without an end", ready(text('Q', "select 1")), ready(query("select 1"))),
                script("M05 Query without anything", ready(raw('Q')), ready(query("select 1"))),
                script("M05 Query with more behind its end", ready(text('Q', "select 1\0x")), ready(query("select 1"))),
                malformed("M05 Parse without an end", 'P', "s\0select 1"),
                malformed("M05 Parse without types", 'P', "s\0select 1\0"),
                malformed("M05 Parse with more behind its end", 'P', "s\0select 1\0\0\0xx"),
                malformed("M05 Bind without an end", 'B', "\0s"),
                malformed("M05 Bind with more behind its end", 'B', "\0s\0\0\0\0\0\0\0xx"),
                malformed("M05 Describe without an end", 'D', "Ss"),
                malformed("M05 Describe with more behind its end", 'D', "Ss\0x"),
                malformed("M05 Describe without anything", 'D', ""),
                malformed("M05 Close without an end", 'C', "Ss"),
                malformed("M05 Close with more behind its end", 'C', "Ss\0x"),
                malformed("M05 Execute without a count", 'E', "\0"),
                malformed("M05 Execute with more behind its end", 'E', "\0\0\0\0\0x"),
                malformed("M06 Describe of nothing there is", 'D', "Zs\0"),
                malformed("M06 Close of nothing there is", 'C', "Zs\0"),
                malformed("M07 Parse with less than no types", 'P', "n\0select 1\0\u00ff\u00ff"),
                malformed("M07 Parse with more types than bytes", 'P', "n\0select 1\0\0\u0005\0\0"),
                malformed("M07 Bind with more formats than bytes", 'B', "\0s\0\u00ff\u00ff\0\0"),
                malformed("M07 Bind with more parameters than bytes", 'B', "\0s\0\0\0\u00ff\u00ff\0\0\0\u0001x"),
                malformed("M07 Bind with more result formats than bytes", 'B', "\0s\0\0\0\0\0\u0010\0\0\u0001"));
    }

    /** A message amid others of one group, outside and inside a transaction; the statement {@code s} exists. */
    private static Dialogue malformed(String name, char type, String body) {
        return script(
                name,
                ready(parse("s", "select 1"), sync()),
                ready(
                        parse("", "select 2"),
                        bind("", ""),
                        execute("", 0),
                        text(type, body),
                        bind("", "s"),
                        execute("", 0),
                        sync()),
                ready(query("begin")),
                ready(text(type, body), sync()),
                ready(query("select 1")),
                ready(query("rollback")),
                ready(bind("", "s"), execute("", 0), sync()));
    }

    private static byte[] text(char type, String body) {
        return raw(type, body.getBytes(ISO_8859_1));
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE})
    @Case("M01")
    void M01_aLengthThatIsNoneEndsTheConnection(int length) {
        assertEndsWith(header('Q', length), "invalid message length");
    }

    @ParameterizedTest
    @ValueSource(chars = {'C', 'D', 'E', 'H', 'S', 'X', 'c', 'f'})
    @Case("M02")
    void M02_aShortMessageThatClaimsToBeLongEndsTheConnectionAtItsHeader(char type) {
        assertEndsWith(header(type, 10_001), "invalid message length");
        assertEndsWith(header(type, 1 << 30), "invalid message length");
    }

    @ParameterizedTest
    @ValueSource(chars = {'Q', 'P', 'B', 'F', 'd'})
    @Case("M02")
    void M02_aMessageLongerThanAnyEndsTheConnectionAtItsHeader(char type) {
        assertEndsWith(header(type, Integer.MAX_VALUE), "invalid message length");
    }

    @Test
    @Case({"M03", "M04"})
    void M03_M04_aTypeThatNoClientMaySendEndsTheConnectionAndReachesNoBackend() {
        try (WireClient good = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION)) {
            String backend = good.ask("select pg_backend_pid()");

            for (int type = 0; type < 256; type++) {
                if (FRONTEND_TYPES.indexOf(type) < 0) {
                    assertEndsWith(header((char) type, 4), "invalid frontend message type " + type);
                    assertThat(good.ask("select pg_backend_pid()"))
                            .as("type " + type)
                            .isEqualTo(backend);
                }
            }

            assertThat(good.ask("select pg_backend_pid()")).isEqualTo(backend);
        }
    }

    @Test
    @Case("M04")
    void M04_aStartupPacketAfterLoginIsAMessageOfNoType() {
        assertEndsWith(ByteBuffer.allocate(9).putInt(9).putInt(3 << 16).array(), "invalid frontend message type 0");
    }

    private static byte[] header(char type, int length) {
        return ByteBuffer.allocate(5).put((byte) type).putInt(length).array();
    }

    /** Within a transaction, so that a backend is there to be spared. */
    private static void assertEndsWith(byte[] bytes, String message) {
        for (String before : List.of("select 1", "begin")) {
            try (WireClient client = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION)) {
                client.query(before);
                client.sendBytes(bytes);

                assertThat(client.receive().fields())
                        .containsEntry('V', "FATAL")
                        .containsEntry('C', "08P01")
                        .containsEntry('M', message);
                assertThat(client.receiveOrEnd()).isNull();
            }
        }
    }

    @Test
    @Case("M10")
    void M10_errorsAndValuesPassAsBytesWhateverTheirEncoding() {
        byte[] raising = query("do $$ begin raise exception '\u00e4\u00f6\u00fc %', chr(233); end $$");
        byte[] selecting = query("select chr(228) || chr(8364)");
        try (WireClient direct = WireClient.connect(servers.server().port(), TestTopologies.DATABASE);
                WireClient routed = WireClient.connect(servers.one().port(), CaseServers.TRANSACTION)) {
            for (String encoding : List.of("latin1", "latin9", "win1252", "utf8", "sql_ascii")) {
                List<String> expected = bodies(direct, encoding, raising, selecting);

                assertThat(bodies(routed, encoding, raising, selecting)).isEqualTo(expected);
            }
        }
    }

    private static List<String> bodies(WireClient client, String encoding, byte[] raising, byte[] selecting) {
        client.query("set client_encoding to " + encoding);
        return Stream.of(raising, selecting)
                .flatMap(frame -> client.send(frame).receiveUntilReady().stream())
                .map(message -> message.type() + HexFormat.of().formatHex(message.body()))
                .toList();
    }
}
