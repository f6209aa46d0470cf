// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.backend.Synthesis;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.SqlScan;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.Query;
import io.trunkline.wire.TransactionStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Understands a Query: the statements of its text, what they do to the session, and what they are sent as. One per {@link RequestReader}. */
final class SimpleQueryReader {
    private static final Synthesis EMPTY_QUERY = new Synthesis() {
        @Override
        public void writeTo(ByteBuf out, TransactionStatus status) {
            BackendWriter.emptyQueryResponse(out);
            BackendWriter.readyForQuery(out, status);
        }
    };

    private final Worker worker;
    private final SqlScan scan;
    private final SqlStatements names;
    private final RequestTargets targets;
    private final PlannedTargets planned;
    private final SetConfigCalls calls;
    private final CursorRequests cursors;
    private final Query query = new Query();

    SimpleQueryReader(
            Worker worker,
            SqlScan scan,
            SqlStatements names,
            RequestTargets targets,
            PlannedTargets planned,
            SetConfigCalls calls,
            CursorRequests cursors) {
        this.worker = worker;
        this.scan = scan;
        this.names = names;
        this.targets = targets;
        this.planned = planned;
        this.calls = calls;
        this.cursors = cursors;
    }

    /** Fills in what a Query means; returns false when that is not known yet. */
    boolean readQuery(Session session, Request request) {
        request.kind = Kind.QUERY;
        DryRun dryRun = session.view().dryRun();
        query.wrap(request.buffer, request.index, request.available);
        session.statements.forgetUnnamed();
        if (request.isPartial() || !isReadable(session, request.buffer, query.sqlStart(), query.sqlEnd())) {
            request.target = RequestTargets.ofUnread(session);
            request.planned = dryRun == null ? null : PlannedTargets.ofUnread(session, dryRun);
            names.executeUnread(session, request, query);
            return true;
        }
        boolean conforming = session.texts.standardConformingStrings();
        scan.scan(request.buffer, query.sqlStart(), query.sqlEnd(), conforming);
        AnalyzedQuery analysis = worker.analyzer().find(scan, request.buffer, session.view(), session);
        if (analysis == null) {
            return false;
        }
        request.analysis = analysis;
        List<StatementShape> statements = analysis.shape().statements();
        if (statements.isEmpty() && analysis.shape().trusted()) {
            request.answer = EMPTY_QUERY;
            return true;
        }
        if (!ChannelCommands.prepare(session, request, request.buffer, scan, statements)) {
            return false;
        }
        if (request.refusal != null || !readCommands(session, request, statements)) {
            return true;
        }
        if (SetConfigCalls.areIn(statements) || !request.used.isEmpty()) {
            calls.read(request, request.buffer, query.sqlStart(), query.sqlEnd(), conforming);
        }
        request.target = targets.ofQuery(session, analysis, request.buffer, scan);
        cursors.readQuery(session, request, statements, scan);
        request.planned = dryRun == null ? null : planned.ofQuery(session, dryRun, analysis, request.buffer, scan);
        StatementShape only = analysis.shape().only();
        boolean shared = only != null && ChannelCommands.isShared(session, only, request.buffer, scan);
        request.deferrable = RequestTargets.isDeferrable(session, only, shared, request.target);
        return true;
    }

    /** Bytes of ASCII alone are the same text in every encoding of PostgreSQL. */
    private static boolean isReadable(Session session, ByteBuf text, int start, int end) {
        return session.texts.isReadable() || text.forEachByte(start, end - start, value -> value >= 0) < 0;
    }

    /** Reads what the statements do to the session; returns false when nothing of them is left for a backend. */
    private boolean readCommands(Session session, Request request, List<StatementShape> statements) {
        CommandEffects effects = null;
        EditedText edited = null;
        boolean inFlux = session.isSettingsInFlux();
        boolean alone = statements.size() == 1;
        for (int i = 0; i < statements.size(); i++) {
            StatementKind kind = statements.get(i).kind();
            boolean executes = statements.get(i).effects().contains(SessionEffect.INNER_EXECUTE);
            if (!kind.isSessionCommand() && !executes && !CursorRequests.follows(session, kind)) {
                if (effects != null || inFlux && kind.endsTransaction()) {
                    effects = effects == null ? effectsBefore(session, statements, i) : effects;
                    effects.add(kind);
                    session.sent.settings().read(kind, null);
                }
                continue;
            }
            int start = scan.statementStart(i);
            int end = scan.statementEnd(i);
            SessionCommand command = SessionCommand.read(request.buffer, start, end, scan.standardConformingStrings());
            if (RouterCommand.isForRouter(session, command)
                    && (alone || !(command instanceof SessionCommand.Deallocate))) {
                readRouterCommand(session, request, command, alone, effects);
                return false;
            }
            // A server does not look at a lone statement in a failed transaction, so its own answer is right.
            boolean vain = alone && session.status() == TransactionStatus.FAILED;
            request.refusal = vain ? null : problem(session, command, end - start);
            if (request.refusal != null) {
                request.effect = effects;
                return false;
            }
            if (alone && command instanceof SessionCommand.Prepare prepare && names.isTranslated(session, prepare)) {
                names.prepare(session, request, prepare, end, editable(session, request));
                return request.refusal == null && request.answer == null;
            }
            effects = effects == null ? effectsBefore(session, statements, i) : effects;
            if (command instanceof SessionCommand.Execute run) {
                PreparedStatement executed = names.executed(session, run);
                if (executed != null) {
                    edited = edited == null ? editable(session, request) : edited;
                    edited.use(run.name(), executed);
                }
            } else if (command instanceof SessionCommand.Deallocate deallocate
                    && deallocate.name() != null
                    && session.statements.get(deallocate.name().text()) != null) {
                edited = edited == null ? editable(session, request) : edited;
                names.deallocate(deallocate.name(), start, edited, effects);
            }
            effects.add(kind, command, request.buffer, start, end);
            session.sent.settings().read(kind, command);
            String restoring = session.settings.restoring(command);
            if (restoring != null && kind == StatementKind.DISCARD) {
                // It must be alone in its text.
                effects.continueWith(restoring);
            } else if (restoring != null) {
                edited = edited == null ? editable(session, request) : edited;
                edited.addBehind(end, restoring);
                effects.addRestoring();
            }
            if (edited != null && edited.addedBytes() > worker.limits().inspectedBytesMax()) {
                request.refusal = RouterErrors.statementTooLong(worker.limits().inspectedBytesMax());
                request.effect = effects;
                return false;
            }
        }
        if (effects != null) {
            request.effect = effects;
            session.sent.settings().read();
            if (edited != null) {
                effects.sentAs(edited);
                request.rewritten = edited.text();
                request.used = edited.used();
            }
        }
        return true;
    }

    /** Has the router answer a command that is for it, or refuses it; what is before it in the text has effects already. */
    private static void readRouterCommand(
            Session session, Request request, SessionCommand command, boolean alone, @Nullable CommandEffects effects) {
        RouterError problem = alone ? RouterCommand.problem(session, command) : RouterErrors.routerCommandNotAlone();
        RouterCommand own = problem == null ? RouterCommand.of(session, command) : null;
        if (own == null) {
            request.refusal = problem;
            request.effect = effects;
        } else {
            request.answer = own.answerToQuery();
        }
    }

    /** Returns why the router cannot follow what a command does to the session, or null when it can. */
    private @Nullable RouterError problem(Session session, SessionCommand command, int textBytes) {
        RouterError ofName = names.problem(session, command);
        return ofName == null ? session.kept.problem(command, textBytes) : ofName;
    }

    /** Returns the effects of a text up to its first statement that does something to the session. */
    private static CommandEffects effectsBefore(Session session, List<StatementShape> statements, int first) {
        CommandEffects effects = new CommandEffects(session);
        for (int i = 0; i < first; i++) {
            effects.add(statements.get(i).kind());
        }
        return effects;
    }

    private EditedText editable(Session session, Request request) {
        return new EditedText(request.buffer, query.sqlStart(), query.sqlEnd(), session.texts.isUtf8());
    }
}
