// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import io.trunkline.error.RouterError;

/**
 * A login that ended before anybody was let in, on either side of the router.
 *
 * <p>Expected, so it carries no stack. The peer's connection ends.
 */
public final class LoginRefused extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient RouterError error;

    /** Refuses with this error. */
    public LoginRefused(RouterError error) {
        super(error.response().message(), null, false, false);
        this.error = error;
    }

    /** Returns what the client, or whoever waits for the backend, is told. */
    public RouterError error() {
        return error;
    }
}
