// SPDX-License-Identifier: Apache-2.0
package io.trunkline.frontend;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.error.RouterError;
import io.trunkline.frontend.StartupNegotiation.CancelOrigin;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.NegotiateProtocolVersion;
import io.trunkline.wire.ProtocolVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StartupNegotiationTest {
    private static final Consumer<ByteBuf> SSL_REQUEST = FrontendWriter::sslRequest;
    private static final Consumer<ByteBuf> GSSENC_REQUEST = FrontendWriter::gssEncRequest;

    @Test
    void S01_answersSslRequestWithOneByteAndUpgrades() {
        Peer peer = new Peer(EncryptionPolicy.OFFERED);

        peer.send(SSL_REQUEST);

        assertThat(peer.events).containsExactly("answer S", "upgrade");
    }

    @Test
    void S01_declinesSslRequestWithoutCertificate() {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(SSL_REQUEST);
        peer.send(startup("user", "ann"));

        assertThat(peer.events).containsExactly("answer N", "startup 3.0 ann ann {}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"OFF", "OFFERED"})
    void S02_refusesPlaintextBehindSslRequest(EncryptionPolicy policy) {
        Peer peer = new Peer(policy);

        peer.send(SSL_REQUEST.andThen(startup("user", "ann")));

        assertThat(peer.events).containsExactly("refused 08P01 received unencrypted data after SSL request");
    }

    @Test
    void S02_refusesPlaintextBehindGssEncRequest() {
        Peer peer = new Peer(EncryptionPolicy.OFFERED);

        peer.send(GSSENC_REQUEST.andThen(SSL_REQUEST));

        assertThat(peer.events)
                .containsExactly("refused 08P01 received unencrypted data after GSSAPI encryption request");
    }

    @Test
    void S04_declinesGssEncryptionAndThenUpgradesToTls() {
        Peer peer = new Peer(EncryptionPolicy.OFFERED);

        peer.send(GSSENC_REQUEST);
        peer.send(SSL_REQUEST);
        peer.negotiation.onTlsEstablished(null);
        peer.send(startup("user", "ann"));

        assertThat(peer.events).containsExactly("answer N", "answer S", "upgrade", "startup 3.0 ann ann {}");
    }

    @Test
    void S04_declinesTlsAndThenGssEncryption() {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(SSL_REQUEST);
        peer.send(GSSENC_REQUEST);
        peer.send(startup("user", "ann"));

        assertThat(peer.events).containsExactly("answer N", "answer N", "startup 3.0 ann ann {}");
    }

    @Test
    void S05_refusesTheSecondSslRequest() {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(SSL_REQUEST);
        peer.send(SSL_REQUEST);
        peer.send(SSL_REQUEST);

        assertThat(peer.events)
                .containsExactly(
                        "answer N",
                        "refused 0A000 unsupported frontend protocol 1234.5679: server supports 3.0 to 3.2");
    }

    @Test
    void S05_refusesSslRequestInsideNegotiatedTls() {
        Peer peer = new Peer(EncryptionPolicy.OFFERED);

        peer.send(SSL_REQUEST);
        peer.negotiation.onTlsEstablished(null);
        peer.send(SSL_REQUEST);

        assertThat(peer.events).last().asString().startsWith("refused 0A000 unsupported frontend protocol 1234.5679");
    }

    @Test
    void S06_acceptsDirectTlsWithItsApplicationProtocol() {
        Peer peer = new Peer(EncryptionPolicy.REQUIRED);

        peer.negotiation.onTlsEstablished("postgresql");
        peer.send(startup("user", "ann"));

        assertThat(peer.events).containsExactly("startup 3.0 ann ann {}");
    }

    @Test
    void S07_S08_closesDirectTlsWithoutApplicationProtocol() {
        Peer peer = new Peer(EncryptionPolicy.OFFERED);

        peer.negotiation.onTlsEstablished(null);
        peer.send(startup("user", "ann"));

        assertThat(peer.events).hasSize(1).first().asString().startsWith("noise received direct SSL connection");
    }

    @Test
    void S09_acceptsEitherAnswerToTheApplicationProtocolInsideNegotiatedTls() {
        Peer without = new Peer(EncryptionPolicy.REQUIRED);
        Peer with = new Peer(EncryptionPolicy.REQUIRED);

        without.send(SSL_REQUEST);
        without.negotiation.onTlsEstablished(null);
        without.send(startup("user", "ann"));
        with.send(SSL_REQUEST);
        with.negotiation.onTlsEstablished("postgresql");
        with.send(startup("user", "ann"));

        assertThat(with.events).isEqualTo(without.events).contains("startup 3.0 ann ann {}");
    }

    @Test
    void S10_declinesSslRequestInsideDirectTls() {
        Peer peer = new Peer(EncryptionPolicy.REQUIRED);

        peer.negotiation.onTlsEstablished("postgresql");
        peer.send(SSL_REQUEST);
        peer.send(startup("user", "ann"));

        assertThat(peer.events).containsExactly("answer N", "startup 3.0 ann ann {}");
    }

    @Property(tries = 200)
    void S13_readsAStartupPacketHoweverItIsCut(@ForAll @Size(max = 8) List<Byte> cuts) {
        Peer peer = new Peer(EncryptionPolicy.OFF);
        ByteBuf stream = Unpooled.buffer();
        startup("user", "ann", "database", "shop", "application_name", "x").accept(stream);

        for (byte cut : cuts) {
            peer.send(stream.readBytes(Math.min(cut & 0x1f, stream.readableBytes())));
        }
        peer.send(stream.readBytes(stream.readableBytes()));

        assertThat(peer.events).containsExactly("startup 3.0 ann shop {application_name=x}");
    }

    @Test
    void S14_leavesWhatFollowsTheStartupPacketInTheBuffer() {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(startup("user", "ann").andThen(out -> FrontendWriter.query(out, "select 1")));

        assertThat(peer.events).containsExactly("startup 3.0 ann ann {}");
        assertThat(peer.in.readableBytes()).isEqualTo(14);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 7, 10_005, 0x47455420, 0x5353482d, 0x16030100, -1, Integer.MIN_VALUE})
    void S15_closesWithoutAWordOnImpossibleLengths(int length) {
        Peer peer = new Peer(EncryptionPolicy.OFFERED);

        peer.send(out -> out.writeInt(length));

        assertThat(peer.events).containsExactly("noise invalid length of startup packet");
    }

    @ParameterizedTest
    @CsvSource({"2,3.2", "1,3.0", "3,3.2", "9999,3.2"})
    void S20_S21_S22_negotiatesTheVersion(int asked, String spoken) {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(startup(new ProtocolVersion(3, asked), "user", "ann"));

        List<String> startup = List.of("startup " + spoken + " ann ann {}");
        assertThat(peer.events).endsWith(startup.get(0));
        assertThat(peer.events.subList(0, peer.events.size() - 1))
                .isEqualTo(asked == 2 ? List.of() : List.of("negotiate " + spoken + " []"));
    }

    @Test
    void S22_S23_S24_namesUnknownProtocolOptionsOnceAndDropsThem() {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(startup("user", "ann", "_pq_.foo", "1", "_pq_.bar", "2", "work_mem", "1MB"));

        assertThat(peer.events)
                .containsExactly("negotiate 3.0 [_pq_.foo, _pq_.bar]", "startup 3.0 ann ann {work_mem=1MB}");
    }

    @ParameterizedTest
    @CsvSource({"2,0", "4,0", "0,0", "1234,5681"})
    void S27_refusesOtherMajorVersions(int major, int minor) {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(startup(new ProtocolVersion(major, minor), "user", "ann"));

        assertThat(peer.events)
                .containsExactly("refused 0A000 unsupported frontend protocol " + major + "." + minor
                        + ": server supports 3.0 to 3.2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"user\0ann\0", "user\0ann\0x\0\0", "user\0ann\0\0x", "user\0ann"})
    void S28_refusesAParameterListThatDoesNotEndWhereItMust(String body) {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(packet(body));

        assertThat(peer.events).hasSize(1).first().asString().startsWith("refused 08P01 invalid startup packet layout");
    }

    @Test
    void S28_keepsEmptyValuesInTheirPlace() {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(startup("application_name", "", "user", "ann", "options", "", "database", "shop"));

        assertThat(peer.events).containsExactly("startup 3.0 ann shop {application_name=}");
    }

    @Test
    void S29_letsTheLastDuplicateWin() {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(startup(
                "user", "ann", "database", "a", "user", "bob", "database", "b", "TimeZone", "x", "timezone", "y"));

        assertThat(peer.events).containsExactly("startup 3.0 bob b {timezone=y}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\0", "user\0\0\0", "database\0shop\0\0"})
    void S29_refusesAnEmptyUser(String body) {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(packet(body));

        assertThat(peer.events).containsExactly("refused 28000 no PostgreSQL user name specified in startup packet");
    }

    @Test
    void S29_takesTheUserForAnEmptyDatabase() {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(startup("user", "ann", "database", ""));

        assertThat(peer.events).containsExactly("startup 3.0 ann ann {}");
    }

    @Test
    void S30_keepsArbitrarySettingsAndLetsThemWinOverOptions() {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(startup(
                "user",
                "ann",
                "search_path",
                "a, b",
                "myapp.tenant",
                "7",
                "options",
                "-c search_path=c -c work_mem=1MB"));

        assertThat(peer.events).containsExactly("startup 3.0 ann ann {search_path=a, b, work_mem=1MB, myapp.tenant=7}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "true|0A000",
                "on|0A000",
                "yes|0A000",
                "1|0A000",
                "T|0A000",
                "database|0A000",
                "o|22023",
                "maybe|22023",
                "''|22023",
                "DATABASE|22023",
            })
    void S32_refusesReplicationAndValuesWithoutMeaning(String value, String sqlState) {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(startup("user", "ann", "replication", value));

        assertThat(peer.events).hasSize(1).first().asString().startsWith("refused " + sqlState);
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "off", "of", "no", "n", "0", "F"})
    void S32_acceptsReplicationThatIsOff(String value) {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(startup("user", "ann", "replication", value));

        assertThat(peer.events).containsExactly("startup 3.0 ann ann {}");
    }

    @Test
    void S34_keepsTwoNamesThatAreNoUtf8Apart() {
        Peer first = new Peer(EncryptionPolicy.OFF);
        Peer second = new Peer(EncryptionPolicy.OFF);

        first.send(packet("user\0\u00e9\0\0"));
        second.send(packet("user\0\u00e8\0\0"));

        assertThat(first.startup.user()).isNotEqualTo(second.startup.user());
    }

    @Test
    void encryptionRequiredRefusesAPlainStartupPacket() {
        Peer peer = new Peer(EncryptionPolicy.REQUIRED);

        peer.send(startup("user", "ann"));

        assertThat(peer.events)
                .containsExactly(
                        "refused 28000 no encryption: connection for user \"ann\", database \"ann\" must use TLS");
    }

    @Test
    void S41_acceptsCancelRequestsInsideAndOutsideTls() {
        Peer outside = new Peer(EncryptionPolicy.REQUIRED);
        Peer inside = new Peer(EncryptionPolicy.REQUIRED);
        Consumer<ByteBuf> cancel = out -> FrontendWriter.cancelRequest(out, new BackendKey(7, new byte[] {1, 2, 3, 4}));

        outside.send(cancel);
        inside.send(SSL_REQUEST);
        inside.negotiation.onTlsEstablished(null);
        inside.send(cancel);

        assertThat(outside.events).containsExactly("cancel 7");
        assertThat(inside.events).last().isEqualTo("cancel 7");
    }

    @Test
    void X12_knowsACancelRequestThatAnotherRouterPassesOn() {
        Consumer<ByteBuf> forwarded = out -> {
            FrontendWriter.forwardedMark(out);
            FrontendWriter.cancelRequest(out, new BackendKey(7, new byte[32]));
        };
        Peer outside = new Peer(EncryptionPolicy.OFFERED);
        Peer inside = new Peer(EncryptionPolicy.OFFERED);

        outside.send(forwarded);
        inside.send(SSL_REQUEST);
        inside.negotiation.onTlsEstablished(null);
        inside.send(forwarded);

        assertThat(outside.events).containsExactly("cancel 7 forwarded");
        assertThat(inside.events).last().isEqualTo("cancel 7 forwarded");
    }

    @Test
    void X12_takesNothingButACancelRequestBehindTheMark() {
        for (Consumer<ByteBuf> packet : List.of(
                startup("user", "ann"), SSL_REQUEST, FrontendWriter::gssEncRequest, FrontendWriter::forwardedMark)) {
            Peer peer = new Peer(EncryptionPolicy.OFFERED);

            peer.send(FrontendWriter::forwardedMark);
            peer.send(packet);

            assertThat(peer.events)
                    .containsExactly("noise another packet than a cancel request behind the mark of a forwarded one");
        }
    }

    @Property(tries = 2000)
    void S15_decidesAtMostOnceWhateverArrives(@ForAll @Size(max = 64) byte[] bytes, @ForAll boolean wellFramed) {
        Peer peer = new Peer(EncryptionPolicy.OFF);

        peer.send(out -> {
            if (wellFramed) {
                out.writeInt(bytes.length + 8).writeInt(ProtocolVersion.V3_0.code());
            }
            out.writeBytes(bytes);
        });
        peer.send(out -> out.writeBytes(bytes));

        assertThat(peer.events.stream().filter(event -> !event.startsWith("negotiate") && !event.startsWith("answer")))
                .hasSizeLessThanOrEqualTo(1);
    }

    private static Consumer<ByteBuf> startup(String... parameters) {
        return startup(ProtocolVersion.V3_0, parameters);
    }

    private static Consumer<ByteBuf> startup(ProtocolVersion version, String... parameters) {
        List<Map.Entry<String, String>> entries = new ArrayList<>();
        for (int i = 0; i < parameters.length; i += 2) {
            entries.add(Map.entry(parameters[i], parameters[i + 1]));
        }
        return out -> FrontendWriter.startup(out, version, entries);
    }

    private static Consumer<ByteBuf> packet(String body) {
        return out -> out.writeInt(body.length() + 8)
                .writeInt(ProtocolVersion.V3_0.code())
                .writeBytes(body.getBytes(ISO_8859_1));
    }

    /** A client's side of the connection, which notes what the negotiation decides. */
    private static final class Peer implements StartupNegotiation.Listener {
        final List<String> events = new ArrayList<>();
        final ByteBuf in = Unpooled.buffer();
        final StartupNegotiation negotiation;
        ClientStartup startup = new ClientStartup(ProtocolVersion.V3_0, "", "", Map.of());

        Peer(EncryptionPolicy policy) {
            negotiation = new StartupNegotiation(policy, this);
        }

        void send(Consumer<ByteBuf> writer) {
            writer.accept(in);
            negotiation.onBytes(in);
        }

        void send(ByteBuf bytes) {
            send(out -> out.writeBytes(bytes));
        }

        @Override
        public void onAnswer(byte answer) {
            events.add("answer " + (char) answer);
        }

        @Override
        public void onUpgrade() {
            events.add("upgrade");
        }

        @Override
        public void onNegotiateVersion(NegotiateProtocolVersion answer) {
            events.add("negotiate " + answer.newest() + " " + answer.unsupportedOptions());
        }

        @Override
        public void onStartup(ClientStartup decided) {
            startup = decided;
            events.add("startup " + decided.version() + " " + decided.user() + " " + decided.database() + " "
                    + decided.settings());
        }

        @Override
        public void onCancel(CancelOrigin origin, BackendKey key) {
            events.add("cancel " + key.processId() + (origin == CancelOrigin.ROUTER ? " forwarded" : ""));
        }

        @Override
        public void onRefused(RouterError error) {
            events.add("refused " + error.response().sqlState() + " "
                    + error.response().message());
        }

        @Override
        public void onNoise(String reason) {
            events.add("noise " + reason);
        }
    }
}
