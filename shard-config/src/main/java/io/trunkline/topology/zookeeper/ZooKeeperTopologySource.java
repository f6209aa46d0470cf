// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import io.trunkline.topology.InvalidTopologyException;
import io.trunkline.topology.LatestTopology;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import io.trunkline.topology.TopologyJson.UnknownFields;
import io.trunkline.topology.TopologySnapshot;
import io.trunkline.topology.TopologySource;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;

/**
 * The topology published in ZooKeeper, kept up to date by a watch.
 *
 * <p>While ZooKeeper is away, and while the document is broken, empty, deleted or of an older revision, the last good topology
 * stays in force. With a snapshot, the last good topology also survives a restart.
 */
public final class ZooKeeperTopologySource implements TopologySource {
    private final ZooKeeperConnection connection;
    private final String znode;
    private final LatestTopology latest = new LatestTopology();
    private final CuratorCache cache;

    private ZooKeeperTopologySource(ZooKeeperConnection connection) {
        this.connection = connection;
        this.znode = connection.path().topology();
        this.cache = CuratorCache.build(connection.client(), znode, CuratorCache.Options.SINGLE_NODE_CACHE);
        cache.listenable()
                .addListener(
                        CuratorCacheListener.builder()
                                .forCreates(this::onDocument)
                                .forChanges((before, after) -> onDocument(after))
                                .forDeletes(gone -> onNone())
                                .forInitialized(this::onInitialized)
                                .build(),
                        connection.thread());
    }

    /** Starts to listen and returns; the connection stays the caller's. */
    public static ZooKeeperTopologySource start(ZooKeeperConnection connection) {
        ZooKeeperTopologySource source = new ZooKeeperTopologySource(connection);
        source.cache.start();
        return source;
    }

    /** Takes the snapshot's topology, if it has one, then starts to listen; each newer topology is written to the snapshot. */
    public static ZooKeeperTopologySource start(ZooKeeperConnection connection, TopologySnapshot snapshot) {
        ZooKeeperTopologySource source = new ZooKeeperTopologySource(connection);
        snapshot.read().ifPresent(source.latest::offer);
        source.latest.subscribe(snapshot::write);
        source.cache.start();
        return source;
    }

    @Override
    public Optional<Topology> current() {
        return latest.current();
    }

    @Override
    public Subscription subscribe(Consumer<? super Topology> listener) {
        return latest.subscribe(listener);
    }

    @Override
    public Optional<String> trouble() {
        return connection.trouble().or(latest::trouble);
    }

    @Override
    public void onRefused(Consumer<String> listener) {
        latest.onRefused(listener);
    }

    @Override
    public void close() {
        cache.close();
        latest.close();
    }

    private void onDocument(ChildData data) {
        byte[] document = data.getData();
        try {
            // A znode created without data has none, rather than an empty array.
            latest.offer(TopologyJson.read(document == null ? new byte[0] : document, UnknownFields.IGNORE));
        } catch (InvalidTopologyException e) {
            latest.refuse(znode + ": " + e.getMessage());
        }
    }

    private void onInitialized() {
        if (cache.get(znode).isEmpty()) {
            onNone();
        }
    }

    private void onNone() {
        latest.refuse(znode + " does not exist");
    }
}
