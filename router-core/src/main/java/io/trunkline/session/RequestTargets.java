// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.routing.ReadPolicy;
import io.trunkline.routing.Reason;
import io.trunkline.routing.RoleNeed;
import io.trunkline.routing.SessionRouting;
import io.trunkline.routing.StatementRouter;
import io.trunkline.routing.Target;
import io.trunkline.routing.Targets;
import io.trunkline.sql.Access;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.SqlScan;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.sql.TableDirectory;
import io.trunkline.wire.Bind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a client message may run, by its text and its parameters, and whether it can wait for what follows it.
 *
 * <p>One per {@link RequestReader}; keeps nothing between messages.
 */
final class RequestTargets {
    private static final Target.At CHECKED_ANYWHERE =
            new Target.At(Target.ANY_SHARD, RoleNeed.ANY, Reason.SESSION, Reason.READ);
    private static final Target.At CHECKED_BY_READER =
            new Target.At(Target.ANY_SHARD, RoleNeed.REPLICA_ALLOWED, Reason.SESSION, Reason.READ);

    private final MessageKeys keys = new MessageKeys();

    /** Returns where a Query may run whose text was just scanned. */
    Target ofQuery(Session session, AnalyzedQuery analysis, ByteBuf text, SqlScan scan) {
        keys.ofQuery(text, scan, session.texts.isUtf8());
        ClusterView view = session.view();
        return isFixed(session, view, analysis) ? session.placement.fixedTarget() : target(session, view, analysis);
    }

    /** Returns where a Query may run whose text was not read to its end. */
    static Target ofUnread(Session session) {
        return session.view().router().untrusted(session.placement.routing());
    }

    /** Returns where Parse, or Describe of a statement, may go. It runs nothing: any shard can check the text, and a replica too when it only reads. */
    static Target ofStatement(Session session, PreparedStatement statement) {
        if (session.placement.isFixed(session.view())) {
            return session.placement.fixedTarget();
        }
        boolean read = statement.analysis().shape().access() == Access.READ
                && session.placement.routing().policy() != ReadPolicy.PRIMARY;
        Target.At checked = read ? CHECKED_BY_READER : CHECKED_ANYWHERE;
        // The trees of a dry run know schemas of shards that are not there.
        int placed = session.view().isSharded() ? placedShard(statement.analysis()) : Target.ANY_SHARD;
        // Other shards have no such table.
        return placed == Target.ANY_SHARD
                ? checked
                : new Target.At(placed, checked.role(), Reason.SCHEMA, checked.roleReason());
    }

    /** Returns the shard of the schemas that a statement is about, or {@link Target#ANY_SHARD}. */
    static int placedShard(AnalyzedQuery analysis) {
        for (ShardingShape shape : analysis.sharding()) {
            if (shape != null && shape.placedShard() != TableDirectory.NO_SHARD) {
                return shape.placedShard();
            }
        }
        return Target.ANY_SHARD;
    }

    /** Returns where a portal is, where the session's transaction may have come to several shards; else null, for then it is where the session is. */
    static @Nullable Target ofPortal(Session session, String name) {
        SessionRouting.Transaction transaction = session.placement.routing().transaction();
        int shard = transaction.crosses() ? session.portals.shard(name) : Target.ANY_SHARD;
        return shard == Target.ANY_SHARD || shard == transaction.shard()
                ? null
                : new Target.At(shard, transaction.role(), Reason.SESSION, Reason.IN_TRANSACTION);
    }

    /** Returns where a Bind may run. */
    Target ofBind(Session session, Bind bind, PreparedStatement statement) {
        ClusterView view = session.view();
        if (isFixed(session, view, statement.analysis())) {
            return session.placement.fixedTarget();
        }
        keys.ofBind(bind, statement, session.texts.standardConformingStrings(), session.texts.isUtf8());
        return target(session, view, statement.analysis());
    }

    /** A hint counts whatever the policy says. */
    private static boolean isFixed(Session session, ClusterView view, AnalyzedQuery analysis) {
        return session.placement.isFixed(view) && !isHinted(analysis);
    }

    private Target target(Session session, ClusterView view, AnalyzedQuery analysis) {
        if (!analysis.shape().trusted()) {
            return ofUnread(session);
        }
        if (!session.identity.mayGiveHints() && isHinted(analysis)) {
            return StatementRouter.hintDenied(session.identity.user());
        }
        List<StatementShape> statements = analysis.shape().statements();
        List<@Nullable ShardingShape> sharding = analysis.sharding();
        Target combined = null;
        for (int i = 0; i < statements.size(); i++) {
            ShardingShape shape = i < sharding.size() ? sharding.get(i) : null;
            if (shape != null && view.isSharded()) {
                keys.toStatement(i);
            }
            Target one = view.router().target(statements.get(i), shape, keys, session.placement.routing());
            combined = combined == null ? one : Targets.combine(view.table(), combined, one);
        }
        return combined == null ? ofUnread(session) : combined;
    }

    private static boolean isHinted(AnalyzedQuery analysis) {
        List<StatementShape> statements = analysis.shape().statements();
        for (int i = 0; i < statements.size(); i++) {
            if (!statements.get(i).hint().isNone()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns true for a statement that need not go to a backend before another of its batch or transaction does.
     *
     * <p>BEGIN says nothing about the shard, and BEGIN READ ONLY not for sure that a replica will do: so it waits for the statement that does;
     * without one its end needs no backend either. A LISTEN or UNLISTEN is answered here outside a transaction, unless it cannot be placed.
     *
     * @param shared whether it is a LISTEN or UNLISTEN that needs no backend of the session's own
     */
    static boolean isDeferrable(
            Session session, @Nullable StatementShape statement, boolean shared, @Nullable Target target) {
        if (statement == null) {
            return false;
        }
        StatementKind kind = statement.kind();
        if (session.hasDeferredBegin()) {
            return kind == StatementKind.COMMIT || kind == StatementKind.ROLLBACK;
        }
        return shared && !(target instanceof Target.Refused)
                || kind == StatementKind.BEGIN
                        // What is wrong with any other a server says.
                        && statement.transactionMode().isUnderstood()
                        && isUndecided(session, statement);
    }

    private static boolean isUndecided(Session session, StatementShape begin) {
        ClusterView view = session.view();
        return view.isSharded()
                || isReadOnly(session, begin) && begin.hint().isNone() && !session.placement.isFixed(view);
    }

    private static boolean isReadOnly(Session session, StatementShape begin) {
        return switch (begin.transactionMode().readOnly()) {
            case YES -> true;
            case NO -> false;
            case UNSAID -> session.placement.routing().readOnlyByDefault();
        };
    }
}
