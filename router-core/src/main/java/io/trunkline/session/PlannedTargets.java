// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.routing.SessionRouting;
import io.trunkline.routing.StatementRouter;
import io.trunkline.routing.Target;
import io.trunkline.routing.Targets;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.SqlScan;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.wire.Bind;
import io.trunkline.wire.ProtocolViolation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a client message would run on the shards of a dry run.
 *
 * <p>It asks no server, and nothing that it finds changes what becomes of the message. One per {@link RequestReader}; keeps nothing between messages.
 */
final class PlannedTargets {
    private final MessageKeys keys = new MessageKeys();

    /** Returns where a Query would run whose text was just scanned. */
    PlannedRoute ofQuery(Session session, DryRun dryRun, AnalyzedQuery analysis, ByteBuf text, SqlScan scan) {
        keys.ofQuery(text, scan, session.texts.isUtf8());
        return decide(session, dryRun.router(), analysis);
    }

    /** Returns where a Query would run whose text was not read to its end. */
    static PlannedRoute ofUnread(Session session, DryRun dryRun) {
        return PlannedRoute.of(dryRun.router().untrusted(session.planned.routing()), null);
    }

    /** Returns where a Bind would run. */
    PlannedRoute ofBind(Session session, DryRun dryRun, Bind bind, PreparedStatement statement) {
        keys.ofBind(bind, statement, session.texts.standardConformingStrings(), session.texts.isUtf8());
        return decide(session, dryRun.router(), statement.analysis());
    }

    private PlannedRoute decide(Session session, StatementRouter router, AnalyzedQuery analysis) {
        if (analysis.shape().trusted() && analysis.text() == null) {
            // Prepared by SQL, or when too many texts waited for their trees.
            return PlannedRoute.undecided("tree", analysis);
        }
        if (executes(analysis)) {
            return PlannedRoute.undecided("execute", analysis);
        }
        Target target;
        try {
            target = target(session.planned.routing(), router, analysis);
        } catch (ProtocolViolation malformed) {
            // The server will tell.
            return PlannedRoute.undecided("malformed", analysis);
        }
        if (target instanceof Target.Refused && !router.catalog().isLoaded()) {
            return PlannedRoute.undecided("catalog", analysis);
        }
        return PlannedRoute.of(target, analysis);
    }

    private Target target(SessionRouting routing, StatementRouter router, AnalyzedQuery analysis) {
        if (!analysis.shape().trusted()) {
            return router.untrusted(routing);
        }
        List<StatementShape> statements = analysis.shape().statements();
        List<@Nullable ShardingShape> sharding = analysis.sharding();
        Target combined = null;
        for (int i = 0; i < statements.size(); i++) {
            ShardingShape shape = i < sharding.size() ? sharding.get(i) : null;
            keys.toStatement(i);
            Target one = router.target(statements.get(i), shape, keys, routing);
            combined = combined == null ? one : Targets.combine(router.table(), combined, one);
        }
        if (combined == null) {
            return router.untrusted(routing);
        }
        return combined instanceof Target.Scatter && statements.size() > 1
                ? RouteRefusal.SCATTER_NOT_ALONE.because("its text has another statement")
                : combined;
    }

    /** What a name of SQL's PREPARE stands for is not decided. */
    private static boolean executes(AnalyzedQuery analysis) {
        for (StatementShape statement : analysis.shape().statements()) {
            if (statement.kind() == StatementKind.EXECUTE
                    || statement.effects().contains(SessionEffect.INNER_EXECUTE)) {
                return true;
            }
        }
        return false;
    }
}
