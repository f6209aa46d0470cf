// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

/** Certificates or keys that cannot be used; the message names the file and what is wrong with it. */
public final class TlsConfigurationException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Says what is wrong with which file, and why. */
    public TlsConfigurationException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Says what is wrong with which file. */
    public TlsConfigurationException(String message) {
        super(message);
    }
}
