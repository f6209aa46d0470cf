// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.health.NodeStatus;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All pools of one event loop, and what they know of the shards.
 *
 * <p>A pool is made when it is first asked for and stays: there are at most as many as (shards × databases × users who logged in). Confined
 * to its event loop; statuses from elsewhere are posted to it.
 */
public final class PoolDirectory {
    private static final Duration UPKEEP_INTERVAL = Duration.ofSeconds(1);

    private record ShardKey(String cluster, String shard) {}

    private record Known(List<NodeStatus> nodes, long epoch) {}

    private final PoolContext context;
    private final PoolCatalog catalog;
    private final Map<PoolKey, BackendPool> pools = new HashMap<>();
    private final Map<ShardKey, Known> shards = new HashMap<>();
    private @Nullable Cancellable upkeep;
    private boolean closed;

    /** Creates the directory of one event loop; call {@link #start} on it next. */
    public PoolDirectory(PoolContext context, PoolCatalog catalog) {
        this.context = context;
        this.catalog = catalog;
    }

    /** Begins the upkeep of pools: idle timeouts, lifetimes, least sizes. */
    public void start() {
        upkeep = context.clock().schedule(UPKEEP_INTERVAL.toNanos(), this::maintain);
    }

    /** Returns the pool of a shard for a database and user, new if need be; requests to it wait until the shard's nodes are known. */
    public ShardPool pool(String cluster, String shard, String database, String user) {
        return pool(new PoolKey(cluster, shard, database, user, PoolUse.SESSIONS));
    }

    /** Returns where backends are leased that listen for the sessions of a database and user: they take nothing from {@link #pool}'s size. */
    public ShardPool listeningPool(String cluster, String shard, String database, String user) {
        return pool(new PoolKey(cluster, shard, database, user, PoolUse.LISTENING));
    }

    private ShardPool pool(PoolKey key) {
        assert context.clock().inEventLoop();
        BackendPool known = pools.get(key);
        if (known != null) {
            return known;
        }
        PoolSettings configured = catalog.settings(key.cluster(), key.database(), key.user());
        PoolSettings settings = switch (key.use()) {
            case SESSIONS -> configured;
            case LISTENING -> configured.forListening();
        };
        BackendPool pool = new BackendPool(key, settings, context);
        pools.put(key, pool);
        Known status = shards.get(new ShardKey(key.cluster(), key.shard()));
        if (closed) {
            pool.close();
        } else if (status != null) {
            pool.onStatus(status.nodes);
        }
        return pool;
    }

    /**
     * Takes what is known of a shard's nodes now. A status of an older epoch than one already seen is dropped. A shard that left the topology
     * has no nodes.
     */
    public void onShardStatus(String cluster, String shard, List<NodeStatus> nodes, long epoch) {
        assert context.clock().inEventLoop();
        ShardKey key = new ShardKey(cluster, shard);
        Known before = shards.get(key);
        if (closed || before != null && before.epoch > epoch) {
            return;
        }
        shards.put(key, new Known(List.copyOf(nodes), epoch));
        for (BackendPool pool : List.copyOf(pools.values())) {
            if (pool.key().shard().equals(shard) && pool.key().cluster().equals(cluster)) {
                pool.onStatus(nodes);
            }
        }
    }

    private void maintain() {
        for (BackendPool pool : List.copyOf(pools.values())) {
            pool.maintain();
        }
        start();
    }

    /** Refuses all that waits with 57P01 and closes idle backends; leased ones are closed on release. Idempotent. */
    public void close() {
        assert context.clock().inEventLoop();
        closed = true;
        Cancellable timer = upkeep;
        if (timer != null) {
            timer.cancel();
        }
        List.copyOf(pools.values()).forEach(BackendPool::close);
    }
}
