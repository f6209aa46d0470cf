// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.testing.Case;
import io.trunkline.testing.Fragmenter;
import io.trunkline.wire.ProtocolViolation.Consequence;
import io.trunkline.wire.StartupPacket.CancelRequest;
import io.trunkline.wire.StartupPacket.GssEncRequest;
import io.trunkline.wire.StartupPacket.SslRequest;
import io.trunkline.wire.StartupPacket.Startup;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StartupPacketTest {

    @Test
    void readsPacketsOneByteAtATimeAndInOnePiece() {
        List<Map.Entry<String, String>> parameters = List.of(Map.entry("user", "me"), Map.entry("options", ""));
        BackendKey key = new BackendKey(7, new byte[] {1, 2, 3, 4});
        byte[] stream = Bytes.of(out -> {
            FrontendWriter.gssEncRequest(out);
            FrontendWriter.sslRequest(out);
            FrontendWriter.startup(out, ProtocolVersion.V3_2, parameters);
            FrontendWriter.cancelRequest(out, key);
        });

        for (Fragmenter fragmenter : List.of(Fragmenter.whole(), Fragmenter.everyByte())) {
            List<StartupPacket> packets = new ArrayList<>();
            fragmenter.feed(stream, in -> {
                for (StartupPacket packet = StartupPacket.decode(in);
                        packet != null;
                        packet = StartupPacket.decode(in)) {
                    packets.add(packet);
                }
            });

            assertThat(packets)
                    .containsExactly(
                            new GssEncRequest(),
                            new SslRequest(),
                            new Startup(3, 2, parameters),
                            new CancelRequest(key));
        }
    }

    @Test
    void leavesWhatFollowsThePacketUnread() {
        ByteBuf in = Unpooled.buffer();
        FrontendWriter.cancelRequest(in, new BackendKey(1, new byte[32]));
        in.writeByte('X');

        StartupPacket packet = StartupPacket.decode(in);

        assertThat(packet).isInstanceOf(CancelRequest.class);
        assertThat(in.readableBytes()).isEqualTo(1);
    }

    @Test
    void keepsEmptyValuesInTheirPlace() {
        Startup startup = startup("user\0me\0application_name\0\0database\0d\0\0");

        assertThat(startup.parameter("application_name")).isEmpty();
        assertThat(startup.database()).isEqualTo("d");
    }

    @Test
    void takesTheLastOfDuplicateParameters() {
        Startup startup = startup("user\0first\0user\0last\0\0");

        assertThat(startup.user()).isEqualTo("last");
        assertThat(startup.parameters()).hasSize(2);
    }

    @Test
    void usesTheUserAsDatabaseWhenThereIsNone() {
        assertThat(startup("user\0me\0\0").database()).isEqualTo("me");
        assertThat(startup("user\0me\0database\0\0\0").database()).isEqualTo("me");
        assertThat(startup("\0").user()).isEmpty();
    }

    @Test
    void tellsProtocolOptionsFromSettings() {
        Startup startup = startup("user\0me\0_pq_.one\0\0search_path\0x\0_pq_.two\0" + "1\0\0");

        assertThat(startup.protocolOptions()).containsExactly("_pq_.one", "_pq_.two");
    }

    @Test
    void tellsUsersApartWhoseNamesAreNoUtf8() {
        assertThat(startup("user\0\351\0\0").user())
                .isNotEqualTo(startup("user\0\350\0\0").user());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 9999})
    void acceptsEveryMinorVersionForNegotiation(int minor) {
        Startup startup = (Startup) decode(3 << 16 | minor, "user\0me\0\0");

        assertThat(startup.version()).isEqualTo(new ProtocolVersion(3, minor));
    }

    @ParameterizedTest
    @CsvSource({"2, 0", "4, 0", "0, 0", "1234, 5681", "65535, 65535"})
    void refusesOtherMajorVersionsInPostgreSqlsWords(int major, int minor) {
        assertThatThrownBy(() -> decode(major << 16 | minor, "user\0me\0\0"))
                .isInstanceOfSatisfying(ProtocolViolation.class, violation -> {
                    assertThat(violation.sqlState()).isEqualTo(SqlState.FEATURE_NOT_SUPPORTED);
                    assertThat(violation.consequence()).isEqualTo(Consequence.FATAL);
                })
                .hasMessage("unsupported frontend protocol " + major + "." + minor + ": server supports 3.0 to 3.2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "user\0me\0", "user\0me", "user\0\0", "user", "\0x", "user\0me\0\0\0", "user\0me\0odd\0\0"})
    void refusesALayoutThatDoesNotEndWithItsTerminator(String body) {
        assertThatThrownBy(() -> decode(3 << 16, body))
                .isInstanceOfSatisfying(ProtocolViolation.class, violation -> {
                    assertThat(violation.sqlState()).isEqualTo(SqlState.PROTOCOL_VIOLATION);
                    assertThat(violation.consequence()).isEqualTo(Consequence.FATAL);
                })
                .hasMessage("invalid startup packet layout: expected terminator as last byte");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 7, 10_005, 0x4745_5420, -1, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void closesSilentlyOnLengthsNoStartupPacketHas(int length) {
        ByteBuf in = Unpooled.buffer().writeInt(length);

        assertThatThrownBy(() -> StartupPacket.decode(in))
                .isInstanceOfSatisfying(
                        ProtocolViolation.class,
                        violation -> assertThat(violation.consequence()).isEqualTo(Consequence.SILENT_CLOSE))
                .hasMessage("invalid length of startup packet");
    }

    @Test
    void acceptsTheLargestPacketPostgreSqlAccepts() {
        String value = "x".repeat(10_000 - 4 - "user\0me\0name\0\0\0".length());

        Startup startup = startup("user\0me\0name\0" + value + "\0\0");

        assertThat(startup.parameter("name")).hasSameSizeAs(value);
    }

    @ParameterizedTest
    @CsvSource({"1, true", "4, true", "32, true", "256, true", "0, false", "257, false"})
    @Case("X09")
    void readsCancelKeysOf1To256Bytes(int bytes, boolean legal) {
        ByteBuf in = Unpooled.buffer();
        FrontendWriter.cancelRequest(in, new BackendKey(1, new byte[bytes]));

        if (legal) {
            assertThat(StartupPacket.decode(in)).isEqualTo(new CancelRequest(new BackendKey(1, new byte[bytes])));
        } else {
            assertThatThrownBy(() -> StartupPacket.decode(in))
                    .isInstanceOfSatisfying(
                            ProtocolViolation.class,
                            violation -> assertThat(violation.consequence()).isEqualTo(Consequence.SILENT_CLOSE));
        }
    }

    private static Startup startup(String body) {
        return (Startup) decode(3 << 16, body);
    }

    private static StartupPacket decode(int code, String body) {
        ByteBuf in = Unpooled.buffer().writeInt(8 + body.length()).writeInt(code);
        body.chars().forEach(in::writeByte);
        StartupPacket packet = StartupPacket.decode(in);
        assertThat(packet).isNotNull();
        return packet;
    }
}
