// SPDX-License-Identifier: Apache-2.0
package io.trunkline.metrics;

import io.trunkline.error.RouterError;

/**
 * Receives everything the router counts or times: one method per event, named after what happened.
 *
 * <p>Any thread may call any method. No method blocks or throws. What happens per statement or per read is allocation-free: such events have
 * no labels, labels that are enums, or sit on a handle ({@link RouteMetrics}, {@link PoolMetrics}, {@link NodeMetrics}, {@link LoopMetrics})
 * that its user asks for once and keeps. The same arguments give the same handle.
 *
 * <p>Times are nanoseconds as differences of {@link System#nanoTime}; they are exposed in seconds.
 */
public interface RouterMetrics {
    /** Counts nothing; for tests and tools. */
    RouterMetrics NONE = new SilentMetrics();

    /** What a logged-in session is doing; the label {@code state} of {@code trunkline_sessions}. */
    enum SessionState {
        IDLE,
        GATHERING,
        LEASING,
        RUNNING,
        HOLDING,
        STRANDED
    }

    /** A stage of a client's login; the label {@code stage} of {@code trunkline_login_stage_seconds}. */
    enum LoginStage {
        /** From SSLRequest to the end of the TLS handshake. */
        TLS,
        /** From the startup packet to the verdict on the password. */
        AUTHENTICATION,
        /** From the verdict to the first ReadyForQuery; includes fetching parameters from a node when none are known. */
        GREETING
    }

    /** How a login ended; the label {@code outcome} of {@code trunkline_logins_total}. */
    enum LoginOutcome {
        ACCEPTED,
        /** Wrong password, unknown user or database, or no permission. */
        REJECTED,
        /** Malformed or unsupported startup. */
        MALFORMED,
        /** The login timeout passed. */
        TIMED_OUT,
        /** The client went away. */
        ABANDONED,
        /** A limit, or the router is stopping, or no node answers. */
        UNAVAILABLE
    }

    /** Which way bytes pass; the label {@code direction} of {@code trunkline_relay_bytes_total}. */
    enum Direction {
        TO_BACKEND,
        TO_CLIENT
    }

    /** What happened to a prepared statement; the label {@code event} of {@code trunkline_prepared_statements_total}. */
    enum PreparedEvent {
        /** The backend had it: no Parse was sent. */
        HIT,
        /** The backend lacked it: a Parse was sent on the client's behalf. */
        INJECTED,
        /** It was closed on a backend to make room. */
        EVICTED
    }

    /** Why a batch that had no effect was sent again; the label {@code cause} of {@code trunkline_repeats_total}. */
    enum RepeatCause {
        /** The node had ended the connection, which had been idle too long for it. */
        IDLE_TIMEOUT,
        /** The node stopped while a read was on its way. */
        SHUTDOWN,
        /** The backend could not use a prepared statement: its columns had changed, or it was lost. */
        STATEMENT
    }

    /** What became of a cancel request; the label {@code outcome} of {@code trunkline_cancel_requests_total}. */
    enum CancelOutcome {
        /** Passed on to the node that ran the statement. */
        SENT,
        /** The session waited for a backend; its request was withdrawn. */
        WITHDRAWN,
        /** The session ran nothing. */
        NOTHING_RUNNING,
        /** No session has this key. */
        UNKNOWN_KEY,
        /** Passed on to the router that gave the key, which has closed the connection. */
        FORWARDED,
        /** No router is known by the number in the key, or another router took this one for it. */
        UNKNOWN_ROUTER,
        /** Another one with the same key was under way; carried out with all that came meanwhile, as one that counts by itself. */
        JOINED,
        /** One too many at once, from everywhere, from its address, or to other routers; dropped. */
        SURPLUS,
        /** The router that gave the key could not be reached, or did not close the connection in time. */
        FAILED
    }

    /** What took too long; the label {@code kind} of {@code trunkline_timeouts_total}. */
    enum TimeoutKind {
        /** A statement: {@code query_timeout}. */
        QUERY,
        /** The client, with the rest of a COPY FROM or of a message: {@code copy_stall_timeout}. */
        COPY_STALL,
        /** A transaction: {@code transaction_timeout}. */
        TRANSACTION,
        /** The client, within a transaction: {@code idle_in_transaction_timeout}. */
        IDLE_IN_TRANSACTION,
        /** The client, outside a transaction: {@code idle_timeout}. */
        IDLE,
        /** The node, to answer a statement that was cancelled for one of the above; its backend is closed. */
        CANCEL
    }

    /** How a commit on several shards ended; the label {@code outcome} of {@code trunkline_shard_commits_total}. */
    enum CommitOutcome {
        /** Committed on all of them. */
        COMMITTED,
        /** Rolled back on all of them: one could not prepare, or recovery was sooner. */
        ROLLED_BACK,
        /** Recovery will find out: the decision could not be reached. */
        UNKNOWN
    }

    /** What became of a transaction over several shards that was left behind; the label {@code outcome} of {@code trunkline_recovered_transactions_total}. */
    enum RecoveryOutcome {
        /** A commit was decided, and was carried out on one shard. */
        COMMITTED,
        /** An abort was decided, and was carried out on one shard. */
        ROLLED_BACK,
        /** It could not be decided or not be carried out; it is tried again. */
        FAILED
    }

    /** What became of numbers that a shard was to get; the label {@code outcome} of {@code trunkline_sequence_blocks_total}. */
    enum BlockOutcome {
        /** The shard has them. */
        ADDED,
        /** They were allocated, and maybe nobody has them. */
        WASTED,
        /** None were allocated; it is tried again. */
        FAILED
    }

    /** How the wait for a new primary ended; the label {@code outcome} of {@code trunkline_failover_hold_seconds}. */
    enum HoldOutcome {
        /** A primary appeared and the request ran on it. */
        RESUMED,
        /** {@code failover_wait} passed first. */
        TIMED_OUT,
        /** The client withdrew. */
        WITHDRAWN
    }

    /** A client finished its login and is IDLE: {@code trunkline_sessions{state}} gauge, sessions. */
    void sessionOpened();

    /** A session changed state: {@code trunkline_sessions{state}} gauge, sessions. */
    void sessionMoved(SessionState from, SessionState to);

    /** A session ended in the given state: {@code trunkline_sessions{state}} gauge, sessions. */
    void sessionClosed(SessionState last);

    /** A stage of a login ended well: {@code trunkline_login_stage_seconds{stage}} histogram, seconds. */
    void loginStage(LoginStage stage, long nanos);

    /** A login ended: {@code trunkline_logins_total{outcome}} counter, logins. */
    void loginEnded(LoginOutcome outcome);

    /** Bytes of a session were read for the other side: {@code trunkline_relay_bytes_total{direction}} counter, bytes. */
    void relayed(Direction direction, long bytes);

    /** The router sent an error of its own to a client: {@code trunkline_errors_total{kind,sqlstate}} counter, errors. */
    void error(RouterError error);

    /** A statement was refused, with its stable code such as TL0101: {@code trunkline_refusals_total{code}} counter, statements. */
    void refused(String code);

    /**
     * A session began to keep its backend: {@code trunkline_pinned_sessions{reason}} gauge, {@code trunkline_pins_total{reason}} counter,
     * sessions. The reasons must be a closed set.
     */
    void pinned(String reason);

    /**
     * A session stopped keeping its backend for that reason: {@code trunkline_pinned_sessions{reason}} gauge, sessions;
     * {@code trunkline_pin_seconds{reason}} histogram, seconds.
     */
    void unpinned(String reason, long nanos);

    /** A session began to listen by a shared backend: {@code trunkline_listening_sessions} gauge, sessions. */
    void listeningStarted();

    /** A session listens to nothing any more: {@code trunkline_listening_sessions} gauge, sessions. */
    void listeningEnded();

    /** The number of channels of a shared backend changed: {@code trunkline_listened_channels} gauge, channels. */
    void channelsListened(int difference);

    /** A session was given notifications: {@code trunkline_notifications_total} counter, notifications. */
    void notificationsDelivered(int count);

    /** A shared backend that listened was lost: {@code trunkline_listening_losses_total} counter, connections. */
    void listeningBackendLost();

    /** A prepared statement was found, injected or evicted: {@code trunkline_prepared_statements_total{event}} counter, statements. */
    void prepared(PreparedEvent event);

    /** A batch that had no effect was sent again: {@code trunkline_repeats_total{cause}} counter, batches. */
    void repeated(RepeatCause cause);

    /** A cancel request was answered: {@code trunkline_cancel_requests_total{outcome}} counter, requests. */
    void cancelRequest(CancelOutcome outcome);

    /** A cancel request is being passed on to another router: {@code trunkline_cancel_forwards} gauge, requests. */
    void cancelForwardStarted();

    /** A cancel request is not being passed on any more: {@code trunkline_cancel_forwards} gauge, requests. */
    void cancelForwardEnded();

    /** Something in a session took too long: {@code trunkline_timeouts_total{kind}} counter, timeouts. */
    void timedOut(TimeoutKind kind);

    /** A transaction over several shards was committed, or was not: {@code trunkline_shard_commits_total{outcome}} counter, transactions. */
    void shardsCommitted(CommitOutcome outcome);

    /** The oldest transaction over several shards that stands prepared on a shard, 0 when there is none: {@code trunkline_prepared_transaction_age_seconds{cluster,shard}} gauge, seconds. */
    void oldestPrepared(String cluster, String shard, long seconds);

    /** The topology no longer names the shard: {@code trunkline_prepared_transaction_age_seconds{cluster,shard}} goes away. */
    void preparedForgotten(String cluster, String shard);

    /** A part of a transaction that was left behind was ended, or could not be: {@code trunkline_recovered_transactions_total{outcome}} counter, transactions. */
    void recovered(RecoveryOutcome outcome);

    /** The numbers of a sequence that a shard has at hand: {@code trunkline_sequence_values_left{cluster,database,shard,sequence}} gauge, values. */
    void sequenceValuesLeft(String cluster, String database, String shard, String sequence, long values);

    /** The topology no longer names the sequence or the shard: {@code trunkline_sequence_values_left{cluster,database,shard,sequence}} goes away. */
    void sequenceForgotten(String cluster, String database, String shard, String sequence);

    /** A shard got numbers, or did not: {@code trunkline_sequence_blocks_total{outcome}} counter, blocks. */
    void sequenceBlock(BlockOutcome outcome);

    /** A topology came into force: {@code trunkline_topology_revision} gauge. */
    void topologyRevision(long revision);

    /** A topology document was rejected: {@code trunkline_topology_rejections_total} counter, documents. */
    void topologyRejected();

    /** A request is held because its shard has no primary: {@code trunkline_failover_waiters} gauge, requests. */
    void failoverHoldStarted();

    /**
     * A held request goes on or ends: {@code trunkline_failover_waiters} gauge, {@code trunkline_failover_hold_seconds{outcome}} histogram,
     * seconds.
     */
    void failoverHoldEnded(HoldOutcome outcome, long nanos);

    /**
     * A backend's replies did not match what it owed: {@code trunkline_desynchronizations_total{reason}} counter, connections. The reasons must
     * be a closed set.
     */
    void desynchronized(String reason);

    /**
     * Returns the handle of one route.
     *
     * @param cluster the cluster's name
     * @param shard the shard's name
     * @param role lower-case word such as {@code primary}
     * @param reason why statements go there; a closed set
     */
    RouteMetrics route(String cluster, String shard, String role, String reason);

    /** Returns the handle of the requests for backends of one shard and role. */
    PoolMetrics pool(String cluster, String shard, String role);

    /** Returns the handle of one node. */
    NodeMetrics node(String cluster, String shard, String node);

    /** Returns the handle of one event loop, by its thread's name. */
    LoopMetrics loop(String name);
}
