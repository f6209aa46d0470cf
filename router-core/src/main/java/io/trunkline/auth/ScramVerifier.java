// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a SCRAM server stores of a password, in the form PostgreSQL keeps in {@code pg_authid.rolpassword}:
 * {@code SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey}, the last three in base64.
 *
 * @param iterations PBKDF2 rounds, 1 to {@value #ITERATIONS_MAX}
 * @param salt 1 to {@value #SALT_BYTES_MAX} bytes
 * @param storedKey 32 bytes
 * @param serverKey 32 bytes
 */
public record ScramVerifier(int iterations, byte[] salt, byte[] storedKey, byte[] serverKey) {
    /** The most rounds read or asked for: about half a second of one core. */
    public static final int ITERATIONS_MAX = 1_000_000;

    /** PostgreSQL's default of {@code scram_iterations}. */
    public static final int ITERATIONS_DEFAULT = 4096;

    /** The longest salt read; PostgreSQL writes {@value #SALT_BYTES_DEFAULT}. */
    public static final int SALT_BYTES_MAX = 1024;

    static final int SALT_BYTES_DEFAULT = 16;

    private static final int SECRET_CHARACTERS_MAX = 2048;
    private static final Pattern SECRET =
            Pattern.compile("SCRAM-SHA-256\\$(\\d{1,7}):([A-Za-z0-9+/=]+)\\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)");

    public ScramVerifier {
        if (iterations < 1 || iterations > ITERATIONS_MAX) {
            throw new IllegalArgumentException("iterations " + iterations + " (expected: 1.." + ITERATIONS_MAX + ")");
        }
        if (salt.length == 0 || salt.length > SALT_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "salt of " + salt.length + " bytes (expected: 1.." + SALT_BYTES_MAX + ")");
        }
        if (storedKey.length != ScramHash.KEY_BYTES || serverKey.length != ScramHash.KEY_BYTES) {
            throw new IllegalArgumentException("StoredKey and ServerKey must have " + ScramHash.KEY_BYTES + " bytes");
        }
    }

    /** Returns true when a secret claims to be a verifier, so that it is never taken for a password. */
    public static boolean isVerifier(String secret) {
        return secret.startsWith("SCRAM-SHA-256$");
    }

    /**
     * Reads PostgreSQL's form.
     *
     * @throws IllegalArgumentException when it is not of that form; the message does not repeat the secret
     */
    public static ScramVerifier parse(String secret) {
        Matcher matcher = SECRET.matcher(secret);
        if (secret.length() > SECRET_CHARACTERS_MAX || !matcher.matches()) {
            throw new IllegalArgumentException(
                    "not a SCRAM verifier (expected: SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>)");
        }
        Base64.Decoder base64 = Base64.getDecoder();
        return new ScramVerifier(
                Integer.parseInt(matcher.group(1)),
                base64.decode(matcher.group(2)),
                base64.decode(matcher.group(3)),
                base64.decode(matcher.group(4)));
    }

    /** Returns the verifier of a password. Takes milliseconds: not on an event loop. */
    public static ScramVerifier derive(Password password, byte[] salt, int iterations) {
        ScramKeys keys = ScramKeys.derive(password, salt, iterations);
        return new ScramVerifier(iterations, salt, keys.storedKey(), keys.serverKey());
    }

    /** Returns PostgreSQL's form, which is a secret. */
    public String print() {
        Base64.Encoder base64 = Base64.getEncoder();
        return "SCRAM-SHA-256$" + iterations + ":" + base64.encodeToString(salt) + "$"
                + base64.encodeToString(storedKey) + ":" + base64.encodeToString(serverKey);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ScramVerifier verifier
                && verifier.iterations == iterations
                && Arrays.equals(verifier.salt, salt)
                && Arrays.equals(verifier.storedKey, storedKey)
                && Arrays.equals(verifier.serverKey, serverKey);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(storedKey);
    }

    @Override
    public String toString() {
        return "ScramVerifier[iterations=" + iterations + ", ***]";
    }
}
