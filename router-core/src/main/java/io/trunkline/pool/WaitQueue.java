// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
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

        private final Party party;
        private @Nullable Waiter previous;
        private @Nullable Waiter next;

        private Waiter(LeaseRequest request, Party party, ShardPool.Role role, long enqueuedNanos, long number) {
            this.request = request;
            this.party = party;
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

    /** The waiting requests of one user, by role in the order in which they came. */
    private static final class Party {
        final String user;
        final Map<ShardPool.Role, Set<Waiter>> byRole = new EnumMap<>(ShardPool.Role.class);
        int size;

        Party(String user) {
            this.user = user;
        }

        /** Returns the one that came first among those for which something is there, or null. */
        @Nullable
        Waiter first(Predicate<ShardPool.Role> servable) {
            Waiter earliest = null;
            for (Map.Entry<ShardPool.Role, Set<Waiter>> waiting : byRole.entrySet()) {
                Waiter first = waiting.getValue().isEmpty()
                        ? null
                        : waiting.getValue().iterator().next();
                if (first != null
                        && (earliest == null || first.number < earliest.number)
                        && servable.test(waiting.getKey())) {
                    earliest = first;
                }
            }
            return earliest;
        }
    }

    /** Whose turn is next stands first. */
    private final Map<String, Party> parties = new LinkedHashMap<>();

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
        Party party = parties.computeIfAbsent(request.user(), Party::new);
        Waiter waiter = new Waiter(request, party, role, nowNanos, arrivals++);
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
        party.byRole.computeIfAbsent(role, waiting -> new LinkedHashSet<>()).add(waiter);
        party.size++;
        return waiter;
    }

    /** Returns whose turn it is among the requests for which something is there, or null. */
    @Nullable
    Waiter next(Predicate<ShardPool.Role> servable) {
        for (Party party : parties.values()) {
            Waiter first = party.first(servable);
            if (first != null) {
                return first;
            }
        }
        return null;
    }

    /** Unlinks a waiter that is being served: its user's next turn comes after everybody else's. */
    void serve(Waiter waiter) {
        remove(waiter.request);
        if (parties.remove(waiter.party.user, waiter.party)) {
            parties.put(waiter.party.user, waiter.party);
        }
    }

    /** Returns the waiter that should go so that the newest of all can stay: the last of the user with most, if that has more; else null. */
    @Nullable
    Waiter displacedBy(Waiter newest) {
        Party largest = newest.party;
        for (Party party : parties.values()) {
            largest = party.size > largest.size ? party : largest;
        }
        if (largest == newest.party) {
            return null;
        }
        Waiter last = null;
        for (Line line : lines.values()) {
            Waiter waiter = line.last;
            while (waiter != null && waiter.party != largest) {
                waiter = waiter.previous;
            }
            last = waiter == null || last != null && last.number > waiter.number ? last : waiter;
        }
        return last;
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
        Party party = waiter.party;
        Set<Waiter> waiting = party.byRole.get(waiter.role);
        if (waiting != null) {
            waiting.remove(waiter);
        }
        party.size--;
        if (party.size == 0) {
            parties.remove(party.user);
        }
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
