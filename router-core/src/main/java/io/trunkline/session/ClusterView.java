// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.routing.RoutingTable;
import io.trunkline.routing.StatementRouter;
import org.jspecify.annotations.Nullable;

/**
 * What an event loop knows of one cluster at one moment: one topology revision and one catalogue snapshot. Immutable; replaced as a whole.
 *
 * @param name the cluster's name
 * @param revision the topology's revision
 * @param table the revision's tables and shards
 * @param router decides with that table and the latest catalogue snapshot
 * @param dryRun what decides beside it, and only counts; null without a dry run
 */
public record ClusterView(
        String name,
        long revision,
        RoutingTable table,
        StatementRouter router,
        @Nullable DryRun dryRun) {
    /** A view without a dry run. */
    public ClusterView(String name, long revision, RoutingTable table, StatementRouter router) {
        this(name, revision, table, router, null);
    }

    /** Returns true when statements must be placed on one of several shards. */
    public boolean isSharded() {
        return table.shardCount() > 1;
    }

    /** Returns the router for whose decisions the trees of statements are read; null where none needs them. */
    @Nullable
    StatementRouter treeRouter() {
        return isSharded() ? router : dryRun == null ? null : dryRun.router();
    }

    /** Returns the same view to which statements are what they are without a dry run. */
    ClusterView withoutDryRun() {
        return dryRun == null ? this : new ClusterView(name, revision, table, router);
    }
}
