// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

/** Why a router does not start; the message is written for the operator, one problem per line. */
public final class StartupException extends Exception {
    private static final long serialVersionUID = 1L;

    StartupException(String message) {
        super(message);
    }

    StartupException(String message, Throwable cause) {
        super(message, cause);
    }
}
