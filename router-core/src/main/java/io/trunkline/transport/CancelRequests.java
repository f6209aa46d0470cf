// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.trunkline.SharedAcrossLoops;
import io.trunkline.frontend.StartupNegotiation.CancelOrigin;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.metrics.RouterMetrics.CancelOutcome;
import io.trunkline.session.CancelRegistry;
import io.trunkline.wire.BackendKey;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The cancel requests that clients and other routers send here, each until it has been dealt with.
 *
 * <pre>
 *   read ──► admitted? ──► another with this key under way? ──► session here ──► its node
 *               │ no             │ yes: waits, goes with          │ none
 *               ▼                ▼ all that wait as one           ▼
 *            closed                                             another router, by the key's number; else closed
 * </pre>
 *
 * <p>No key is under way twice: a flood for one statement costs its node one connection at a time. One that waits is not answered by the end of
 * the one before it, which may have hit an earlier statement: those that gathered meanwhile are carried out together, once more.
 */
@SharedAcrossLoops("a concurrent map of immutable lists; what it leads to takes care of itself")
public final class CancelRequests {
    /** What may be under way once: those that may be passed on do not wait for those that may not. */
    private record Flight(CancelOrigin origin, BackendKey key) {}

    private final CancelRegistry registry;
    private final PeerRouters peers;
    private final RouterMetrics metrics;
    private final CancelAdmission admission;
    /** By what is under way, what is to run for each request that waits behind it. */
    private final ConcurrentHashMap<Flight, List<Runnable>> underWay = new ConcurrentHashMap<>();

    /** Takes requests for the keys of a registry. */
    public CancelRequests(CancelRegistry registry, PeerRouters peers, CancelLimits limits, RouterMetrics metrics) {
        this.registry = registry;
        this.peers = peers;
        this.metrics = metrics;
        this.admission = new CancelAdmission(limits);
    }

    /**
     * Takes a request; called on the event loop of the channel it came on.
     *
     * @param close runs once, on any thread: the request is dealt with, and its connection is to be closed
     */
    void take(Channel channel, CancelOrigin origin, BackendKey key, Runnable close) {
        // A client that does not wait for the end closes its channel, but its request counts on.
        Runnable leave = admission.admit(channel.remoteAddress());
        if (leave == null) {
            metrics.cancelRequest(CancelOutcome.SURPLUS);
            close.run();
            return;
        }
        Runnable over = () -> {
            leave.run();
            close.run();
        };
        Flight flight = new Flight(origin, key);
        List<Runnable> waiting =
                underWay.compute(flight, (same, before) -> before == null ? List.of() : with(before, over));
        if (waiting.isEmpty()) {
            carryOut(channel.eventLoop(), flight, List.of(over));
        } else {
            metrics.cancelRequest(CancelOutcome.JOINED);
        }
    }

    private static List<Runnable> with(List<Runnable> before, Runnable one) {
        List<Runnable> after = new ArrayList<>(before);
        after.add(one);
        return List.copyOf(after);
    }

    private void carryOut(EventLoop loop, Flight flight, List<Runnable> over) {
        Runnable delivered = () -> {
            over.forEach(Runnable::run);
            List<Runnable> next = new ArrayList<>();
            underWay.compute(flight, (same, waiting) -> {
                next.addAll(waiting == null ? List.of() : waiting);
                return next.isEmpty() ? null : List.of();
            });
            if (!next.isEmpty()) {
                // By way of the loop's queue: however many there are, they do not nest.
                loop.execute(() -> carryOut(loop, flight, next));
            }
        };
        if (registry.cancel(flight.key(), delivered)) {
            return;
        }
        int number = CancelRegistry.routerOf(flight.key());
        if (number == CancelRegistry.NO_NUMBER || number == registry.routerNumber()) {
            metrics.cancelRequest(CancelOutcome.UNKNOWN_KEY);
            delivered.run();
        } else if (flight.origin() == CancelOrigin.ROUTER) {
            metrics.cancelRequest(CancelOutcome.UNKNOWN_ROUTER);
            delivered.run();
        } else {
            peers.forward(loop, number, flight.key(), delivered);
        }
    }
}
