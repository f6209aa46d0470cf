// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

import io.trunkline.topology.Node;

/**
 * What is known of one node.
 *
 * @param node the node as the topology describes it
 * @param state what may be done with it
 * @param timeline the timeline it last reported, 0 when unknown
 * @param lagBytes how far its replay is behind the primary, in bytes; 0 for a primary, -1 when unknown
 */
public record NodeStatus(Node node, State state, int timeline, long lagBytes) {
    /** What may be done with a node. */
    public enum State {
        /** Not probed yet. */
        UNKNOWN,
        /** The one primary of its shard: reads and writes. */
        PRIMARY,
        /** A replica within the lag limit: reads. */
        READABLE_REPLICA,
        /** A replica that lags, or is detached from the primary: nothing. */
        LAGGING_REPLICA,
        /** Not reachable, starting, or an outdated primary: nothing. */
        UNUSABLE
    }
}
