// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.PostgresServer.StopMode;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/** Makes backends die under a router, and restarts the node they are on, at random. */
final class SoakChaos implements Runnable {
    /** How long after something died its consequences may still be told to a client. */
    private static final Duration AFTERMATH = Duration.ofSeconds(20);

    private static final int RESTARTS_ONE_IN = 12;

    private final PostgresCluster cluster;
    private final Random random;
    private final AtomicLong lastNanos = new AtomicLong(System.nanoTime() - AFTERMATH.toNanos());
    private volatile boolean stopped;
    private volatile int terminated;
    private volatile int restarts;

    SoakChaos(PostgresCluster cluster, long seed) {
        this.cluster = cluster;
        this.random = new Random(seed);
    }

    /** Returns true when a backend died so short a time ago that a client may hear of it now. */
    boolean explainsLoss() {
        return System.nanoTime() - lastNanos.get() < AFTERMATH.toNanos();
    }

    void stop() {
        stopped = true;
    }

    @Override
    public void run() {
        while (!stopped) {
            try {
                Thread.sleep(100 + random.nextInt(1_500));
            } catch (InterruptedException e) {
                return;
            }
            // Before and after: what is told in between has its reason too.
            lastNanos.set(System.nanoTime());
            if (random.nextInt(RESTARTS_ONE_IN) == 0) {
                restart();
            } else {
                terminateOne();
            }
            lastNanos.set(System.nanoTime());
        }
    }

    private void restart() {
        PostgresServer server =
                cluster.servers().get(random.nextInt(cluster.servers().size()));
        server.restart(random.nextBoolean() ? StopMode.FAST : StopMode.IMMEDIATE);
        restarts++;
    }

    private void terminateOne() {
        PostgresServer server =
                cluster.servers().get(random.nextInt(cluster.servers().size()));
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = '"
                    + RouterUnderTest.TRUSTED_USER + "' order by random() limit " + (1 + random.nextInt(2)));
            terminated++;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String toString() {
        return terminated + " times backends terminated, " + restarts + " restarts of a node";
    }
}
