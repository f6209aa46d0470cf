// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

import io.trunkline.fixture.Deadline;
import io.trunkline.fixture.FixtureException;
import io.trunkline.fixture.FreePort;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.RouterProcess;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.fixture.Workspace;
import io.trunkline.fixture.ZooKeeperFixture;
import io.trunkline.topology.Topology;
import io.trunkline.topology.zookeeper.ZooKeeperConnection;
import io.trunkline.topology.zookeeper.ZooKeeperSettings;
import io.trunkline.topology.zookeeper.ZooKeeperTopologyPublisher;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Everything the demo runs: ZooKeeper, the shards, the router, and the socket on which {@code demo failover} asks for things.
 *
 * <p>Another thread may close it while it starts: the step under way is waited for, for it writes files, and no other begins. The router, being
 * the slowest to start and needing only ZooKeeper's address, starts while the shards do.
 */
final class Demo implements AutoCloseable {
    static final String DATABASE = "demo";
    static final String USER = "demo";
    static final String PASSWORD = "demo";
    static final String HOST = "127.0.0.1";

    private static final String ZNODE = "/trunkline";
    private static final Duration READY_LIMIT = Duration.ofSeconds(60);

    private final DemoOptions options;
    private final int adminPort;
    private final Path stateFile;
    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private final CountDownLatch starting = new CountDownLatch(1);
    private volatile boolean closed;
    private @Nullable Running running;

    /** What is there once all has been started. */
    private record Running(
            ShardedCluster shards,
            ZooKeeperFixture zooKeeper,
            ZooKeeperTopologyPublisher publisher,
            RouterProcess router,
            Workspace workspace) {}

    Demo(DemoOptions options) {
        this.options = options;
        this.stateFile = DemoState.file(options.port());
        int wanted = options.port() + DemoOptions.ADMIN_PORT_DISTANCE;
        this.adminPort = wanted < 65_536 && FreePort.isFree(wanted) ? wanted : FreePort.next();
    }

    /** Starts everything and returns when a client could read from every shard. */
    void start() {
        try {
            startAll();
        } finally {
            starting.countDown();
        }
    }

    private void startAll() {
        say("starting ZooKeeper, the router and " + options.shards() + " x (PostgreSQL " + options.postgres() + " + "
                + options.replicas() + " replicas)");
        Workspace workspace = closeLater(Workspace.create(stateFile));
        ZooKeeperFixture zooKeeper = closeLater(ZooKeeperFixture.start(workspace));
        RouterProcess router = closeLater(RouterProcess.start(
                workspace,
                "router",
                DemoConfiguration.text(options, adminPort, zooKeeper.connectString(), ZNODE),
                RouterProcess.jvmOptionsFromEnvironment()));
        PostgresOptions postgres = PostgresOptions.major(options.postgres()).replicas(options.replicas());
        ShardedCluster shards = closeLater(ShardedCluster.start(
                options.shards(), options.replicas() == 0 ? postgres : postgres.synchronousReplication(), workspace));
        closeFirst(router);
        new DemoData(shards).load();
        ZooKeeperConnection connection =
                closeLater(ZooKeeperConnection.open(ZooKeeperSettings.of(zooKeeper.connectString(), ZNODE)));
        Running all = new Running(shards, zooKeeper, new ZooKeeperTopologyPublisher(connection), router, workspace);
        running = all;
        publish();
        awaitReads();
        closeLater(DemoControl.start(this, controlSocket()));
        writeState();
    }

    /** Publishes the servers' roles as they are now, under the next revision. */
    long publish() {
        try {
            long revision =
                    1 + running().publisher.published().map(Topology::revision).orElse(0L);
            running().publisher.publish(DemoTopology.of(running().shards, revision), OptionalLong.of(revision - 1));
            return revision;
        } catch (IOException e) {
            throw new UncheckedIOException("ZooKeeper does not take the topology", e);
        }
    }

    /** Tells other processes what runs where; called again when roles have changed. */
    void writeState() {
        DemoState.of(this).write(stateFile);
    }

    int port() {
        return options.port();
    }

    int adminPort() {
        return adminPort;
    }

    ShardedCluster shards() {
        return running().shards;
    }

    RouterProcess router() {
        return running().router;
    }

    String zooKeeper() {
        return running().zooKeeper.connectString();
    }

    Path controlSocket() {
        return running().workspace.resolve("control");
    }

    Path stateFile() {
        return stateFile;
    }

    static Connection connect(int port) throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://" + HOST + ":" + port + "/" + DATABASE + "?connectTimeout=10&socketTimeout=60",
                USER,
                PASSWORD);
    }

    @Override
    public void close() {
        List<AutoCloseable> closing;
        synchronized (this) {
            closed = true;
            closing = List.copyOf(started);
            started.clear();
        }
        if (closing.isEmpty()) {
            return;
        }
        say("stopping");
        awaitEndOfStart();
        for (AutoCloseable each : closing) {
            try {
                each.close();
            } catch (Exception e) {
                // The rest must be closed all the same; the workspace's guard ends what is left.
                say("while stopping: " + e.getMessage());
            }
        }
    }

    private void awaitEndOfStart() {
        try {
            if (!starting.await(READY_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                say("the start does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private <T extends AutoCloseable> T closeLater(T one) {
        synchronized (this) {
            if (!closed) {
                started.push(one);
                return one;
            }
        }
        try {
            one.close();
        } catch (Exception e) {
            throw new FixtureException("while stopping: " + e.getMessage(), e);
        }
        throw new FixtureException("stopped while starting");
    }

    /** Clients are to lose the router before the router loses its servers. */
    private synchronized void closeFirst(AutoCloseable one) {
        if (started.remove(one)) {
            started.push(one);
        }
    }

    /** Until the router has the topology and has found the primaries. */
    private void awaitReads() {
        List<String> reads = new DemoData(shards()).readsByShard();
        @Nullable SQLException[] last = new SQLException[1];
        boolean answered = Deadline.in(READY_LIMIT).comes(() -> {
            if (closed || !router().isRunning()) {
                throw new FixtureException(
                        closed ? "stopped while starting" : "the router ended\n" + router().logTail());
            }
            try (Connection connection = connect(options.port());
                    var statement = connection.createStatement()) {
                for (String sql : reads) {
                    statement.execute(sql);
                }
                return true;
            } catch (SQLException e) {
                last[0] = e;
                return false;
            }
        });
        if (!answered) {
            throw new FixtureException("the router does not answer: " + last[0] + "\n" + router().logTail());
        }
    }

    private Running running() {
        Running current = running;
        if (current == null) {
            throw new FixtureException("the demo is not running yet");
        }
        return current;
    }

    private static void say(String text) {
        System.err.println("trunkline demo: " + text);
    }
}
