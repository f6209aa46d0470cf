// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The requests that wait in one pool, first come first served within each role.
 *
 * <p>One doubly linked list per role, so that the next of a role, or the earliest of several roles, is found and a withdrawn request is
 * unlinked without walking. Owned by {@link BackendPool}, which bounds it by {@code max_waiters}.
 */
final class WaitQueue {

    /** A request that waits. */
    static final class Waiter {
        final LeaseRequest request;
        final ShardPool.Role role;
        final long enqueuedNanos;
        /** Position in the order of arrival over all roles. */
        final long number;
        /** When the wait for a node of the role began, or {@link #NOT_HELD}. */
        long heldSinceNanos = NOT_HELD;

        private @Nullable Waiter previous;
        private @Nullable Waiter next;

        private Waiter(LeaseRequest request, ShardPool.Role role, long enqueuedNanos, long number) {
            this.request = request;
            this.role = role;
            this.enqueuedNanos = enqueuedNanos;
            this.number = number;
        }

        /** Returns the one that came after this, of the same role. */
        @Nullable
        Waiter next() {
            return next;
        }
    }

    /** Not waiting for a node, only for a free backend. */
    static final long NOT_HELD = Long.MIN_VALUE;

    private static final class Line {
        @Nullable
        Waiter first;

        @Nullable
        Waiter last;

        int size;
    }

    private final Map<ShardPool.Role, Line> lines = new EnumMap<>(ShardPool.Role.class);
    private final Map<LeaseRequest, Waiter> byRequest = new IdentityHashMap<>();
    private long arrivals;

    WaitQueue() {
        for (ShardPool.Role role : ShardPool.Role.values()) {
            lines.put(role, new Line());
        }
    }

    boolean isEmpty() {
        return byRequest.isEmpty();
    }

    int size() {
        return byRequest.size();
    }

    int size(ShardPool.Role role) {
        return line(role).size;
    }

    @Nullable
    Waiter first(ShardPool.Role role) {
        return line(role).first;
    }

    Waiter add(ShardPool.Role role, LeaseRequest request, long nowNanos) {
        Waiter waiter = new Waiter(request, role, nowNanos, arrivals++);
        if (byRequest.putIfAbsent(request, waiter) != null) {
            throw new IllegalStateException("the request waits already");
        }
        Line line = line(role);
        waiter.previous = line.last;
        if (line.last == null) {
            line.first = waiter;
        } else {
            line.last.next = waiter;
        }
        line.last = waiter;
        line.size++;
        return waiter;
    }

    /** Unlinks the waiter of a request and returns it, or null when the request does not wait. */
    @Nullable
    Waiter remove(LeaseRequest request) {
        Waiter waiter = byRequest.remove(request);
        if (waiter == null) {
            return null;
        }
        Line line = line(waiter.role);
        if (waiter.previous == null) {
            line.first = waiter.next;
        } else {
            waiter.previous.next = waiter.next;
        }
        if (waiter.next == null) {
            line.last = waiter.previous;
        } else {
            waiter.next.previous = waiter.previous;
        }
        line.size--;
        return waiter;
    }

    private Line line(ShardPool.Role role) {
        Line line = lines.get(role);
        if (line == null) {
            throw new IllegalStateException("no line for " + role);
        }
        return line;
    }
}
