// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import org.jspecify.annotations.Nullable;

/** The SASL mechanisms PostgreSQL and the router speak, weakest first. */
public enum ScramMechanism {
    /** Without channel binding. */
    SCRAM_SHA_256("SCRAM-SHA-256"),
    /** With {@code tls-server-end-point} channel binding; only inside TLS. */
    SCRAM_SHA_256_PLUS("SCRAM-SHA-256-PLUS");

    private final String wireName;

    ScramMechanism(String wireName) {
        this.wireName = wireName;
    }

    /** Returns the name as registered with IANA. */
    public String wireName() {
        return wireName;
    }

    /** Returns the mechanism with that name, or null for one we do not speak. */
    public static @Nullable ScramMechanism named(String name) {
        for (ScramMechanism mechanism : values()) {
            if (mechanism.wireName.equals(name)) {
                return mechanism;
            }
        }
        return null;
    }
}
