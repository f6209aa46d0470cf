// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.metrics.RouteMetrics;
import io.trunkline.routing.Reason;
import io.trunkline.routing.RoleNeed;
import io.trunkline.routing.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where the last batch of one session went and how long its statements take there: for {@code SHOW trunkline.route} and for the metrics.
 *
 * <p>Sessions mostly go where they went before, so nothing is made anew then. Belongs to a {@link Placement}.
 */
final class LastRoute {
    /** Routes whose meters are kept at hand; one whose statements take more finds them again. */
    private static final int KNOWN_MAX = 16;

    /** A route, and its meters. */
    private record Known(String shard, @Nullable RoleNeed role, Reason reason, RouteMetrics metrics) {}

    private final Worker worker;
    private final String cluster;
    private final List<Known> known = new ArrayList<>(0);
    private String shard = "";
    private Reason shardReason = Reason.SESSION;
    private Reason roleReason = Reason.SESSION;
    private @Nullable RoleNeed role;
    private String node = "";
    /** The meters of this route; null when they have to be found again. */
    private @Nullable RouteMetrics metrics;

    private long groupStartNanos;

    LastRoute(Worker worker, String cluster) {
        this.worker = worker;
        this.cluster = cluster;
    }

    /** A batch is about to go to a shard. */
    void placing(String newShard, Target.At at) {
        if (!newShard.equals(shard) || roleReason != at.roleReason()) {
            metrics = null;
        }
        shard = newShard;
        shardReason = at.shardReason();
        roleReason = at.roleReason();
        node = "";
    }

    /** It has its backend. */
    void placed(RoleNeed newRole, String newNode) {
        if (newRole != role) {
            metrics = null;
        }
        role = newRole;
        node = newNode;
        groupStartNanos = worker.clock().nanoTime();
    }

    /** A transaction has ended. */
    void transactionEnded() {
        metrics().transaction();
    }

    /** All that was sent has been answered. */
    void answered(int queries) {
        long now = worker.clock().nanoTime();
        RouteMetrics meters = metrics();
        meters.statement(now - groupStartNanos);
        if (queries > 0) {
            meters.queries(queries);
        }
        groupStartNanos = now;
    }

    private RouteMetrics metrics() {
        RouteMetrics found = metrics;
        if (found == null) {
            found = find();
            metrics = found;
        }
        return found;
    }

    /** Where keys decide, the shard is another one with each statement. */
    private RouteMetrics find() {
        for (int i = 0; i < known.size(); i++) {
            Known route = known.get(i);
            if (route.shard.equals(shard) && route.role == role && route.reason == roleReason) {
                return route.metrics;
            }
        }
        RouteMetrics found = worker.metrics().route(cluster, shard, roleName(), roleReason.label());
        if (known.size() == KNOWN_MAX) {
            known.clear();
        }
        known.add(new Known(shard, role, roleReason, found));
        return found;
    }

    private String roleName() {
        return role == null ? "" : role.name().toLowerCase(Locale.ROOT);
    }

    /** Returns the value of {@code trunkline.route}. */
    @Override
    public String toString() {
        return shard.isEmpty()
                ? "none"
                : "shard=" + shard + " role=" + (node.isEmpty() ? "" : roleName()) + " node=" + node + " reason="
                        + shardReason.label() + "," + roleReason.label();
    }
}
