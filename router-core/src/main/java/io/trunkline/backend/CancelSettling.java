// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The cancel requests sent for one backend, until none of them can hit it any more.
 *
 * <p>A node closes the connection of a cancel request once it has sent the signal, which says nothing of when the backend's process gets it. So a
 * round trip after the last of them gives a late signal something of the router's own to interrupt; before that, nobody else may have the backend.
 *
 * <pre>
 *   SETTLED ── sent ──► UNDER_WAY ──── all ended ───► DELIVERED ── round trip ──► SETTLED
 *                           ▲                              │
 *                           └──────────── sent ────────────┘
 * </pre>
 *
 * <p>One per {@link BackendConnection}; confined to its event loop. The relay says what becomes of requests, whoever gives the backend back waits.
 *
 * @see <a href="https://www.postgresql.org/docs/17/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS">Canceling Requests in Progress</a>
 */
public final class CancelSettling {

    private enum State {
        SETTLED,
        UNDER_WAY,
        DELIVERED
    }

    private final Consumer<Runnable> roundTrip;
    private State state = State.SETTLED;
    private int underWayCount;
    private boolean unconfirmed;
    /** Who waits while requests are under way. */
    private @Nullable Runnable waiter;

    /**
     * Begins with no request sent.
     *
     * @param roundTrip has the backend answer something that does no harm, and runs what it is given when that is over or the backend lost
     */
    CancelSettling(Consumer<Runnable> roundTrip) {
        this.roundTrip = roundTrip;
    }

    /** A cancel request is on its way: the backend cannot be given back before it is settled. */
    public void onSent() {
        underWayCount++;
        state = State.UNDER_WAY;
    }

    /** A cancel request has ended. */
    public void onEnded(CancelEnd end) {
        underWayCount--;
        unconfirmed |= end == CancelEnd.UNCONFIRMED;
        if (underWayCount > 0) {
            return;
        }
        state = State.DELIVERED;
        Runnable settled = waiter;
        if (settled != null) {
            waiter = null;
            settle(settled);
        }
    }

    /** Returns true when no cancel request that was confirmed can hit the backend any more. */
    public boolean isSettled() {
        return state == State.SETTLED;
    }

    /** Returns true when a cancel request may hit the backend at any time: nobody else may ever have it. */
    public boolean isUnconfirmed() {
        return unconfirmed;
    }

    /** Runs {@code settled} as soon as no cancel request that was confirmed can hit the backend any more, maybe at once. Only while nobody holds the backend. */
    public void settle(Runnable settled) {
        switch (state) {
            case SETTLED -> settled.run();
            case UNDER_WAY -> waiter = settled;
            case DELIVERED ->
                roundTrip.accept(() -> {
                    state = State.SETTLED;
                    settled.run();
                });
        }
    }
}
