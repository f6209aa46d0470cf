// SPDX-License-Identifier: Apache-2.0
package io.trunkline.notification;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.pool.ShardPool;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Where the sessions of one database and user meet that listen on one event loop.
 *
 * <p>Owns one {@link ListeningBackend} for each client encoding among them, because a backend sends channels and payloads in its own. Confined
 * to its event loop. There are at most as many encodings as PostgreSQL knows.
 */
public final class NotificationHub {
    private final EventLoopClock clock;
    private final Supplier<ShardPool> pool;
    private final RouterMetrics metrics;
    private final Notifiers notifiers;
    private final Map<String, ListeningBackend> backends = new HashMap<>(2);

    /**
     * Creates a hub at which nobody listens.
     *
     * @param pool gives the pool that leases backends of the primary on which NOTIFY runs; asked when somebody listens
     */
    public NotificationHub(EventLoopClock clock, Supplier<ShardPool> pool, RouterMetrics metrics) {
        this.clock = clock;
        this.pool = pool;
        this.metrics = metrics;
        this.notifiers = new Notifiers(clock);
    }

    /** Returns the backend that listens for sessions with this encoding. */
    public ListeningBackend backend(String clientEncoding) {
        return backends.computeIfAbsent(
                clientEncoding, encoding -> new ListeningBackend(clock, pool.get(), metrics, notifiers, encoding));
    }

    /** A session has got a backend, on which it may notify. */
    public void noteHolder(BackendConnection backend, int sessionProcessId) {
        notifiers.note(backend, sessionProcessId);
    }
}
