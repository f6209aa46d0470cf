// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import java.time.Duration;

/**
 * The limits and times of the pools of one database and user. Validated; every default stands in {@link Builder}.
 *
 * @param size most backends to one node for this database and user, over all event loops together; 1 to 10,000. Raise it when requests
 *     wait while the node has capacity to spare.
 * @param minSize backends to one node that are opened ahead and kept although idle, over all event loops; 0 to {@code size}
 * @param maxWaiters most requests that wait in one pool of one event loop; the next is refused with 53300; 1 to 1,000,000
 * @param leaseWaitTimeout how long a request waits for a free backend before it is refused with 57014
 * @param failoverWait how long a request waits while its shard has no node of the wished role before it is refused with 57P03
 * @param idleTimeout how long a backend beyond {@code minSize} stays open without work
 * @param maxLifetime age after which a backend is closed once nobody holds it, less a random tenth so that backends opened together do
 *     not close together
 * @param connect how backends are opened
 * @param reset how a backend is cleaned for {@link Lease#releaseAfterReset}
 * @param preferredZone replicas of this zone serve reads while there is one; empty: all zones alike
 */
public record PoolSettings(
        int size,
        int minSize,
        int maxWaiters,
        Duration leaseWaitTimeout,
        Duration failoverWait,
        Duration idleTimeout,
        Duration maxLifetime,
        Connect connect,
        Reset reset,
        String preferredZone) {

    private static final int SIZE_MAX = 10_000;

    /** The settings of a pool nobody configured. */
    public static final PoolSettings DEFAULTS = builder().build();

    /**
     * How backends are opened.
     *
     * @param parallel most connection attempts to one node at the same time, per pool and event loop; 1 to 1,000. Bounds the rush to a new
     *     primary.
     * @param backoffMin pause after a first failed attempt; doubles with every further one, with jitter
     * @param backoffMax longest pause between attempts
     */
    public record Connect(int parallel, Duration backoffMin, Duration backoffMax) {
        /** Checks the ranges. */
        public Connect {
            requireBetween("connect.parallel", parallel, 1, 1_000);
            requirePositive("connect.backoff_min", backoffMin);
            requirePositive("connect.backoff_max", backoffMax);
            if (backoffMax.compareTo(backoffMin) < 0) {
                throw new IllegalArgumentException("connect.backoff_max: " + backoffMax
                        + " (expected: at least connect.backoff_min, " + backoffMin + ")");
            }
        }
    }

    /**
     * How a backend is cleaned between sessions.
     *
     * @param query a simple query that brings a backend to the state after login
     * @param timeout how long it may take before the backend is closed instead
     */
    public record Reset(String query, Duration timeout) {
        /** Checks the ranges. */
        public Reset {
            if (query.isBlank()) {
                throw new IllegalArgumentException("reset.query: '' (expected: a statement such as DISCARD ALL)");
            }
            requirePositive("reset.timeout", timeout);
        }
    }

    /** Checks the ranges. */
    public PoolSettings {
        requireBetween("size", size, 1, SIZE_MAX);
        requireBetween("min_size", minSize, 0, size);
        requireBetween("max_waiters", maxWaiters, 1, 1_000_000);
        requirePositive("lease_wait_timeout", leaseWaitTimeout);
        requirePositive("failover_wait", failoverWait);
        requirePositive("idle_timeout", idleTimeout);
        requirePositive("max_lifetime", maxLifetime);
    }

    /**
     * Returns the same for backends that listen: opened when somebody listens, one on each event loop and for each client encoding. Their number
     * is bounded by that, and by the limit of the node.
     */
    PoolSettings forListening() {
        return new PoolSettings(
                SIZE_MAX,
                0,
                maxWaiters,
                leaseWaitTimeout,
                failoverWait,
                idleTimeout,
                maxLifetime,
                connect,
                reset,
                preferredZone);
    }

    /** Returns a builder that holds the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    private static void requireBetween(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: " + least + ".." + most + ")");
        }
    }

    private static void requirePositive(String name, Duration value) {
        if (value.isZero() || value.isNegative()) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: more than 0)");
        }
    }

    /** Collects settings, beginning with the defaults. */
    public static final class Builder {
        private int size = 20;
        private int minSize = 0;
        private int maxWaiters = 10_000;
        private Duration leaseWaitTimeout = Duration.ofSeconds(30);
        private Duration failoverWait = Duration.ofSeconds(30);
        private Duration idleTimeout = Duration.ofMinutes(10);
        private Duration maxLifetime = Duration.ofHours(1);
        private Connect connect = new Connect(4, Duration.ofMillis(50), Duration.ofSeconds(5));
        private Reset reset = new Reset("DISCARD ALL", Duration.ofSeconds(5));
        private String preferredZone = "";

        private Builder() {}

        /** Sets {@link PoolSettings#size}; default 20. */
        public Builder size(int value) {
            size = value;
            return this;
        }

        /** Sets {@link PoolSettings#minSize}; default 0. */
        public Builder minSize(int value) {
            minSize = value;
            return this;
        }

        /** Sets {@link PoolSettings#maxWaiters}; default 10,000. */
        public Builder maxWaiters(int value) {
            maxWaiters = value;
            return this;
        }

        /** Sets {@link PoolSettings#leaseWaitTimeout}; default 30 s. */
        public Builder leaseWaitTimeout(Duration value) {
            leaseWaitTimeout = value;
            return this;
        }

        /** Sets {@link PoolSettings#failoverWait}; default 30 s. */
        public Builder failoverWait(Duration value) {
            failoverWait = value;
            return this;
        }

        /** Sets {@link PoolSettings#idleTimeout}; default 10 min. */
        public Builder idleTimeout(Duration value) {
            idleTimeout = value;
            return this;
        }

        /** Sets {@link PoolSettings#maxLifetime}; default 1 h. */
        public Builder maxLifetime(Duration value) {
            maxLifetime = value;
            return this;
        }

        /** Sets {@link PoolSettings#connect}; default 4 at a time, backoff 50 ms to 5 s. */
        public Builder connect(Connect value) {
            connect = value;
            return this;
        }

        /** Sets {@link PoolSettings#reset}; default {@code DISCARD ALL} within 5 s. */
        public Builder reset(Reset value) {
            reset = value;
            return this;
        }

        /** Sets {@link PoolSettings#preferredZone}; default none. */
        public Builder preferredZone(String value) {
            preferredZone = value;
            return this;
        }

        /** Returns the settings, or throws {@link IllegalArgumentException} that names the value out of range. */
        public PoolSettings build() {
            return new PoolSettings(
                    size,
                    minSize,
                    maxWaiters,
                    leaseWaitTimeout,
                    failoverWait,
                    idleTimeout,
                    maxLifetime,
                    connect,
                    reset,
                    preferredZone);
        }
    }
}
