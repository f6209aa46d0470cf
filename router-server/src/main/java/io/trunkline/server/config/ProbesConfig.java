// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How the router watches the nodes. */
public record ProbesConfig(
        @Setting(value = "Time between two probes of a node.", byDefault = "1s", range = "50ms..10min")
        Duration interval,

        @Setting(
                value = "Time after which a probe without answer counts as failed.",
                byDefault = "1s",
                range = "50ms..10min")
        Duration timeout,

        @Setting(value = "Failed probes in a row after which a node is unusable.", byDefault = "2", range = "1..100")
        int failures,

        @Setting(
                value = "Role that probes log in as; it needs the right to connect and pg_monitor.",
                byDefault = "postgres")
        String user,

        @Setting("The role's password.") @Nullable Secret password,

        @Setting(value = "Database that probes connect to.", byDefault = "postgres")
        String database) {}
