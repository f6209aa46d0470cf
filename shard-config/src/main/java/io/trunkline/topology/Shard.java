// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.util.List;

/**
 * One primary and its replicas, holding a part of the rows of a cluster.
 *
 * @param name unique in its cluster
 * @param nodes its servers; at most one is declared {@link NodeRole#PRIMARY}
 */
public record Shard(String name, List<Node> nodes) {
    /** Copies the list. */
    public Shard {
        nodes = List.copyOf(nodes);
    }
}
