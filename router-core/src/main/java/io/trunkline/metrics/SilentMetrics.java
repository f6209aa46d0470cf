// SPDX-License-Identifier: Apache-2.0
package io.trunkline.metrics;

import io.trunkline.error.RouterError;

/** The metrics that count nothing. Stateless. */
final class SilentMetrics implements RouterMetrics, RouteMetrics, PoolMetrics, NodeMetrics, LoopMetrics {

    @Override
    public void sessionOpened() {}

    @Override
    public void sessionMoved(SessionState from, SessionState to) {}

    @Override
    public void sessionClosed(SessionState last) {}

    @Override
    public void loginStage(LoginStage stage, long nanos) {}

    @Override
    public void loginEnded(LoginOutcome outcome) {}

    @Override
    public void relayed(Direction direction, long bytes) {}

    @Override
    public void error(RouterError error) {}

    @Override
    public void refused(String code) {}

    @Override
    public void pinned(String reason) {}

    @Override
    public void unpinned(String reason, long nanos) {}

    @Override
    public void shardsCommitted(CommitOutcome outcome) {}

    @Override
    public void oldestPrepared(String cluster, String shard, long seconds) {}

    @Override
    public void preparedForgotten(String cluster, String shard) {}

    @Override
    public void recovered(RecoveryOutcome outcome) {}

    @Override
    public void sequenceValuesLeft(String cluster, String database, String shard, String sequence, long values) {}

    @Override
    public void sequenceForgotten(String cluster, String database, String shard, String sequence) {}

    @Override
    public void sequenceBlock(BlockOutcome outcome) {}

    @Override
    public void listeningStarted() {}

    @Override
    public void listeningEnded() {}

    @Override
    public void channelsListened(int difference) {}

    @Override
    public void notificationsDelivered(int count) {}

    @Override
    public void listeningBackendLost() {}

    @Override
    public void prepared(PreparedEvent event) {}

    @Override
    public void repeated(RepeatCause cause) {}

    @Override
    public void cancelRequest(CancelOutcome outcome) {}

    @Override
    public void cancelForwardStarted() {}

    @Override
    public void cancelForwardEnded() {}

    @Override
    public void timedOut(TimeoutKind kind) {}

    @Override
    public void topologyRevision(long revision) {}

    @Override
    public void topologyRejected() {}

    @Override
    public void failoverHoldStarted() {}

    @Override
    public void failoverHoldEnded(HoldOutcome outcome, long nanos) {}

    @Override
    public void desynchronized(String reason) {}

    @Override
    public RouteMetrics route(String cluster, String shard, String role, String reason) {
        return this;
    }

    @Override
    public PoolMetrics pool(String cluster, String shard, String role) {
        return this;
    }

    @Override
    public NodeMetrics node(String cluster, String shard, String node) {
        return this;
    }

    @Override
    public LoopMetrics loop(String name) {
        return this;
    }

    @Override
    public void statement(long nanos) {}

    @Override
    public void queries(int count) {}

    @Override
    public void transaction() {}

    @Override
    public void leaseWait(long nanos) {}

    @Override
    public void waiterAdded() {}

    @Override
    public void waiterRemoved() {}

    @Override
    public void leaseRefused() {}

    @Override
    public void backendOpening() {}

    @Override
    public void backendMoved(BackendState from, BackendState to) {}

    @Override
    public void backendClosed(BackendState last, String reason) {}

    @Override
    public void connectEnded(ConnectOutcome outcome, long nanos) {}

    @Override
    public void state(NodeState state) {}

    @Override
    public void replicaLag(long bytes) {}

    @Override
    public void removed() {}

    @Override
    public void lag(long nanos) {}
}
