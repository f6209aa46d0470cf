// SPDX-License-Identifier: Apache-2.0
package io.trunkline.frontend;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.trunkline.auth.BackendCredentials;
import io.trunkline.auth.ChannelBinding;
import io.trunkline.auth.LoginMethod;
import io.trunkline.auth.LoginRefused;
import io.trunkline.auth.MockVerifiers;
import io.trunkline.auth.Password;
import io.trunkline.auth.ScramClient;
import io.trunkline.auth.ScramKeys;
import io.trunkline.auth.ScramVerifier;
import io.trunkline.auth.UserDirectory;
import io.trunkline.auth.UserEntry;
import io.trunkline.error.RouterError;
import io.trunkline.wire.Authentication;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.ProtocolVersion;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientLoginTest {
    private static final byte[] SALT = "0123456789abcdef".getBytes(US_ASCII);
    private static final int ITERATIONS = 64;
    private static final ChannelBinding BINDING = new ChannelBinding(new byte[32]);
    private static final UserDirectory USERS = UserDirectory.of(List.of(
            new UserEntry(
                    "ann",
                    LoginMethod.SCRAM_SHA_256,
                    ScramVerifier.derive(Password.of("secret"), SALT, ITERATIONS),
                    new BackendCredentials("ann", null),
                    Set.of("shop")),
            new UserEntry(
                    "local", LoginMethod.TRUST, null, new BackendCredentials("local", null), UserEntry.ALL_DATABASES)));
    private static final ClientLogin.Authority AUTHORITY =
            new ClientLogin.Authority(USERS, new MockVerifiers(SALT, ITERATIONS), new SecureRandom());

    @Test
    void A01_letsInWhoKnowsThePassword() throws LoginRefused {
        Client client = new Client("ann", "shop", null);

        client.authenticate("secret");

        assertThat(client.events)
                .containsExactly("SASL [SCRAM-SHA-256]", "SASL_CONTINUE", "SASL_FINAL", "OK", "accepted ann shop");
    }

    @Test
    void A02_bindsToTheChannelInsideTls() throws LoginRefused {
        Client client = new Client("ann", "shop", BINDING);

        client.authenticate("secret");

        assertThat(client.events)
                .startsWith("SASL [SCRAM-SHA-256-PLUS, SCRAM-SHA-256]")
                .endsWith("accepted ann shop");
    }

    @Test
    void letsInATrustedUserAtOnceAndLeavesItsBytes() {
        Client client = new Client("local", "any", null);
        FrontendWriter.query(client.in, "select 1");
        client.login.onBytes(client.in);

        assertThat(client.events).containsExactly("OK", "accepted local any");
        assertThat(client.in.readableBytes()).isEqualTo(14);
    }

    @ParameterizedTest
    @CsvSource({"ann,wrong", "nobody,secret"})
    void A12_S38_refusesUnknownUsersAndWrongPasswordsAlike(String user, String password) throws LoginRefused {
        Client client = new Client(user, "shop", null);

        client.authenticate(password);

        assertThat(client.events)
                .containsExactly(
                        "SASL [SCRAM-SHA-256]",
                        "SASL_CONTINUE",
                        "refused 28P01 password authentication failed for user \"" + user + "\"");
    }

    @Test
    void A12_showsUnknownUsersTheSameSaltInEachAttempt() throws LoginRefused {
        Client first = new Client("nobody", "shop", null);
        Client second = new Client("nobody", "shop", null);

        ScramClient.Challenge once = first.challenge();
        ScramClient.Challenge again = second.challenge();

        assertThat(again.salt()).isEqualTo(once.salt());
        assertThat(again.iterations()).isEqualTo(once.iterations()).isEqualTo(ITERATIONS);
    }

    @Test
    void S38_tellsOfDatabasesOnlyAfterTheProof() throws LoginRefused {
        Client client = new Client("ann", "bank", null);

        client.authenticate("secret");

        assertThat(client.events).last().isEqualTo("refused 42501 permission denied for database \"bank\"");
        assertThat(client.events).doesNotContain("OK");
    }

    @ParameterizedTest
    @ValueSource(bytes = {'Q', 'P', 'S', 0, 'R', -1})
    void A16_refusesOtherMessages(byte tag) {
        Client client = new Client("ann", "shop", null);

        client.send(out -> out.writeByte(tag));

        assertThat(client.events)
                .last()
                .isEqualTo("refused 08P01 expected SASL response, got message type " + (tag & 0xff));
    }

    @ParameterizedTest
    @CsvSource({"1073741824", "1025", "3", "-1"})
    void A16_refusesImpossibleLengthsAtTheHeader(int length) {
        Client client = new Client("ann", "shop", null);

        client.send(out -> out.writeByte('p').writeInt(length));

        assertThat(client.events).last().isEqualTo("refused 08P01 invalid message length");
    }

    @Test
    void A16_S42_endsInSilenceOnTerminate() {
        Client client = new Client("ann", "shop", null);

        client.send(FrontendWriter::terminate);

        assertThat(client.events).last().isEqualTo("withdrawn");
    }

    @Test
    void A09_refusesAMechanismThatWasNotOffered() {
        Client client = new Client("ann", "shop", null);

        client.send(out -> FrontendWriter.saslInitialResponse(out, "SCRAM-SHA-256-PLUS", new byte[] {'n'}));

        assertThat(client.events)
                .last()
                .isEqualTo("refused 08P01 client selected an invalid SASL authentication mechanism");
    }

    @Property(tries = 2000)
    void A09_refusesOrWaitsWhateverArrives(@ForAll @Size(max = 80) byte[] bytes, @ForAll boolean wellFramed) {
        Client client = new Client("ann", "shop", null);

        client.send(out -> {
            if (wellFramed) {
                out.writeByte('p').writeInt(bytes.length + 4);
            }
            out.writeBytes(bytes);
        });

        assertThat(client.events).noneMatch(event -> event.startsWith("accepted"));
    }

    @Test
    void S13_readsResponsesByteByByte() throws LoginRefused {
        Client client = new Client("ann", "shop", null);
        client.bytewise = true;

        client.authenticate("secret");

        assertThat(client.events).last().isEqualTo("accepted ann shop");
    }

    /** A client that notes what it is told. */
    private static final class Client implements ClientLogin.Listener {
        final List<String> events = new ArrayList<>();
        final ByteBuf in = Unpooled.buffer();
        final ClientLogin login;
        final @Nullable ChannelBinding binding;
        boolean bytewise;
        private byte[] payload = {};
        private List<String> mechanisms = List.of();

        Client(String user, String database, @Nullable ChannelBinding binding) {
            this.binding = binding;
            ClientStartup startup = new ClientStartup(ProtocolVersion.V3_0, user, database, Map.of());
            login = ClientLogin.of(startup, AUTHORITY, binding, UnpooledByteBufAllocator.DEFAULT, this);
            login.begin();
        }

        void authenticate(String password) throws LoginRefused {
            ScramClient scram = ScramClient.start(mechanisms, binding, new SecureRandom());
            send(out ->
                    FrontendWriter.saslInitialResponse(out, scram.mechanism().wireName(), scram.clientFirst()));
            ScramClient.Challenge challenge = scram.onServerFirst(payload);
            byte[] last = scram.clientFinal(
                    ScramKeys.derive(Password.of(password), challenge.salt(), challenge.iterations()));
            send(out -> FrontendWriter.saslResponse(out, last));
        }

        ScramClient.Challenge challenge() throws LoginRefused {
            ScramClient scram = ScramClient.start(mechanisms, binding, new SecureRandom());
            send(out ->
                    FrontendWriter.saslInitialResponse(out, scram.mechanism().wireName(), scram.clientFirst()));
            return scram.onServerFirst(payload);
        }

        void send(Consumer<ByteBuf> writer) {
            ByteBuf message = Unpooled.buffer();
            writer.accept(message);
            while (message.isReadable()) {
                in.writeBytes(message, bytewise ? 1 : message.readableBytes());
                login.onBytes(in);
            }
        }

        @Override
        public void onWrite(ByteBuf message) {
            Authentication kind = Authentication.read(message, 0, message.readableBytes());
            payload = Authentication.payload(message, 0, message.readableBytes());
            if (kind == Authentication.SASL) {
                mechanisms = Authentication.mechanisms(message, 0, message.readableBytes());
            }
            events.add(kind == Authentication.SASL ? "SASL " + mechanisms : kind.name());
            message.release();
        }

        @Override
        public void onAccepted(ClientIdentity identity) {
            events.add("accepted " + identity.user().name() + " " + identity.database());
        }

        @Override
        public void onRefused(RouterError error) {
            events.add("refused " + error.response().sqlState() + " "
                    + error.response().message());
        }

        @Override
        public void onWithdrawn() {
            events.add("withdrawn");
        }
    }
}
