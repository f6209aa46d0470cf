// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.backend.BackendConnector;
import io.trunkline.pool.Lease;
import java.util.ArrayList;
import java.util.List;

/** The shards of one {@link ScatteredQuery}, in the order of their numbers: what is done with all of them. */
final class ShardStreams {
    private final List<ShardStream> shards = new ArrayList<>();

    /** Attaches to the leased backends. */
    ShardStreams(
            List<Lease> leases,
            BackendConnector connector,
            int messageBytesMax,
            boolean within,
            ShardStream.Listener listener) {
        for (Lease lease : leases) {
            shards.add(new ShardStream(shards.size(), lease, connector, messageBytesMax, within, listener));
        }
    }

    List<ShardStream> all() {
        return shards;
    }

    ShardStream first() {
        return shards.get(0);
    }

    int size() {
        return shards.size();
    }

    /** Returns the node of each, for people to read. */
    String nodes() {
        StringBuilder nodes = new StringBuilder();
        for (ShardStream shard : shards) {
            nodes.append(nodes.length() == 0 ? "" : ",").append(shard.node());
        }
        return nodes.toString();
    }

    /** Returns true while one of them owes answers. */
    boolean isBusy() {
        for (ShardStream shard : shards) {
            if (shard.isBusy()) {
                return true;
            }
        }
        return false;
    }

    /** Reads what comes from each of them, wanted or not. */
    void read() {
        for (ShardStream shard : shards) {
            shard.setReading(true);
        }
    }

    /** Asks the nodes to cancel what runs; {@code delivered} runs when all have been asked, or cannot be. */
    void cancel(Runnable delivered) {
        List<ShardStream> running =
                shards.stream().filter(ShardStream::isRunning).toList();
        if (running.isEmpty()) {
            delivered.run();
            return;
        }
        int[] open = {running.size()};
        for (ShardStream shard : running) {
            shard.setReading(true);
            shard.cancel(() -> {
                if (--open[0] == 0) {
                    delivered.run();
                }
            });
        }
    }

    /** Gives back those that owe nothing, and closes the others. */
    void releaseAll() {
        for (ShardStream shard : shards) {
            if (shard.isBusy()) {
                shard.discard("not answered");
            } else {
                shard.release();
            }
        }
    }
}
