// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The hash functions SCRAM-SHA-256 is made of, under the names RFC 5802 gives them.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5802#section-2.2">RFC 5802, section 2.2</a>
 */
final class ScramHash {
    /** Bytes of every SHA-256 digest and key. */
    static final int KEY_BYTES = 32;

    private static final String HMAC = "HmacSHA256";
    private static final byte[] FIRST_BLOCK = {0, 0, 0, 1};

    private ScramHash() {}

    /** Returns H(data). */
    static byte[] h(byte[] data) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(data);
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("every Java platform has SHA-256", missing);
        }
    }

    /** Returns HMAC(key, text). */
    static byte[] hmac(byte[] key, byte[] text) {
        return keyed(key).doFinal(text);
    }

    /** Returns HMAC(key, label) over the UTF-8 bytes of a label. */
    static byte[] hmac(byte[] key, String label) {
        return hmac(key, label.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Returns Hi(password, salt, iterations), which is PBKDF2 with one block of output.
     *
     * <p>Costs about half a microsecond per iteration: never on an event loop. Written on {@link Mac} because the platform's PBKDF2 takes
     * characters and encodes them by itself, and a password that SASLprep refused is bytes.
     */
    static byte[] hi(byte[] password, byte[] salt, int iterations) {
        Mac mac = keyed(password);
        mac.update(salt);
        byte[] round = mac.doFinal(FIRST_BLOCK);
        byte[] sum = round.clone();
        for (int i = 1; i < iterations; i++) {
            round = mac.doFinal(round);
            for (int k = 0; k < sum.length; k++) {
                sum[k] ^= round[k];
            }
        }
        return sum;
    }

    /** Returns the bitwise exclusive or of two keys. */
    static byte[] xor(byte[] left, byte[] right) {
        assert left.length == right.length;
        byte[] result = new byte[left.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (byte) (left[i] ^ right[i]);
        }
        return result;
    }

    private static Mac keyed(byte[] key) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key, HMAC));
            return mac;
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("every Java platform has " + HMAC, missing);
        }
    }
}
