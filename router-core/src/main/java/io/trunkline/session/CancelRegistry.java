// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.SharedAcrossLoops;
import io.trunkline.wire.BackendKey;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The keys by which clients cancel, and what cancelling means for each.
 *
 * <p>A key tells which router of a group gave it, so that any of them knows where a cancel request belongs:
 *
 * <pre>
 *   process id   0 · 10 bits number of the router · 21 random bits
 *   secret       32 random bits in protocol 3.0, 256 in 3.2
 * </pre>
 *
 * <p>The first bit is 0 because drivers show the process id as a positive number. So 53 bits of a key of protocol 3.0 are random. The number
 * stands in the process id and not in the secret, since process ids are no secret (every notification has one): whoever knows one still has to
 * guess as much as on PostgreSQL. Process ids of live sessions differ; 21 bits are twice as many as there can be sessions.
 *
 * <p>A router without a number uses 0. Keys it gave before it got one, or under another one, are still its own.
 */
@SharedAcrossLoops(
        "a concurrent map of immutable entries; what an entry runs hops to the session's own event loop; one volatile number")
public final class CancelRegistry {
    /** The number of a router that has none. */
    public static final int NO_NUMBER = 0;
    /** The greatest number of a router. */
    public static final int ROUTER_NUMBER_MAX = (1 << 10) - 1;

    private static final int RANDOM_BITS = 21;

    private record Entry(BackendKey key, Consumer<Runnable> cancel) {}

    private final ConcurrentHashMap<Integer, Entry> entries = new ConcurrentHashMap<>();
    private final SecureRandom random = new SecureRandom();
    private volatile int routerNumber = NO_NUMBER;

    /** Returns the number of the router that gave a key; whatever number it is, when the key was made up. */
    public static int routerOf(BackendKey key) {
        return key.processId() >>> RANDOM_BITS & ROUTER_NUMBER_MAX;
    }

    /** Gives keys under this number from now on. */
    public void routerNumber(int number) {
        if (number < NO_NUMBER || number > ROUTER_NUMBER_MAX) {
            throw new IllegalArgumentException(
                    "router number " + number + " (expected: 0 to " + ROUTER_NUMBER_MAX + ")");
        }
        routerNumber = number;
    }

    /** Returns the number under which keys are given now. */
    public int routerNumber() {
        return routerNumber;
    }

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
            int processId = routerNumber << RANDOM_BITS | random.nextInt(1 << RANDOM_BITS);
            BackendKey key = new BackendKey(processId, secret);
            if (processId != 0 && entries.putIfAbsent(processId, new Entry(key, cancel)) == null) {
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
