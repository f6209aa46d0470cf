// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

/**
 * How long one session may take over things, in nanoseconds; 0 is for ever. Fixed at login.
 *
 * @param queryNanos from sending a statement, or a group, to its ReadyForQuery, while the client owes nothing for it
 * @param copyStallNanos without a byte from a client that owes the rest of a COPY FROM or of a message
 * @param transactionNanos from the beginning of a transaction to its end
 * @param idleInTransactionNanos without a statement from a client in a transaction
 * @param idleNanos without a statement from a client outside a transaction
 * @param cancelNanos for a node to answer a statement that the router cancels; never 0
 */
public record SessionTimeouts(
        long queryNanos,
        long copyStallNanos,
        long transactionNanos,
        long idleInTransactionNanos,
        long idleNanos,
        long cancelNanos) {
    /** No timeout. */
    public static final SessionTimeouts OFF = new SessionTimeouts(0, 0, 0, 0, 0, 5_000_000_000L);

    /** Returns true when nothing takes too long. */
    boolean areOff() {
        return queryNanos == 0
                && copyStallNanos == 0
                && transactionNanos == 0
                && idleInTransactionNanos == 0
                && idleNanos == 0;
    }

    /** Returns how long that may take, 0 for ever. */
    long limitNanos(Timeout timeout) {
        return switch (timeout) {
            case QUERY -> queryNanos;
            case COPY_STALL -> copyStallNanos;
            case TRANSACTION -> transactionNanos;
            case IDLE_IN_TRANSACTION -> idleInTransactionNanos;
            case IDLE -> idleNanos;
            case CANCEL -> cancelNanos;
        };
    }
}
