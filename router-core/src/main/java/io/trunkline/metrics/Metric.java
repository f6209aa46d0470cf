// SPDX-License-Identifier: Apache-2.0
package io.trunkline.metrics;

import java.util.List;

/**
 * The catalogue of the router's metrics: every name a dashboard may rely on, with its unit and labels.
 *
 * <p>The table in the operating guide is rendered from these constants, and a scrape is compared with them.
 */
public enum Metric {
    SESSIONS("trunkline_sessions", Type.GAUGE, "sessions", "Logged-in clients by what they are doing", "state"),
    LOGINS("trunkline_logins_total", Type.COUNTER, "logins", "Login attempts that ended, by outcome", "outcome"),
    LOGIN_STAGE("trunkline_login_stage_seconds", Type.HISTOGRAM, "seconds", "Time each stage of a login took", "stage"),
    LEASE_WAIT(
            "trunkline_lease_wait_seconds",
            Type.HISTOGRAM,
            "seconds",
            "Time a request for a backend waited until it was granted",
            "cluster",
            "shard",
            "role"),
    LEASE_WAITERS(
            "trunkline_lease_waiters",
            Type.GAUGE,
            "requests",
            "Requests for a backend that wait now",
            "cluster",
            "shard",
            "role"),
    LEASES_REFUSED(
            "trunkline_leases_refused_total",
            Type.COUNTER,
            "requests",
            "Requests for a backend that ended without one",
            "cluster",
            "shard",
            "role"),
    BACKENDS(
            "trunkline_backends",
            Type.GAUGE,
            "connections",
            "Connections to a node by state",
            "cluster",
            "shard",
            "node",
            "state"),
    BACKEND_CONNECT(
            "trunkline_backend_connect_seconds",
            Type.HISTOGRAM,
            "seconds",
            "Time to open a connection to a node and log in, or to fail at it",
            "cluster",
            "shard",
            "node",
            "outcome"),
    BACKENDS_CLOSED(
            "trunkline_backends_closed_total",
            Type.COUNTER,
            "connections",
            "Connections to a node that ended, by reason",
            "cluster",
            "shard",
            "node",
            "reason"),
    STATEMENT(
            "trunkline_statement_seconds",
            Type.HISTOGRAM,
            "seconds",
            "Time from sending a batch of statements to a node until the node was ready again",
            "cluster",
            "shard",
            "role",
            "reason"),
    QUERIES(
            "trunkline_queries_total",
            Type.COUNTER,
            "queries",
            "Query and Execute messages sent to nodes",
            "cluster",
            "shard",
            "role",
            "reason"),
    TRANSACTIONS(
            "trunkline_transactions_total",
            Type.COUNTER,
            "transactions",
            "Transactions that ended (a statement outside a transaction block counts as one)",
            "cluster",
            "shard",
            "role",
            "reason"),
    RELAY_BYTES(
            "trunkline_relay_bytes_total",
            Type.COUNTER,
            "bytes",
            "Bytes read from clients and from nodes",
            "direction"),
    ERRORS(
            "trunkline_errors_total",
            Type.COUNTER,
            "errors",
            "Errors the router itself sent to clients",
            "kind",
            "sqlstate"),
    REFUSALS(
            "trunkline_refusals_total",
            Type.COUNTER,
            "statements",
            "Statements refused because they cannot be routed exactly",
            "code"),
    PINNED_SESSIONS(
            "trunkline_pinned_sessions",
            Type.GAUGE,
            "sessions",
            "Sessions that keep their backend between transactions",
            "reason"),
    PINS(
            "trunkline_pins_total",
            Type.COUNTER,
            "sessions",
            "Times a session began to keep its backend between transactions",
            "reason"),
    PIN_TIME(
            "trunkline_pin_seconds",
            Type.HISTOGRAM,
            "seconds",
            "Time a session kept its backend between transactions",
            "reason"),
    LISTENING_SESSIONS(
            "trunkline_listening_sessions",
            Type.GAUGE,
            "sessions",
            "Sessions that listen to a channel by a backend they share with others"),
    LISTENED_CHANNELS(
            "trunkline_listened_channels",
            Type.GAUGE,
            "channels",
            "Channels that shared backends listen to, each counted once for each event loop, database, user and client encoding"),
    NOTIFICATIONS(
            "trunkline_notifications_total",
            Type.COUNTER,
            "notifications",
            "Notifications given to sessions that share a listening backend"),
    LISTENING_LOSSES(
            "trunkline_listening_losses_total",
            Type.COUNTER,
            "connections",
            "Shared listening backends that were lost, so that sessions may have missed notifications"),
    PREPARED(
            "trunkline_prepared_statements_total",
            Type.COUNTER,
            "statements",
            "Prepared statements found on the backend (hit), prepared there for the client (injected), closed to make room (evicted)",
            "event"),
    REPEATS(
            "trunkline_repeats_total",
            Type.COUNTER,
            "batches",
            "Requests sent again, because it is certain that they had no effect before",
            "cause"),
    CANCEL_REQUESTS(
            "trunkline_cancel_requests_total",
            Type.COUNTER,
            "requests",
            "Cancel requests of clients, by what became of them",
            "outcome"),
    CANCEL_FORWARDS(
            "trunkline_cancel_forwards",
            Type.GAUGE,
            "requests",
            "Cancel requests on their way to the router that gave the key"),
    TIMEOUTS(
            "trunkline_timeouts_total", Type.COUNTER, "timeouts", "Times something in a session took too long", "kind"),
    SHARD_COMMITS(
            "trunkline_shard_commits_total",
            Type.COUNTER,
            "transactions",
            "Transactions that were to be committed on several shards in two phases, by what became of them",
            "outcome"),
    PREPARED_AGE(
            "trunkline_prepared_transaction_age_seconds",
            Type.GAUGE,
            "seconds",
            "How long the oldest prepared part of a transaction over several shards has stood on a shard, as last seen; 0 when there is none",
            "cluster",
            "shard"),
    RECOVERED(
            "trunkline_recovered_transactions_total",
            Type.COUNTER,
            "transactions",
            "Parts of transactions over several shards that were left behind, by what this router made of them",
            "outcome"),
    SEQUENCE_VALUES(
            "trunkline_sequence_values_left",
            Type.GAUGE,
            "values",
            "Numbers of a sequence over shards that a shard has at hand, as last seen; at 0 trunkline.next_value fails there",
            "cluster",
            "database",
            "shard",
            "sequence"),
    SEQUENCE_BLOCKS(
            "trunkline_sequence_blocks_total",
            Type.COUNTER,
            "blocks",
            "Blocks of numbers that this router was to bring to a shard, by what became of them",
            "outcome"),
    TOPOLOGY_REVISION("trunkline_topology_revision", Type.GAUGE, "revision", "Revision of the topology in force"),
    TOPOLOGY_REJECTIONS(
            "trunkline_topology_rejections_total",
            Type.COUNTER,
            "documents",
            "Times a topology document was broken, outdated or missing, so that the one in force stayed"),
    NODE_STATE(
            "trunkline_node_state",
            Type.GAUGE,
            "1 or 0",
            "1 for the state a node is in, 0 for the others",
            "cluster",
            "shard",
            "node",
            "state"),
    REPLICA_LAG(
            "trunkline_replica_lag_bytes",
            Type.GAUGE,
            "bytes",
            "How far a replica's replay is behind its primary; -1 when unknown",
            "cluster",
            "shard",
            "node"),
    FAILOVER_WAITERS(
            "trunkline_failover_waiters",
            Type.GAUGE,
            "requests",
            "Requests held because their shard has no primary now"),
    FAILOVER_HOLD(
            "trunkline_failover_hold_seconds",
            Type.HISTOGRAM,
            "seconds",
            "Time a request was held for a new primary",
            "outcome"),
    DESYNCHRONIZATIONS(
            "trunkline_desynchronizations_total",
            Type.COUNTER,
            "connections",
            "Backends closed because their replies did not match what was owed; any value but 0 is a defect",
            "reason"),
    EVENT_LOOP_LAG(
            "trunkline_event_loop_lag_seconds",
            Type.HISTOGRAM,
            "seconds",
            "How much later than planned a timer of an event loop ran",
            "loop"),
    BUFFER_DIRECT(
            "trunkline_buffer_direct_bytes",
            Type.GAUGE,
            "bytes",
            "Direct memory held by the allocator of network buffers"),
    BUFFER_HEAP("trunkline_buffer_heap_bytes", Type.GAUGE, "bytes", "Heap held by the allocator of network buffers");

    /** How values of a metric add up. */
    public enum Type {
        /** Only grows. */
        COUNTER,
        /** The value now. */
        GAUGE,
        /** Buckets, sum and count. */
        HISTOGRAM
    }

    private final String exposedName;
    private final Type type;
    private final String unit;
    private final String meaning;
    private final List<String> labels;

    Metric(String exposedName, Type type, String unit, String meaning, String... labels) {
        this.exposedName = exposedName;
        this.type = type;
        this.unit = unit;
        this.meaning = meaning;
        this.labels = List.of(labels);
    }

    /** Returns the name on {@code /metrics}; a histogram appears as this name with {@code _bucket}, {@code _sum} and {@code _count}. */
    public String exposedName() {
        return exposedName;
    }

    /** Returns how its values add up. */
    public Type type() {
        return type;
    }

    /** Returns what one is a number of. */
    public String unit() {
        return unit;
    }

    /** Returns one sentence for people who read dashboards. */
    public String meaning() {
        return meaning;
    }

    /** Returns the label names in order. */
    public List<String> labels() {
        return labels;
    }
}
