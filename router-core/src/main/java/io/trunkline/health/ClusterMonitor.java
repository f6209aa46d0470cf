// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

import io.trunkline.SharedAcrossLoops;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Shard;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds out what the nodes of one cluster are: probes each of them, decides per shard, and tells a listener what changed.
 *
 * <p>Works on one event loop. {@link #onTopology}, {@link #suspect} and {@link #close} may be called from any thread; they only post to it.
 */
@SharedAcrossLoops("public methods post to the one event loop that touches the state")
public final class ClusterMonitor {
    private final String cluster;
    private final EventLoopClock clock;
    private final BackendConnector connector;
    private final HealthSettings settings;
    private final RouterMetrics metrics;
    private final ShardStatusListener listener;
    private final Map<String, MonitoredShard> shards = new HashMap<>();
    private long epoch;
    private boolean closed;

    /** Creates a monitor that begins with the first {@link #onTopology}. */
    public ClusterMonitor(
            String cluster,
            EventLoopClock clock,
            BackendConnector connector,
            HealthSettings settings,
            RouterMetrics metrics,
            ShardStatusListener listener) {
        this.cluster = cluster;
        this.clock = clock;
        this.connector = connector;
        this.settings = settings;
        this.metrics = metrics;
        this.listener = listener;
    }

    /** Takes the cluster as the topology describes it from now on. */
    public void onTopology(Cluster described) {
        clock.execute(() -> apply(described));
    }

    /** Has a node probed at once: a backend of it was lost, or a login failed. */
    public void suspect(String node) {
        clock.execute(() -> shards.values().forEach(shard -> shard.suspect(node)));
    }

    /** Ends all probes. */
    public void close() {
        clock.execute(() -> {
            closed = true;
            shards.values().forEach(MonitoredShard::close);
            shards.clear();
        });
    }

    private void apply(Cluster cluster) {
        if (closed) {
            return;
        }
        Map<String, MonitoredShard> former = new HashMap<>(shards);
        shards.clear();
        List<Shard> now = cluster.shards();
        for (Shard shard : now) {
            MonitoredShard known = former.remove(shard.name());
            shards.put(shard.name(), known == null ? new MonitoredShard(this, shard.name()) : known);
        }
        former.forEach((name, gone) -> {
            gone.close();
            tell(new ShardStatus(name, List.of(), nextEpoch()));
        });
        for (Shard described : now) {
            MonitoredShard shard = shards.get(described.name());
            if (shard != null) {
                shard.onTopology(described);
            }
        }
    }

    void tell(ShardStatus status) {
        listener.onShardStatus(cluster, status);
    }

    /** Returns the next epoch; one sequence for all shards, so that it also grows where a shard leaves and comes back. */
    long nextEpoch() {
        return ++epoch;
    }

    String cluster() {
        return cluster;
    }

    EventLoopClock clock() {
        return clock;
    }

    BackendConnector connector() {
        return connector;
    }

    HealthSettings settings() {
        return settings;
    }

    RouterMetrics metrics() {
        return metrics;
    }
}
