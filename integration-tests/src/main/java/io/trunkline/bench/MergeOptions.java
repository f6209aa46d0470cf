// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

/**
 * How the merge is measured.
 *
 * @param rounds of which the median counts
 * @param warmupRounds before them, which do not count
 * @param rows of all shards together
 * @param shards that have them
 * @param eventLoops of the router
 */
record MergeOptions(int rounds, int warmupRounds, long rows, int shards, int eventLoops) {}
