// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

/**
 * What one COPY of all rows came to.
 *
 * @param contender who was copied to
 * @param rows how many
 * @param bytes of the data
 * @param seconds from the statement to its ReadyForQuery
 * @param routerSeconds the router's processor time; NaN where there is none
 * @param serverSeconds the processor time of all servers together
 */
record CopyMeasurement(
        String contender, long rows, long bytes, double seconds, double routerSeconds, double serverSeconds) {

    double rowsPerSecond() {
        return rows / seconds;
    }

    double megabytesPerSecond() {
        return bytes / 1e6 / seconds;
    }

    double routerSecondsPerMillion() {
        return routerSeconds * 1e6 / rows;
    }

    double serverSecondsPerMillion() {
        return serverSeconds * 1e6 / rows;
    }
}
