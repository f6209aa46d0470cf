// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

/**
 * How the measurement is made.
 *
 * @param rounds of which the median counts
 * @param seconds of one pgbench run
 * @param warmupSeconds of each proxy before the first round, for each protocol
 * @param clients at a time
 * @param poolSize backends of each proxy
 * @param eventLoops of the router
 * @param idleClients that log in and do nothing
 * @param largeMegabytes size of a large result
 * @param scale of pgbench's tables
 */
record BenchOptions(
        int rounds,
        int seconds,
        int warmupSeconds,
        int clients,
        int poolSize,
        int eventLoops,
        int idleClients,
        int largeMegabytes,
        int scale) {

    /** Returns the same with runs of another length. */
    BenchOptions lasting(int otherSeconds) {
        return new BenchOptions(
                rounds, otherSeconds, warmupSeconds, clients, poolSize, eventLoops, idleClients, largeMegabytes, scale);
    }
}
