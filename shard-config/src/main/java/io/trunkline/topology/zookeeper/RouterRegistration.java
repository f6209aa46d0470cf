// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One router's presence in ZooKeeper: that it lives, and which revision it has applied.
 *
 * <p>Both are ephemeral znodes: a router that loses its session vanishes, and comes back with the revision it has then.
 * Nothing here waits or fails when ZooKeeper is away.
 */
public final class RouterRegistration implements AutoCloseable {
    private final ZooKeeperConnection connection;
    private final String ackPath;
    private final EphemeralZnode presence;
    private @Nullable EphemeralZnode ack;
    private long appliedRevision;

    private RouterRegistration(ZooKeeperConnection connection, RouterInfo router) {
        this.connection = connection;
        this.ackPath = connection.path().ack(router.id());
        this.presence =
                EphemeralZnode.start(connection, connection.path().router(router.id()), RouterJson.write(router));
    }

    /** Registers the router, now or when there is a connection; the connection stays the caller's. */
    public static RouterRegistration start(ZooKeeperConnection connection, RouterInfo router) {
        return new RouterRegistration(connection, router);
    }

    /** Tells that every event loop of this router plans with this revision or a newer one. Older revisions are ignored. */
    public synchronized void acknowledge(long revision) {
        if (revision <= appliedRevision) {
            return;
        }
        appliedRevision = revision;
        byte[] data = RouterJson.writeAck(revision);
        if (ack == null) {
            ack = EphemeralZnode.start(connection, ackPath, data);
        } else {
            ack.write(data);
        }
    }

    /** Returns the revision told last; empty before the first. */
    public synchronized OptionalLong acknowledged() {
        return appliedRevision == 0 ? OptionalLong.empty() : OptionalLong.of(appliedRevision);
    }

    /** Removes the router from ZooKeeper. */
    @Override
    public synchronized void close() {
        presence.close();
        if (ack != null) {
            ack.close();
        }
    }
}
