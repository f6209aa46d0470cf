// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One user that clients log in as, and the role the router uses for it on the nodes. */
public record UserConfig(
        @Setting("The password; clients prove it by SCRAM-SHA-256.") @Nullable
        Secret password,

        @Setting(
                "The verifier as pg_authid has it (SCRAM-SHA-256$iterations:salt$stored key:server key), instead of the password.")
        @Nullable
        Secret verifier,

        @Setting(
                value = "true lets the user in without any proof, instead of a password or verifier.",
                byDefault = "false")
        boolean trust,

        @Setting("Databases the user may connect to; every database when the list is empty.")
        List<String> databases,

        @Setting("Role for logging in to the nodes; the user's own name when it is not set.") @Nullable
        String backendUser,

        @Setting("Password for logging in to the nodes; the user's password when it is not set.") @Nullable
        Secret backendPassword,

        @Setting("As defaults.routing_hints, and before that of the database.") @Nullable
        Boolean routingHints,

        @Setting(value = "As defaults.query_timeout, and before that of the database.", range = "0s..30d") @Nullable
        Duration queryTimeout,

        @Setting(value = "As defaults.copy_stall_timeout, and before that of the database.", range = "0s..30d")
        @Nullable
        Duration copyStallTimeout,

        @Setting(value = "As defaults.transaction_timeout, and before that of the database.", range = "0s..30d")
        @Nullable
        Duration transactionTimeout,

        @Setting(value = "As defaults.idle_in_transaction_timeout, and before that of the database.", range = "0s..30d")
        @Nullable
        Duration idleInTransactionTimeout,

        @Setting(value = "As defaults.idle_timeout, and before that of the database.", range = "0s..30d") @Nullable
        Duration idleTimeout)
        implements Validated {

    @Override
    public void validate(Problems problems) {
        int ways = (password == null ? 0 : 1) + (verifier == null ? 0 : 1) + (trust ? 1 : 0);
        if (ways != 1) {
            problems.add(
                    "password", ways == 0 ? "missing" : "***", "exactly one of password, verifier and trust: true");
        }
        if (verifier != null && !verifier.reveal().startsWith("SCRAM-SHA-256$")) {
            problems.add("verifier", "***", "SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>");
        }
    }
}
