// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.sql.Hint;
import io.trunkline.sql.KeyCondition;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.KeyFormatException;
import io.trunkline.topology.KeyValue;
import java.util.Collection;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The shard a client asks for, by a comment in the statement or by a setting of the session. A comment replaces the settings. */
sealed interface Asked {
    /** No shard is asked for. */
    enum Nothing implements Asked {
        /** The one instance. */
        INSTANCE
    }

    /**
     * One shard is asked for.
     *
     * @param shard its index
     * @param byKey whether by a key of its, rather than by its name
     * @param reason {@link Reason#HINT} or {@link Reason#SETTING}
     */
    record Shard(int shard, boolean byKey, Reason reason) implements Asked {}

    /**
     * What is asked for does not exist, or is not one shard.
     *
     * @param reason {@link Reason#HINT} or {@link Reason#SETTING}
     */
    record Impossible(Target.Refused refusal, Reason reason) implements Asked {}

    /**
     * Returns what a statement's comments ask for, or else the session's settings.
     *
     * @param conditions the statement's own, which tell the distribution a key belongs to
     */
    static Asked of(RoutingTable table, Hint hint, SessionRouting session, List<KeyCondition> conditions) {
        Asked hinted = ofHint(table, hint, conditions);
        return hinted == Nothing.INSTANCE
                ? of(table, session.wishes().shard(), session.wishes().shardKey(), Reason.SETTING, conditions)
                : hinted;
    }

    /** Returns what a statement's comments ask for. */
    static Asked ofHint(RoutingTable table, Hint hint, List<KeyCondition> conditions) {
        return of(table, hint.shard(), hint.shardKey(), Reason.HINT, conditions);
    }

    private static Asked of(
            RoutingTable table,
            @Nullable String name,
            @Nullable String key,
            Reason reason,
            List<KeyCondition> conditions) {
        Asked byKey = key == null ? Nothing.INSTANCE : byKey(table, key, reason, conditions);
        if (name == null || byKey instanceof Impossible) {
            return byKey;
        }
        OptionalInt shard = table.shardIndex(name);
        if (shard.isEmpty()) {
            return new Impossible(
                    RouteRefusal.UNKNOWN_SHARD.because("the shards are " + table.namesOf(table.all())), reason);
        }
        if (byKey instanceof Shard other && other.shard() != shard.getAsInt()) {
            return new Impossible(
                    RouteRefusal.KEY_CONFLICT.because(
                            "asked for is shard " + name + ", and a shard key of " + table.shardName(other.shard())),
                    reason);
        }
        return new Shard(shard.getAsInt(), false, reason);
    }

    /**
     * The key is read as the type of the distributions the statement uses. A statement without any could mean each of the cluster's: those that can
     * read the key must agree.
     */
    private static Asked byKey(RoutingTable table, String key, Reason reason, List<KeyCondition> conditions) {
        Set<String> used = conditions.stream()
                .filter(condition -> !(condition instanceof KeyCondition.OnShard))
                .map(KeyCondition::distribution)
                .collect(Collectors.toUnmodifiableSet());
        Collection<Distribution> distributions = table.cluster().distributions().stream()
                .filter(distribution -> used.isEmpty() || used.contains(distribution.name()))
                .toList();
        ShardSet shards = table.none();
        for (Distribution distribution : distributions) {
            try {
                shards = shards.or(table.shardOf(distribution, KeyValue.parse(distribution.keyType(), key)));
            } catch (KeyFormatException e) {
                if (!used.isEmpty()) {
                    return unusable(reason, "a key of " + distribution.name() + " is " + e.expectation());
                }
            }
        }
        if (shards.size() != 1) {
            return unusable(
                    reason,
                    shards.isEmpty()
                            ? "no distribution of the cluster has a shard for it"
                            : "distributions of the cluster place it on " + table.namesOf(shards));
        }
        return new Shard(shards.first(), true, reason);
    }

    private static Asked unusable(Reason reason, String detail) {
        return new Impossible(RouteRefusal.SHARD_KEY_UNUSABLE.because(detail), reason);
    }
}
