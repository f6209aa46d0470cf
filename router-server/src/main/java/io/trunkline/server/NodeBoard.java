// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.SharedAcrossLoops;
import io.trunkline.health.ShardStatus;
import io.trunkline.health.ShardStatusListener;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** What is known of all nodes, for the pages of operators. Entries of shards that left the topology have no nodes. */
@SharedAcrossLoops("immutable statuses in a concurrent map")
final class NodeBoard implements ShardStatusListener {
    private record ShardKey(String cluster, String shard) {}

    private final Map<ShardKey, ShardStatus> statuses = new ConcurrentHashMap<>();

    @Override
    public void onShardStatus(String cluster, ShardStatus status) {
        statuses.put(new ShardKey(cluster, status.shard()), status);
    }

    /** Returns what is known of a shard; empty before its first probe. */
    Optional<ShardStatus> status(String cluster, String shard) {
        return Optional.ofNullable(statuses.get(new ShardKey(cluster, shard)));
    }
}
