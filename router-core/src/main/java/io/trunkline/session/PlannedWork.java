// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.metrics.DryRunMetrics;
import io.trunkline.metrics.DryRunMetrics.PlannedStatement;
import io.trunkline.metrics.DryRunMetrics.PlannedTransaction;
import io.trunkline.routing.RoleNeed;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.routing.SessionRouting;
import io.trunkline.routing.Target;
import io.trunkline.routing.Targets;
import io.trunkline.routing.TransactionScope;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.sql.TransactionMode;
import io.trunkline.sql.TransactionMode.Choice;
import io.trunkline.wire.TransactionStatus;
import java.util.BitSet;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What one session does, as it would be on the shards of a dry run: counted for each statement, and for each transaction when it ends.
 *
 * <p>Follows the transaction by what the client sends, since on the shards, too, that is when it would be decided. Belongs to its {@link Session}.
 */
final class PlannedWork {
    private static final String UNREAD = "(not read)";

    /** How a transaction ended. */
    private enum End {
        COMMIT,
        ROLLBACK,
        /** By a command that is refused when it has come to several shards. */
        ON_ONE_SHARD_ONLY
    }

    private final Session session;
    /** What shards are counted by; what is noted of them means nothing to another one. */
    private @Nullable DryRun plan;

    private @Nullable DryRunMetrics metrics;
    private @Nullable PlannedRoute last;
    private String lastShard = "";

    /** The client's transaction block; null outside of one. */
    private @Nullable TransactionMode block;
    /** The shards that the transaction would have come to. */
    private final BitSet touched = new BitSet();

    private boolean anyStatement;
    private boolean writesSeveral;
    private boolean refused;
    private boolean undecided;

    /** Whether the statements of the group would be placed together; those of a transaction that has a shard are placed one by one. */
    private boolean placedTogether = true;

    private @Nullable Target ofGroup;
    private int bindCount;

    PlannedWork(Session session) {
        this.session = session;
    }

    /** Returns what routing would know of the session. Somebody is taken to keep the decisions of commits on several shards. */
    SessionRouting routing() {
        follow(session.view().dryRun());
        SessionRouting now = session.placement.routing();
        TransactionMode mode = block;
        if (mode == null) {
            return now.begin(TransactionScope.NONE);
        }
        boolean serializable = isSaid(mode.serializable(), now.serializable());
        SessionRouting within = now.begin(isReadOnly(mode) ? TransactionScope.READ_ONLY : TransactionScope.READ_WRITE)
                .withSerializable(serializable)
                .withCrossing(!serializable);
        return serializable && !touched.isEmpty() ? within.placedOn(touched.nextSetBit(0), RoleNeed.PRIMARY) : within;
    }

    private void follow(@Nullable DryRun dryRun) {
        // Whenever a catalogue has been read there is another one, with the same plan and report.
        boolean another = dryRun == null || plan == null ? dryRun != plan : dryRun.report() != plan.report();
        plan = dryRun;
        if (another) {
            touched.clear();
            ofGroup = null;
            placedTogether = true;
            // Which shards of the new plan it has come to nobody knows.
            undecided |= anyStatement;
        }
    }

    private static boolean isSaid(Choice choice, boolean otherwise) {
        return switch (choice) {
            case YES -> true;
            case NO -> false;
            case UNSAID -> otherwise;
        };
    }

    private boolean isReadOnly(TransactionMode mode) {
        return isSaid(
                mode.readOnly(),
                TransactionDefaults.of(session.settings.current()).readOnly());
    }

    /** A request goes to its backend, or will as soon as there is one; counted once, however often it was read before. */
    void accepted(Request request) {
        DryRun dryRun = session.view().dryRun();
        follow(dryRun);
        if (dryRun == null) {
            return;
        }
        PlannedRoute route = request.planned;
        boolean runs = request.refusal == null && !(request.target instanceof Target.Refused);
        if (route != null && runs) {
            run(dryRun, route);
        }
        if (request.endsGroup()) {
            ofGroup = null;
            bindCount = 0;
            if (block == null) {
                transactionEnded(dryRun, End.COMMIT);
            }
            placedTogether = block == null || touched.isEmpty();
        }
    }

    private void run(DryRun dryRun, PlannedRoute route) {
        // A server looks at nothing in a failed transaction but for its end.
        boolean counted = !route.isCounted() || session.status() == TransactionStatus.FAILED;
        for (StatementShape statement : route.statements()) {
            StatementKind kind = statement.kind();
            if (kind == StatementKind.BEGIN) {
                if (block == null) {
                    transactionEnded(dryRun, End.COMMIT);
                    block = statement.transactionMode();
                }
            } else if (kind.endsTransaction()) {
                transactionEnded(dryRun, endBy(kind));
                boolean chained = kind == StatementKind.COMMIT_AND_CHAIN || kind == StatementKind.ROLLBACK_AND_CHAIN;
                block = chained ? block : null;
            } else if (!counted && PlannedRoute.isCounted(statement)) {
                counted = true;
                count(dryRun, besideGroup(dryRun, route));
            }
        }
        if (!counted) {
            count(dryRun, route);
        }
        bindCount++;
    }

    /** Statements sent before one Sync are placed together, until their transaction has a shard. */
    private PlannedRoute besideGroup(DryRun dryRun, PlannedRoute route) {
        Target target = route.target();
        if (!placedTogether || target == null || target instanceof Target.Refused) {
            return route;
        }
        if (bindCount > 0 && (target instanceof Target.Scatter || ofGroup instanceof Target.Scatter)) {
            return PlannedRoute.of(
                    RouteRefusal.SCATTER_NOT_ALONE.because("its group has another Bind"), route.analysis());
        }
        Target before = ofGroup;
        Target together =
                before == null ? target : Targets.combine(dryRun.router().table(), before, target);
        if (together instanceof Target.Refused) {
            return PlannedRoute.of(together, route.analysis());
        }
        ofGroup = together;
        return route;
    }

    private void count(DryRun dryRun, PlannedRoute route) {
        last = route;
        lastShard = "";
        anyStatement = true;
        if (route.target() instanceof Target.At at && at.shard() != Target.ANY_SHARD) {
            touched.set(at.shard());
            lastShard = dryRun.router().table().shardName(at.shard());
        } else if (route.target() instanceof Target.Scatter scatter) {
            scatter.shards().indexes().forEach(touched::set);
            writesSeveral |= scatter.isWrite();
            lastShard = Target.Scatter.SHARD_LABEL;
        }
        refused |= route.outcome() == PlannedStatement.REFUSED;
        undecided |= route.outcome() == PlannedStatement.UNDECIDED;
        AnalyzedQuery analysis = route.analysis();
        String text = analysis == null ? null : analysis.text();
        String problem = route.target() instanceof Target.Refused told
                ? told.error().response().message()
                : "";
        dryRun.report()
                .count(new DryRunReport.Statement(
                        route.outcome(), route.reason(), problem, text == null ? UNREAD : text));
        metrics().planned(route.outcome());
        if (route.outcome() == PlannedStatement.REFUSED) {
            metrics().plannedRefusal(route.reason());
        }
    }

    private End endBy(StatementKind kind) {
        boolean failed = session.status() == TransactionStatus.FAILED;
        return switch (kind) {
            case COMMIT -> failed ? End.ROLLBACK : End.COMMIT;
            case COMMIT_AND_CHAIN, PREPARE_TRANSACTION -> failed ? End.ROLLBACK : End.ON_ONE_SHARD_ONLY;
            default -> End.ROLLBACK;
        };
    }

    /** The backend is in no transaction and owes nothing, or is given back or lost: what is still open here was ended by something that was not seen. */
    void quietOutsideTransaction() {
        DryRun dryRun = session.view().dryRun();
        if (dryRun != null && (block != null || bindCount > 0)) {
            transactionEnded(dryRun, End.ROLLBACK);
            block = null;
            ofGroup = null;
            bindCount = 0;
            placedTogether = true;
        }
    }

    private void transactionEnded(DryRun dryRun, End end) {
        if (anyStatement) {
            PlannedTransaction outcome = outcome(end);
            dryRun.report().count(outcome);
            metrics().planned(outcome);
        }
        touched.clear();
        anyStatement = false;
        writesSeveral = false;
        refused = false;
        undecided = false;
    }

    private PlannedTransaction outcome(End end) {
        if (refused || end == End.ON_ONE_SHARD_ONLY && touched.cardinality() > 1) {
            return PlannedTransaction.REFUSED;
        }
        if (undecided) {
            return PlannedTransaction.UNDECIDED;
        }
        return switch (touched.cardinality()) {
            case 0 -> PlannedTransaction.ANY_SHARD;
            case 1 -> PlannedTransaction.ONE_SHARD;
            default -> {
                // Every shard of a block takes part in its commit, unless the whole is read only.
                boolean readOnly = block == null ? !writesSeveral : isReadOnly(block);
                yield readOnly
                        ? PlannedTransaction.SEVERAL_SHARDS_READ
                        : end == End.ROLLBACK
                                ? PlannedTransaction.SEVERAL_SHARDS_ROLLED_BACK
                                : PlannedTransaction.TWO_PHASE_COMMIT;
            }
        };
    }

    private DryRunMetrics metrics() {
        DryRunMetrics known = metrics;
        if (known == null) {
            known = session.worker.metrics().dryRun(session.identity.cluster());
            metrics = known;
        }
        return known;
    }

    /** Returns what {@code trunkline.route} tells of the last statement, or nothing without a dry run. */
    String last() {
        PlannedRoute route = last;
        if (route == null || session.view().dryRun() == null) {
            return "";
        }
        return " planned=" + route.outcome().name().toLowerCase(Locale.ROOT)
                + (lastShard.isEmpty() ? "" : " planned_shard=" + lastShard) + " planned_reason=" + route.reason();
    }
}
