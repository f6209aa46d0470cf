// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.trunkline.metrics.DryRunMetrics;
import io.trunkline.metrics.Metric;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/** The meters of one dry run. */
final class MicrometerDryRun implements DryRunMetrics {
    private final Meters meters;
    private final String cluster;
    private final Map<PlannedStatement, Counter> statements = new EnumMap<>(PlannedStatement.class);
    private final Map<PlannedTransaction, Counter> transactions = new EnumMap<>(PlannedTransaction.class);

    MicrometerDryRun(Meters meters, String cluster) {
        this.meters = meters;
        this.cluster = cluster;
        for (PlannedStatement outcome : PlannedStatement.values()) {
            statements.put(outcome, meters.counter(Metric.DRY_RUN_STATEMENTS, cluster, Meters.label(outcome)));
        }
        for (PlannedTransaction outcome : PlannedTransaction.values()) {
            transactions.put(outcome, meters.counter(Metric.DRY_RUN_TRANSACTIONS, cluster, Meters.label(outcome)));
        }
    }

    @Override
    public void planned(PlannedStatement outcome) {
        counter(statements, outcome).increment();
    }

    @Override
    public void plannedRefusal(String code) {
        meters.counter(Metric.DRY_RUN_REFUSALS, cluster, code).increment();
    }

    @Override
    public void planned(PlannedTransaction outcome) {
        counter(transactions, outcome).increment();
    }

    private static <K> Counter counter(Map<K, Counter> counters, K outcome) {
        return Objects.requireNonNull(counters.get(outcome));
    }
}
