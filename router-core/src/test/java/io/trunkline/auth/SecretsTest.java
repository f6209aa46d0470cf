// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SecretsTest {
    private static final byte[] SALT = "0123456789abcdef".getBytes(UTF_8);

    @Test
    void printsAVerifierAsPostgreSqlKeepsIt() {
        // The password and salt of the example in RFC 7677.
        String secret = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
                + ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

        ScramVerifier parsed = ScramVerifier.parse(secret);

        assertThat(parsed.print()).isEqualTo(secret);
        assertThat(parsed).isEqualTo(ScramVerifier.derive(Password.of("pencil"), parsed.salt(), parsed.iterations()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "secret",
                "md5d8578edf8458ce06fbc5bb76a58c5ca4",
                "SCRAM-SHA-256$0:AAAA$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
                "SCRAM-SHA-256$4096:AAAA$AAAA:AAAA",
                "SCRAM-SHA-256$4096:A$AAAA:AAAA",
                "SCRAM-SHA-256$4096:AAAA$AAAA",
                "SCRAM-SHA-256$99999999999:AAAA$AAAA:AAAA",
            })
    void refusesWhatIsNoVerifierWithoutRepeatingIt(String secret) {
        assertThatThrownBy(() -> ScramVerifier.parse(secret))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .doesNotContain("secret")
                .doesNotContain("d8578edf");
    }

    @Test
    void A28_neverPrintsASecret() {
        Password password = Password.of("hunter2");
        ScramVerifier verifier = ScramVerifier.derive(password, SALT, 1);
        UserEntry user = new UserEntry(
                "ann",
                LoginMethod.SCRAM_SHA_256,
                verifier,
                new BackendCredentials("ann", password),
                UserEntry.ALL_DATABASES);

        String printed = user + " " + ScramKeys.derive(password, SALT, 1);

        assertThat(printed).contains("ann").doesNotContain("hunter2");
        assertThat(printed).doesNotContain(verifier.print()).doesNotContain("[B@");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "I\u00adX|IX", // soft hyphen is mapped to nothing
                "user|user",
                "USER|USER",
                "\u00aa|a", // feminine ordinal, NFKC
                "\u2168|IX", // roman numeral nine, NFKC
                "a\u00a0b|a b", // non-ASCII space is mapped to space
                "a\u0007b|a\u0007b", // prohibited: taken as it is
                "\u0627\u0031|\u0627\u0031", // violates the rule for right-to-left text: taken as it is
                "\u0221|\u0221", // unassigned in Unicode 3.2: taken as it is
            })
    void A10_preparesPasswordsAsPostgreSqlDoes(String password, String prepared) {
        assertThat(new String(Password.of(password).prepared(), UTF_8)).isEqualTo(prepared);
    }

    @Test
    void A14_answersMd5AsPostgreSqlExpects() {
        String answer = Md5Password.answer("ann", Password.of("secret"), new byte[] {1, 2, 3, 4});

        // printf 'secretann' | md5sum, then printf '<that>\1\2\3\4' | md5sum
        assertThat(answer).isEqualTo("md59009ce60b9ca97f1e752376843d1309e");
    }

    @Test
    void findsUsersByExactName() {
        UserEntry ann = trusted("ann", Set.of("shop"));

        UserDirectory users = UserDirectory.of(List.of(ann));

        assertThat(users.find("ann")).isSameAs(ann);
        assertThat(users.find("Ann")).isNull();
        assertThat(ann.mayEnter("shop")).isTrue();
        assertThat(ann.mayEnter("bank")).isFalse();
    }

    @Test
    void refusesTheSameUserTwice() {
        List<UserEntry> twice = List.of(trusted("ann", Set.of()), trusted("ann", Set.of()));

        assertThatThrownBy(() -> UserDirectory.of(twice)).hasMessage("user \"ann\" is listed twice");
    }

    @Test
    void S33_refusesNamesPostgreSqlWouldCut() {
        assertThatThrownBy(() -> trusted("é".repeat(32), Set.of()))
                .hasMessage("user name of 64 bytes (expected: 1..63)");
    }

    private static UserEntry trusted(String name, Set<String> databases) {
        return new UserEntry(name, LoginMethod.TRUST, null, new BackendCredentials(name, null), databases);
    }
}
