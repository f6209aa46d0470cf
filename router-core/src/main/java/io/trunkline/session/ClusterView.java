// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.routing.RoutingTable;
import io.trunkline.routing.StatementRouter;

/**
 * What an event loop knows of one cluster at one moment: one topology revision and one catalogue snapshot. Immutable; replaced as a whole.
 *
 * @param name the cluster's name
 * @param revision the topology's revision
 * @param table the revision's tables and shards
 * @param router decides with that table and the latest catalogue snapshot
 */
public record ClusterView(String name, long revision, RoutingTable table, StatementRouter router) {

    /** Returns true when statements must be placed on one of several shards. */
    public boolean isSharded() {
        return table.shardCount() > 1;
    }
}
