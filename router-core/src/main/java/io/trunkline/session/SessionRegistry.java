// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.SharedAcrossLoops;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The live sessions of the router, for their limit and for draining. */
@SharedAcrossLoops(
        "a concurrent set, a counter and a flag; sessions are only told to drain, through their own event loop")
public final class SessionRegistry {
    /** A session that can be asked to end at its next transaction boundary. */
    public interface Drainable {
        /** Asks from any thread. */
        void drain();

        /** Ends the session now, from any thread. */
        void terminate();
    }

    private final Set<Drainable> sessions = ConcurrentHashMap.newKeySet();
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
    public void add(Drainable session) {
        sessions.add(session);
        if (draining) {
            session.drain();
        }
    }

    /** Removes a session that has ended. */
    public void remove(Drainable session) {
        sessions.remove(session);
    }

    /** Returns the number of sessions that have begun and not ended. */
    public int size() {
        return sessions.size();
    }

    /** Asks every session to end at its next transaction boundary. */
    public void drain() {
        // First: a session that is added now is seen here or sees this there, or both, which does no harm.
        draining = true;
        sessions.forEach(Drainable::drain);
    }

    /** Returns true once the sessions were asked to end. */
    public boolean isDraining() {
        return draining;
    }

    /** Ends every session now. */
    public void terminate() {
        sessions.forEach(Drainable::terminate);
    }
}
