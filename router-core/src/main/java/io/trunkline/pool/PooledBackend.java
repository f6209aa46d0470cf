// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.error.RouterError;
import org.jspecify.annotations.Nullable;

/**
 * One backend of a {@link NodePool} from the attempt to connect until it is closed; it holds one place of the budget all that time.
 *
 * <p>It is in exactly one state, and only {@link NodeBackends} changes it, together with the collection of that state and the gauges:
 *
 * <pre>
 *   CONNECTING ──► IDLE ◄──► LEASED ──► RESETTING ──► IDLE
 *       │           │          │            │
 *       └───────────┴──────────┴────────────┴──────► CLOSED
 * </pre>
 */
final class PooledBackend implements BackendConnector.Listener, BackendConnection.IdleListener {

    /** Where a backend is. */
    enum State {
        CONNECTING,
        IDLE,
        LEASED,
        RESETTING,
        CLOSED
    }

    private final NodePool node;
    /** The generation of the node's pool that the backend belongs to. */
    final int generation;

    final long startedNanos;
    State state = State.CONNECTING;
    /** Set once connected. */
    private @Nullable BackendConnection connection;
    /** Set while leased. */
    @Nullable
    BackendLease lease;

    long expiresNanos;
    long idleSinceNanos;

    PooledBackend(NodePool node, int generation, long startedNanos) {
        this.node = node;
        this.generation = generation;
        this.startedNanos = startedNanos;
    }

    NodePool node() {
        return node;
    }

    boolean isConnected() {
        return connection != null;
    }

    /** Returns the connection; only once connected. */
    BackendConnection connection() {
        BackendConnection connected = connection;
        if (connected == null) {
            throw new IllegalStateException("not connected yet: " + state);
        }
        return connected;
    }

    @Override
    public void onConnected(BackendConnection backend) {
        connection = backend;
        node.onConnected(this);
    }

    @Override
    public void onFailed(RouterError error) {
        node.onConnectFailed(this, error);
    }

    @Override
    public void onIdleLost(BackendConnection backend, RouterError cause) {
        node.onIdleLost(this, cause);
    }
}
