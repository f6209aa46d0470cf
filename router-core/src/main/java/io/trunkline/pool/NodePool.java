// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnection.QueryListener;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.backend.Settings;
import io.trunkline.error.RouterError;
import io.trunkline.health.NodeStatus;
import io.trunkline.metrics.NodeMetrics;
import io.trunkline.metrics.NodeMetrics.BackendState;
import io.trunkline.metrics.NodeMetrics.ConnectOutcome;
import io.trunkline.pool.PooledBackend.State;
import io.trunkline.topology.Node;
import io.trunkline.wire.ErrorResponse;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The backends of one {@link BackendPool} on one node: opens them, keeps the idle ones, closes them.
 *
 * <p>The most recently used idle backend lies on top of a stack, so that a pool needs no more backends than its load and the rest ages at
 * the bottom. Each loss of the node's role begins a new <em>generation</em>: idle backends of the old one are closed at once, leased and
 * connecting ones as soon as they come back. Confined to the pool's event loop.
 */
final class NodePool implements ConnectionBudget.Claimant, ReplicaSelector.Candidate {
    private static final Logger log = LoggerFactory.getLogger(NodePool.class);

    /** How many idle backends are looked at for one that carries the request's settings. */
    private static final int SETTINGS_SEARCH_DEPTH = 32;

    /** How long a backend must be idle before its place counts as not needed here. */
    private static final long LONG_IDLE_NANOS = 1_000_000_000L;

    private final BackendPool pool;
    private final PoolContext context;
    private final EventLoopClock clock;
    private final PoolSettings settings;
    private final BackendTarget target;
    private final ConnectionBudget.Share share;
    private final NodeMetrics metrics;
    private final Backoff backoff;

    private NodeStatus status;
    private int generation;
    private boolean retired;

    /** The idle ones, most recently used last. */
    private final ArrayList<PooledBackend> idle = new ArrayList<>();

    private final ArrayList<PooledBackend> leased = new ArrayList<>();
    private int connecting;
    private int resetting;
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
        this.target = new BackendTarget(
                key.cluster(), key.shard(), node.name(), node.host(), node.port(), key.database(), key.user());
        this.share = context.budget()
                .join(
                        new ConnectionBudget.Key(key.cluster(), node.name(), key.database(), key.user()),
                        settings.size(),
                        clock,
                        this);
        this.metrics = context.metrics().node(key.cluster(), pool.shardName(), node.name());
        this.backoff = new Backoff(settings.connect(), context.random());
    }

    // what it is

    NodeStatus status() {
        return status;
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
        return leased.size() + resetting + connecting;
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
        return !idle.isEmpty();
    }

    int connectingCount() {
        return connecting;
    }

    /** Returns true when nothing is open and the last attempt to change that failed a moment ago. */
    boolean isFailing() {
        return idle.isEmpty()
                && leased.isEmpty()
                && resetting == 0
                && connecting == 0
                && backoff.isPausing(clock.nanoTime());
    }

    /** Returns the last failure while attempts keep failing. */
    @Nullable
    RouterError failure() {
        return backoff.isFailing() ? failure : null;
    }

    boolean isCurrent(PooledBackend backend) {
        return !retired && backend.generation == generation;
    }

    // the one place that moves a backend

    /** Moves a backend from its state to another: its collection, its place of the budget and the gauges follow. */
    private void move(PooledBackend backend, State to) {
        State from = backend.state;
        backend.state = to;
        switch (from) {
            case CONNECTING -> connecting--;
            case IDLE -> remove(idle, backend);
            case LEASED -> remove(leased, backend);
            case RESETTING -> resetting--;
            case CLOSED -> throw new IllegalStateException("a closed backend cannot become " + to);
        }
        switch (to) {
            case CONNECTING -> throw new IllegalStateException("a backend connects once");
            case IDLE -> idle.add(backend);
            case LEASED -> leased.add(backend);
            case RESETTING -> resetting++;
            case CLOSED -> backend.lease = null;
        }
        BackendState fromGauge = from.gauge;
        BackendState toGauge = to.gauge;
        if (fromGauge != null && toGauge != null) {
            metrics.backendMoved(fromGauge, toGauge);
        }
    }

    /** Removes from the end on, where the most recently used are. */
    private static void remove(ArrayList<PooledBackend> from, PooledBackend backend) {
        for (int i = from.size() - 1; i >= 0; i--) {
            if (from.get(i) == backend) {
                from.remove(i);
                return;
            }
        }
        throw new IllegalStateException("a backend is not where its state says");
    }

    /** Closes a backend that holds a place, and gives the place back. */
    private void close(PooledBackend backend, CloseReason reason) {
        closeKeepingPlace(backend, reason);
        share.giveBack();
        leaveWhenEmpty();
    }

    private void closeKeepingPlace(PooledBackend backend, CloseReason reason) {
        BackendState last = backend.state.gauge;
        boolean connected = backend.state != State.CONNECTING;
        move(backend, State.CLOSED);
        if (last != null) {
            metrics.backendClosed(last, reason.label());
        }
        if (connected) {
            backend.connection().close(reason.label());
        }
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

    /** Returns true when nothing but the budget stands against a further attempt. */
    boolean mayConnect() {
        return !retired
                && status.state() != NodeStatus.State.UNUSABLE
                && connecting < settings.connect().parallel()
                && !backoff.isPausing(clock.nanoTime());
    }

    private void connect() {
        PooledBackend backend = new PooledBackend(this, generation, clock.nanoTime());
        connecting++;
        metrics.backendOpening();
        context.connector().connect(target, backend);
    }

    /** Takes back the wish for a place when nobody waits any more. */
    void unwant() {
        share.unwant();
    }

    @Override
    public void onPlaceGranted() {
        if (!retired && mayConnect() && pool.needsMoreOf(this)) {
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
        failure = null;
        long lifetime = settings.maxLifetime().toNanos();
        backend.expiresNanos = now + lifetime - context.random().nextLong(lifetime / 10 + 1);
        if (!isCurrent(backend)) {
            move(backend, State.IDLE);
            close(backend, CloseReason.RETIRED);
        } else {
            becomeIdle(backend);
        }
        pool.dispatch();
    }

    void onConnectFailed(PooledBackend backend, RouterError error) {
        long now = clock.nanoTime();
        metrics.connectEnded(outcomeOf(error), now - backend.startedNanos);
        boolean first = !backoff.isFailing();
        long pause = backoff.onFailure(now);
        failure = error;
        close(backend, CloseReason.CONNECT_FAILED);
        if (first) {
            log.atInfo()
                    .addKeyValue("node", target.node())
                    .addKeyValue("database", target.database())
                    .addKeyValue("user", target.user())
                    .addKeyValue("sqlstate", error.response().sqlState())
                    .log("node refuses backends: {}", error.response().message());
        }
        if (retry == null && !retired) {
            retry = clock.schedule(pause, () -> {
                retry = null;
                pool.dispatch();
            });
        }
        if (!ConnectFailure.isLasting(error)) {
            context.suspicion().suspect(target.cluster(), target.node());
        }
        pool.onConnectFailed();
    }

    private static ConnectOutcome outcomeOf(RouterError error) {
        return ConnectFailure.isLasting(error) ? ConnectOutcome.REFUSED : ConnectOutcome.UNREACHABLE;
    }

    // leasing

    /** Leases an idle backend, one that carries the request's settings if there is one; only while {@link #hasIdle}. */
    void lease(LeaseRequest request) {
        PooledBackend backend = idle.get(indexOfBest(request.settings()));
        move(backend, State.LEASED);
        stride = ReplicaSelector.strideAfter(this);
        BackendLease lease = new BackendLease(backend, status, request);
        backend.lease = lease;
        request.onLeased(lease);
    }

    private int indexOfBest(Settings wanted) {
        int top = idle.size() - 1;
        for (int i = top; i >= 0 && i > top - SETTINGS_SEARCH_DEPTH; i--) {
            if (idle.get(i).connection().settings().equals(wanted)) {
                return i;
            }
        }
        return top;
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
        move(backend, State.RESETTING);
        backend.lease = null;
        Cancellable deadline = clock.schedule(settings.reset().timeout().toNanos(), () -> {
            if (backend.state == State.RESETTING) {
                close(backend, CloseReason.RESET_FAILED);
                pool.dispatch();
            }
        });
        backend.connection().query(settings.reset().query(), 1, new QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                deadline.cancel();
                if (backend.state == State.RESETTING) {
                    backend.connection().noteReset();
                    onReleased(backend);
                }
            }

            @Override
            public void onError(ErrorResponse error) {
                deadline.cancel();
                if (backend.state == State.RESETTING) {
                    close(backend, CloseReason.RESET_FAILED);
                    pool.dispatch();
                }
            }
        });
    }

    void onDiscarded(PooledBackend backend, String reason) {
        boolean lost = !backend.connection().isOpen();
        log.atDebug().addKeyValue("node", target.node()).log("backend discarded: {}", reason);
        close(backend, lost ? CloseReason.LOST : CloseReason.DISCARDED);
        if (lost) {
            context.suspicion().suspect(target.cluster(), target.node());
        }
        pool.dispatch();
    }

    /** Puts a backend that comes back among the idle ones, or closes it. */
    private void takeBack(PooledBackend backend) {
        backend.lease = null;
        BackendConnection connection = backend.connection();
        if (!connection.isOpen()) {
            close(backend, CloseReason.LOST);
            context.suspicion().suspect(target.cluster(), target.node());
            return;
        }
        String violation = connection.releaseViolation();
        if (violation != null) {
            context.metrics().desynchronized(violation);
            close(backend, CloseReason.VIOLATION);
        } else if (!isCurrent(backend)) {
            close(backend, CloseReason.RETIRED);
        } else if (clock.nanoTime() - backend.expiresNanos >= 0) {
            close(backend, CloseReason.LIFETIME);
        } else if (share.isContended() && share.passOn(offerOf())) {
            closeKeepingPlace(backend, CloseReason.PASSED_ON);
        } else {
            becomeIdle(backend);
        }
    }

    private ConnectionBudget.Offer offerOf() {
        return idle.isEmpty() && pool.hasWaiterFor(this)
                ? ConnectionBudget.Offer.IN_DEMAND
                : ConnectionBudget.Offer.IDLE;
    }

    private void becomeIdle(PooledBackend backend) {
        backend.idleSinceNanos = clock.nanoTime();
        move(backend, State.IDLE);
        backend.connection().becomeIdle(backend);
    }

    void onIdleLost(PooledBackend backend, RouterError cause) {
        if (backend.state != State.IDLE) {
            return;
        }
        log.atDebug()
                .addKeyValue("node", target.node())
                .addKeyValue("sqlstate", cause.response().sqlState())
                .log("idle backend lost: {}", cause.response().message());
        close(backend, CloseReason.LOST);
        context.suspicion().suspect(target.cluster(), target.node());
        pool.dispatch();
    }

    // passing places on

    @Override
    public void onPlaceWanted() {
        if (retired || idle.isEmpty() || !share.isContended()) {
            return;
        }
        // the bottom of the stack has been idle for longest
        PooledBackend spare = idle.get(0);
        long idleNanos = clock.nanoTime() - spare.idleSinceNanos;
        ConnectionBudget.Offer offer =
                idleNanos >= LONG_IDLE_NANOS ? ConnectionBudget.Offer.LONG_IDLE : ConnectionBudget.Offer.IDLE;
        if (share.passOn(offer)) {
            closeKeepingPlace(spare, CloseReason.PASSED_ON);
        } else if (spareCheck == null) {
            spareCheck = clock.schedule(LONG_IDLE_NANOS - idleNanos, () -> {
                spareCheck = null;
                onPlaceWanted();
            });
        }
    }

    // upkeep

    /** Closes what is too old or idle for too long, one of each per call, and opens what is missing to the least size. */
    void maintain() {
        long now = clock.nanoTime();
        if (!idle.isEmpty()) {
            closeOneExpired(now);
        }
        if (!idle.isEmpty()
                && now - idle.get(0).idleSinceNanos >= settings.idleTimeout().toNanos()
                && share.giveBackAbove(settings.minSize())) {
            closeKeepingPlace(idle.get(0), CloseReason.IDLE_TIMEOUT);
        }
        if (settings.minSize() > 0 && isInUse() && mayConnect() && share.tryTakeBelow(settings.minSize())) {
            connect();
        }
        onPlaceWanted();
    }

    private void closeOneExpired(long now) {
        for (int i = 0; i < idle.size(); i++) {
            if (now - idle.get(i).expiresNanos >= 0) {
                close(idle.get(i), CloseReason.LIFETIME);
                return;
            }
        }
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

    private void endGeneration() {
        generation++;
        while (!idle.isEmpty()) {
            close(idle.get(idle.size() - 1), CloseReason.RETIRED);
        }
        for (PooledBackend backend : List.copyOf(leased)) {
            BackendLease lease = backend.lease;
            if (backend.state == State.LEASED && lease != null) {
                lease.holder().onRetiring(lease);
            }
        }
    }

    private void leaveWhenEmpty() {
        if (retired && idle.isEmpty() && leased.isEmpty() && connecting == 0 && resetting == 0) {
            share.leave();
        }
    }
}
