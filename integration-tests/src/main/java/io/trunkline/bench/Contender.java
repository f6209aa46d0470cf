// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import org.jspecify.annotations.Nullable;

/**
 * One way from a client to the server.
 *
 * @param name in the report
 * @param port where pgbench connects
 * @param preparedDatabase what pgbench connects to when it prepares statements; everything else is done in {@link PgbenchRun#DATABASE}
 * @param proxy the process between, whose processor time and memory count; null for the direct way
 */
record Contender(
        String name,
        int port,
        String preparedDatabase,
        @Nullable ProxyProcess proxy) {
    /** Returns the database for a workload. */
    String database(Workload workload) {
        return workload == Workload.PREPARED ? preparedDatabase : PgbenchRun.DATABASE;
    }
}
