// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * What BackendKeyData carries: a process id and the secret that a CancelRequest must repeat.
 *
 * @param processId the process id shown to the client
 * @param secret 4 bytes in protocol 3.0, 4 to 256 in protocol 3.2; not to be changed
 */
public record BackendKey(int processId, byte[] secret) {
    /** The most bytes of a secret. */
    public static final int SECRET_BYTES_MAX = 256;
    /** The bytes of a secret in protocol 3.0. */
    public static final int SECRET_BYTES_3_0 = 4;

    /**
     * Reads a whole BackendKeyData: {@code 'K' · int32 length · int32 process id · secret}.
     *
     * @throws ProtocolViolation when the secret is missing or too long
     */
    public static BackendKey read(ByteBuf buffer, int index, int available) {
        int secretBytes = available - Frame.HEADER_BYTES - 4;
        if (secretBytes < SECRET_BYTES_3_0 || secretBytes > SECRET_BYTES_MAX) {
            throw ProtocolViolation.fatal("invalid length of cancel key in BackendKeyData");
        }
        return read(buffer, index + Frame.HEADER_BYTES, index + Frame.HEADER_BYTES + 4, secretBytes);
    }

    static BackendKey read(ByteBuf buffer, int processIdIndex, int secretIndex, int secretBytes) {
        byte[] secret = new byte[secretBytes];
        buffer.getBytes(secretIndex, secret);
        return new BackendKey(buffer.getInt(processIdIndex), secret);
    }

    /** Returns true when process id and secret are equal; takes as long for a wrong secret as for a right one. */
    @Override
    public boolean equals(Object other) {
        return other instanceof BackendKey key
                && key.processId == processId
                && MessageDigest.isEqual(key.secret, secret);
    }

    @Override
    public int hashCode() {
        return 31 * processId + Arrays.hashCode(secret);
    }

    @Override
    public String toString() {
        return "BackendKey[processId=" + processId + ", secret=***]";
    }
}
