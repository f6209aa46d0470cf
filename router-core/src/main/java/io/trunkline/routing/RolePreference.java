// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import java.util.Locale;

/** What a client asked for by {@code SET trunkline.role}. */
public enum RolePreference {
    /** Nothing: the policy and the statement decide. */
    AUTO,
    /** Everything to the primary. */
    PRIMARY,
    /** Reads to a replica when there is one, whatever the policy says. */
    PREFER_REPLICA,
    /** Everything to a replica, writes too: PostgreSQL answers those with 25006. */
    REPLICA;

    /** Returns the value as it is written in configurations, hints and settings. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
