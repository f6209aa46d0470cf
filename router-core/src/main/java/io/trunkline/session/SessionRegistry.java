// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.SharedAcrossLoops;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The live sessions of the router by the process ids they greet with, for their limit, for draining and for operators. */
@SharedAcrossLoops("a concurrent map, a counter and a flag; sessions are only reached through their own event loop")
public final class SessionRegistry {
    /** A session as seen from outside; all of it may be called from any thread. */
    public interface Handle {
        /** Asks the session to end at its next transaction boundary. */
        void drain();

        /** Ends the session now. */
        void terminate();

        /** Has the session described on its own event loop, soon; never if it has ended before. */
        void describe(Consumer<SessionDescription> described);
    }

    private final Map<Integer, Handle> sessions = new ConcurrentHashMap<>();
    private final AtomicInteger admitted = new AtomicInteger();
    private final int sessionsMax;
    private volatile boolean draining;

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

    /** Returns true once the sessions were asked to end. */
    public boolean isDraining() {
        return draining;
    }

    /** Ends every session now. */
    public void terminate() {
        sessions.values().forEach(Handle::terminate);
    }
}
