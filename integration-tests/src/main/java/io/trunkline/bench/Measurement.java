// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

/**
 * What one run of pgbench came to.
 *
 * @param contender who was measured
 * @param workload doing what
 * @param tps transactions in a second
 * @param averageMillis latency
 * @param p99Millis latency that one transaction in a hundred exceeds
 * @param processorMillisPer1000 the proxy's processor time for 1,000 transactions; NaN for the direct way
 * @param residentBytes the proxy's memory, the most that was seen; 0 for the direct way
 * @param residentGrowthBytes how much of that came with this run
 */
record Measurement(
        Contender contender,
        Workload workload,
        double tps,
        double averageMillis,
        double p99Millis,
        double processorMillisPer1000,
        long residentBytes,
        long residentGrowthBytes) {}
