// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest good topology a source has seen, and those who wait for newer ones: what every {@link TopologySource} is built on.
 *
 * <p>Enforces the rule that a revision never goes backwards and never changes its content. Reading is free for any thread;
 * offering and subscribing exclude each other, so each listener sees every revision from its first on, once and in order.
 */
public final class LatestTopology {
    private static final Logger LOG = LoggerFactory.getLogger(LatestTopology.class);

    private final List<Consumer<? super Topology>> listeners = new CopyOnWriteArrayList<>();
    private final List<Consumer<String>> refusalListeners = new CopyOnWriteArrayList<>();
    private volatile @Nullable Topology current;
    private volatile @Nullable String trouble = "no topology was seen yet";

    /** Returns the newest good topology. */
    public Optional<Topology> current() {
        return Optional.ofNullable(current);
    }

    /** Returns why there is no topology, or why what was offered last was not taken; empty when it was. */
    public Optional<String> trouble() {
        return Optional.ofNullable(trouble);
    }

    /** See {@link TopologySource#subscribe}. */
    public synchronized TopologySource.Subscription subscribe(Consumer<? super Topology> listener) {
        // Wrapped, so that the same listener can subscribe twice and each subscription ends by itself.
        Consumer<Topology> entry = listener::accept;
        listeners.add(entry);
        current().ifPresent(topology -> notify(entry, topology));
        return () -> listeners.remove(entry);
    }

    /** See {@link TopologySource#onRefused}. */
    public void onRefused(Consumer<String> listener) {
        refusalListeners.add(listener);
    }

    /** Takes the topology if it is newer than the current one and passes it on; otherwise says why not in {@link #trouble()}. */
    public synchronized void offer(Topology offered) {
        Topology known = current;
        if (known != null && offered.revision() < known.revision()) {
            refuse("revision " + offered.revision() + " is older than revision " + known.revision()
                    + ", which is in use");
            return;
        }
        if (known != null && offered.revision() == known.revision() && !offered.equals(known)) {
            refuse("revision " + offered.revision() + " has another content than when it was taken into use");
            return;
        }
        trouble = null;
        if (known == null || offered.revision() > known.revision()) {
            current = offered;
            LOG.atInfo()
                    .addKeyValue("topologyVersion", offered.revision())
                    .log("topology revision {} is in use", offered.revision());
            listeners.forEach(listener -> notify(listener, offered));
        }
    }

    /** Takes note that there is no usable document, and why; the current topology stays. */
    public synchronized void refuse(String reason) {
        if (!reason.equals(trouble)) {
            LOG.warn("topology not taken into use: {}", reason);
            refusalListeners.forEach(listener -> notify(listener, reason));
        }
        trouble = reason;
    }

    /** Ends all subscriptions. */
    public synchronized void close() {
        listeners.clear();
        refusalListeners.clear();
    }

    private static void notify(Consumer<String> listener, String reason) {
        try {
            listener.accept(reason);
        } catch (RuntimeException e) {
            LOG.atError().setCause(e).log("a listener failed on a refused topology");
        }
    }

    private static void notify(Consumer<? super Topology> listener, Topology topology) {
        try {
            listener.accept(topology);
        } catch (RuntimeException e) {
            LOG.atError()
                    .setCause(e)
                    .addKeyValue("topologyVersion", topology.revision())
                    .log("a listener failed on topology revision {}", topology.revision());
        }
    }
}
