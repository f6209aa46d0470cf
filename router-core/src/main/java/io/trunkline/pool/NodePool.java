// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.error.LogText;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.health.NodeStatus;
import io.trunkline.metrics.NodeMetrics;
import io.trunkline.metrics.NodeMetrics.ConnectOutcome;
import io.trunkline.pool.ConnectionBudget.Offer;
import io.trunkline.pool.PooledBackend.State;
import io.trunkline.topology.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one {@link BackendPool} has on one node: opens backends there, leases them, takes them back, closes them.
 *
 * <p>Each loss of the node's role begins a new <em>generation</em>: idle backends of the old one are closed at once, leased and connecting ones
 * as soon as they come back. Confined to the pool's event loop.
 */
final class NodePool implements ConnectionBudget.Claimant, ReplicaSelector.Candidate {
    private static final Logger log = LoggerFactory.getLogger(NodePool.class);

    /** How long a backend must be idle before its place counts as not needed here. */
    private static final long LONG_IDLE_NANOS = 1_000_000_000L;

    private final BackendPool pool;
    private final PoolContext context;
    private final EventLoopClock clock;
    private final PoolSettings settings;
    private final BackendTarget target;
    private final ConnectionBudget.Share share;
    private final NodeMetrics metrics;
    private final NodeBackends backends;
    private final Backoff backoff;

    private NodeStatus status;
    private int generation;
    private boolean retired;
    private long stride;

    /** The last failure while attempts keep failing. */
    private @Nullable RouterError failure;

    private @Nullable Cancellable retry;
    private @Nullable Cancellable spareCheck;

    NodePool(BackendPool pool, NodeStatus status) {
        this.pool = pool;
        this.context = pool.context();
        this.clock = context.clock();
        this.settings = pool.settings();
        this.status = status;
        PoolKey key = pool.key();
        Node node = status.node();
        this.target =
                new BackendTarget(key.cluster(), node.name(), node.host(), node.port(), key.database(), key.user());
        this.share = context.budget()
                .join(
                        new ConnectionBudget.Key(key.cluster(), node.name(), key.database(), key.user(), key.use()),
                        settings.size(),
                        clock,
                        this);
        this.metrics = context.metrics().node(key.cluster(), key.shard(), node.name());
        this.backends = new NodeBackends(metrics);
        this.backoff = new Backoff(settings.connect(), context.random());
    }

    // what it is

    String name() {
        return target.node();
    }

    @Override
    public int weight() {
        return status.node().weight();
    }

    @Override
    public String zone() {
        return status.node().zone();
    }

    @Override
    public int busy() {
        return backends.busyCount();
    }

    @Override
    public long stride() {
        return stride;
    }

    /** Begins to take part in the reads of the shard. */
    void joinRotation(List<NodePool> others) {
        stride = Math.max(stride, ReplicaSelector.strideAmong(others));
    }

    boolean hasIdle() {
        return backends.hasIdle();
    }

    int connectingCount() {
        return backends.connectingCount();
    }

    /** Returns true when nothing is open and the last attempt to change that failed a moment ago. */
    boolean isFailing() {
        return backends.isEmpty() && backoff.isPausing(clock.nanoTime());
    }

    /** Returns the last failure while attempts keep failing. */
    @Nullable
    RouterError failure() {
        return backoff.isFailing() ? failure : null;
    }

    boolean isCurrent(PooledBackend backend) {
        return !retired && backend.generation == generation;
    }

    // opening

    /** Begins to open a backend, or returns false when the limits forbid it now; the pool hears when that changes. */
    boolean tryOpen() {
        if (!mayConnect()) {
            return false;
        }
        if (!share.tryTake()) {
            share.want();
            return false;
        }
        connect();
        return true;
    }

    /** Begins to open a backend that nobody waits for, if there is a free place for it. */
    void openAhead() {
        if (mayConnect() && share.tryTake()) {
            connect();
        }
    }

    /** Returns true when nothing stands against a further attempt. */
    boolean hasFreePlace() {
        return mayConnect() && share.hasRoom();
    }

    /** Returns true when nothing but the budget stands against a further attempt. */
    boolean mayConnect() {
        return !retired
                && status.state() != NodeStatus.State.UNUSABLE
                && backends.connectingCount() < settings.connect().parallel()
                && !backoff.isPausing(clock.nanoTime());
    }

    private void connect() {
        PooledBackend backend = new PooledBackend(this, generation, clock.nanoTime());
        backends.add(backend);
        context.connector().connect(target, backend);
    }

    /** Takes back the wish for a place when nobody waits any more. */
    void unwant() {
        share.unwant();
    }

    @Override
    public void onPlaceGranted() {
        if (mayConnect() && pool.needsMoreOf(this)) {
            connect();
        } else {
            share.giveBack();
        }
    }

    void onConnected(PooledBackend backend) {
        long now = clock.nanoTime();
        metrics.connectEnded(ConnectOutcome.CONNECTED, now - backend.startedNanos);
        if (backoff.isFailing()) {
            log.atInfo()
                    .addKeyValue("node", target.node())
                    .addKeyValue("database", target.database())
                    .addKeyValue("user", target.user())
                    .log("node accepts backends again");
        }
        backoff.onSuccess();
        long lifetime = settings.maxLifetime().toNanos();
        backend.expiresNanos = now + lifetime - context.random().nextLong(lifetime / 10 + 1);
        if (isCurrent(backend)) {
            becomeIdle(backend, now);
        } else {
            close(backend, CloseReason.RETIRED);
        }
        pool.dispatch();
    }

    void onConnectFailed(PooledBackend backend, RouterError error) {
        long now = clock.nanoTime();
        boolean lasting = ConnectFailure.isLasting(error);
        metrics.connectEnded(lasting ? ConnectOutcome.REFUSED : ConnectOutcome.UNREACHABLE, now - backend.startedNanos);
        if (!backoff.isFailing()) {
            log.atInfo()
                    .addKeyValue("node", target.node())
                    .addKeyValue("database", target.database())
                    .addKeyValue("user", target.user())
                    .addKeyValue("sqlstate", error.response().sqlState())
                    .log(
                            "node refuses backends: {}",
                            LogText.quoted(error.response().message()));
        }
        long pause = backoff.onFailure(now);
        failure = error;
        close(backend, CloseReason.CONNECT_FAILED);
        if (!retired) {
            // The one that is armed may be of a pause that a probe's success has ended since.
            cancel(retry);
            retry = clock.schedule(pause, () -> {
                retry = null;
                pool.dispatch();
            });
        }
        if (!lasting) {
            suspect();
        }
        pool.dispatch();
    }

    private void suspect() {
        context.suspicion().suspect(target.cluster(), target.node());
    }

    // leasing

    /** Leases an idle backend, one that carries the request's settings if there is one; only while {@link #hasIdle}. */
    void lease(LeaseRequest request) {
        PooledBackend backend = backends.bestIdle(request.settings(), request.sequences());
        backends.move(backend, State.LEASED);
        stride = ReplicaSelector.strideAfter(this);
        BackendLease lease = new BackendLease(backend, status, request);
        backend.lease = lease;
        request.onLeased(lease);
    }

    void onReleased(PooledBackend backend) {
        takeBack(backend);
        pool.dispatch();
    }

    void onReleasedForReset(PooledBackend backend) {
        if (!backend.connection().isOpen() || !isCurrent(backend)) {
            onReleased(backend);
            return;
        }
        backend.lease = null;
        backends.move(backend, State.RESETTING);
        BackendReset.run(
                backend.connection(), settings.reset(), () -> onReleased(backend), () -> onResetFailed(backend));
    }

    private void onResetFailed(PooledBackend backend) {
        close(backend, CloseReason.RESET_FAILED);
        pool.dispatch();
    }

    void onDiscarded(PooledBackend backend, String reason) {
        boolean lost = !backend.connection().isOpen();
        log.atDebug().addKeyValue("node", target.node()).log("backend discarded: {}", reason);
        close(backend, lost ? CloseReason.LOST : CloseReason.DISCARDED);
        if (lost) {
            suspect();
        }
        pool.dispatch();
    }

    /** Puts a backend that comes back among the idle ones, or closes it. */
    private void takeBack(PooledBackend backend) {
        backend.lease = null;
        long now = clock.nanoTime();
        BackendConnection connection = backend.connection();
        String violation = connection.releaseViolation();
        if (!connection.isOpen()) {
            close(backend, CloseReason.LOST);
            suspect();
        } else if (violation != null) {
            context.metrics().desynchronized(violation);
            close(backend, CloseReason.VIOLATION);
        } else if (connection.cancels().isUnconfirmed()) {
            close(backend, CloseReason.CANCEL_UNCONFIRMED);
        } else if (!isCurrent(backend)) {
            close(backend, CloseReason.RETIRED);
        } else if (now - backend.expiresNanos >= 0) {
            close(backend, CloseReason.LIFETIME);
        } else if (share.isContended() && share.passOn(offer())) {
            backends.close(backend, CloseReason.PASSED_ON);
        } else {
            becomeIdle(backend, now);
        }
    }

    private Offer offer() {
        return !backends.hasIdle() && pool.hasWaiterFor(this) ? Offer.IN_DEMAND : Offer.IDLE;
    }

    private void becomeIdle(PooledBackend backend, long now) {
        backend.idleSinceNanos = now;
        backends.move(backend, State.IDLE);
        backend.connection().becomeIdle(backend);
    }

    void onIdleLost(PooledBackend backend, RouterError cause) {
        if (backend.state != State.IDLE) {
            return;
        }
        log.atDebug()
                .addKeyValue("node", target.node())
                .addKeyValue("sqlstate", cause.response().sqlState())
                .log("idle backend lost: {}", LogText.quoted(cause.response().message()));
        close(backend, CloseReason.LOST);
        suspect();
        pool.dispatch();
    }

    // closing

    private void close(PooledBackend backend, CloseReason reason) {
        backends.close(backend, reason);
        share.giveBack();
        leaveWhenEmpty();
    }

    @Override
    public void onPlaceWanted() {
        PooledBackend spare = backends.coldestIdle();
        if (retired || spare == null || !share.isContended()) {
            return;
        }
        long idleNanos = clock.nanoTime() - spare.idleSinceNanos;
        if (share.passOn(idleNanos >= LONG_IDLE_NANOS ? Offer.LONG_IDLE : Offer.IDLE)) {
            backends.close(spare, CloseReason.PASSED_ON);
        } else if (spareCheck == null && idleNanos < LONG_IDLE_NANOS) {
            spareCheck = clock.schedule(LONG_IDLE_NANOS - idleNanos, () -> {
                spareCheck = null;
                onPlaceWanted();
            });
        }
    }

    /**
     * Closes what is too old or idle for too long, one of each per call so that a burst ends as gently as it began, and opens what is missing
     * to the least size.
     */
    void maintain() {
        long now = clock.nanoTime();
        PooledBackend expired = backends.expiredIdle(now);
        if (expired != null) {
            close(expired, CloseReason.LIFETIME);
        }
        PooledBackend coldest = backends.coldestIdle();
        if (coldest != null
                && now - coldest.idleSinceNanos >= settings.idleTimeout().toNanos()
                && share.giveBackAbove(settings.minSize())) {
            backends.close(coldest, CloseReason.IDLE_TIMEOUT);
        }
        while (isInUse() && mayConnect() && share.tryTakeBelow(settings.minSize())) {
            connect();
        }
        onPlaceWanted();
    }

    private boolean isInUse() {
        return status.state() == NodeStatus.State.PRIMARY || status.state() == NodeStatus.State.READABLE_REPLICA;
    }

    // roles

    /** Takes a new status of the same node; a lost role begins a new generation. */
    void onStatus(NodeStatus now) {
        NodeStatus before = status;
        status = now;
        if (now.state() != before.state() && isInUse()) {
            // a probe says it is well: try at once
            backoff.onSuccess();
        }
        if (losesRole(before, now)) {
            endGeneration();
        }
    }

    /**
     * Returns true when backends of the former status must not be used under the new one: the node went away, was demoted, or came back as
     * primary on another timeline. A replica that is promoted keeps its backends: they stay valid, and the rush to a new primary is smaller.
     */
    private static boolean losesRole(NodeStatus before, NodeStatus now) {
        if (now.state() == NodeStatus.State.UNUSABLE) {
            return before.state() != NodeStatus.State.UNUSABLE;
        }
        return before.state() == NodeStatus.State.PRIMARY
                && (now.state() != NodeStatus.State.PRIMARY || now.timeline() != before.timeline());
    }

    private void endGeneration() {
        generation++;
        for (PooledBackend idle = backends.coldestIdle(); idle != null; idle = backends.coldestIdle()) {
            close(idle, CloseReason.RETIRED);
        }
        for (PooledBackend backend : backends.leased()) {
            BackendLease lease = backend.lease;
            if (lease != null) {
                lease.holder().onRetiring(lease);
            }
        }
    }

    /**
     * Another node is the primary. What was leased here when this one was, on a timeline before the other's, is given up in the middle of its
     * transaction: what it commits from now on is no part of the cluster's history, and must not be acknowledged.
     */
    void supersede(NodePool primary) {
        if (primary == this) {
            return;
        }
        for (PooledBackend backend : backends.leased()) {
            BackendLease lease = backend.lease;
            if (lease != null
                    && lease.node().state() == NodeStatus.State.PRIMARY
                    && lease.node().timeline() < primary.status.timeline()) {
                log.atWarn()
                        .addKeyValue("node", target.node())
                        .addKeyValue("primary", primary.target.node())
                        .log("a transaction on the former primary is given up");
                backend.connection().lose(RouterErrors.backendLost(target.node()));
            }
        }
    }

    /** The node left the topology, or the pool is closed: nothing is opened any more, nothing comes back. */
    void retire() {
        if (retired) {
            return;
        }
        retired = true;
        endGeneration();
        cancel(retry);
        cancel(spareCheck);
        share.unwant();
        leaveWhenEmpty();
    }

    private static void cancel(@Nullable Cancellable timer) {
        if (timer != null) {
            timer.cancel();
        }
    }

    /** Returns true when it has no backend. */
    boolean isEmpty() {
        return backends.isEmpty();
    }

    private void leaveWhenEmpty() {
        if (retired && backends.isEmpty()) {
            share.leave();
        }
    }
}
