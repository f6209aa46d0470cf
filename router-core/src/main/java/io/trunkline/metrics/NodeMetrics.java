// SPDX-License-Identifier: Apache-2.0
package io.trunkline.metrics;

/** What is counted of one node and the connections to it. Allocation-free; any thread. */
public interface NodeMetrics {
    /** The place of a connection in its pool; the label {@code state} of {@code trunkline_backends}. */
    enum BackendState {
        CONNECTING,
        IDLE,
        LEASED,
        RESETTING
    }

    /** What a node is good for; the label {@code state} of {@code trunkline_node_state}. */
    enum NodeState {
        UNKNOWN,
        PRIMARY,
        READABLE_REPLICA,
        LAGGING_REPLICA,
        UNUSABLE
    }

    /** How opening a connection ended; the label {@code outcome} of {@code trunkline_backend_connect_seconds}. */
    enum ConnectOutcome {
        CONNECTED,
        /** The node refused the login: password, database, permission. */
        REFUSED,
        /** Not reachable, or it closed the connection. */
        UNREACHABLE,
        TIMED_OUT
    }

    /** A connection attempt began: {@code trunkline_backends{cluster,shard,node,state}} gauge, connections (CONNECTING). */
    void backendOpening();

    /** A connection changed its place: {@code trunkline_backends{cluster,shard,node,state}} gauge, connections. */
    void backendMoved(BackendState from, BackendState to);

    /**
     * A connection or an attempt ended: {@code trunkline_backends{cluster,shard,node,state}} gauge, {@code
     * trunkline_backends_closed_total{cluster,shard,node,reason}} counter, connections. The reasons must be a closed set.
     */
    void backendClosed(BackendState last, String reason);

    /** An attempt to connect ended: {@code trunkline_backend_connect_seconds{cluster,shard,node,outcome}} histogram, seconds. */
    void connectEnded(ConnectOutcome outcome, long nanos);

    /** The node is in this state: {@code trunkline_node_state{cluster,shard,node,state}} gauge, 1 or 0. */
    void state(NodeState state);

    /** The replica is this far behind, -1 when unknown: {@code trunkline_replica_lag_bytes{cluster,shard,node}} gauge, bytes. */
    void replicaLag(long bytes);

    /** The topology no longer names the node: its gauges go away. */
    void removed();
}
