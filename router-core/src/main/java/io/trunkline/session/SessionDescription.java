// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.BackendConnection;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.relay.Relay;
import io.trunkline.wire.TransactionStatus;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an operator may know of one client at one moment.
 *
 * @param processId what the client takes for the process id of its server, from its greeting; no other live client has it
 * @param user who it logged in as
 * @param database what it connected to, as it calls it
 * @param address where it comes from
 * @param state what its session does
 * @param transaction what the client takes for its transaction's status
 * @param pins what ties it to its backend
 * @param backend the server process it holds, or null when it holds none
 */
public record SessionDescription(
        int processId,
        String user,
        String database,
        String address,
        RouterMetrics.SessionState state,
        TransactionStatus transaction,
        List<Pin> pins,
        @Nullable Backend backend) {

    /**
     * A reason why a session keeps its backend.
     *
     * @param reason the label it has in the metrics
     * @param age since when there is one
     */
    public record Pin(String reason, Duration age) {}

    /**
     * A server process.
     *
     * @param node the name of its node
     * @param processId as {@code pg_stat_activity} shows it
     */
    public record Backend(String node, int processId) {
        private static Backend of(BackendConnection backend) {
            return new Backend(backend.target().node(), backend.key().processId());
        }
    }

    /** Describes a session whose client knows itself by a process id; on the session's event loop. */
    static SessionDescription of(Session session, int processId) {
        Relay relay = session.state().relay();
        return new SessionDescription(
                processId,
                session.identity.user(),
                session.identity.database(),
                session.client.address(),
                session.state().label(),
                session.status(),
                session.ties.describe(),
                relay == null ? null : Backend.of(relay.backend()));
    }
}
