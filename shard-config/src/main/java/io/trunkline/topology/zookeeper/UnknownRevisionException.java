// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

/** A revision that is asked for and not there. */
public final class UnknownRevisionException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnknownRevisionException(String message) {
        super(message, null, false, false);
    }
}
