// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import java.util.Locale;

/** Why a pool closed a backend; the label {@code reason} of {@code trunkline_backends_closed_total}. */
enum CloseReason {
    /** The attempt to connect or log in failed. */
    CONNECT_FAILED,
    /** The node closed it, or the connection broke. */
    LOST,
    /** Its holder closed it. */
    DISCARDED,
    /** It came back in a state in which nobody else may have it. */
    VIOLATION,
    /** A cancel request was sent for it, and the node did not say in time that the signal is out: it might hit the next one who has it. */
    CANCEL_UNCONFIRMED,
    /** The reset query failed or took too long. */
    RESET_FAILED,
    /** The node lost its role or left the topology. */
    RETIRED,
    /** It was idle for too long. */
    IDLE_TIMEOUT,
    /** It was too old. */
    LIFETIME,
    /** Another event loop, database or user needed its place more. */
    PASSED_ON;

    private final String label = name().toLowerCase(Locale.ROOT);

    String label() {
        return label;
    }
}
