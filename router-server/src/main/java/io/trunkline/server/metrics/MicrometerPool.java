// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import io.trunkline.SharedAcrossLoops;
import io.trunkline.metrics.Metric;
import io.trunkline.metrics.PoolMetrics;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** The meters of the requests for backends of one shard and role. */
@SharedAcrossLoops("meters are thread-safe, the number of waiters is a LongAdder")
final class MicrometerPool implements PoolMetrics {
    private final Timer wait;
    private final Counter refused;
    private final LongAdder waiters = new LongAdder();

    MicrometerPool(Meters meters, String cluster, String shard, String role) {
        wait = meters.timer(Metric.LEASE_WAIT, cluster, shard, role);
        refused = meters.counter(Metric.LEASES_REFUSED, cluster, shard, role);
        meters.gauge(Metric.LEASE_WAITERS, waiters, LongAdder::sum, cluster, shard, role);
    }

    @Override
    public void leaseWait(long nanos) {
        wait.record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void waiterAdded() {
        waiters.increment();
    }

    @Override
    public void waiterRemoved() {
        waiters.decrement();
    }

    @Override
    public void leaseRefused() {
        refused.increment();
    }
}
