// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.trunkline.auth.BackendCredentials;
import io.trunkline.auth.LoginMethod;
import io.trunkline.auth.MockVerifiers;
import io.trunkline.auth.Password;
import io.trunkline.auth.ScramVerifier;
import io.trunkline.auth.UserDirectory;
import io.trunkline.auth.UserEntry;
import io.trunkline.frontend.ClientLogin;
import java.security.SecureRandom;
import java.util.List;

/** The users of the transport's tests: {@code ann} with the password {@code secret}, and {@code local}, who is trusted. */
final class TestUsers {
    private static final byte[] SALT = "0123456789abcdef".getBytes(US_ASCII);
    private static final int ITERATIONS = 64;

    static final UserEntry LOCAL = new UserEntry(
            "local", LoginMethod.TRUST, null, new BackendCredentials("local", null), UserEntry.ALL_DATABASES);

    static final ClientLogin.Authority AUTHORITY = new ClientLogin.Authority(
            UserDirectory.of(List.of(
                    new UserEntry(
                            "ann",
                            LoginMethod.SCRAM_SHA_256,
                            ScramVerifier.derive(Password.of("secret"), SALT, ITERATIONS),
                            new BackendCredentials("ann", null),
                            UserEntry.ALL_DATABASES),
                    LOCAL)),
            new MockVerifiers(SALT, ITERATIONS),
            new SecureRandom());

    private TestUsers() {}
}
