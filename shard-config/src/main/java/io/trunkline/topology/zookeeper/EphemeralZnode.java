// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import java.util.Arrays;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.curator.framework.api.CuratorWatcher;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A znode that is there as long as this process is connected: created again after every loss of the session.
 *
 * <p>Curator's {@code PersistentNode} refuses data before its first creation, which must work here while ZooKeeper is away.
 * All state is confined to the thread of the connection; nothing blocks.
 *
 * <pre>
 *              connected / data set            created
 *   ABSENT ───────────────────────▶ CREATING ───────────▶ PRESENT
 *      ▲                              │ exists                ▲
 *      │ deleted                      ▼                       │ owner is this session: write the data
 *      └───────────────────────── INSPECTING ─────────────────┘
 *              (an owner that is another session: left alone until its znode goes, or given up for it)
 * </pre>
 */
final class EphemeralZnode {
    /** What there is to know of the znode; called on the thread of the connection. */
    interface Listener {
        /** It is there, and this session's: created, or found again. */
        default void onPresent() {}

        /** Another session has it, with this data. Returns true to wait for its end, false to give it up for good. */
        default boolean awaitsEnd(byte[] found) {
            return true;
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(EphemeralZnode.class);

    private final ZooKeeperConnection connection;
    private final CuratorFramework client;
    private final String path;
    private final Runnable onConnected = this::create;
    private final Listener listener;
    private byte[] data;
    private boolean closed;
    private boolean isAnothers;

    private EphemeralZnode(ZooKeeperConnection connection, String path, byte[] data, Listener listener) {
        this.connection = connection;
        this.client = connection.client();
        this.path = path;
        this.data = data;
        this.listener = listener;
    }

    /** Creates the znode as soon as there is a connection. */
    static EphemeralZnode start(ZooKeeperConnection connection, String path, byte[] data) {
        return start(connection, path, data, new Listener() {});
    }

    /** As the other, and tells what becomes of it. */
    static EphemeralZnode start(ZooKeeperConnection connection, String path, byte[] data, Listener listener) {
        EphemeralZnode znode = new EphemeralZnode(connection, path, data, listener);
        connection.whenConnected(znode.onConnected);
        return znode;
    }

    /** Replaces the data, now or when there is a connection. */
    void write(byte[] newData) {
        connection.thread().execute(() -> {
            data = newData;
            create();
        });
    }

    /** Removes the znode, now or when the session ends. */
    void close() {
        connection.thread().execute(() -> {
            closed = true;
            connection.forget(onConnected);
            if (connection.isConnected() && !isAnothers) {
                inBackground(
                        "delete", () -> client.delete().quietly().inBackground().forPath(path));
            }
        });
    }

    private void create() {
        // Without a connection the request would only wait in a queue; the connection's return leads here again.
        if (closed || !connection.isConnected()) {
            return;
        }
        inBackground(
                "create",
                () -> client.create()
                        .creatingParentsIfNeeded()
                        .withMode(CreateMode.EPHEMERAL)
                        .inBackground((same, event) -> onCreated(event), connection.thread())
                        .forPath(path, data));
    }

    private void onCreated(CuratorEvent event) {
        if (event.getResultCode() == Code.NODEEXISTS.intValue()) {
            inspect();
        } else if (event.getResultCode() == Code.OK.intValue()) {
            present();
        } else {
            logFailure("create", event);
        }
    }

    private void present() {
        isAnothers = false;
        if (!closed) {
            listener.onPresent();
        }
    }

    private void inspect() {
        inBackground(
                "inspect",
                () -> client.getData()
                        .inBackground((same, event) -> onInspected(event), connection.thread())
                        .forPath(path));
    }

    private void onInspected(CuratorEvent event) {
        if (event.getResultCode() == Code.NONODE.intValue()) {
            create();
            return;
        }
        if (event.getStat() == null) {
            // Whose it is, is not known: the connection's return leads here again.
            logFailure("inspect", event);
            return;
        }
        if (event.getStat().getEphemeralOwner() != sessionId()) {
            // A router that was restarted finds the znode of its former self until ZooKeeper gives up the old session.
            isAnothers = true;
            if (listener.awaitsEnd(event.getData() == null ? new byte[0] : event.getData())) {
                LOG.info("{} belongs to another session; waiting for its end", path);
                awaitEnd();
            } else {
                closed = true;
                connection.forget(onConnected);
            }
            return;
        }
        present();
        if (!Arrays.equals(event.getData(), data)) {
            inBackground(
                    "write",
                    () -> client.setData()
                            .withVersion(event.getStat().getVersion())
                            .inBackground((same, written) -> logFailure("write", written), connection.thread())
                            .forPath(path, data));
        }
    }

    /** Watches another session's znode. Never one's own: every write would lead here again. */
    private void awaitEnd() {
        inBackground(
                "watch",
                () -> client.checkExists()
                        .usingWatcher(
                                (CuratorWatcher) change -> connection.thread().execute(this::create))
                        .inBackground(
                                (same, event) -> {
                                    if (event.getResultCode() == Code.NONODE.intValue()) {
                                        create();
                                    }
                                },
                                connection.thread())
                        .forPath(path));
    }

    private long sessionId() {
        try {
            return client.getZookeeperClient().getZooKeeper().getSessionId();
        } catch (Exception e) {
            LOG.debug("no session", e);
            return 0;
        }
    }

    private void logFailure(String action, CuratorEvent event) {
        Code code = Code.get(event.getResultCode());
        if (code != Code.OK && !closed) {
            // Whatever is a matter of the connection is tried again when the connection returns.
            LOG.warn("ZooKeeper did not {} {}: {}", action, path, code);
        }
    }

    private void inBackground(String action, Request request) {
        try {
            request.send();
        } catch (Exception e) {
            if (connection.isConnected()) {
                LOG.warn("ZooKeeper did not {} {}: {}", action, path, e.toString());
            }
        }
    }

    /** A request whose answer comes later; Curator declares that handing it over can fail. */
    private interface Request {
        void send() throws Exception;
    }
}
