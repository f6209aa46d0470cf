// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.SequenceValues;
import io.trunkline.backend.Settings;
import io.trunkline.error.RouterError;
import org.jspecify.annotations.Nullable;

/** A wish for a backend; waits its turn in the pool. Implemented by who asks; called on the event loop. */
public interface LeaseRequest {
    /** The pool grants a backend, maybe from inside {@code ShardPool.lease}. */
    void onLeased(Lease lease);

    /** No backend within the limits (wait time, waiters, failover wait, login refused); the request is over. */
    void onRefused(RouterError error);

    /**
     * The node of a granted lease lost its role or left the topology ({@link Lease#isCurrent} is false now). Called at most once per lease,
     * while it is held. A holder that waits for a transaction to end need do nothing; one that keeps the backend longer should end.
     */
    default void onRetiring(Lease lease) {}

    /** Returns the settings of the session, so that a backend that already carries them is preferred. */
    Settings settings();

    /** Returns the user of the router for whom the backend is: those who wait are served in turn. */
    default String user() {
        return "";
    }

    /** Returns whose values of sequences a backend should remember to be preferred, or null when that does not matter. */
    default @Nullable SequenceValues sequences() {
        return null;
    }
}
