// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

/** Certificates or keys that cannot be used; the message names the file and what is wrong with it. */
public final class TlsConfigurationException extends Exception {
    private static final long serialVersionUID = 1L;

    public TlsConfigurationException(String message, Throwable cause) {
        super(message, cause);
    }

    public TlsConfigurationException(String message) {
        super(message);
    }
}
