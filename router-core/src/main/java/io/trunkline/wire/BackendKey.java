// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import java.util.Arrays;

/**
 * What BackendKeyData carries: a process id and the secret that a CancelRequest must repeat.
 *
 * @param processId the process id shown to the client
 * @param secret 4 bytes in protocol 3.0, 4 to 256 in protocol 3.2
 */
public record BackendKey(int processId, byte[] secret) {

    @Override
    public boolean equals(Object other) {
        return other instanceof BackendKey key && key.processId == processId && Arrays.equals(key.secret, secret);
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
