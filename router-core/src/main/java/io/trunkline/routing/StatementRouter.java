// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.StatementShape;
import org.jspecify.annotations.Nullable;

/**
 * Decides where each statement of one cluster and database may run. Immutable: a new topology revision or a new catalogue snapshot makes a new
 * router.
 *
 * <p>Two decisions are taken apart and put together here: on which shard ({@link ShardDecision}) and on which of its nodes ({@link RoleDecision}).
 * Unsure means the primary where there is one shard, and a refusal where there are several. Statements that run together are folded by
 * {@link Targets#combine}.
 */
public final class StatementRouter {
    private final RoutingTable table;
    private final CatalogSnapshot catalog;
    private final ShardDecision shards;

    /** Creates the router of one cluster and database. */
    public StatementRouter(RoutingTable table, CatalogSnapshot catalog) {
        this.table = table;
        this.catalog = catalog;
        this.shards = new ShardDecision(table, catalog);
    }

    /** Returns the shards and tables of the cluster. */
    public RoutingTable table() {
        return table;
    }

    /** Returns what is known of functions and relations. */
    public CatalogSnapshot catalog() {
        return catalog;
    }

    /** Returns the router with another catalogue snapshot. */
    public StatementRouter withCatalog(CatalogSnapshot newCatalog) {
        return new StatementRouter(table, newCatalog);
    }

    /** Returns true when {@link #target} needs the tree of such a statement; without it, it would refuse unless the client names the shard. */
    public boolean needsShardingShape(StatementShape statement) {
        return !table.isSingleShard() && ShardDecision.needsTree(statement);
    }

    /**
     * Returns where a statement may run now.
     *
     * @param statement its shape
     * @param sharding its tree's answer, or null when it is not needed or could not be had
     * @param keys the values it runs with; borrowed. Its exceptions about malformed messages pass through
     * @param session the state of the session at this statement
     */
    public Target target(
            StatementShape statement, @Nullable ShardingShape sharding, KeySource keys, SessionRouting session) {
        String problem = statement.hint().problem();
        if (problem != null) {
            return RouteRefusal.HINT_INVALID.because(problem);
        }
        Target place = table.isSingleShard()
                ? onlyShard(statement, session)
                : shards.decide(statement, sharding, keys, session);
        if (place instanceof Target.Scatter scatter) {
            return scattered(statement, scatter, session);
        }
        if (!(place instanceof Target.At at)) {
            return place;
        }
        if (session.transaction().shard() != Target.ANY_SHARD) {
            if (at.shard() != Target.ANY_SHARD
                    && at.shard() != session.transaction().shard()) {
                if (session.transaction().crosses()) {
                    return new Target.At(
                            at.shard(), session.transaction().role(), at.shardReason(), Reason.IN_TRANSACTION);
                }
                return RouteRefusal.TRANSACTION_ON_OTHER_SHARD.because("the transaction runs on "
                        + table.shardName(session.transaction().shard()) + ", the statement needs "
                        + table.shardName(at.shard()));
            }
            if (session.transaction().role() == RoleNeed.REPLICA && takesAdvisoryLock(statement)) {
                return RouteRefusal.LOCK_ON_REPLICA.because("a lock on a replica excludes nobody on the primary");
            }
        }
        RoleDecision role = RoleDecision.of(statement, session, catalog);
        int shard = at.shard() == Target.ANY_SHARD ? session.transaction().shard() : at.shard();
        return new Target.At(shard, role.role(), at.shardReason(), role.reason());
    }

    private Target scattered(StatementShape statement, Target.Scatter scatter, SessionRouting session) {
        boolean within = session.isPlaced() || session.transaction().scope() != TransactionScope.NONE;
        if (within && !session.transaction().crosses()) {
            return RouteRefusal.SCATTER_IN_TRANSACTION.because("the shards are " + table.namesOf(scatter.shards()));
        }
        if (session.serializable()) {
            return RouteRefusal.SCATTER_SERIALIZABLE.because("the shards are " + table.namesOf(scatter.shards()));
        }
        RoleDecision role = RoleDecision.of(statement, session, catalog);
        Target.At at = new Target.At(Target.ANY_SHARD, role.role(), scatter.at().shardReason(), role.reason());
        return new Target.Scatter(scatter.shards(), at, scatter.work());
    }

    /** Returns true when the catalogue vouches that a statement changes nothing that lasts, wherever and however often it runs. */
    public boolean isProvenRead(StatementShape statement) {
        return ReadOnlyCheck.changesNothing(statement, catalog);
    }

    /**
     * Returns where a text that could not be read to its end may run: on the primary of the only shard. With several shards it is refused.
     *
     * @param session the state of the session
     */
    public Target untrusted(SessionRouting session) {
        if (!table.isSingleShard()) {
            return RouteRefusal.UNREADABLE.because("the text ends inside a quote or comment, or is not UTF-8");
        }
        return session.isPlaced()
                ? new Target.At(0, session.transaction().role(), Reason.SINGLE_SHARD, Reason.IN_TRANSACTION)
                : new Target.At(0, RoleNeed.PRIMARY, Reason.SINGLE_SHARD, Reason.UNREADABLE);
    }

    /** Returns the refusal of a statement with a hint to a user who may give none. */
    public static Target hintDenied(String user) {
        return RouteRefusal.HINT_DENIED.because("user \"" + user + "\" may not choose where a statement runs");
    }

    private Target onlyShard(StatementShape statement, SessionRouting session) {
        String named = statement.hint().shard() != null
                ? statement.hint().shard()
                : session.wishes().shard();
        if (named != null && !table.knowsShard(named)) {
            return RouteRefusal.UNKNOWN_SHARD.because("the shards are " + table.namesOf(table.all()));
        }
        return new Target.At(0, RoleNeed.ANY, Reason.SINGLE_SHARD, Reason.SESSION);
    }

    private static boolean takesAdvisoryLock(StatementShape statement) {
        return statement.functions().stream()
                .map(function -> function.substring(function.lastIndexOf('.') + 1))
                .anyMatch(name -> name.startsWith("pg_advisory_") || name.startsWith("pg_try_advisory_"));
    }
}
