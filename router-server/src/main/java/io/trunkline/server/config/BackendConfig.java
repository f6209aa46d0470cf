// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How the router logs in to nodes. */
public record BackendConfig(
        @Setting(value = "TLS towards nodes.") Tls tls,

        @Setting(
                value =
                        "Weakest method by which the router proves itself to a node; scram-sha-256-plus is bound to the node's certificate, none lets the node ask for nothing.",
                byDefault = "none")
        AuthMinimum authMinimum,

        @Setting(
                value = "When a password may be sent to a node as it is, if the node asks for that.",
                byDefault = "inside-tls")
        Cleartext cleartextPassword,

        @Setting(
                value =
                        "Most connections a pool opens to one node at the same time, per event loop; bounds the rush to a new primary.",
                byDefault = "4",
                range = "1..1000")
        int parallelConnects,

        @Setting(
                value =
                        "How often a node looks, while it runs a statement, whether the router is still there (client_connection_check_interval), so that nothing runs on behind a router that is gone; 0s leaves it to the node, which is needed when that is another pooler.",
                byDefault = "10s",
                range = "0s..1h")
        Duration clientConnectionCheckInterval) {

    /** What is demanded of a node, as libpq's sslmode. */
    public enum TlsMode {
        DISABLE,
        PREFER,
        REQUIRE,
        VERIFY_CA,
        VERIFY_FULL
    }

    /** When a password may be sent as it is. */
    public enum Cleartext {
        NEVER,
        INSIDE_TLS,
        ALWAYS
    }

    /** The methods, strongest first. */
    public enum AuthMinimum {
        SCRAM_SHA_256_PLUS,
        SCRAM_SHA_256,
        MD5,
        PASSWORD,
        NONE
    }

    /** TLS towards nodes. */
    public record Tls(
            @Setting(
                    value = "disable, prefer, require, verify-ca or verify-full, with the meaning of libpq's sslmode.",
                    byDefault = "prefer")
            TlsMode mode,

            @Setting(
                    "PEM file with the authorities that sign the nodes' certificates; only for the modes that verify, those the JVM trusts when it is not set.")
            @Nullable
            Path ca)
            implements Validated {

        @Override
        public void validate(Problems problems) {
            if (ca != null && mode != TlsMode.VERIFY_CA && mode != TlsMode.VERIFY_FULL) {
                problems.add("ca", ca.toString(), "no file, because mode verifies nothing");
            }
        }
    }
}
