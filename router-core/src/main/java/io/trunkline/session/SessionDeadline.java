// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.EventLoopClock;
import io.trunkline.backend.EventLoopClock.Cancellable;
import org.jspecify.annotations.Nullable;

/**
 * The time at which one session has waited too long, and the timer that looks.
 *
 * <p>What a session waits for, and what happens when that takes too long, its state knows; here is only since when. A statement neither starts
 * nor cancels a timer: one that is under way and comes too early looks at the time, and starts itself anew. Only where the next deadline is
 * before it a new one is started, so at most once in the shortest timeout. Without timeouts nothing is done, and no time is asked for. Belongs to
 * its {@link Session}; confined to the session's event loop.
 */
final class SessionDeadline {
    private static final long NEVER = Long.MAX_VALUE;

    private final Session session;
    private final EventLoopClock clock;
    private final SessionTimeouts timeouts;
    private final boolean off;
    /** Since when the session waits for what it waits for. */
    private long waitingSinceNanos;
    /** Since when the transaction is open; means nothing outside one. */
    private long transactionSinceNanos;
    /** Whether a transaction was open when the wait began. */
    private boolean transactionOpen;

    private @Nullable Cancellable timer;
    /** When {@link #timer} runs. */
    private long timerNanos;

    SessionDeadline(Session session, SessionTimeouts timeouts) {
        this.session = session;
        this.clock = session.worker.clock();
        this.timeouts = timeouts;
        this.off = timeouts.areOff();
    }

    /** The session waits for something else from now on, or for the same anew. */
    void restart() {
        if (off) {
            return;
        }
        long now = clock.nanoTime();
        waitingSinceNanos = now;
        boolean open = session.state().isInTransaction(session);
        if (open && !transactionOpen) {
            transactionSinceNanos = now;
        }
        transactionOpen = open;
        startTimer(now);
    }

    /** One transaction ended and the next began without a moment between them. */
    void restartTransaction() {
        if (!off) {
            transactionSinceNanos = clock.nanoTime();
        }
    }

    /** Bytes came from the client, or the backend asked for them, has room for them again, or no longer. */
    void onBytes() {
        if (!off && session.state().waitsForBytes(session)) {
            restart();
        }
    }

    /** The session has ended. */
    void close() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    private void startTimer(long now) {
        long delay = Math.min(waitNanos(now), transactionNanos(now));
        if (delay == NEVER || timer != null && timerNanos - now <= delay) {
            return;
        }
        close();
        timerNanos = now + delay;
        timer = clock.schedule(delay, this::onTimer);
    }

    private void onTimer() {
        timer = null;
        long now = clock.nanoTime();
        SessionState state = session.state();
        Timeout wait = state.waitsFor(session);
        if (wait != null && waitNanos(now) <= 0) {
            if (wait != Timeout.QUERY && wait != Timeout.CANCEL && session.isRequestPaused()) {
                // The client did its part: its message waits for the router.
                restart();
            } else {
                overdue(wait);
            }
        } else if (transactionNanos(now) <= 0) {
            overdue(Timeout.TRANSACTION);
        } else {
            startTimer(now);
        }
    }

    private void overdue(Timeout timeout) {
        session.worker.metrics().timedOut(timeout.kind());
        session.state().onDeadline(session, timeout);
        if (!session.isClosed()) {
            startTimer(clock.nanoTime());
        }
    }

    /** Returns how much longer the session may wait for what it waits for. */
    private long waitNanos(long now) {
        Timeout wait = session.state().waitsFor(session);
        long limit = wait == null ? 0 : timeouts.limitNanos(wait);
        return limit == 0 ? NEVER : waitingSinceNanos + limit - now;
    }

    /** Returns how much longer the transaction may last. */
    private long transactionNanos(long now) {
        boolean counts = timeouts.transactionNanos() > 0
                && session.state().isInTransaction(session)
                && !session.isCommittingOnShards()
                // One thing at a time: what was cancelled is answered soon, or given up.
                && session.state().waitsFor(session) != Timeout.CANCEL;
        return counts ? transactionSinceNanos + timeouts.transactionNanos() - now : NEVER;
    }
}
