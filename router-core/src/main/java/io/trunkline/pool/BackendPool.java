// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.health.NodeStatus;
import io.trunkline.metrics.PoolMetrics;
import io.trunkline.metrics.RouterMetrics.HoldOutcome;
import io.trunkline.pool.WaitQueue.Waiter;
import io.trunkline.topology.Node;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The backends of one shard, database and user on one event loop, and who waits for them.
 *
 * <p>Requests name a role, not a node, so those that wait when the primary changes simply go on against the new one. Within a role the first
 * to come is the first served. A request waits
 *
 * <ul>
 *   <li>up to {@code lease_wait_timeout} for a backend while the shard has a node of its role (then 57014),
 *   <li>up to {@code failover_wait} while it has none (then 57P03); the time for a free backend begins anew when one appears,
 *   <li>never longer than both together,
 *   <li>not at all when every node of its role refuses the login for good: then it gets the node's own error.
 * </ul>
 *
 * <p>Invariant between two events: a node has an idle backend only when no request waits that it could serve. Confined to one event loop.
 */
final class BackendPool implements ShardPool {

    /** What makes a node of the topology the same one after a change. */
    private record Address(String name, String host, int port) {
        static Address of(Node node) {
            return new Address(node.name(), node.host(), node.port());
        }
    }

    /** Whether the shard has a node of a role, and since when that is so. */
    private static final class Availability {
        boolean available;
        long sinceNanos;
    }

    private final PoolKey key;
    private final PoolSettings settings;
    private final PoolContext context;
    private final String shardName;
    private final ReplicaSelector selector;
    private final WaitQueue waiters = new WaitQueue();
    private final Map<Role, PoolMetrics> metrics = new EnumMap<>(Role.class);
    private final Map<Role, Availability> availability = new EnumMap<>(Role.class);

    private final Map<Address, NodePool> nodes = new LinkedHashMap<>();
    private @Nullable NodePool primary;
    private List<NodePool> replicas = List.of();

    private @Nullable Cancellable deadlineTimer;
    private long deadlineArmedNanos;
    private boolean dispatching;
    private boolean dispatchAgain;
    private boolean closed;

    BackendPool(PoolKey key, PoolSettings settings, PoolContext context, String shardName) {
        this.key = key;
        this.settings = settings;
        this.context = context;
        this.shardName = shardName;
        this.selector = new ReplicaSelector(settings.preferredZone());
        for (Role role : Role.values()) {
            String word = role.name().toLowerCase(Locale.ROOT);
            metrics.put(role, context.metrics().pool(key.cluster(), shardName, word));
            Availability none = new Availability();
            none.sinceNanos = context.clock().nanoTime();
            availability.put(role, none);
        }
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

    String shardName() {
        return shardName;
    }

    // requests

    @Override
    public void lease(Role role, LeaseRequest request) {
        assert context.clock().inEventLoop();
        if (closed) {
            of(metrics, role).leaseRefused();
            request.onRefused(RouterErrors.shuttingDown());
            return;
        }
        if (waiters.first(role) == null) {
            NodePool node = nodeWithIdle(role);
            if (node != null) {
                of(metrics, role).leaseWait(0);
                node.lease(request);
                return;
            }
        }
        if (waiters.size() >= settings.maxWaiters()) {
            of(metrics, role).leaseRefused();
            request.onRefused(RouterErrors.tooManyWaiters(settings.maxWaiters()));
            return;
        }
        Waiter waiter = waiters.add(role, request, context.clock().nanoTime());
        of(metrics, role).waiterAdded();
        if (!of(availability, role).available) {
            hold(waiter, waiter.enqueuedNanos);
        }
        dispatch();
    }

    @Override
    public void withdraw(LeaseRequest request) {
        assert context.clock().inEventLoop();
        Waiter waiter = waiters.remove(request);
        if (waiter != null) {
            leaveQueue(waiter, HoldOutcome.WITHDRAWN);
            dispatch();
        }
    }

    private void hold(Waiter waiter, long sinceNanos) {
        waiter.heldSinceNanos = sinceNanos;
        context.metrics().failoverHoldStarted();
    }

    private void leaveQueue(Waiter waiter, HoldOutcome outcome) {
        of(metrics, waiter.role).waiterRemoved();
        if (waiter.heldSinceNanos != WaitQueue.NOT_HELD) {
            context.metrics().failoverHoldEnded(outcome, context.clock().nanoTime() - waiter.heldSinceNanos);
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
        armDeadline();
    }

    private void serveWaiting() {
        for (Waiter next = firstServable(); next != null; next = firstServable()) {
            NodePool node = nodeWithIdle(next.role);
            if (node == null) {
                return;
            }
            waiters.remove(next.request);
            leaveQueue(next, HoldOutcome.RESUMED);
            of(metrics, next.role).leaseWait(context.clock().nanoTime() - next.enqueuedNanos);
            node.lease(next.request);
        }
    }

    /** Returns the request that came first among those for which a backend is idle. */
    private @Nullable Waiter firstServable() {
        if (waiters.isEmpty()) {
            return null;
        }
        Waiter earliest = null;
        for (Role role : Role.values()) {
            Waiter first = waiters.first(role);
            if (first != null && (earliest == null || first.number < earliest.number) && nodeWithIdle(role) != null) {
                earliest = first;
            }
        }
        return earliest;
    }

    /** Returns the node whose idle backend a request of the role should have now, or null. */
    private @Nullable NodePool nodeWithIdle(Role role) {
        if (role == Role.PRIMARY || role == Role.PREFER_REPLICA && !replicasServe()) {
            NodePool node = primary;
            return node != null && node.hasIdle() ? node : null;
        }
        NodePool due = selector.choose(replicas, node -> !node.isFailing());
        if (due == null || due.hasIdle()) {
            return due;
        }
        NodePool idle = selector.choose(replicas, NodePool::hasIdle);
        if (idle != null && due.connectingCount() == 0) {
            // the request need not wait for the replica that is due, but the next one should find it open
            due.tryOpen();
        }
        return idle;
    }

    /** Returns true while reads that prefer a replica go to one: it is readable, and backends to it can be had. */
    private boolean replicasServe() {
        for (int i = 0; i < replicas.size(); i++) {
            if (!replicas.get(i).isFailing()) {
                return true;
            }
        }
        return false;
    }

    private void openForWaiting() {
        NodePool node = primary;
        if (node != null) {
            boolean open = true;
            while (open && needsMoreOf(node)) {
                open = node.tryOpen();
            }
        }
        boolean open = true;
        while (open && !replicas.isEmpty() && replicaWaiters() > connectingToReplicas()) {
            NodePool next = selector.choose(replicas, NodePool::mayConnect);
            open = next != null && next.tryOpen();
        }
        unwantUnneeded();
    }

    private void unwantUnneeded() {
        for (NodePool node : nodes.values()) {
            if (!hasWaiterFor(node)) {
                node.unwant();
            }
        }
    }

    /** Returns true when more requests wait for the node than backends are being opened. */
    boolean needsMoreOf(NodePool node) {
        if (node == primary) {
            return primaryWaiters() > node.connectingCount();
        }
        return isReplica(node) && replicaWaiters() > connectingToReplicas();
    }

    /** Returns true when a request waits that a backend of the node could serve. */
    boolean hasWaiterFor(NodePool node) {
        return node == primary ? primaryWaiters() > 0 : isReplica(node) && replicaWaiters() > 0;
    }

    private boolean isReplica(NodePool node) {
        for (int i = 0; i < replicas.size(); i++) {
            if (replicas.get(i) == node) {
                return true;
            }
        }
        return false;
    }

    private int primaryWaiters() {
        return waiters.size(Role.PRIMARY) + (replicasServe() ? 0 : waiters.size(Role.PREFER_REPLICA));
    }

    private int replicaWaiters() {
        return waiters.size(Role.REPLICA) + (replicasServe() ? waiters.size(Role.PREFER_REPLICA) : 0);
    }

    private int connectingToReplicas() {
        int connecting = 0;
        for (int i = 0; i < replicas.size(); i++) {
            connecting += replicas.get(i).connectingCount();
        }
        return connecting;
    }

    // refusing

    private void refuseHopeless() {
        for (Role role : Role.values()) {
            if (waiters.first(role) != null) {
                RouterError error = lastingFailure(role);
                for (Waiter next = waiters.first(role); error != null && next != null; next = waiters.first(role)) {
                    refuse(next, error);
                }
            }
        }
    }

    /** Returns the error of nodes that all refuse logins for good and have no backend open, or null while there is hope. */
    private @Nullable RouterError lastingFailure(Role role) {
        RouterError found = null;
        if (role != Role.PRIMARY) {
            for (NodePool replica : replicas) {
                found = lastingFailureOf(replica);
                if (found == null) {
                    return null;
                }
            }
        }
        NodePool node = primary;
        if (role != Role.REPLICA && node != null) {
            found = lastingFailureOf(node);
        }
        return found;
    }

    private static @Nullable RouterError lastingFailureOf(NodePool node) {
        RouterError failure = node.isFailing() ? node.failure() : null;
        return failure != null && ConnectFailure.isLasting(failure)
                ? RouterErrors.loginRefused(node.status().node().name(), failure)
                : null;
    }

    /** A connection attempt failed. */
    void onConnectFailed() {
        dispatch();
    }

    private void refuse(Waiter waiter, RouterError error) {
        waiters.remove(waiter.request);
        leaveQueue(waiter, HoldOutcome.TIMED_OUT);
        of(metrics, waiter.role).leaseRefused();
        waiter.request.onRefused(error);
    }

    private long deadline(Waiter waiter) {
        Availability now = of(availability, waiter.role);
        long leaseWait = settings.leaseWaitTimeout().toNanos();
        long failoverWait = settings.failoverWait().toNanos();
        long phaseNanos = Math.max(0, now.sinceNanos - waiter.enqueuedNanos);
        long wait = phaseNanos + (now.available ? leaseWait : failoverWait);
        return waiter.enqueuedNanos + Math.min(wait, leaseWait + failoverWait);
    }

    /** Sees to it that the timer runs no later than the first deadline. Deadlines grow with arrival, so the first of each line is enough. */
    private void armDeadline() {
        if (waiters.isEmpty()) {
            return;
        }
        long now = context.clock().nanoTime();
        long remaining = Long.MAX_VALUE;
        for (Role role : Role.values()) {
            Waiter first = waiters.first(role);
            if (first != null) {
                remaining = Math.min(remaining, deadline(first) - now);
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
        deadlineTimer = context.clock().schedule(remaining, this::onDeadline);
    }

    private void onDeadline() {
        deadlineTimer = null;
        long now = context.clock().nanoTime();
        for (Role role : Role.values()) {
            Waiter first = waiters.first(role);
            while (first != null && deadline(first) - now <= 0) {
                refuse(first, timeoutError(role));
                first = waiters.first(role);
            }
        }
        dispatch();
    }

    private RouterError timeoutError(Role role) {
        if (of(availability, role).available) {
            return RouterErrors.leaseTimeout(settings.leaseWaitTimeout(), failureFor(role));
        }
        return role == Role.REPLICA ? RouterErrors.noReplica(shardName) : RouterErrors.noPrimary(shardName);
    }

    /** Returns why no backend could be opened for the role lately, or null. */
    private @Nullable RouterError failureFor(Role role) {
        NodePool node = primary;
        RouterError failure = role != Role.REPLICA && node != null ? node.failure() : null;
        for (NodePool replica : replicas) {
            if (role != Role.PRIMARY && failure == null) {
                failure = replica.failure();
            }
        }
        return failure;
    }

    // the topology and its health

    /** Takes what is known of the shard's nodes now: retires what lost its role, and goes on with those that have one. */
    void onStatus(List<NodeStatus> statuses) {
        assert context.clock().inEventLoop();
        if (closed) {
            return;
        }
        boolean nested = dispatching;
        dispatching = true;
        try {
            retarget(statuses);
        } finally {
            dispatching = nested;
        }
        dispatch();
    }

    private void retarget(List<NodeStatus> statuses) {
        Map<Address, NodePool> former = new LinkedHashMap<>(nodes);
        List<NodePool> formerReplicas = replicas;
        List<NodePool> readable = new ArrayList<>();
        nodes.clear();
        primary = null;
        replicas = List.of();
        for (NodeStatus status : statuses) {
            Address address = Address.of(status.node());
            NodePool node = former.remove(address);
            nodes.put(address, node == null ? new NodePool(this, status) : node);
        }
        former.values().forEach(NodePool::retire);
        for (NodeStatus status : statuses) {
            NodePool node = nodeOf(status);
            node.onStatus(status);
            if (status.state() == NodeStatus.State.PRIMARY) {
                primary = node;
            } else if (status.state() == NodeStatus.State.READABLE_REPLICA
                    && status.node().weight() > 0) {
                if (!formerReplicas.contains(node)) {
                    node.joinRotation(formerReplicas);
                }
                readable.add(node);
            }
        }
        replicas = List.copyOf(readable);
        noteAvailability();
    }

    private NodePool nodeOf(NodeStatus status) {
        NodePool node = nodes.get(Address.of(status.node()));
        if (node == null) {
            throw new IllegalStateException("no pool of node " + status.node().name());
        }
        return node;
    }

    private void noteAvailability() {
        boolean hasPrimary = primary != null;
        boolean hasReplica = !replicas.isEmpty();
        noteAvailability(Role.PRIMARY, hasPrimary);
        noteAvailability(Role.REPLICA, hasReplica);
        noteAvailability(Role.PREFER_REPLICA, hasPrimary || hasReplica);
    }

    private void noteAvailability(Role role, boolean available) {
        Availability known = of(availability, role);
        if (known.available == available) {
            return;
        }
        long now = context.clock().nanoTime();
        known.available = available;
        known.sinceNanos = now;
        for (Waiter next = waiters.first(role); next != null && !available; next = next.next()) {
            if (next.heldSinceNanos == WaitQueue.NOT_HELD) {
                hold(next, now);
            }
        }
    }

    /** Closes backends that are too old or idle for too long and opens ahead; called about once a second. */
    void maintain() {
        for (NodePool node : List.copyOf(nodes.values())) {
            node.maintain();
        }
    }

    /** Refuses who waits and closes what is idle; leased backends are closed when they come back. */
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        dispatching = true;
        try {
            for (Role role : Role.values()) {
                for (Waiter next = waiters.first(role); next != null; next = waiters.first(role)) {
                    refuse(next, RouterErrors.shuttingDown());
                }
            }
            nodes.values().forEach(NodePool::retire);
        } finally {
            dispatching = false;
        }
        Cancellable armed = deadlineTimer;
        if (armed != null) {
            armed.cancel();
        }
    }

    private static <V> V of(Map<Role, V> map, Role role) {
        V value = map.get(role);
        if (value == null) {
            throw new IllegalStateException("nothing known of role " + role);
        }
        return value;
    }
}
