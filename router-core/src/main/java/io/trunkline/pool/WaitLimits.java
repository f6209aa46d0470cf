// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.pool.ShardPool.Role;
import io.trunkline.pool.WaitQueue.Waiter;
import java.util.Arrays;

/**
 * How long requests of each role may wait, which depends on whether the shard has a node for them.
 *
 * <p>A request waits up to {@code lease_wait_timeout} while there is a node and up to {@code failover_wait} while there is none. The time
 * begins anew when that changes, but no request waits longer than both limits together. Deadlines therefore grow in the order of arrival.
 */
final class WaitLimits {
    private final long leaseWaitNanos;
    private final long failoverWaitNanos;
    private final boolean[] available = new boolean[Role.values().length];
    private final long[] sinceNanos = new long[Role.values().length];

    WaitLimits(PoolSettings settings, long nowNanos) {
        this.leaseWaitNanos = settings.leaseWaitTimeout().toNanos();
        this.failoverWaitNanos = settings.failoverWait().toNanos();
        Arrays.fill(sinceNanos, nowNanos);
    }

    boolean isAvailable(Role role) {
        return available[role.ordinal()];
    }

    /** Notes whether there is a node for the role; returns true when that changed. */
    boolean setAvailable(Role role, boolean now, long nowNanos) {
        if (isAvailable(role) == now) {
            return false;
        }
        available[role.ordinal()] = now;
        sinceNanos[role.ordinal()] = nowNanos;
        return true;
    }

    /** Returns the time at which a request has waited long enough. */
    long deadlineNanos(Waiter waiter) {
        long before = Math.max(0, sinceNanos[waiter.role.ordinal()] - waiter.enqueuedNanos);
        long wait = before + (isAvailable(waiter.role) ? leaseWaitNanos : failoverWaitNanos);
        return waiter.enqueuedNanos + Math.min(wait, leaseWaitNanos + failoverWaitNanos);
    }
}
