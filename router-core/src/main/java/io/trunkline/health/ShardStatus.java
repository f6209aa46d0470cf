// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

import io.trunkline.topology.Node;
import java.util.List;
import java.util.Optional;

/**
 * What is known of the nodes of one shard at one moment; immutable, so it may be handed from loop to loop.
 *
 * @param shard the shard's name
 * @param nodes one entry per node of the topology, in its order; at most one is {@link NodeStatus.State#PRIMARY}
 * @param epoch grows whenever another node, or the same node on another timeline, becomes the primary of the shard
 */
public record ShardStatus(String shard, List<NodeStatus> nodes, long epoch) {

    /** Takes an unmodifiable copy of the nodes and checks that there is one primary at most. */
    public ShardStatus {
        nodes = List.copyOf(nodes);
        if (nodes.stream().filter(ShardStatus::isPrimary).count() > 1) {
            throw new IllegalArgumentException("two primaries in shard " + shard + ": " + nodes);
        }
    }

    /** Returns the primary, if there is one now. */
    public Optional<Node> primary() {
        return nodes.stream()
                .filter(ShardStatus::isPrimary)
                .map(NodeStatus::node)
                .findFirst();
    }

    private static boolean isPrimary(NodeStatus status) {
        return status.state() == NodeStatus.State.PRIMARY;
    }
}
