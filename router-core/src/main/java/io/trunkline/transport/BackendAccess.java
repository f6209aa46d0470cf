// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.trunkline.auth.RolePasswords;
import io.trunkline.backend.BackendLogin;
import io.trunkline.wire.ProtocolVersion;
import java.time.Duration;
import java.util.Map;

/**
 * How the router connects and logs in to nodes; the same for all of them.
 *
 * @param tls whether TLS is asked for and what is checked
 * @param login which authentication is taken part in
 * @param passwords the passwords of the roles
 * @param parameters startup parameters of every backend, such as {@code application_name}
 * @param version the protocol version asked for
 * @param limits how long things may take
 */
public record BackendAccess(
        ClientTls tls,
        BackendLogin.Environment login,
        RolePasswords passwords,
        Map<String, String> parameters,
        ProtocolVersion version,
        Limits limits) {

    /**
     * How long things may take.
     *
     * @param connect until the TCP connection stands
     * @param login until the backend is ready, connecting included
     * @param cancel until the node has closed the connection of a cancel request, connecting included
     * @param tcpUser how long sent bytes may stay unacknowledged; zero leaves it to the system
     */
    public record Limits(Duration connect, Duration login, Duration cancel, Duration tcpUser) {
        /** What most installations need. */
        public static final Limits DEFAULT = new Limits(
                Duration.ofSeconds(5), Duration.ofSeconds(15), Duration.ofSeconds(5), Duration.ofSeconds(30));
    }

    /** Keeps an immutable copy of the parameters. */
    public BackendAccess {
        parameters = Map.copyOf(parameters);
    }
}
