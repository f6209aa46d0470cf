// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.ACLProvider;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client of ZooKeeper, which reconnects by itself for as long as it is open.
 *
 * <p>Owns the thread {@code topology}, on which everything that ZooKeeper says is handled, one after the other. Opening neither
 * waits nor fails when ZooKeeper is away.
 */
public final class ZooKeeperConnection implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ZooKeeperConnection.class);

    private static final int RETRY_BASE_MILLIS = 100;
    private static final int RETRIES_MAX = 5;

    private final ZooKeeperSettings settings;
    private final ClusterPath path;
    private final CuratorFramework client;
    /** What is handed over after the end is dropped: there is nobody left to tell. */
    private final ExecutorService thread = new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
                Thread worker = new Thread(task, "topology");
                worker.setDaemon(true);
                return worker;
            },
            new ThreadPoolExecutor.DiscardPolicy());

    /** What wants to know of each (re)connection; confined to the thread. */
    private final List<Runnable> connectedActions = new ArrayList<>();

    private volatile boolean connected;
    private volatile boolean closed;

    private ZooKeeperConnection(ZooKeeperSettings settings) {
        this.settings = settings;
        this.path = new ClusterPath(settings.path());
        CuratorFrameworkFactory.Builder builder = CuratorFrameworkFactory.builder()
                .connectString(settings.connect())
                .sessionTimeoutMs(millis(settings.sessionTimeout()))
                .connectionTimeoutMs(millis(settings.connectionTimeout()))
                .retryPolicy(new ExponentialBackoffRetry(RETRY_BASE_MILLIS, RETRIES_MAX))
                .dontUseContainerParents();
        if (!settings.credentials().isEmpty()) {
            builder.authorization("digest", settings.credentials().getBytes(StandardCharsets.UTF_8))
                    .aclProvider(new OwnerOnly());
        }
        this.client = builder.build();
    }

    /** Starts to connect and returns. */
    public static ZooKeeperConnection open(ZooKeeperSettings settings) {
        ZooKeeperConnection connection = new ZooKeeperConnection(settings);
        connection
                .client
                .getConnectionStateListenable()
                .addListener((client, state) -> connection.onState(state), connection.thread);
        connection.client.start();
        return connection;
    }

    /** Returns why nothing new can be heard at the moment; empty while connected. */
    public Optional<String> trouble() {
        return connected ? Optional.empty() : Optional.of("not connected to ZooKeeper at " + settings.connect());
    }

    /**
     * Waits for the connection.
     *
     * @throws IOException if there is none within the connection timeout
     */
    void awaitConnected() throws IOException {
        boolean inTime;
        try {
            inTime = client.blockUntilConnected(millis(settings.connectionTimeout()), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            inTime = false;
        }
        if (!inTime) {
            throw new IOException("ZooKeeper at " + settings.connect() + " does not answer within "
                    + settings.connectionTimeout().toMillis() + " ms");
        }
    }

    /**
     * Runs the action on the thread now, if there is a connection, and on every later (re)connection.
     *
     * <p>Curator's own listeners would not do: one that is added while a change of state is handed round misses it.
     */
    void whenConnected(Runnable action) {
        thread.execute(() -> {
            connectedActions.add(action);
            if (connected) {
                action.run();
            }
        });
    }

    /** Takes an action back; to be called on the thread. */
    void forget(Runnable action) {
        connectedActions.remove(action);
    }

    /** Says whether requests can be sent. */
    boolean isConnected() {
        return connected && !closed;
    }

    /**
     * Returns the session in force. What a session has seen of ZooKeeper's data never goes back: a server that knows less does not take it. Data
     * that was lost or put back comes with another session.
     *
     * @throws Exception when there is none
     */
    long session() throws Exception {
        return client.getZookeeperClient().getZooKeeper().getSessionId();
    }

    ClusterPath path() {
        return path;
    }

    CuratorFramework client() {
        return client;
    }

    /** Returns the thread that callbacks belong on. */
    ExecutorService thread() {
        return thread;
    }

    /** Ends the session, and with it the ephemeral znodes. */
    @Override
    public void close() {
        closed = true;
        client.close();
        thread.shutdownNow();
    }

    private void onState(ConnectionState state) {
        LOG.info("ZooKeeper at {}: {}", settings.connect(), state);
        connected = state.isConnected();
        if (connected) {
            connectedActions.forEach(Runnable::run);
        }
    }

    private static int millis(Duration duration) {
        return Math.toIntExact(duration.toMillis());
    }

    /** Gives every znode to whoever has the credentials it was created with. */
    private static final class OwnerOnly implements ACLProvider {
        @Override
        public List<ACL> getDefaultAcl() {
            return ZooDefs.Ids.CREATOR_ALL_ACL;
        }

        @Override
        public List<ACL> getAclForPath(String path) {
            return ZooDefs.Ids.CREATOR_ALL_ACL;
        }
    }
}
