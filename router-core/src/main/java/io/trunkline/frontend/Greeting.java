// SPDX-License-Identifier: Apache-2.0
package io.trunkline.frontend;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ProtocolVersion;
import io.trunkline.wire.TransactionStatus;
import java.security.SecureRandom;
import java.util.Map;

/**
 * What a client gets after AuthenticationOk: ParameterStatus for every reported parameter, BackendKeyData, ReadyForQuery.
 *
 * <p>The session sends it, once it knows a backend's parameters. AuthenticationOk was sent by {@link ClientLogin}.
 */
public final class Greeting {
    private static final int SECRET_BYTES_3_2 = 32;

    private Greeting() {}

    /** Returns a fresh key of the length the client's protocol version allows: 4 bytes in 3.0, 32 in 3.2. */
    public static BackendKey newKey(int processId, ProtocolVersion version, SecureRandom random) {
        byte[] secret = new byte[version.equals(ProtocolVersion.V3_0) ? BackendKey.SECRET_BYTES_3_0 : SECRET_BYTES_3_2];
        random.nextBytes(secret);
        return new BackendKey(processId, secret);
    }

    /** Appends the greeting; the client may send its first statement when it has read it. */
    public static void write(ByteBuf out, Map<String, String> parameters, BackendKey key) {
        parameters.forEach((name, value) -> BackendWriter.parameterStatus(out, name, value));
        BackendWriter.backendKeyData(out, key);
        BackendWriter.readyForQuery(out, TransactionStatus.IDLE);
    }
}
