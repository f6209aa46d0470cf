// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import io.trunkline.metrics.Metric;
import io.trunkline.metrics.RouteMetrics;
import java.util.concurrent.TimeUnit;

/** The meters of one route. */
final class MicrometerRoute implements RouteMetrics {
    private final Timer statement;
    private final Counter queries;
    private final Counter transactions;

    MicrometerRoute(Meters meters, String cluster, String shard, String role, String reason) {
        statement = meters.timer(Metric.STATEMENT, cluster, shard, role, reason);
        queries = meters.counter(Metric.QUERIES, cluster, shard, role, reason);
        transactions = meters.counter(Metric.TRANSACTIONS, cluster, shard, role, reason);
    }

    @Override
    public void statement(long nanos) {
        statement.record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void queries(int count) {
        queries.increment(count);
    }

    @Override
    public void transaction() {
        transactions.increment();
    }
}
