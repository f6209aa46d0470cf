// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.routing.ReadPolicy;

/**
 * Who a session is and what it was admitted to; fixed at login.
 *
 * @param user the user the client authenticated as
 * @param database the database as the client named it
 * @param cluster the cluster that database belongs to
 * @param backendDatabase the database's name on the nodes
 * @param backendUser the role the router logs in as on the session's behalf
 * @param poolMode when backends change hands
 * @param readPolicy where reads go
 * @param readAfterWriteNanos how long reads follow the session's own write to the primary
 * @param mayGiveHints whether its comments and {@code trunkline} settings may choose node and shard
 * @param timeouts how long things may take
 */
public record SessionIdentity(
        String user,
        String database,
        String cluster,
        String backendDatabase,
        String backendUser,
        PoolMode poolMode,
        ReadPolicy readPolicy,
        long readAfterWriteNanos,
        boolean mayGiveHints,
        SessionTimeouts timeouts) {

    /** When a backend changes hands. */
    public enum PoolMode {
        /** At the end of each transaction. */
        TRANSACTION,
        /** When the client leaves. */
        SESSION
    }
}
