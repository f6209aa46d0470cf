// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

/**
 * Limits of one session.
 *
 * @param inspectedBytesMax bytes of one client message that are held to be looked at; the rest of a longer one streams
 * @param heldBytesMax bytes of requests held while their destination is unknown; beyond it they are dispatched as they are
 * @param statementsMax named prepared statements
 * @param idleStatementBytesMax bytes of statements that no session uses any more, kept per event loop
 */
public record SessionLimits(int inspectedBytesMax, long heldBytesMax, int statementsMax, long idleStatementBytesMax) {
    /** The defaults. */
    public static final SessionLimits DEFAULT =
            new SessionLimits(1024 * 1024, 4L * 1024 * 1024, 10_000, 16L * 1024 * 1024);
}
