// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.EventLoopClock;
import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.health.NodeStatus;
import io.trunkline.metrics.PoolMetrics;
import io.trunkline.metrics.RouterMetrics.HoldOutcome;
import io.trunkline.pool.WaitQueue.Waiter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The backends of one shard, database and user on one event loop, and who waits for them.
 *
 * <p>Requests name a role, not a node, so those that wait when the primary changes simply go on against the new one. Within a role the first
 * to come is the first served. A request waits
 *
 * <ul>
 *   <li>up to {@code lease_wait_timeout} for a backend while the shard has a node of its role (then 57014),
 *   <li>up to {@code failover_wait} while it has none (then 57P03),
 *   <li>not at all when every node of its role refuses the login for good: then it gets the node's own error.
 * </ul>
 *
 * <p>Invariant between two events: a node has an idle backend only when no request waits that it could serve. Confined to one event loop.
 */
final class BackendPool implements ShardPool {
    private static final Role[] ROLES = Role.values();

    private final PoolKey key;
    private final PoolSettings settings;
    private final PoolContext context;
    private final EventLoopClock clock;
    private final ShardNodes nodes;
    private final WaitQueue waiters = new WaitQueue();
    private final WaitLimits limits;
    private final PoolMetrics[] metrics;

    private @Nullable Cancellable deadlineTimer;
    private long deadlineArmedNanos;
    private boolean dispatching;
    private boolean dispatchAgain;
    private boolean closed;

    BackendPool(PoolKey key, PoolSettings settings, PoolContext context) {
        this.key = key;
        this.settings = settings;
        this.context = context;
        this.clock = context.clock();
        this.nodes = new ShardNodes(this, settings.preferredZone());
        this.limits = new WaitLimits(settings, clock.nanoTime());
        this.metrics = Arrays.stream(ROLES)
                .map(role -> context.metrics()
                        .pool(key.cluster(), key.shard(), role.name().toLowerCase(Locale.ROOT)))
                .toArray(PoolMetrics[]::new);
    }

    PoolKey key() {
        return key;
    }

    PoolSettings settings() {
        return settings;
    }

    PoolContext context() {
        return context;
    }

    private PoolMetrics metrics(Role role) {
        return metrics[role.ordinal()];
    }

    // requests

    @Override
    public void lease(Role role, LeaseRequest request) {
        assert clock.inEventLoop();
        if (closed) {
            refuseAtOnce(role, request, RouterErrors.shuttingDown());
            return;
        }
        // whoever waits already is ahead of this request, also those who are being served right now
        NodePool node = waiters.first(role) == null && !dispatching ? nodes.withIdle(role) : null;
        if (node != null) {
            metrics(role).leaseWait(0);
            node.lease(request);
            return;
        }
        boolean full = waiters.size() >= settings.maxWaiters();
        Waiter waiter = waiters.add(role, request, clock.nanoTime());
        metrics(role).waiterAdded();
        if (full) {
            // Whoever has most requests waiting pays for one that is too many.
            Waiter displaced = waiters.displacedBy(waiter);
            refuse(displaced == null ? waiter : displaced, RouterErrors.tooManyWaiters(settings.maxWaiters()));
            if (displaced == null) {
                return;
            }
        }
        if (!limits.isAvailable(role)) {
            hold(waiter, waiter.enqueuedNanos);
        }
        dispatch();
    }

    private void refuseAtOnce(Role role, LeaseRequest request, RouterError error) {
        metrics(role).leaseRefused();
        request.onRefused(error);
    }

    @Override
    public void withdraw(LeaseRequest request) {
        assert clock.inEventLoop();
        Waiter waiter = waiters.remove(request);
        if (waiter != null) {
            noteLeft(waiter, HoldOutcome.WITHDRAWN);
            unwantUnneeded();
        }
    }

    private void hold(Waiter waiter, long sinceNanos) {
        waiter.heldSinceNanos = sinceNanos;
        context.metrics().failoverHoldStarted();
    }

    private void noteLeft(Waiter waiter, HoldOutcome outcome) {
        metrics(waiter.role).waiterRemoved();
        if (waiter.heldSinceNanos != WaitQueue.NOT_HELD) {
            context.metrics().failoverHoldEnded(outcome, clock.nanoTime() - waiter.heldSinceNanos);
        }
    }

    // bringing requests and backends together

    /**
     * Serves who can be served, opens backends for the rest, and refuses those without hope. Called whenever something changed. Calls from
     * inside a grant only note that something changed again, so the stack does not grow with the queue.
     */
    void dispatch() {
        if (dispatching) {
            dispatchAgain = true;
            return;
        }
        if (waiters.isEmpty()) {
            return;
        }
        dispatching = true;
        try {
            do {
                dispatchAgain = false;
                serveWaiting();
                openForWaiting();
                refuseHopeless();
            } while (dispatchAgain);
        } finally {
            dispatching = false;
        }
        unwantUnneeded();
        armDeadline();
    }

    private void serveWaiting() {
        for (Waiter next = firstServable(); next != null; next = firstServable()) {
            NodePool node = nodes.withIdle(next.role);
            if (node == null) {
                return;
            }
            waiters.serve(next);
            noteLeft(next, HoldOutcome.RESUMED);
            metrics(next.role).leaseWait(clock.nanoTime() - next.enqueuedNanos);
            node.lease(next.request);
        }
    }

    /** Returns the request whose user's turn it is among those for which a backend is idle. */
    private @Nullable Waiter firstServable() {
        for (Role role : ROLES) {
            if (waiters.first(role) != null && nodes.withIdle(role) != null) {
                return waiters.next(this::hasIdle);
            }
        }
        return null;
    }

    private boolean hasIdle(Role role) {
        return nodes.withIdle(role) != null;
    }

    private void openForWaiting() {
        NodePool primary = nodes.primary();
        boolean opened = primary != null;
        while (opened && primary != null && needsMoreOf(primary)) {
            opened = primary.tryOpen();
        }
        opened = true;
        while (opened && waitingForReplicas() > nodes.connectingToReplicas()) {
            NodePool replica = nodes.replicaToOpen();
            opened = replica != null && replica.tryOpen();
        }
    }

    private void unwantUnneeded() {
        List<NodePool> all = nodes.all();
        for (int i = 0; i < all.size(); i++) {
            if (!hasWaiterFor(all.get(i))) {
                all.get(i).unwant();
            }
        }
    }

    private int waitingForReplicas() {
        int waiting = 0;
        for (Role role : ROLES) {
            waiting += nodes.goesToReplicas(role) ? waiters.size(role) : 0;
        }
        return waiting;
    }

    private int waitingForPrimary() {
        return waiters.size() - waitingForReplicas();
    }

    /** Returns true when a request waits that a backend of the node could serve. */
    boolean hasWaiterFor(NodePool node) {
        return node == nodes.primary() ? waitingForPrimary() > 0 : nodes.isReplica(node) && waitingForReplicas() > 0;
    }

    /** Returns true when more requests wait for the node than backends are being opened. */
    boolean needsMoreOf(NodePool node) {
        return node == nodes.primary()
                ? waitingForPrimary() > node.connectingCount()
                : nodes.isReplica(node) && waitingForReplicas() > nodes.connectingToReplicas();
    }

    // refusing

    private void refuseHopeless() {
        for (Role role : ROLES) {
            RouterError error = waiters.first(role) == null ? null : nodes.lastingFailure(role);
            if (error != null) {
                refuseAll(role, error);
            }
        }
    }

    private void refuseAll(Role role, RouterError error) {
        for (Waiter next = waiters.first(role); next != null; next = waiters.first(role)) {
            refuse(next, error);
        }
    }

    private void refuse(Waiter waiter, RouterError error) {
        waiters.remove(waiter.request);
        noteLeft(waiter, HoldOutcome.TIMED_OUT);
        refuseAtOnce(waiter.role, waiter.request, error);
    }

    /** Sees to it that the timer runs no later than the first deadline. */
    private void armDeadline() {
        if (waiters.isEmpty()) {
            return;
        }
        long now = clock.nanoTime();
        long remaining = Long.MAX_VALUE;
        for (Role role : ROLES) {
            Waiter first = waiters.first(role);
            if (first != null) {
                remaining = Math.min(remaining, limits.deadlineNanos(first) - now);
            }
        }
        Cancellable armed = deadlineTimer;
        if (armed != null) {
            if (deadlineArmedNanos - now <= remaining) {
                return;
            }
            armed.cancel();
        }
        deadlineArmedNanos = now + remaining;
        deadlineTimer = clock.schedule(remaining, this::onDeadline);
    }

    private void onDeadline() {
        deadlineTimer = null;
        long now = clock.nanoTime();
        for (Role role : ROLES) {
            Waiter first = waiters.first(role);
            while (first != null && limits.deadlineNanos(first) - now <= 0) {
                refuse(first, timeoutError(role));
                first = waiters.first(role);
            }
        }
        unwantUnneeded();
        dispatch();
    }

    private RouterError timeoutError(Role role) {
        if (limits.isAvailable(role)) {
            return RouterErrors.leaseTimeout(settings.leaseWaitTimeout(), nodes.lastFailure(role));
        }
        return role == Role.REPLICA ? RouterErrors.noReplica(key.shard()) : RouterErrors.noPrimary(key.shard());
    }

    // the topology and its health

    /** Takes what is known of the shard's nodes now: retires what lost its role, and goes on with those that have one. */
    void onStatus(List<NodeStatus> statuses) {
        assert clock.inEventLoop();
        if (closed) {
            return;
        }
        // holders that hear of a lost role may give back at once: dispatch only when all nodes know their state
        boolean nested = dispatching;
        dispatching = true;
        try {
            nodes.onStatus(statuses);
            for (Role role : ROLES) {
                noteAvailability(role);
            }
        } finally {
            dispatching = nested;
        }
        dispatch();
    }

    private void noteAvailability(Role role) {
        long now = clock.nanoTime();
        boolean available = nodes.has(role);
        if (limits.setAvailable(role, available, now) && !available) {
            for (Waiter next = waiters.first(role); next != null; next = next.next()) {
                if (next.heldSinceNanos == WaitQueue.NOT_HELD) {
                    hold(next, now);
                }
            }
        }
    }

    /** Closes backends that are too old or idle for too long and opens ahead; called about once a second. */
    void maintain() {
        nodes.all().forEach(NodePool::maintain);
    }

    /** Refuses who waits and closes what is idle; leased backends are closed when they come back. */
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        dispatching = true;
        try {
            for (Role role : ROLES) {
                refuseAll(role, RouterErrors.shuttingDown());
            }
            nodes.all().forEach(NodePool::retire);
        } finally {
            dispatching = false;
        }
        Cancellable armed = deadlineTimer;
        if (armed != null) {
            armed.cancel();
        }
    }
}
