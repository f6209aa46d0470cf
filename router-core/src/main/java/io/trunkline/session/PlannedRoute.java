// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.metrics.DryRunMetrics.PlannedStatement;
import io.trunkline.routing.Reason;
import io.trunkline.routing.Target;
import io.trunkline.sql.Access;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the statements of one message would run on the shards of a dry run. Immutable.
 *
 * @param outcome the kind of answer
 * @param reason the code of a refusal; else why this shard, or why it is not decided
 * @param target the decision; null when it is not decided
 * @param analysis what is known of the text; null when it could not be read
 */
record PlannedRoute(
        PlannedStatement outcome,
        String reason,
        @Nullable Target target,
        @Nullable AnalyzedQuery analysis) {

    /** Returns what a decision comes to. */
    static PlannedRoute of(Target target, @Nullable AnalyzedQuery analysis) {
        if (target instanceof Target.Refused refused) {
            return new PlannedRoute(PlannedStatement.REFUSED, refused.code(), target, analysis);
        }
        if (target instanceof Target.Scatter scatter) {
            Reason reason = scatter.at().shardReason();
            PlannedStatement outcome = reason == Reason.EVERY_SHARD
                    ? PlannedStatement.EVERY_SHARD
                    : scatter.isWrite() ? PlannedStatement.SPREAD_WRITE : PlannedStatement.MERGED_READ;
            return new PlannedRoute(outcome, reason.label(), target, analysis);
        }
        if (target instanceof Target.At at) {
            return new PlannedRoute(
                    at.shard() == Target.ANY_SHARD ? PlannedStatement.ANY_SHARD : PlannedStatement.ONE_SHARD,
                    at.shardReason().label(),
                    target,
                    analysis);
        }
        return undecided("parameter_types", analysis);
    }

    /** Returns that it is not known, and why. */
    static PlannedRoute undecided(String why, @Nullable AnalyzedQuery analysis) {
        return new PlannedRoute(PlannedStatement.UNDECIDED, why, null, analysis);
    }

    /** Returns its statements in order; none when the text could not be read. */
    List<StatementShape> statements() {
        return analysis == null ? List.of() : analysis.shape().statements();
    }

    /** Returns true when it is about tables or functions. Beginning and ending transactions, settings and the like say nothing about shards. */
    boolean isCounted() {
        if (analysis == null || !analysis.shape().trusted()) {
            return true;
        }
        for (StatementShape statement : statements()) {
            if (isCounted(statement)) {
                return true;
            }
        }
        return false;
    }

    static boolean isCounted(StatementShape statement) {
        return statement.access() != Access.NEUTRAL
                && statement.kind() != StatementKind.PREPARE
                && !statement.kind().endsTransaction();
    }
}
