// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.SharedAcrossLoops;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How often a definition has changed through this router, as far as it knows.
 *
 * <p>What a client prepares after a change must not share a statement that was parsed before it: its result may have other columns. Counted for
 * all clusters together, since preparing once more costs little. A change that comes by another way is not seen.
 */
@SharedAcrossLoops("one atomic number")
public final class SchemaChanges {
    private final AtomicLong count = new AtomicLong();
    private final Runnable listener;

    /** Starts to count; the listener hears of each change, on any event loop. */
    public SchemaChanges(Runnable listener) {
        this.listener = listener;
    }

    /** Definitions are being changed, or have just been. */
    void noted() {
        count.incrementAndGet();
        listener.run();
    }

    long count() {
        return count.get();
    }
}
