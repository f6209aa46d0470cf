// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.SharedAcrossLoops;
import io.trunkline.wire.BackendKey;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** The keys by which clients cancel, and what cancelling means for each. */
@SharedAcrossLoops("a concurrent map of immutable entries; what an entry runs hops to the session's own event loop")
public final class CancelRegistry {
    private record Entry(BackendKey key, Consumer<Runnable> cancel) {}

    private final ConcurrentHashMap<Integer, Entry> entries = new ConcurrentHashMap<>();
    private final SecureRandom random = new SecureRandom();

    /**
     * Issues a key that no live session has.
     *
     * @param secretBytes 4 in protocol 3.0, 32 in protocol 3.2
     * @param cancel takes a matching cancel request, on any thread; runs what it is given once the request can hit nothing any more that comes later
     */
    public BackendKey register(int secretBytes, Consumer<Runnable> cancel) {
        byte[] secret = new byte[secretBytes];
        random.nextBytes(secret);
        while (true) {
            // Drivers show the process id as a positive number.
            BackendKey key = new BackendKey(random.nextInt() & Integer.MAX_VALUE, secret);
            if (key.processId() != 0 && entries.putIfAbsent(key.processId(), new Entry(key, cancel)) == null) {
                return key;
            }
        }
    }

    /** Forgets the key of a session that ended. */
    public void unregister(BackendKey key) {
        entries.remove(key.processId());
    }

    /**
     * Cancels what the key's session runs; returns false when no session has this key.
     *
     * @param delivered runs, on any thread, once the request has reached the node or has nothing to reach; not when false is returned
     */
    public boolean cancel(BackendKey key, Runnable delivered) {
        Entry entry = entries.get(key.processId());
        // Constant time, so that a secret cannot be found byte by byte.
        if (entry == null || !MessageDigest.isEqual(entry.key().secret(), key.secret())) {
            return false;
        }
        entry.cancel().accept(delivered);
        return true;
    }

    /** Returns the number of live keys. */
    public int size() {
        return entries.size();
    }
}
