// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.time.Duration;

/** How one database, as clients call it, is pooled and routed. */
public record DatabaseConfig(
        @Setting(
                value =
                        "transaction gives a backend back at the end of each transaction; session keeps it until the client leaves.",
                byDefault = "transaction")
        PoolMode poolMode,

        @Setting(
                value = "Most backends to one node for this database and one user, over all event loops.",
                byDefault = "20",
                range = "1..10000")
        int poolSize,

        @Setting(
                value = "Backends to one node that are kept open although idle, over all event loops.",
                byDefault = "0",
                range = "0..10000")
        int minPoolSize,

        @Setting(
                value = "Most requests that may wait for a backend of one shard at a time, per event loop.",
                byDefault = "10000",
                range = "0..1000000")
        int maxWaiters,

        @Setting(
                value = "Longest wait for a backend before the client gets an error.",
                byDefault = "30s",
                range = "1ms..1h")
        Duration leaseWaitTimeout,

        @Setting(
                value =
                        "Where reads go: primary; prefer-replica (a replica within its lag limit, else the primary); replica (never the primary).",
                byDefault = "primary")
        ReadPolicy readPolicy,

        @Setting(
                value = "Time for which a session reads from the primary after its own write; 0s switches that off.",
                byDefault = "1s",
                range = "0s..1h")
        Duration readAfterWrite,

        @Setting(
                value =
                        "Longest time new transactions are held while their shard has no primary; 0s refuses them at once.",
                byDefault = "30s",
                range = "0s..1h")
        Duration failoverWait)
        implements Validated {

    @Override
    public void validate(Problems problems) {
        if (minPoolSize > poolSize) {
            problems.add("min_pool_size", Integer.toString(minPoolSize), "at most pool_size, " + poolSize);
        }
    }

    /** When a session gives its backend back. */
    public enum PoolMode {
        TRANSACTION,
        SESSION
    }

    /** Which nodes serve reads. */
    public enum ReadPolicy {
        PRIMARY,
        PREFER_REPLICA,
        REPLICA
    }
}
