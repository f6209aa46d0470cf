// SPDX-License-Identifier: Apache-2.0
package io.trunkline.metrics;

/** What is counted per route (cluster, shard, role, reason). Allocation-free; any thread. */
public interface RouteMetrics {
    /**
     * A batch was answered, from its first byte sent until the node was ready again: {@code
     * trunkline_statement_seconds{cluster,shard,role,reason}} histogram, seconds.
     */
    void statement(long nanos);

    /** Query or Execute messages were sent: {@code trunkline_queries_total{cluster,shard,role,reason}} counter, queries. */
    void queries(int count);

    /** A transaction ended: {@code trunkline_transactions_total{cluster,shard,role,reason}} counter, transactions. */
    void transaction();
}
