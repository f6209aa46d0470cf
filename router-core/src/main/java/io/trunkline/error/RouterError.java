// SPDX-License-Identifier: Apache-2.0
package io.trunkline.error;

import io.trunkline.wire.ErrorResponse;

/**
 * An error of the router's own catalogue, ready to be sent to a client.
 *
 * @param kind whose fault it is; the label of the error counter
 * @param response what the client sees
 */
public record RouterError(Kind kind, ErrorResponse response) {

    /** Whose fault an error is. */
    public enum Kind {
        /** The client sent something wrong or unsupported. */
        CLIENT,
        /** A limit of the router was reached. */
        LIMIT,
        /** A node failed or could not be reached. */
        BACKEND,
        /** The topology has no place for the request now. */
        TOPOLOGY,
        /** A defect of the router. */
        INTERNAL
    }
}
