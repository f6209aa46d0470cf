// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

/**
 * How COPY FROM is measured.
 *
 * @param rounds of which the median counts
 * @param warmupRounds before them, which do not count
 * @param rows that are copied each time
 * @param shards they are divided among
 * @param eventLoops of the router
 */
record CopyBenchOptions(int rounds, int warmupRounds, long rows, int shards, int eventLoops) {}
