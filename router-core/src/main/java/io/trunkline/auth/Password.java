// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import com.ongres.scram.common.StringPreparation;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * A plain password, kept so that it is never printed by accident.
 *
 * <p>Immutable. Two passwords are equal when their bytes are, compared in constant time.
 */
public final class Password {
    private final byte[] utf8;

    private Password(byte[] utf8) {
        this.utf8 = utf8;
    }

    /** Returns the password with these characters: at least one, because PostgreSQL takes an empty password for none, and no NUL. */
    public static Password of(String characters) {
        if (characters.isEmpty()) {
            throw new IllegalArgumentException("password is empty (expected: at least one character)");
        }
        if (characters.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("password contains a NUL character");
        }
        return new Password(characters.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the bytes that go into MD5. */
    byte[] utf8() {
        return utf8;
    }

    /** Returns the password as it is, for a cleartext login. */
    public String cleartext() {
        return new String(utf8, StandardCharsets.UTF_8);
    }

    /**
     * Returns the bytes SCRAM hashes: SASLprep of the password, or the bytes as they are when SASLprep forbids them, which is what
     * PostgreSQL does (RFC 4013; {@code pg_saslprep} in saslprep.c).
     */
    byte[] prepared() {
        if (isPrintableAscii()) {
            return utf8;
        }
        char[] characters = new String(utf8, StandardCharsets.UTF_8).toCharArray();
        try {
            char[] prepared = StringPreparation.SASL_PREPARATION.normalize(characters);
            return new String(prepared).getBytes(StandardCharsets.UTF_8);
        } catch (IllegalArgumentException prohibited) {
            return utf8;
        }
    }

    private boolean isPrintableAscii() {
        for (byte b : utf8) {
            if (b < 0x20 || b == 0x7f) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Password password && MessageDigest.isEqual(utf8, password.utf8);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(utf8);
    }

    @Override
    public String toString() {
        return "Password[***]";
    }
}
