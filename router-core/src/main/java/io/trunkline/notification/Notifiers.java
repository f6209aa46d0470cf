// SPDX-License-Identifier: Apache-2.0
package io.trunkline.notification;

import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.EventLoopClock;
import java.time.Duration;

/**
 * Which session notified, by the process id of the backend it notified on: clients compare the process id of a notification with the one they
 * were given, to tell their own.
 *
 * <p>A guess that may be missing and should not be wrong, for a client that takes a notification for its own may ignore it. So a backend stands
 * for a session only while no other one had it within {@link #SETTLED}; else its own process id, which is nobody's, is passed on. One per
 * {@link NotificationHub}: what sessions of other event loops notify is passed on as it came.
 */
final class Notifiers {
    /** How long after a change of hands a notification of the former session may still come. */
    static final Duration SETTLED = Duration.ofSeconds(1);

    private static final int PRUNED_ABOVE_MIN = 64;

    /** Who has a backend. */
    private static final class Holding {
        final BackendConnection backend;
        int sessionProcessId;
        long sinceNanos;

        Holding(BackendConnection backend, int sessionProcessId, long sinceNanos) {
            this.backend = backend;
            this.sessionProcessId = sessionProcessId;
            this.sinceNanos = sinceNanos;
        }
    }

    private final EventLoopClock clock;
    private final IntObjectMap<Holding> holdings = new IntObjectHashMap<>();
    private int prunedAbove = PRUNED_ABOVE_MIN;

    Notifiers(EventLoopClock clock) {
        this.clock = clock;
    }

    /** A session has got a backend. */
    void note(BackendConnection backend, int sessionProcessId) {
        int processId = backend.key().processId();
        Holding known = holdings.get(processId);
        long now = clock.nanoTime();
        if (known == null || known.backend != backend) {
            prune();
            // It has been opened since: nobody has notified on it yet.
            holdings.put(processId, new Holding(backend, sessionProcessId, now - SETTLED.toNanos()));
        } else if (known.sessionProcessId != sessionProcessId) {
            known.sessionProcessId = sessionProcessId;
            known.sinceNanos = now;
        }
    }

    /** Returns the process id that clients know for a backend of a node: its session's, or its own. */
    int processId(String node, int processId) {
        Holding known = holdings.get(processId);
        boolean certain = known != null
                && known.backend.isOpen()
                && known.backend.target().node().equals(node)
                && clock.nanoTime() - known.sinceNanos >= SETTLED.toNanos();
        return certain ? known.sessionProcessId : processId;
    }

    /** Forgets closed backends when there are many. */
    private void prune() {
        if (holdings.size() >= prunedAbove) {
            holdings.values().removeIf(holding -> !holding.backend.isOpen());
            prunedAbove = Math.max(PRUNED_ABOVE_MIN, 2 * holdings.size());
        }
    }
}
