// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.trunkline.auth.ChannelBinding;
import io.trunkline.auth.LoginRefused;
import io.trunkline.auth.Md5Password;
import io.trunkline.auth.Password;
import io.trunkline.auth.ScramKeyCache;
import io.trunkline.auth.ScramMechanism;
import io.trunkline.auth.ScramServer;
import io.trunkline.auth.ScramVerifier;
import io.trunkline.backend.AuthenticationPolicy.Cleartext;
import io.trunkline.backend.AuthenticationPolicy.Method;
import io.trunkline.error.RouterError;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.NegotiateProtocolVersion;
import io.trunkline.wire.ProtocolVersion;
import io.trunkline.wire.Severity;
import io.trunkline.wire.SqlState;
import io.trunkline.wire.StartupPacket;
import io.trunkline.wire.TransactionStatus;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BackendLoginTest {
    private static final Password SECRET = Password.of("secret");
    private static final ScramVerifier VERIFIER =
            ScramVerifier.derive(SECRET, "0123456789abcdef".getBytes(US_ASCII), 64);
    private static final ChannelBinding BINDING = new ChannelBinding(new byte[32]);
    private static final LinkSecurity PLAIN = new LinkSecurity.Plain();
    private static final LinkSecurity TLS = new LinkSecurity.Tls(BINDING);

    private static final Consumer<ByteBuf> OK = BackendWriter::authenticationOk;
    private static final Consumer<ByteBuf> READY = out -> BackendWriter.readyForQuery(out, TransactionStatus.IDLE);

    @Test
    void asksForDatabaseAndParameters() {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        StartupPacket.Startup startup = (StartupPacket.Startup) StartupPacket.decode(node.sent.remove());

        assertThat(startup.parameters())
                .containsExactly(
                        Map.entry("user", "ann"),
                        Map.entry("database", "shop"),
                        Map.entry("application_name", "trunkline"));
        assertThat(startup.version()).isEqualTo(ProtocolVersion.V3_0);
    }

    @Test
    void collectsParametersAndKeyUntilReady() {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.send(OK);
        node.send(out -> BackendWriter.parameterStatus(out, "server_version", "18.6"));
        node.send(out -> BackendWriter.noticeResponse(out, error("a notice")));
        node.send(out -> BackendWriter.backendKeyData(out, new BackendKey(7, new byte[] {1, 2, 3, 4})));
        node.send(READY);

        assertThat(node.events).containsExactly("ready {server_version=18.6} 7 3.0");
    }

    @Test
    void leavesWhatComesBehindReadyForQuery() {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.send(OK.andThen(READY).andThen(out -> BackendWriter.noticeResponse(out, error("later"))));

        assertThat(node.events).containsExactly("ready {} 0 3.0");
        assertThat(node.in.isReadable()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void A01_A24_logsInByScramWithTheStrongestMechanism(boolean encrypted) throws LoginRefused {
        Node node = new Node(AuthenticationPolicy.DEFAULT, encrypted ? TLS : PLAIN);

        node.scram(VERIFIER);
        node.send(OK.andThen(READY));

        assertThat(node.events).containsExactly("ready {} 0 3.0");
        assertThat(node.selected)
                .isEqualTo(encrypted ? ScramMechanism.SCRAM_SHA_256_PLUS : ScramMechanism.SCRAM_SHA_256);
    }

    @Test
    void A14_logsInByMd5() {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);
        node.sent.clear();

        node.send(out -> BackendWriter.authenticationMd5Password(out, new byte[] {1, 2, 3, 4}));
        String answer = node.passwordMessage();
        node.send(OK.andThen(READY));

        assertThat(answer).isEqualTo(Md5Password.answer("ann", SECRET, new byte[] {1, 2, 3, 4}));
        assertThat(node.events).containsExactly("ready {} 0 3.0");
    }

    @Test
    void A15_sendsACleartextPasswordInsideTls() {
        Node node = new Node(AuthenticationPolicy.DEFAULT, TLS);
        node.sent.clear();

        node.send(BackendWriter::authenticationCleartextPassword);

        assertThat(node.passwordMessage()).isEqualTo("secret");
    }

    @ParameterizedTest
    @CsvSource({"INSIDE_TLS,false", "NEVER,true", "NEVER,false"})
    void A15_A25_sendsNoCleartextPasswordAgainstThePolicy(Cleartext rule, boolean encrypted) {
        Node node = new Node(new AuthenticationPolicy(Method.NONE, rule), encrypted ? TLS : PLAIN);
        node.sent.clear();

        node.send(BackendWriter::authenticationCleartextPassword);

        assertThat(node.sent).isEmpty();
        assertThat(node.events).hasSize(1).first().asString().startsWith("failed 28000");
    }

    @ParameterizedTest
    @EnumSource(
            value = Authentication.class,
            names = {"NOTHING", "CLEARTEXT", "MD5", "SCRAM_WITHOUT_BINDING"})
    void A25_takesNoPartInLessThanTheMinimum(Authentication offered) {
        Node node = new Node(new AuthenticationPolicy(Method.SCRAM_SHA_256_PLUS, Cleartext.ALWAYS), TLS);
        node.sent.clear();

        node.send(offered.writer);

        assertThat(node.sent).isEmpty();
        assertThat(node.events)
                .hasSize(1)
                .first()
                .asString()
                .startsWith("failed 28000")
                .contains("expected: at least SCRAM_SHA_256_PLUS");
    }

    private enum Authentication {
        NOTHING(OK),
        CLEARTEXT(BackendWriter::authenticationCleartextPassword),
        MD5(out -> BackendWriter.authenticationMd5Password(out, new byte[4])),
        SCRAM_WITHOUT_BINDING(out -> BackendWriter.authenticationSasl(out, List.of("SCRAM-SHA-256")));

        final Consumer<ByteBuf> writer;

        Authentication(Consumer<ByteBuf> writer) {
            this.writer = writer;
        }
    }

    @Test
    void A25_refusesOkBeforeTheServerProvedItself() throws LoginRefused {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.scramUpToClientFinal(VERIFIER);
        node.send(OK.andThen(READY));

        assertThat(node.events)
                .hasSize(1)
                .first()
                .asString()
                .startsWith("failed 28000")
                .contains("did not prove that it knows the password");
    }

    @Test
    void A25_refusesAWrongServerSignature() throws LoginRefused {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.scramUpToClientFinal(VERIFIER);
        node.send(out -> BackendWriter.authenticationSaslFinal(
                out, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=".getBytes(US_ASCII)));
        node.send(OK.andThen(READY));

        assertThat(node.events)
                .containsExactly("failed 28000 authentication with a node failed: incorrect server signature");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 7, 8, 9, 6, 42, -1})
    void A24_namesAnUnsupportedAuthentication(int code) {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.send(out -> out.writeByte('R').writeInt(8).writeInt(code));

        assertThat(node.events)
                .hasSize(1)
                .first()
                .asString()
                .startsWith("failed ")
                .contains("not supported");
    }

    @Test
    void A24_refusesMechanismsItDoesNotKnow() {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.send(out -> BackendWriter.authenticationSasl(out, List.of("OAUTHBEARER")));

        assertThat(node.events)
                .hasSize(1)
                .first()
                .asString()
                .contains("none of the offered SASL mechanisms is supported");
    }

    @Test
    void saysWhichPasswordIsMissing() {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN, null, ProtocolVersion.V3_0);

        node.send(out -> BackendWriter.authenticationMd5Password(out, new byte[4]));

        assertThat(node.events)
                .hasSize(1)
                .first()
                .asString()
                .contains("asks for the password of role \"ann\", and none is configured");
    }

    @ParameterizedTest
    @ValueSource(strings = {"28P01", "3D000", "53300", "57P03", "28000", "ZZZZZ"})
    void A26_passesTheNodesOwnWordsOn(String sqlState) {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.send(out -> BackendWriter.errorResponse(
                out, error("no way").with(ErrorResponse.SQLSTATE, sqlState).with(ErrorResponse.SEVERITY, "FATAL")));

        assertThat(node.events).containsExactly("failed " + sqlState + " no way");
    }

    @Test
    void A26_M08_toleratesAnErrorWithoutSqlState() {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.send(out -> out.writeByte('E').writeInt(5).writeByte(0));

        assertThat(node.events).hasSize(1).first().asString().startsWith("failed 08P01 node \"n1\"");
    }

    @ParameterizedTest
    @CsvSource({"0,false", "2,false", "1,true", "3,true"})
    void S26_acceptsOnlyASensibleVersion(int minor, boolean fails) {
        // 3.2 was asked for: 3.0 is an answer; 3.2 changes nothing, 3.1 does not exist, 3.3 was not asked for.
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN, SECRET, ProtocolVersion.V3_2);

        node.send(out -> BackendWriter.negotiateProtocolVersion(
                out, new NegotiateProtocolVersion(new ProtocolVersion(3, minor), List.of())));
        node.send(OK.andThen(READY));

        boolean refused = fails || minor == 2;
        assertThat(node.events).hasSize(1).first().asString().startsWith(refused ? "failed 08P01" : "ready {} 0 3.0");
    }

    @Test
    void S26_refusesOptionsThatWereNotSent() {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN, SECRET, ProtocolVersion.V3_2);

        node.send(out -> BackendWriter.negotiateProtocolVersion(
                out, new NegotiateProtocolVersion(ProtocolVersion.V3_0, List.of("_pq_.x"))));

        assertThat(node.events).hasSize(1).first().asString().startsWith("failed 08P01");
    }

    @Test
    void S25_speaksTheVersionTheNodeAgreedTo() {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN, SECRET, ProtocolVersion.V3_2);

        node.send(OK.andThen(out -> BackendWriter.backendKeyData(out, new BackendKey(7, new byte[32])))
                .andThen(READY));

        assertThat(node.events).containsExactly("ready {} 7 3.2");
    }

    @ParameterizedTest
    @CsvSource({"R,-1", "R,3", "S,2147483647", "E,65537"})
    void M08_refusesImpossibleLengths(char tag, int length) {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.send(out -> out.writeByte(tag).writeInt(length));

        assertThat(node.events).hasSize(1).first().asString().startsWith("failed 08P01");
    }

    @ParameterizedTest
    @ValueSource(chars = {'S', 'K', 'Z', 'D', 'T', 'C', '1', 'z'})
    void M08_refusesMessagesBeforeTheirTime(char tag) {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.send(out -> out.writeByte(tag).writeInt(4));

        assertThat(node.events).hasSize(1).first().asString().contains("unexpected message type " + (int) tag);
    }

    @Test
    void M08_refusesReadinessInATransaction() {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.send(OK.andThen(out -> BackendWriter.readyForQuery(out, TransactionStatus.FAILED)));

        assertThat(node.events).hasSize(1).first().asString().startsWith("failed 08P01");
    }

    @Test
    void M08_refusesAnEndlessLogin() {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.send(OK);
        for (int i = 0; i < BackendLogin.MESSAGES_MAX; i++) {
            node.send(out -> BackendWriter.parameterStatus(out, "x", "y"));
        }

        assertThat(node.events).hasSize(1).first().asString().contains("more than 1000 messages during login");
    }

    @Test
    void M08_refusesToKeepParametersWithoutEnd() {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.send(OK);
        for (int i = 0; i <= ReportedParameters.COUNT_MAX; i++) {
            String name = "p" + i;
            node.send(out -> BackendWriter.parameterStatus(out, name, "y"));
        }

        assertThat(node.events).hasSize(1).first().asString().contains("more than 100 reported parameters");
    }

    @Test
    void failsOnceWhenTheNodeCloses() {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.login.onClosed();
        node.login.onClosed();

        assertThat(node.events).containsExactly("failed 08006 node \"n1\" closed the connection during login");
    }

    @Property(tries = 3000)
    void M08_decidesAtMostOnceWhateverTheNodeSends(@ForAll("messages") byte[] stream) {
        Node node = new Node(AuthenticationPolicy.DEFAULT, PLAIN);

        node.send(out -> out.writeBytes(stream));
        node.login.onClosed();

        assertThat(node.events).hasSize(1);
    }

    @Provide
    Arbitrary<byte[]> messages() {
        Arbitrary<byte[]> body = Arbitraries.bytes().array(byte[].class).ofMaxSize(24);
        Arbitrary<Character> tag = Arbitraries.of('R', 'S', 'K', 'Z', 'E', 'N', 'v', 'D');
        Arbitrary<byte[]> framed = tag.flatMap(t -> body.map(bytes -> Unpooled.buffer()
                        .writeByte(t)
                        .writeInt(bytes.length + 4)
                        .writeBytes(bytes))
                .map(BackendLoginTest::bytes));
        Arbitrary<byte[]> ok = Arbitraries.of(true).map(yes -> {
            ByteBuf out = Unpooled.buffer();
            OK.accept(out);
            return bytes(out);
        });
        return Arbitraries.oneOf(framed, body, ok).list().ofMaxSize(6).map(pieces -> {
            ByteBuf all = Unpooled.buffer();
            pieces.forEach(all::writeBytes);
            return bytes(all);
        });
    }

    private static byte[] bytes(ByteBuf buffer) {
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.readBytes(bytes);
        return bytes;
    }

    private static ErrorResponse error(String message) {
        return ErrorResponse.of(Severity.FATAL, SqlState.INTERNAL_ERROR, message);
    }

    /** The node's side of a login, which notes how it ended. Keys are derived at once, byte after byte arrives on its own. */
    private static final class Node implements BackendLogin.Listener {
        final List<String> events = new ArrayList<>();
        final Deque<ByteBuf> sent = new ArrayDeque<>();
        final ByteBuf in = Unpooled.buffer();
        final BackendLogin login;
        private final LinkSecurity security;

        @Nullable
        ScramMechanism selected;

        Node(AuthenticationPolicy policy, LinkSecurity security) {
            this(policy, security, SECRET, ProtocolVersion.V3_0);
        }

        Node(AuthenticationPolicy policy, LinkSecurity security, @Nullable Password password, ProtocolVersion version) {
            this.security = security;
            BackendLogin.Request request = new BackendLogin.Request(
                    "n1", "ann", password, "shop", Map.of("application_name", "trunkline"), version);
            BackendLogin.Environment environment =
                    new BackendLogin.Environment(policy, new ScramKeyCache(Runnable::run, 10), new SecureRandom());
            login = new BackendLogin(
                    request, environment, security, Runnable::run, UnpooledByteBufAllocator.DEFAULT, this);
            login.begin();
        }

        void send(Consumer<ByteBuf> writer) {
            ByteBuf message = Unpooled.buffer();
            writer.accept(message);
            while (message.isReadable()) {
                in.writeByte(message.readByte());
                login.onBytes(in);
            }
        }

        void scram(ScramVerifier verifier) throws LoginRefused {
            ScramServer server = scramUpToClientFinal(verifier);
            byte[] last = server.onClientFinal(passwordBytes());
            send(out -> BackendWriter.authenticationSaslFinal(out, last));
        }

        ScramServer scramUpToClientFinal(ScramVerifier verifier) throws LoginRefused {
            ScramServer server = ScramServer.start("ann", verifier, security.binding(), new SecureRandom());
            List<String> offered =
                    server.mechanisms().stream().map(ScramMechanism::wireName).toList();
            sent.clear();
            send(out -> BackendWriter.authenticationSasl(out, offered));
            byte[] initial = passwordBytes();
            int nul = new String(initial, US_ASCII).indexOf('\0');
            ScramMechanism mechanism = ScramMechanism.named(new String(initial, 0, nul, US_ASCII));
            assertThat(mechanism).isNotNull();
            selected = mechanism;
            byte[] first = server.onClientFirst(mechanism, Arrays.copyOfRange(initial, nul + 5, initial.length));
            send(out -> BackendWriter.authenticationSaslContinue(out, first));
            return server;
        }

        String passwordMessage() {
            byte[] body = passwordBytes();
            return new String(body, 0, body.length - 1, US_ASCII);
        }

        private byte[] passwordBytes() {
            ByteBuf message = sent.removeLast();
            assertThat(message.readByte()).isEqualTo((byte) 'p');
            assertThat(message.readInt()).isEqualTo(message.readableBytes() + 4);
            return bytes(message);
        }

        @Override
        public void onWrite(ByteBuf message) {
            sent.add(message);
        }

        @Override
        public void onLoggedIn(BackendLogin.Result result) {
            events.add("ready " + result.parameters() + " " + result.key().processId() + " " + result.version());
        }

        @Override
        public void onFailed(RouterError error) {
            events.add("failed " + error.response().sqlState() + " "
                    + error.response().message());
        }
    }
}
