// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How the router watches the nodes. */
public record ProbesConfig(
        @Setting(value = "Time between two probes of a node.", byDefault = "1s", range = "50ms..10min")
        Duration interval,

        @Setting(
                value = "Time between two probes while the shard has no primary or the node is not well.",
                byDefault = "200ms",
                range = "20ms..10min")
        Duration urgentInterval,

        @Setting(
                value = "Time after which a probe without answer counts as failed.",
                byDefault = "2s",
                range = "50ms..10min")
        Duration timeout,

        @Setting(
                value =
                        "Probes in a row that may time out before a node is unusable; a connection that cannot be opened makes it unusable at once.",
                byDefault = "2",
                range = "1..100")
        int failures,

        @Setting(
                value = "Good probes in a row that a replica needs before it serves reads again; a primary needs one.",
                byDefault = "2",
                range = "1..100")
        int recoveries,

        @Setting(
                value =
                        "Most bytes of WAL a replica may be behind the primary and still serve reads; once beyond it, it returns at half of it.",
                byDefault = "64MiB",
                range = "0B..1024GiB")
        ByteSize maxReplicaLag,

        @Setting(
                value = "Role that probes log in as; it needs the right to connect and pg_monitor.",
                byDefault = "postgres")
        String user,

        @Setting("The role's password.") @Nullable Secret password,

        @Setting(value = "Database that probes connect to.", byDefault = "postgres")
        String database,

        @Setting(
                value =
                        "Time between two readings of a database's catalogue (functions, views), which tell what a replica may serve; it needs the probes' role to be able to connect to the database.",
                byDefault = "30s",
                range = "1s..1d")
        Duration catalogInterval) {}
