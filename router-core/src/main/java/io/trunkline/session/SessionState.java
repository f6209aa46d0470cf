// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.error.RouterErrors;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.pool.LeaseRequest;
import io.trunkline.pool.ShardPool;
import io.trunkline.relay.Relay;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.MessageScanner.Disposition;
import io.trunkline.wire.TransactionStatus;
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
 *   Gathering ── dispatched to several shards ──▶ Scattering ── answered ──▶ Idle
 *   Holding ── a statement for another shard, or for all ──▶ Joining ── done ──▶ Holding
 *   Joining ── committed ──▶ Committed ── COMMIT answered ──▶ Idle
 *   Running ── a pin may have ended ──▶ Checking ── answered ──▶ Holding, Idle
 *   Running ── a timeout ──▶ Canceling ── answered and the cancel request delivered ──▶ Running, Holding, Idle
 *                                  └───── no answer in time ──▶ Idle, Stranded
 *   any state ── client gone, Terminate, fatal error, a timeout ──▶ Closed
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

    /** Returns what the session waits for, if that may take too long; else null. */
    @Nullable
    Timeout waitsFor(Session session);

    /** Returns true while a transaction is open, be it only that of the statement that runs. */
    default boolean isInTransaction(Session session) {
        return session.status() != TransactionStatus.IDLE;
    }

    /** Returns true when each byte of the client begins a new wait, not only a statement. */
    default boolean waitsForBytes(Session session) {
        return false;
    }

    /** What {@link #waitsFor}, or the transaction, took too long. */
    default void onDeadline(Session session, Timeout timeout) {
        session.closeOverdue(timeout.error());
    }

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
        public Timeout waitsFor(Session session) {
            return Timeout.IDLE;
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
        public Timeout waitsFor(Session session) {
            return session.hasDeferredBegin() ? Timeout.IDLE_IN_TRANSACTION : Timeout.IDLE;
        }

        @Override
        public boolean waitsForBytes(Session session) {
            return true;
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
        public @Nullable Timeout waitsFor(Session session) {
            // The pool has its own limit.
            return null;
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.LEASING;
        }
    }

    /** A query runs on several shards, or waits for its backends. */
    record Scattering(ScatteredWork work) implements SessionState {
        @Override
        public Disposition onMessage(Session session, Request request) {
            return work.onMessage(request);
        }

        @Override
        public @Nullable Timeout waitsFor(Session session) {
            // While backends are awaited their pools have their own limit.
            return work.isFailing()
                    ? Timeout.CANCEL
                    : work.isClientAwaited() ? Timeout.COPY_STALL : work.isRunning() ? Timeout.QUERY : null;
        }

        @Override
        public boolean waitsForBytes(Session session) {
            return work.isCopyingIn();
        }

        @Override
        public boolean isInTransaction(Session session) {
            return true;
        }

        @Override
        public void onDeadline(Session session, Timeout timeout) {
            work.onDeadline(timeout);
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.RUNNING;
        }
    }

    /**
     * The transaction is coming to another shard, or something is said to all of its shards.
     *
     * @param relay that of the shard it is on
     * @param leases what is asked of the pool of another shard, or null
     */
    record Joining(@Nullable Relay relay, @Nullable ShardLeases leases) implements SessionState {
        /** Asks the pool for nothing any more. */
        void withdraw() {
            if (leases != null) {
                leases.withdraw();
            }
        }

        @Override
        public Disposition onMessage(Session session, Request request) {
            return Disposition.PAUSE;
        }

        @Override
        public @Nullable Timeout waitsFor(Session session) {
            // Pools and statements of the router's own have their own limits.
            return null;
        }

        @Override
        public boolean isInTransaction(Session session) {
            return true;
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.HOLDING;
        }
    }

    /** The messages of a group are collected whose query runs on several shards of the transaction. */
    record Collecting(Relay relay) implements SessionState {
        @Override
        public Disposition onMessage(Session session, Request request) {
            return session.shards.scattered().collect(relay, request);
        }

        @Override
        public Timeout waitsFor(Session session) {
            return Timeout.IDLE_IN_TRANSACTION;
        }

        @Override
        public boolean waitsForBytes(Session session) {
            return true;
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.HOLDING;
        }
    }

    /** Replies are outstanding, or requests are being sent. */
    record Running(Relay relay) implements SessionState {
        @Override
        public Disposition onMessage(Session session, Request request) {
            return session.send(relay, request);
        }

        @Override
        public Timeout waitsFor(Session session) {
            if (session.owesRest(relay)) {
                // While the node does not take what the client has sent, it is the node that is waited for.
                return relay.isWritable() ? Timeout.COPY_STALL : Timeout.QUERY;
            }
            // Quiet within a group: the client has not sent its Sync, and PostgreSQL has a transaction open.
            return relay.isQuiet() ? Timeout.IDLE_IN_TRANSACTION : Timeout.QUERY;
        }

        @Override
        public boolean isInTransaction(Session session) {
            return true;
        }

        @Override
        public boolean waitsForBytes(Session session) {
            return session.owesRest(relay);
        }

        @Override
        public void onDeadline(Session session, Timeout timeout) {
            session.overdue.onDeadline(relay, timeout);
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.RUNNING;
        }
    }

    /**
     * What runs took too long and is being cancelled. As Running, until both what is awaited has come; then the next statement can be taken for
     * the one that was meant no more.
     *
     * @param cause what took too long
     */
    record Canceling(Relay relay, Timeout cause, Awaited awaited) implements SessionState {
        /** What has not come yet. */
        enum Awaited {
            /** The answer, and that the node has got the cancel request. */
            ANSWER_AND_DELIVERY,
            /** The ReadyForQuery. */
            ANSWER,
            /** Word that the node has got the cancel request. */
            DELIVERY
        }

        /** Returns the state in which only the delivery is awaited. */
        Canceling answered() {
            return new Canceling(relay, cause, Awaited.DELIVERY);
        }

        /** Returns the state in which only the answer is awaited. */
        Canceling delivered() {
            return new Canceling(relay, cause, Awaited.ANSWER);
        }

        @Override
        public Disposition onMessage(Session session, Request request) {
            return awaited == Awaited.DELIVERY ? Disposition.PAUSE : session.send(relay, request);
        }

        @Override
        public Timeout waitsFor(Session session) {
            return Timeout.CANCEL;
        }

        @Override
        public boolean isInTransaction(Session session) {
            return true;
        }

        @Override
        public void onDeadline(Session session, Timeout timeout) {
            session.overdue.onDeadline(this);
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.RUNNING;
        }
    }

    /**
     * The client sent something else in the middle of a COPY FROM, which has been failed in its place: that message waits until the backend says
     * whether the copy failed for this reason, or before it and for another.
     *
     * @param tag of the message
     */
    record FailingCopy(Relay relay, byte tag) implements SessionState {
        @Override
        public Disposition onMessage(Session session, Request request) {
            return session.breaks.isCopyOver(this) ? session.send(relay, request) : Disposition.PAUSE;
        }

        @Override
        public Timeout waitsFor(Session session) {
            return Timeout.CANCEL;
        }

        @Override
        public boolean isInTransaction(Session session) {
            return true;
        }

        @Override
        public void onDeadline(Session session, Timeout timeout) {
            session.closeOverdue(RouterErrors.synchronizationLost());
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
        public Timeout waitsFor(Session session) {
            return isInTransaction(session) ? Timeout.IDLE_IN_TRANSACTION : Timeout.IDLE;
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
        public @Nullable Timeout waitsFor(Session session) {
            // The question has a deadline of its own.
            return null;
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
        public Timeout waitsFor(Session session) {
            return Timeout.IDLE_IN_TRANSACTION;
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.STRANDED;
        }
    }

    /**
     * The transaction has ended on several shards, and its COMMIT is still to be answered.
     *
     * @param error what it is told, or null when it has happened
     */
    record Committed(@Nullable ErrorResponse error) implements SessionState {
        @Override
        public Disposition onMessage(Session session, Request request) {
            return session.answerCommitted(request, error);
        }

        @Override
        public @Nullable Timeout waitsFor(Session session) {
            // The COMMIT is there.
            return null;
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.IDLE;
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
        public @Nullable Timeout waitsFor(Session session) {
            return null;
        }

        @Override
        public boolean isInTransaction(Session session) {
            return false;
        }

        @Override
        public RouterMetrics.SessionState label() {
            return RouterMetrics.SessionState.IDLE;
        }
    }
}
