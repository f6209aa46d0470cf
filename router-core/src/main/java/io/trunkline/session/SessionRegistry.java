// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.SharedAcrossLoops;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The live sessions of the router by the process ids they greet with, for their limit, for draining and for operators. */
@SharedAcrossLoops("a concurrent map, a counter and a flag; sessions are only reached through their own event loop")
public final class SessionRegistry {
    /** A session as seen from outside; all of it may be called from any thread. */
    public interface Handle {
        /** Asks the session to end at its next transaction boundary. */
        void drain();

        /** Asks the session to end at its next transaction boundary if its database is elsewhere by now, or its cluster's shards are others. */
        void drainUnless(Predicate<SessionIdentity> leadsThere);

        /** Ends the session now. */
        void terminate();

        /** Has the session described on its own event loop, soon; never if it has ended before. */
        void describe(Consumer<SessionDescription> described);
    }

    private final Map<Integer, Handle> sessions = new ConcurrentHashMap<>();
    private final AtomicInteger admitted = new AtomicInteger();
    private final int sessionsMax;
    private volatile boolean draining;
    /** By the topology in force; null before there is one. */
    private volatile @Nullable Predicate<SessionIdentity> leadsThere;

    /** Creates an empty registry that admits {@code sessionsMax} sessions at a time. */
    public SessionRegistry(int sessionsMax) {
        this.sessionsMax = sessionsMax;
    }

    /** Takes a place for a session; false when the limit is reached. */
    public boolean admit() {
        if (admitted.incrementAndGet() > sessionsMax) {
            admitted.decrementAndGet();
            return false;
        }
        return true;
    }

    /** Gives the place of a session back. */
    public void leave() {
        admitted.decrementAndGet();
    }

    /** Adds a session that has begun; one whose login was under way when draining began is asked at once. */
    public void add(int processId, Handle session) {
        sessions.put(processId, session);
        if (draining) {
            session.drain();
        }
        Predicate<SessionIdentity> present = leadsThere;
        if (present != null) {
            session.drainUnless(present);
        }
    }

    /** Removes a session that has ended. */
    public void remove(int processId) {
        sessions.remove(processId);
    }

    /** Returns the session with this process id in its greeting, or null. */
    public @Nullable Handle find(int processId) {
        return sessions.get(processId);
    }

    /** Returns the process ids of the sessions beyond the given one, lowest first, at most {@code limit} of them. */
    public List<Integer> processIdsAfter(int processId, int limit) {
        return sessions.keySet().stream()
                .filter(id -> id > processId)
                .sorted()
                .limit(limit)
                .toList();
    }

    /** Returns the number of sessions that have begun and not ended. */
    public int size() {
        return sessions.size();
    }

    /** Asks every session to end at its next transaction boundary. */
    public void drain() {
        // First: a session that is added now is seen here or sees this there, or both, which does no harm.
        draining = true;
        sessions.values().forEach(Handle::drain);
    }

    /**
     * Asks the sessions to end at their next transaction boundary that a newer topology leads elsewhere.
     *
     * @param present tells whether a client that logs in now would get what the session has; from any thread
     */
    public void drainUnless(Predicate<SessionIdentity> present) {
        // First: as in drain.
        leadsThere = present;
        sessions.values().forEach(session -> session.drainUnless(present));
    }

    /** Returns true once the sessions were asked to end. */
    public boolean isDraining() {
        return draining;
    }

    /** Ends every session now. */
    public void terminate() {
        sessions.values().forEach(Handle::terminate);
    }
}
