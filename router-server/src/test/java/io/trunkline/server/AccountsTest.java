// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.auth.ScramVerifier;
import io.trunkline.server.config.ConfigLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccountsTest {
    @TempDir
    Path directory;

    @Test
    void theSaltOfAPasswordTellsNothingOfWhetherTheUserExists() throws Exception {
        Accounts one = read("users: {decoy_secret: 0123456789abcdef, inline: {app: {password: s3cret}}}");
        Accounts other = read("users: {decoy_secret: 0123456789abcdef, inline: {app: {password: another}}}");
        Accounts without = read("users: {decoy_secret: 0123456789abcdef}");

        ScramVerifier verifier = verifier(one);
        ScramVerifier decoy = without.unknown().of("app");
        assertThat(verifier.salt()).isEqualTo(verifier(other).salt()).isEqualTo(decoy.salt());
        assertThat(verifier.iterations()).isEqualTo(decoy.iterations());
        assertThat(verifier.storedKey()).isNotEqualTo(verifier(other).storedKey());
    }

    @Test
    void saltsDifferWithTheSecret() throws Exception {
        Accounts one = read("users: {inline: {app: {password: s3cret}}}");
        Accounts other = read("users: {inline: {app: {password: s3cret}}}");

        assertThat(verifier(one).salt()).isNotEqualTo(verifier(other).salt());
    }

    private static ScramVerifier verifier(Accounts accounts) {
        return accounts.users().find("app").verifier();
    }

    private Accounts read(String yaml) throws Exception {
        ConfigLoader loader = new ConfigLoader();
        return Accounts.read(loader.load(Files.writeString(directory.resolve("t.yaml"), yaml)), loader);
    }
}
