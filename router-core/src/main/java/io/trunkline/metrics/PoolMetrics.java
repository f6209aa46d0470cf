// SPDX-License-Identifier: Apache-2.0
package io.trunkline.metrics;

/** What is counted of the requests for backends of one shard and role. Allocation-free; any thread. */
public interface PoolMetrics {
    /** A request was granted after this time, 0 when at once: {@code trunkline_lease_wait_seconds{cluster,shard,role}} histogram, seconds. */
    void leaseWait(long nanos);

    /** A request began to wait: {@code trunkline_lease_waiters{cluster,shard,role}} gauge, requests. */
    void waiterAdded();

    /** A request no longer waits, however it ended: {@code trunkline_lease_waiters{cluster,shard,role}} gauge, requests. */
    void waiterRemoved();

    /** A request ended without a backend: {@code trunkline_leases_refused_total{cluster,shard,role}} counter, requests. */
    void leaseRefused();
}
