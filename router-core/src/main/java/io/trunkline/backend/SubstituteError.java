// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.trunkline.error.RouterError;

/**
 * An error of the router in the place of a request: the backend is made to fail at that place, so that its transaction fails with it, and the
 * client gets this error instead of the backend's.
 */
public final class SubstituteError extends ReplyEffect {
    private final RouterError error;

    /** Creates the effect for one refused request. */
    public SubstituteError(RouterError error) {
        this.error = error;
    }

    /** Returns what the client is told. */
    public RouterError error() {
        return error;
    }
}
