// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.time.Duration;

/** How long things may take. */
public record TimeoutsConfig(
        @Setting(
                value = "From accepting a client to the end of its login, TLS handshake included.",
                byDefault = "15s",
                range = "100ms..10min")
        Duration login,

        @Setting(
                value = "From opening a connection to a node until TCP stands.",
                byDefault = "5s",
                range = "100ms..10min")
        Duration connect,

        @Setting(
                value = "From opening a connection to a node to the end of the login there.",
                byDefault = "15s",
                range = "100ms..10min")
        Duration backendLogin,

        @Setting(
                value =
                        "Bytes that a client or node leaves unacknowledged for this long end the connection, but not the time for which it says that it has no room for more. So does silence: TCP keep-alive asks from half of this time on. 0s leaves both to the system.",
                byDefault = "30s",
                range = "0s..1h")
        Duration tcpUser,

        @Setting(
                value = "A backend that nobody used for this long is closed; 0s never does.",
                byDefault = "10min",
                range = "0s..30d")
        Duration backendIdle,

        @Setting(
                value = "A backend older than this is closed when it comes back to the pool; 0s never does.",
                byDefault = "1h",
                range = "0s..365d")
        Duration backendLifetime,

        @Setting(
                value =
                        "Longest time for a statement of the router's own on a backend, such as a client's settings or ROLLBACK, before the backend is closed.",
                byDefault = "15s",
                range = "100ms..10min")
        Duration ownStatement,

        @Setting(
                value = "Longest time for putting a backend back in order before it is closed instead.",
                byDefault = "5s",
                range = "10ms..10min")
        Duration reset,

        @Setting(
                value = "Longest time for delivering a cancel request to a node or to another router.",
                byDefault = "5s",
                range = "100ms..10min")
        Duration cancel,

        @Setting(
                value = "On SIGTERM, longest time for open transactions to end before their clients are disconnected.",
                byDefault = "30s",
                range = "0s..1h")
        Duration drain) {}
