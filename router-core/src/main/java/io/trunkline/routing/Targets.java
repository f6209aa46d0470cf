// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import java.util.List;

/** Statements that must run together, as one target: those of one query text, and those of one pipeline up to its Sync. */
public final class Targets {
    private Targets() {}

    /**
     * Returns where two statements may run together. The first refusal wins, then an unknown parameter type; different shards are refused; the
     * stronger role decides, with its reason.
     */
    public static Target combine(RoutingTable table, Target first, Target second) {
        if (first instanceof Target.Refused) {
            return first;
        }
        if (second instanceof Target.Refused) {
            return second;
        }
        if (first instanceof Target.NeedsParameterTypes || second instanceof Target.NeedsParameterTypes) {
            return Target.NeedsParameterTypes.INSTANCE;
        }
        if (first instanceof Target.Scatter scatter) {
            return beside(scatter, second);
        }
        if (second instanceof Target.Scatter scatter) {
            return beside(scatter, first);
        }
        return together(table, (Target.At) first, (Target.At) second);
    }

    /**
     * Returns where all statements may run together.
     *
     * @param targets at least one
     */
    public static Target combine(RoutingTable table, List<Target> targets) {
        Target all = targets.get(0);
        for (Target target : targets.subList(1, targets.size())) {
            all = combine(table, all, target);
        }
        return all;
    }

    /** A query over several shards runs beside what only has to be checked somewhere. */
    private static Target beside(Target.Scatter scatter, Target other) {
        return other instanceof Target.At at && at.shard() == Target.ANY_SHARD && at.role() != RoleNeed.PRIMARY
                ? scatter
                : RouteRefusal.SCATTER_NOT_ALONE.because("another statement is sent with it");
    }

    private static Target together(RoutingTable table, Target.At one, Target.At other) {
        if (one.shard() != other.shard() && one.shard() != Target.ANY_SHARD && other.shard() != Target.ANY_SHARD) {
            return RouteRefusal.BATCH_ON_SEVERAL_SHARDS.because("the statements need the shards "
                    + table.shardName(one.shard()) + " and " + table.shardName(other.shard()));
        }
        Target.At placed = one.shard() == Target.ANY_SHARD ? other : one;
        Target.At stronger = one.role().compareTo(other.role()) >= 0 ? one : other;
        if (placed.role() == stronger.role() && placed.roleReason() == stronger.roleReason()) {
            return placed;
        }
        return new Target.At(placed.shard(), stronger.role(), placed.shardReason(), stronger.roleReason());
    }
}
