// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

import java.time.Duration;

/**
 * How the nodes of a cluster are probed and judged.
 *
 * @param database the database the probes connect to; any that exists on every node
 * @param user the role the probes log in as; needs {@code pg_monitor}, else a replica's timeline is known late after a failover
 * @param probeInterval pause between two probes of a node; default 1 s. Lower it to notice a silent loss earlier.
 * @param urgentInterval pause between two probes while the shard has no primary or the node is not well; default 200 ms
 * @param probeTimeout how long a probe may take; default 2 s
 * @param failureThreshold probes in a row that may time out before a node is unusable; default 2. A broken connection that cannot be opened
 *     again makes it unusable at once.
 * @param recoveryThreshold good probes in a row that a replica needs before it serves reads again; default 2. A primary needs one.
 * @param replicaLagMaxBytes how far the replay of a replica may be behind the primary for it to serve reads; default 64 MiB. A replica that
 *     was beyond it returns at half of it.
 */
public record HealthSettings(
        String database,
        String user,
        Duration probeInterval,
        Duration urgentInterval,
        Duration probeTimeout,
        int failureThreshold,
        int recoveryThreshold,
        long replicaLagMaxBytes) {

    /** Checks the ranges. */
    public HealthSettings {
        requirePositive("probe_interval", probeInterval);
        requirePositive("urgent_interval", urgentInterval);
        requirePositive("probe_timeout", probeTimeout);
        requireAtLeastOne("failure_threshold", failureThreshold);
        requireAtLeastOne("recovery_threshold", recoveryThreshold);
        if (replicaLagMaxBytes < 0) {
            throw new IllegalArgumentException(
                    "max_replica_lag: " + replicaLagMaxBytes + " (expected: 0 or more bytes)");
        }
    }

    /** Returns the defaults for probes with this database and user. */
    public static HealthSettings defaults(String database, String user) {
        return new HealthSettings(
                database, user, Duration.ofSeconds(1), Duration.ofMillis(200), Duration.ofSeconds(2), 2, 2, 64L << 20);
    }

    /** Returns these settings with another lag limit. */
    public HealthSettings withReplicaLagMaxBytes(long bytes) {
        return new HealthSettings(
                database,
                user,
                probeInterval,
                urgentInterval,
                probeTimeout,
                failureThreshold,
                recoveryThreshold,
                bytes);
    }

    private static void requirePositive(String name, Duration value) {
        if (value.isZero() || value.isNegative()) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: more than 0)");
        }
    }

    private static void requireAtLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: 1 or more)");
        }
    }
}
