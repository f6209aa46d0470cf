// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.server.config.TopologyConfig;
import io.trunkline.topology.FileTopologySource;
import io.trunkline.topology.TopologySnapshot;
import io.trunkline.topology.TopologySource;
import io.trunkline.topology.zookeeper.RouterInfo;
import io.trunkline.topology.zookeeper.RouterNumber;
import io.trunkline.topology.zookeeper.RouterRegistration;
import io.trunkline.topology.zookeeper.ZooKeeperBlocks;
import io.trunkline.topology.zookeeper.ZooKeeperConnection;
import io.trunkline.topology.zookeeper.ZooKeeperDecisions;
import io.trunkline.topology.zookeeper.ZooKeeperSettings;
import io.trunkline.topology.zookeeper.ZooKeeperTopologySource;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Where the topology comes from, and where this router tells that it lives and what it has applied. With a file there is nobody to tell, and
 * no place that all routers look at before they end a transaction, or take numbers of a sequence.
 */
final class TopologyFeed implements AutoCloseable {
    /** How long the counter of a sequence may take; the next look asks again. */
    private static final Duration BLOCK_LIMIT = Duration.ofSeconds(5);

    private final TopologyConfig config;
    private final @Nullable ZooKeeperConnection connection;
    private final TopologySource source;
    private final @Nullable ZooKeeperDecisions decisions;
    private final @Nullable ZooKeeperBlocks blocks;
    private @Nullable RouterRegistration registration;
    private @Nullable RouterNumber number;
    private long appliedRevision;

    /**
     * Starts to read; does not wait.
     *
     * @param decisionTimeout how long a decision may take
     */
    TopologyFeed(TopologyConfig config, Duration decisionTimeout) {
        this.config = config;
        if (config.source() == TopologyConfig.Source.FILE || config.connect() == null) {
            connection = null;
            decisions = null;
            blocks = null;
            source = FileTopologySource.start(config.file(), config.fileInterval());
            return;
        }
        ZooKeeperConnection opened = ZooKeeperConnection.open(new ZooKeeperSettings(
                config.connect(),
                config.path(),
                config.credentials() == null ? "" : config.credentials().reveal(),
                config.sessionTimeout(),
                ZooKeeperSettings.CONNECTION_TIMEOUT_DEFAULT));
        connection = opened;
        decisions = ZooKeeperDecisions.on(opened, decisionTimeout);
        blocks = ZooKeeperBlocks.on(opened, BLOCK_LIMIT);
        source = config.snapshot() == null
                ? ZooKeeperTopologySource.start(opened)
                : ZooKeeperTopologySource.start(opened, new TopologySnapshot(config.snapshot()));
    }

    TopologySource source() {
        return source;
    }

    /** Returns where transactions over several shards are decided; null with a file. */
    @Nullable
    ZooKeeperDecisions decisions() {
        return decisions;
    }

    /** Returns where sequences over shards get their numbers; null with a file. */
    @Nullable
    ZooKeeperBlocks blocks() {
        return blocks;
    }

    /**
     * Tells the fleet that this router serves at an address, and takes a number in it.
     *
     * @param peerAddress where the other routers reach this one, {@code host:port}
     * @param numbers hears of numbers up to {@code numberMax}
     */
    synchronized void register(
            InetSocketAddress address, String peerAddress, int numberMax, RouterNumber.Listener numbers) {
        if (connection == null) {
            return;
        }
        String id = config.routerId() == null ? hostName() + "-" + address.getPort() : config.routerId();
        registration = RouterRegistration.start(
                connection,
                new RouterInfo(
                        id,
                        address.getHostString() + ":" + address.getPort(),
                        TrunklineCommand.Version.text(),
                        Instant.now()));
        if (appliedRevision > 0) {
            registration.acknowledge(appliedRevision);
        }
        number = RouterNumber.start(connection, id, peerAddress, numberMax, numbers);
    }

    /** Tells the fleet that every event loop decides by a revision. */
    synchronized void applied(long revision) {
        appliedRevision = Math.max(appliedRevision, revision);
        if (registration != null) {
            registration.acknowledge(appliedRevision);
        }
    }

    /** Leaves the fleet; the topology in force stays readable until {@link #close}. */
    synchronized void unregister() {
        if (registration != null) {
            registration.close();
            registration = null;
        }
        if (number != null) {
            number.close();
            number = null;
        }
    }

    @Override
    public void close() {
        unregister();
        source.close();
        if (decisions != null) {
            decisions.close();
        }
        if (blocks != null) {
            blocks.close();
        }
        if (connection != null) {
            connection.close();
        }
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName().replaceAll("[^A-Za-z0-9_.-]", "_");
        } catch (UnknownHostException e) {
            return "router";
        }
    }
}
