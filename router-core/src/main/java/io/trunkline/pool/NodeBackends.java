// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.SequenceValues;
import io.trunkline.backend.Settings;
import io.trunkline.metrics.NodeMetrics;
import io.trunkline.metrics.NodeMetrics.BackendState;
import io.trunkline.pool.PooledBackend.State;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The backends of one {@link NodePool}, each in exactly one state; the gauges follow.
 *
 * <p>The idle ones are a stack, most recently used on top, so that a pool uses no more backends than its load needs and the rest ages at the
 * bottom.
 */
final class NodeBackends {
    /** How many idle backends are looked at for one that carries the request's settings. */
    private static final int SETTINGS_SEARCH_DEPTH = 32;

    private final NodeMetrics metrics;
    private final ArrayList<PooledBackend> idle = new ArrayList<>();
    private final ArrayList<PooledBackend> leased = new ArrayList<>();
    private int connecting;
    private int resetting;

    NodeBackends(NodeMetrics metrics) {
        this.metrics = metrics;
    }

    /** Notes a backend that begins to connect. */
    void add(PooledBackend backend) {
        if (backend.state != State.CONNECTING) {
            throw new IllegalStateException("a backend begins by connecting, not " + backend.state);
        }
        connecting++;
        metrics.backendOpening();
    }

    /** Moves a backend to another state than closed. */
    void move(PooledBackend backend, State to) {
        State from = backend.state;
        leave(backend);
        backend.state = to;
        switch (to) {
            case IDLE -> idle.add(backend);
            case LEASED -> leased.add(backend);
            case RESETTING -> resetting++;
            case CONNECTING, CLOSED -> throw new IllegalStateException("a backend cannot be moved to " + to);
        }
        metrics.backendMoved(gauge(from), gauge(to));
    }

    /** Closes a backend, whatever its state. */
    void close(PooledBackend backend, CloseReason reason) {
        State last = backend.state;
        leave(backend);
        backend.state = State.CLOSED;
        backend.lease = null;
        metrics.backendClosed(gauge(last), reason.label());
        if (backend.isConnected()) {
            backend.connection().close(reason.label());
        }
    }

    private void leave(PooledBackend backend) {
        switch (backend.state) {
            case CONNECTING -> connecting--;
            case IDLE -> remove(idle, backend);
            case LEASED -> remove(leased, backend);
            case RESETTING -> resetting--;
            case CLOSED -> throw new IllegalStateException("a closed backend was used");
        }
    }

    /** Removes from the end on, where the most recently used are. */
    private static void remove(ArrayList<PooledBackend> from, PooledBackend backend) {
        int index = from.size() - 1;
        while (index >= 0 && from.get(index) != backend) {
            index--;
        }
        from.remove(index);
    }

    private static BackendState gauge(State state) {
        return switch (state) {
            case CONNECTING -> BackendState.CONNECTING;
            case IDLE -> BackendState.IDLE;
            case LEASED -> BackendState.LEASED;
            case RESETTING -> BackendState.RESETTING;
            case CLOSED -> throw new IllegalStateException("nothing counts closed backends");
        };
    }

    boolean hasIdle() {
        return !idle.isEmpty();
    }

    /** Returns the idle backend for a request: one with the wanted values of sequences, else with the settings, else the most recently used. */
    PooledBackend bestIdle(Settings wanted, @Nullable SequenceValues sequences) {
        int top = idle.size() - 1;
        for (int i = top; i >= 0 && sequences != null; i--) {
            if (idle.get(i).connection().sequences() == sequences) {
                return idle.get(i);
            }
        }
        for (int i = top; i >= 0 && i > top - SETTINGS_SEARCH_DEPTH; i--) {
            if (idle.get(i).connection().settings().equals(wanted)) {
                return idle.get(i);
            }
        }
        return idle.get(top);
    }

    /** Returns the backend that has been idle for longest, or null. */
    @Nullable
    PooledBackend coldestIdle() {
        return idle.isEmpty() ? null : idle.get(0);
    }

    /** Returns an idle backend whose lifetime is over, or null. */
    @Nullable
    PooledBackend expiredIdle(long nowNanos) {
        for (int i = 0; i < idle.size(); i++) {
            if (nowNanos - idle.get(i).expiresNanos >= 0) {
                return idle.get(i);
            }
        }
        return null;
    }

    /** Returns the leased ones, as they are now. */
    List<PooledBackend> leased() {
        return List.copyOf(leased);
    }

    int connectingCount() {
        return connecting;
    }

    /** Returns how many are neither idle nor closed. */
    int busyCount() {
        return leased.size() + resetting + connecting;
    }

    boolean isEmpty() {
        return idle.isEmpty() && busyCount() == 0;
    }
}
