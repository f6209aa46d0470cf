// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

/**
 * What one reading of all rows came to.
 *
 * @param contender who was read from
 * @param count what was read
 * @param seconds from the query to the end of the answer, or of the last answer
 * @param processorMillis the router's processor time; NaN where it was not asked
 * @param residentBytes the router's memory afterwards; 0 where it was not asked
 */
record MergeMeasurement(
        String contender, RowCounter.Count count, double seconds, double processorMillis, long residentBytes) {

    double rowsPerSecond() {
        return count.rows() / seconds;
    }

    double megabytesPerSecond() {
        return count.bytes() / 1e6 / seconds;
    }

    /** Returns the router's processor time for each 100,000 rows, in milliseconds. */
    double processorMillisPer100000() {
        return processorMillis * 100_000 / count.rows();
    }
}
