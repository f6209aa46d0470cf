// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.security.SecureRandom;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScramClientTest {
    private static final ChannelBinding BINDING = new ChannelBinding(new byte[] {1, 2, 3});

    @Test
    void A01_producesTheProofOfRfc7677() throws LoginRefused {
        ScramClient client = new ScramClient(ScramMechanism.SCRAM_SHA_256, "n,,", null, "user", "rOprNGfwEbeRWgbNEkqO");

        ScramClient.Challenge challenge = client.onServerFirst(
                bytes("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
        byte[] last =
                client.clientFinal(ScramKeys.derive(Password.of("pencil"), challenge.salt(), challenge.iterations()));
        client.onServerFinal(bytes("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));

        assertThat(new String(client.clientFirst(), ISO_8859_1)).isEqualTo("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        assertThat(new String(last, ISO_8859_1))
                .isEqualTo("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                        + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        assertThat(client.isServerVerified()).isTrue();
    }

    @Test
    void A24_picksBindingWhenBothSidesHaveIt() throws LoginRefused {
        ScramClient client = start(List.of("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"), BINDING);

        assertThat(client.mechanism()).isEqualTo(ScramMechanism.SCRAM_SHA_256_PLUS);
        assertThat(new String(client.clientFirst(), ISO_8859_1)).startsWith("p=tls-server-end-point,,n=,r=");
    }

    @Test
    void A03_saysThatItWouldBindWhenTheOfferIsMissing() throws LoginRefused {
        ScramClient client = start(List.of("SCRAM-SHA-256"), BINDING);

        assertThat(new String(client.clientFirst(), ISO_8859_1)).startsWith("y,,");
    }

    @Test
    void A24_refusesWhenNoMechanismIsKnown() {
        LoginRefused refused = catchThrowableOfType(LoginRefused.class, () -> start(List.of("OAUTHBEARER"), BINDING));

        assertThat(refused).hasMessageContaining("none of the offered SASL mechanisms is supported");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "m=x,r=abcXYZ,s=AAAA,i=4096",
                "r=abc,s=AAAA,i=4096",
                "r=xyzabc,s=AAAA,i=4096",
                "r=abcXYZ,s=,i=4096",
                "r=abcXYZ,s=!,i=4096",
                "r=abcXYZ,s=AAAA,i=0",
                "r=abcXYZ,s=AAAA,i=-5",
                "r=abcXYZ,s=AAAA,i=1000001",
                "r=abcXYZ,s=AAAA,i=2147483648",
                "r=abcXYZ,s=AAAA,i=99999999999999999999",
                "r=abcXYZ,s=AAAA,i=4096x",
                "r=abcXYZ,s=AAAA",
                "s=AAAA,r=abcXYZ,i=4096",
            })
    void A09_refusesAHostileServerFirst(String message) {
        ScramClient client = new ScramClient(ScramMechanism.SCRAM_SHA_256, "n,,", null, "", "abc");

        LoginRefused refused = catchThrowableOfType(LoginRefused.class, () -> client.onServerFirst(bytes(message)));

        assertThat(refused).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "v=", "v=AAAA", "e=other-error", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="})
    void A25_refusesAServerThatDoesNotKnowThePassword(String message) throws LoginRefused {
        ScramClient client = new ScramClient(ScramMechanism.SCRAM_SHA_256, "n,,", null, "", "abc");
        ScramClient.Challenge challenge = client.onServerFirst(bytes("r=abcXYZ,s=AAAA,i=1"));
        client.clientFinal(ScramKeys.derive(Password.of("pencil"), challenge.salt(), challenge.iterations()));

        LoginRefused refused = catchThrowableOfType(LoginRefused.class, () -> client.onServerFinal(bytes(message)));

        assertThat(refused).isNotNull();
        assertThat(client.isServerVerified()).isFalse();
    }

    @Test
    void A25_refusesAServerFinalBeforeTheChallenge() {
        ScramClient client = new ScramClient(ScramMechanism.SCRAM_SHA_256, "n,,", null, "", "abc");

        LoginRefused refused = catchThrowableOfType(LoginRefused.class, () -> client.onServerFinal(bytes("v=AAAA")));

        assertThat(refused).hasMessageContaining("unexpected SCRAM server-final-message");
    }

    @Property
    void A09_onlyEverRefusesWhateverTheServerSends(@ForAll("scramLike") String message) {
        ScramClient client = new ScramClient(ScramMechanism.SCRAM_SHA_256, "n,,", null, "", "abc");

        assertThatCode(() -> {
                    try {
                        client.onServerFirst(bytes(message));
                    } catch (LoginRefused expected) {
                        assertThat(client.isServerVerified()).isFalse();
                    }
                })
                .doesNotThrowAnyException();
    }

    @Provide
    Arbitrary<String> scramLike() {
        Arbitrary<String> piece = Arbitraries.of(
                "r=", "abc", "abcXYZ", ",", "s=", "AAAA", "i=", "4096", "-", "9999999", "m=", "=", "\0", "\u00ff");
        return piece.list().ofMaxSize(12).map(pieces -> String.join("", pieces));
    }

    private static ScramClient start(List<String> offered, ChannelBinding binding) throws LoginRefused {
        return ScramClient.start(offered, binding, new SecureRandom());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }
}
