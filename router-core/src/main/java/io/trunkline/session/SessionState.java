// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.metrics.RouterMetrics;
import io.trunkline.pool.LeaseRequest;
import io.trunkline.pool.ShardPool;
import io.trunkline.relay.Relay;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.MessageScanner.Disposition;
import org.jspecify.annotations.Nullable;

/**
 * What a session is doing. Each state holds exactly what is valid in it.
 *
 * <pre>
 *            message              dispatch point          leased
 *   Idle ───────────▶ Gathering ───────────────▶ Leasing ────────▶ Running ◀──────▶ Holding
 *    ▲                 ▲   │ answered here, refused                   │   message /     │
 *    │                 └───┘                                          │   quiet         │
 *    ├────────────────────────── quiet outside a transaction ─────────┤                 │
 *    │                                                                ▼                 │
 *    └──────────── COMMIT, ROLLBACK ─────────────────────────────  Stranded ◀───────────┘
 *                                                                      backend lost in a transaction
 *   Running ── a pin may have ended ──▶ Checking ── answered ──▶ Holding, Idle
 *   any state ── client gone, Terminate, fatal error ──▶ Closed
 * </pre>
 *
 * <p>A message that cannot be taken now is left unread ({@link Disposition#PAUSE}) and offered again after the next change of state; so no
 * state needs a queue of its own.
 */
sealed interface SessionState {

    /** A client message; the request has been filled in but not understood. */
    Disposition onMessage(Session session, Request request);

    /** Returns the label of this state in the metrics. */
    RouterMetrics.SessionState label();

    /** Returns the relay held in this state, or null. */
    default @Nullable Relay relay() {
        return null;
    }

    /** No lease, no open transaction, nothing pending. */
    record Idle() implements SessionState {
        static final Idle INSTANCE = new Idle();

        @Override
        public Disposition onMessage(Session session, Request request) {
            return session.gather(request);
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.IDLE;
        }
    }

    /** Messages are held whose destination is unknown, or BEGIN was answered here and waits for the statement that fixes the shard. */
    record Gathering() implements SessionState {
        static final Gathering INSTANCE = new Gathering();

        @Override
        public Disposition onMessage(Session session, Request request) {
            return session.gather(request);
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.GATHERING;
        }
    }

    /** The batch waits for its backend: {@code pool} is asked, or the backend is being given the session's settings. */
    record Leasing(ShardPool pool, LeaseRequest request) implements SessionState {
        /** Ends the wait; a backend that is granted all the same finds another state and goes back. */
        void withdraw() {
            pool.withdraw(request);
        }

        @Override
        public Disposition onMessage(Session session, Request request) {
            return Disposition.PAUSE;
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.LEASING;
        }
    }

    /** Replies are outstanding, or requests are being sent. */
    record Running(Relay relay) implements SessionState {
        @Override
        public Disposition onMessage(Session session, Request request) {
            return session.send(relay, request);
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.RUNNING;
        }
    }

    /** The lease is kept between statements: a transaction is open, or something ties the session to its backend. */
    record Holding(Relay relay) implements SessionState {
        @Override
        public Disposition onMessage(Session session, Request request) {
            return session.send(relay, request);
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.HOLDING;
        }
    }

    /** The backend is being asked what of the session is left on it, because what tied the session to it may have ended. */
    record Checking(Relay relay) implements SessionState {
        @Override
        public Disposition onMessage(Session session, Request request) {
            return Disposition.PAUSE;
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.HOLDING;
        }
    }

    /**
     * The backend was lost inside a transaction: all is refused until the client ends it.
     *
     * @param cause what the next statement is told, or null when the client has been told
     */
    record Stranded(@Nullable ErrorResponse cause) implements SessionState {
        @Override
        public Disposition onMessage(Session session, Request request) {
            return session.answerStranded(request, cause);
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.STRANDED;
        }
    }

    /** The end. */
    record Closed() implements SessionState {
        static final Closed INSTANCE = new Closed();

        @Override
        public Disposition onMessage(Session session, Request request) {
            return Disposition.SKIP;
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.IDLE;
        }
    }
}
