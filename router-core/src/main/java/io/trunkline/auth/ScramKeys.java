// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import java.util.Arrays;

/**
 * What a SCRAM client knows after the slow part: ClientKey proves it to the server, ServerKey checks the server.
 *
 * <p>As good as the password for every verifier with the same salt and iterations, so it is never printed.
 *
 * @param clientKey HMAC(SaltedPassword, "Client Key"), 32 bytes
 * @param serverKey HMAC(SaltedPassword, "Server Key"), 32 bytes
 */
public record ScramKeys(byte[] clientKey, byte[] serverKey) {

    /** Returns the keys of a password. Takes milliseconds: call it off the event loops, see {@link ScramKeyCache}. */
    public static ScramKeys derive(Password password, byte[] salt, int iterations) {
        byte[] salted = ScramHash.hi(password.prepared(), salt, iterations);
        return new ScramKeys(ScramHash.hmac(salted, "Client Key"), ScramHash.hmac(salted, "Server Key"));
    }

    /** Returns H(ClientKey), what the server stores. */
    byte[] storedKey() {
        return ScramHash.h(clientKey);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ScramKeys keys
                && Arrays.equals(keys.clientKey, clientKey)
                && Arrays.equals(keys.serverKey, serverKey);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(clientKey);
    }

    @Override
    public String toString() {
        return "ScramKeys[***]";
    }
}
