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
                value =
                        "Most requests that may wait for a backend of one shard at a time, per event loop; one that is being opened is waited for, too.",
                byDefault = "10000",
                range = "1..1000000")
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
                        "Whether comments and trunkline settings of clients may choose node and shard; false refuses them with 42501.",
                byDefault = "true")
        boolean routingHints,

        @Setting(
                value =
                        "Longest time new transactions are held while their shard has no primary; 0s refuses them at once.",
                byDefault = "30s",
                range = "0s..1h")
        Duration failoverWait,

        @Setting(
                value =
                        "Longest time from sending a statement, or a group up to its Sync, to the end of its answer; the statement is cancelled and the client gets 57014. What a COPY FROM waits for its client does not count. 0s is no limit.",
                byDefault = "0s",
                range = "0s..30d")
        Duration queryTimeout,

        @Setting(
                value =
                        "Longest time without a byte from a client that owes the rest of a COPY FROM, or of a message that its backend has the beginning of; the copy fails with 57014, within a message the client is disconnected. 0s is no limit.",
                byDefault = "0s",
                range = "0s..30d")
        Duration copyStallTimeout,

        @Setting(
                value =
                        "Longest time of a transaction, that of a single statement included; the client is disconnected with 25P04. 0s is no limit.",
                byDefault = "0s",
                range = "0s..30d")
        Duration transactionTimeout,

        @Setting(
                value =
                        "Longest time without a statement from a client in a transaction; it is disconnected with 25P03. 0s is no limit.",
                byDefault = "0s",
                range = "0s..30d")
        Duration idleInTransactionTimeout,

        @Setting(
                value =
                        "Longest time without a statement from a client outside a transaction; it is disconnected with 57P05. 0s is no limit.",
                byDefault = "0s",
                range = "0s..30d")
        Duration idleTimeout)
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
