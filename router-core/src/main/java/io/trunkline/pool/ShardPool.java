// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

/** The backends of one shard, database and user on one event loop, and who waits for them. Made by {@link PoolDirectory}. */
public interface ShardPool {
    /** Which nodes may serve a request. */
    enum Role {
        /** Only the primary. */
        PRIMARY,
        /** A readable replica if there is one, else the primary. */
        PREFER_REPLICA,
        /** Only a readable replica. */
        REPLICA
    }

    /** Asks for a backend; the answer comes to the request, at once when one is idle. */
    void lease(Role role, LeaseRequest request);

    /** Withdraws a request that has not been answered. */
    void withdraw(LeaseRequest request);
}
