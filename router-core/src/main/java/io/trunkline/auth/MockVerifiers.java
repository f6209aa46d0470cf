// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import java.util.Arrays;

/**
 * Verifiers of users who do not exist.
 *
 * <p>An unknown user goes through the same exchange as a known one and fails at the same place. For that two attempts must see the same
 * salt, and a restart or another router should not change it either: the salt is derived from a secret and the name. StoredKey is derived
 * the same way; nobody knows a ClientKey that hashes to it, so no flag for "cannot succeed" is needed.
 *
 * <p>Users of whom only the password is known get the salt of the same formula: one that changed from router to router, or with a restart,
 * would tell them from those who do not exist.
 */
public final class MockVerifiers {
    private final byte[] secret;
    private final int iterations;

    /**
     * Makes mock verifiers that look like those of the real users.
     *
     * @param secret at least 16 random bytes, the same for every router of a deployment
     * @param iterations what the real verifiers say
     */
    public MockVerifiers(byte[] secret, int iterations) {
        if (secret.length < 16) {
            throw new IllegalArgumentException("mock secret of " + secret.length + " bytes (expected: at least 16)");
        }
        this.secret = secret.clone();
        this.iterations = iterations;
    }

    /** Returns the verifier of a name, always the same. */
    public ScramVerifier of(String user) {
        return new ScramVerifier(
                iterations,
                salt(user),
                ScramHash.hmac(secret, "StoredKey " + user),
                ScramHash.hmac(secret, "ServerKey " + user));
    }

    /** Returns the verifier of a user who exists, with the salt it would have if it did not. Takes milliseconds: not on an event loop. */
    public ScramVerifier of(String user, Password password) {
        return ScramVerifier.derive(password, salt(user), iterations);
    }

    private byte[] salt(String user) {
        return Arrays.copyOf(ScramHash.hmac(secret, "salt " + user), ScramVerifier.SALT_BYTES_DEFAULT);
    }
}
