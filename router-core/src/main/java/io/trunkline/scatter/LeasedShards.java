// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBufAllocator;
import io.trunkline.backend.BackendConnector;
import io.trunkline.pool.Lease;
import java.util.List;

/**
 * What a statement over shards works with: the backends that are leased for it, whom it tells, and its limits.
 *
 * @param leases of one backend of each shard, in the order of the shards; handed over to the statement
 * @param client who hears of it
 * @param connector how a backend is asked to cancel
 * @param within whether the backends are in a transaction of the client's that goes on
 * @param messageBytesMax a longer message of a shard is an error
 * @param memoryBytesMax most bytes of rows, or groups, that are kept at a time
 */
public record LeasedShards(
        List<Lease> leases,
        ScatterClient client,
        BackendConnector connector,
        ByteBufAllocator allocator,
        boolean within,
        int messageBytesMax,
        long memoryBytesMax) {

    /** Attaches to the backends. */
    ShardStreams attach(ShardStream.Listener listener) {
        return new ShardStreams(leases, connector, messageBytesMax, within, listener);
    }
}
