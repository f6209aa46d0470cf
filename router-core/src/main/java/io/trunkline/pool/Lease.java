// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.BackendConnection;
import io.trunkline.health.NodeStatus;

/** Exclusive use of one backend until {@link #release} or {@link #discard}; a second call of either is a bug and throws. */
public interface Lease {
    /** Returns the leased backend. */
    BackendConnection backend();

    /** Returns what was known of the node when it was leased. */
    NodeStatus node();

    /**
     * Returns false once the node has lost the role under which it was leased, or has gone: the backend will be closed on release, so a
     * holder that keeps it between transactions should let go.
     */
    default boolean isCurrent() {
        return true;
    }

    /** Gives the backend back; it is reused only when {@link BackendConnection#releaseViolation} is null, and closed otherwise. */
    void release();

    /** Gives the backend back after the pool has run its reset query (DISCARD ALL) on it. */
    void releaseAfterReset();

    /** Closes the backend and gives its place back. */
    void discard(String reason);
}
