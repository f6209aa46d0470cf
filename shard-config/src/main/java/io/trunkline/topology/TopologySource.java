// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.util.Optional;
import java.util.function.Consumer;

/**
 * Where a router gets its topology from: the newest good revision, and word of each newer one.
 *
 * <p>The revision never goes backwards, and what is not valid is never handed out: a source that sees an older, a broken or
 * no document keeps the last good one and says so in {@link #trouble()}.
 */
public interface TopologySource extends AutoCloseable {
    /** Returns the newest good topology; empty until the first one was seen. Any thread. */
    Optional<Topology> current();

    /**
     * Calls the listener with the current topology, if there is one, then with each newer one, in order of revision.
     *
     * <p>Calls come one at a time, the first possibly on the caller's thread and the rest on the source's own; the listener
     * hands over quickly. What it throws is logged and goes no further.
     */
    Subscription subscribe(Consumer<? super Topology> listener);

    /** Returns why {@link #current()} may be missing or out of date; empty when all is well. Any thread. */
    Optional<String> trouble();

    /** Calls the listener with the reason whenever what there is to see is not taken into use: a broken, outdated or missing document. */
    void onRefused(Consumer<String> listener);

    /** Ends all subscriptions and releases threads and connections. */
    @Override
    void close();

    /** A subscription that can be ended. */
    interface Subscription extends AutoCloseable {
        /** Ends the subscription; a call that is under way may still finish. */
        @Override
        void close();
    }
}
