// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.trunkline.wire.ErrorResponse;
import java.security.SecureRandom;
import java.util.Base64;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScramServerTest {
    /** The example of RFC 7677, section 3. */
    private static final byte[] SALT = Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ==");

    private static final ScramVerifier PENCIL = ScramVerifier.derive(Password.of("pencil"), SALT, 4096);
    private static final String SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    private static final ChannelBinding BINDING = new ChannelBinding("certificate hash".getBytes(US_ASCII));

    @Test
    void A01_acceptsTheProofOfRfc7677() throws LoginRefused {
        ScramServer server = new ScramServer("user", PENCIL, null, SERVER_NONCE);

        String first =
                text(server.onClientFirst(ScramMechanism.SCRAM_SHA_256, bytes("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")));
        String last = text(server.onClientFinal(bytes("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")));

        assertThat(first)
                .isEqualTo("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        assertThat(last).isEqualTo("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"SCRAM_SHA_256|n,,", "SCRAM_SHA_256_PLUS|p=tls-server-end-point,,"})
    void A01_acceptsEachHeaderWithItsBinding(ScramMechanism mechanism, String header) throws LoginRefused {
        ScramServer server = new ScramServer("user", PENCIL, BINDING, SERVER_NONCE);
        ScramClient client = new ScramClient(mechanism, header, header.startsWith("p") ? BINDING : null, "", "abc");

        exchange(client, server, "pencil");

        assertThat(client.isServerVerified()).isTrue();
    }

    @Test
    void A01_acceptsAClientThatWouldBindWhenWeCannot() throws LoginRefused {
        ScramServer server = new ScramServer("user", PENCIL, null, SERVER_NONCE);
        ScramClient client = new ScramClient(ScramMechanism.SCRAM_SHA_256, "y,,", null, "", "abc");

        exchange(client, server, "pencil");

        assertThat(client.isServerVerified()).isTrue();
    }

    @Test
    void A02_offersBindingFirstAndOnlyInsideTls() {
        ScramServer inside = new ScramServer("user", PENCIL, BINDING, SERVER_NONCE);
        ScramServer outside = new ScramServer("user", PENCIL, null, SERVER_NONCE);

        assertThat(inside.mechanisms())
                .containsExactly(ScramMechanism.SCRAM_SHA_256_PLUS, ScramMechanism.SCRAM_SHA_256);
        assertThat(outside.mechanisms()).containsExactly(ScramMechanism.SCRAM_SHA_256);
    }

    @Test
    void A03_refusesAClientThatWasToldThereIsNoBinding() {
        ErrorResponse refusal = refusalOfFirst(BINDING, ScramMechanism.SCRAM_SHA_256, "y,,n=,r=abc");

        assertThat(refusal.sqlState()).isEqualTo("28000");
        assertThat(refusal.message()).isEqualTo("SCRAM channel binding negotiation error");
    }

    @Test
    void A05_refusesABindingToAnotherCertificate() {
        ScramServer server = new ScramServer("user", PENCIL, BINDING, SERVER_NONCE);
        ChannelBinding other = new ChannelBinding("another certificate".getBytes(US_ASCII));
        ScramClient client =
                new ScramClient(ScramMechanism.SCRAM_SHA_256_PLUS, "p=tls-server-end-point,,", other, "", "abc");

        LoginRefused refused = catchThrowableOfType(LoginRefused.class, () -> exchange(client, server, "pencil"));

        assertThat(refused.error().response().sqlState()).isEqualTo("28000");
        assertThat(refused).hasMessage("SCRAM channel binding check failed");
    }

    @Test
    void refusesAWrongPasswordInTheWordsOfPostgreSql() {
        ScramServer server = new ScramServer("user", PENCIL, null, SERVER_NONCE);
        ScramClient client = new ScramClient(ScramMechanism.SCRAM_SHA_256, "n,,", null, "", "abc");

        LoginRefused refused = catchThrowableOfType(LoginRefused.class, () -> exchange(client, server, "pen"));

        assertThat(refused.error().response().sqlState()).isEqualTo("28P01");
        assertThat(refused).hasMessage("password authentication failed for user \"user\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "^^|08P01|malformed SCRAM message",
                "x,,n=,r=abc|08P01|malformed SCRAM message",
                "n,a=other,n=,r=abc|0A000|client uses authorization identity, but it is not supported",
                "n,,m=x,n=,r=abc|0A000|client requires an unsupported SCRAM extension",
                "n,,r=abc|08P01|malformed SCRAM message",
                "n,,n=|08P01|malformed SCRAM message",
                "n,,n=,r=|08P01|non-printable characters in SCRAM nonce",
                "n,,n=,r=a b|08P01|non-printable characters in SCRAM nonce",
                "n,,n=,r=a\u00e9b|08P01|non-printable characters in SCRAM nonce",
                "n,,n=,r=abc,5=x|08P01|malformed SCRAM message",
                "p=tls-server-end-point,,n=,r=abc|08P01|malformed SCRAM message",
            })
    void A09_refusesMalformedClientFirst(String message, String sqlState, String text) {
        ErrorResponse refusal = refusalOfFirst(null, ScramMechanism.SCRAM_SHA_256, message);

        assertThat(refusal.sqlState()).isEqualTo(sqlState);
        assertThat(refusal.message()).isEqualTo(text);
        assertThat(refusal.severity()).isEqualTo("FATAL");
    }

    @Test
    void A09_refusesNulBytesAndCarriageReturns() {
        ErrorResponse nul = refusalOfFirst(null, ScramMechanism.SCRAM_SHA_256, "n,,n=,r=a\0b");
        ErrorResponse carriageReturn = refusalOfFirst(null, ScramMechanism.SCRAM_SHA_256, "n,,n=,r=a\rb");

        assertThat(nul.detail()).isEqualTo("Message length does not match input length.");
        assertThat(carriageReturn.message()).isEqualTo("non-printable characters in SCRAM nonce");
    }

    @Test
    void A09_refusesBindingOfAnotherType() {
        ErrorResponse refusal = refusalOfFirst(BINDING, ScramMechanism.SCRAM_SHA_256_PLUS, "p=tls-unique,,n=,r=abc");

        assertThat(refusal.message()).isEqualTo("unsupported SCRAM channel-binding type");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "c=biws,r=abcXYZ|malformed SCRAM message",
                "c=biws,r=abcXYZ,p=|malformed SCRAM message",
                "c=biws,r=abcXYZ,p=!!!|malformed SCRAM message",
                "c=biws,r=abcXYZ,p=AAAA|malformed SCRAM message",
                "r=abcXYZ,c=biws,p=AAAA|malformed SCRAM message",
                "c=eSws,r=abcXYZ,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=|"
                        + "unexpected SCRAM channel-binding attribute in client-final-message",
                "c=biws,r=abcABC,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=|invalid SCRAM response",
                "c=biws,r=abcXYZ,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=,x=y|malformed SCRAM message",
            })
    void A09_refusesMalformedClientFinal(String message, String text) throws LoginRefused {
        ScramServer server = new ScramServer("user", PENCIL, null, "XYZ");
        server.onClientFirst(ScramMechanism.SCRAM_SHA_256, bytes("n,,n=,r=abc"));

        LoginRefused refused = catchThrowableOfType(LoginRefused.class, () -> server.onClientFinal(bytes(message)));

        assertThat(refused).hasMessage(text);
        assertThat(refused.error().response().sqlState()).isEqualTo("08P01");
    }

    @Property
    void A09_onlyEverRefusesWhateverTheClientSends(
            @ForAll("scramLike") String first, @ForAll("scramLike") String last) {
        ScramServer server = ScramServer.start("user", PENCIL, BINDING, new SecureRandom());

        assertThatCode(() -> {
                    try {
                        server.onClientFirst(ScramMechanism.SCRAM_SHA_256, bytes(first));
                        server.onClientFinal(bytes(last));
                    } catch (LoginRefused expected) {
                        assertThat(expected.error().response().isFatal()).isTrue();
                    }
                })
                .doesNotThrowAnyException();
    }

    @Provide
    Arbitrary<String> scramLike() {
        Arbitrary<String> piece = Arbitraries.of(
                "n",
                "y",
                "p=tls-server-end-point",
                ",",
                ",,",
                "n=",
                "r=",
                "c=",
                "biws",
                "p=",
                "=",
                "AAAA",
                "m=",
                "a=",
                "s=",
                "\0",
                "\u00e9",
                "abc",
                "i=",
                "-1",
                "4096");
        return piece.list().ofMaxSize(12).map(pieces -> String.join("", pieces));
    }

    @Test
    void A12_givesUnknownUsersTheSameSaltEachTime() {
        MockVerifiers mocks = new MockVerifiers("0123456789abcdef".getBytes(US_ASCII), 4096);

        ScramVerifier once = mocks.of("nobody");
        ScramVerifier again = mocks.of("nobody");

        assertThat(again).isEqualTo(once);
        assertThat(once.salt()).hasSize(16).isNotEqualTo(mocks.of("somebody").salt());
        assertThat(once.iterations()).isEqualTo(4096);
    }

    private static ErrorResponse refusalOfFirst(
            @Nullable ChannelBinding binding, ScramMechanism mechanism, @Nullable String message) {
        ScramServer server = new ScramServer("user", PENCIL, binding, SERVER_NONCE);
        LoginRefused refused = catchThrowableOfType(
                LoginRefused.class, () -> server.onClientFirst(mechanism, bytes(message == null ? "" : message)));
        return refused.error().response();
    }

    static void exchange(ScramClient client, ScramServer server, String password) throws LoginRefused {
        byte[] serverFirst = server.onClientFirst(client.mechanism(), client.clientFirst());
        ScramClient.Challenge challenge = client.onServerFirst(serverFirst);
        ScramKeys keys = ScramKeys.derive(Password.of(password), challenge.salt(), challenge.iterations());
        client.onServerFinal(server.onClientFinal(client.clientFinal(keys)));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, ISO_8859_1);
    }
}
