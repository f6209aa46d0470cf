// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * The answer to AuthenticationMD5Password: {@code "md5" + hex(md5(hex(md5(password + user)) + salt))}.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-START-UP">Start-up</a>
 */
public final class Md5Password {
    /** Bytes of the salt in the request. */
    public static final int SALT_BYTES = 4;

    private Md5Password() {}

    /** Returns what goes into the PasswordMessage, without its terminating NUL. */
    public static String answer(String user, Password password, byte[] salt) {
        byte[] inner =
                hex(password.utf8(), user.getBytes(StandardCharsets.UTF_8)).getBytes(StandardCharsets.US_ASCII);
        return "md5" + hex(inner, salt);
    }

    private static String hex(byte[] first, byte[] second) {
        try {
            MessageDigest md5 = MessageDigest.getInstance("MD5");
            md5.update(first);
            md5.update(second);
            return HexFormat.of().formatHex(md5.digest());
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("every Java platform has MD5", missing);
        }
    }
}
