// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/**
 * The kinds of authentication messages, by the code after the length: {@code 'R' · int32 length · int32 code · what the kind needs}.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-message-formats.html">Message formats</a>
 */
public enum Authentication {
    /** Authentication is over. */
    OK(0),
    /** Kerberos V5, of servers before 9.3. */
    KERBEROS_V5(2),
    /** The password as it is. */
    CLEARTEXT_PASSWORD(3),
    /** An MD5 hash with a salt of 4 bytes. */
    MD5_PASSWORD(5),
    /** GSSAPI. */
    GSS(7),
    /** More of GSSAPI or SSPI. */
    GSS_CONTINUE(8),
    /** SSPI. */
    SSPI(9),
    /** SASL, with the mechanisms the server offers. */
    SASL(10),
    /** A challenge of SASL. */
    SASL_CONTINUE(11),
    /** The outcome of SASL, before {@link #OK}. */
    SASL_FINAL(12);

    private final int code;

    Authentication(int code) {
        this.code = code;
    }

    /** Returns the code on the wire. */
    public int code() {
        return code;
    }

    /**
     * Returns the kind of a whole authentication message.
     *
     * @throws ProtocolViolation when there is none of its code
     */
    public static Authentication read(ByteBuf buffer, int index, int available) {
        if (available < bodyStart(0)) {
            throw ProtocolViolation.fatal("invalid length of authentication request");
        }
        int code = buffer.getInt(index + Frame.HEADER_BYTES);
        for (Authentication kind : values()) {
            if (kind.code == code) {
                return kind;
            }
        }
        throw ProtocolViolation.fatal("authentication method " + code + " is not supported");
    }

    /** Returns what follows the code: a salt, a challenge or an outcome. */
    public static byte[] payload(ByteBuf buffer, int index, int available) {
        byte[] payload = new byte[Math.max(0, available - bodyStart(0))];
        buffer.getBytes(bodyStart(index), payload);
        return payload;
    }

    /**
     * Returns the mechanisms a whole message of kind {@link #SASL} offers, in the server's order.
     *
     * @throws ProtocolViolation when the list is not terminated
     */
    public static List<String> mechanisms(ByteBuf buffer, int index, int available) {
        int limit = index + available;
        List<String> mechanisms = new ArrayList<>(2);
        int position = bodyStart(index);
        while (position < limit && buffer.getByte(position) != 0) {
            int end = CString.end(buffer, position, limit);
            if (end < 0) {
                break;
            }
            mechanisms.add(WireText.read(buffer, position, end));
            position = end + 1;
        }
        if (position != limit - 1) {
            throw ProtocolViolation.fatal("invalid list of SASL mechanisms");
        }
        return mechanisms;
    }

    private static int bodyStart(int index) {
        return index + Frame.HEADER_BYTES + 4;
    }
}
