// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.prepared.SessionStatements;
import io.trunkline.relay.FixedAnswer;
import io.trunkline.routing.Target;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.SqlScan;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.wire.Bind;
import io.trunkline.wire.Execute;
import io.trunkline.wire.Parse;
import io.trunkline.wire.StatementOrPortal;
import io.trunkline.wire.TransactionStatus;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Understands the messages of the extended query protocol that name a statement or a portal: Parse, Bind, Describe, Execute and Close.
 *
 * <p>Each method fills in what a message means and returns false when that is not known yet. One per {@link RequestReader}.
 */
final class ExtendedQueryReader {
    private final Worker worker;
    private final SqlScan scan;
    private final SqlStatements names;
    private final RequestTargets targets;
    private final PlannedTargets planned;
    private final SetConfigCalls calls;
    private final CursorRequests cursors;
    private final StatementLookup lookup;
    private final Parse parse = new Parse();
    private final Bind bind = new Bind();
    private final Execute execute = new Execute();
    private final StatementOrPortal statementOrPortal = new StatementOrPortal();

    ExtendedQueryReader(
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
        this.lookup = new StatementLookup(worker, scan);
    }

    boolean readParse(Session session, Request request) {
        request.kind = Kind.PARSE;
        if (request.isPartial()) {
            request.refusal = RouterErrors.statementTooLong(worker.limits().inspectedBytesMax());
            return true;
        }
        parse.wrap(request.buffer, request.index, request.available);
        String name = parse.name();
        PreparedStatement statement = lookup.byText(session, request.buffer, parse);
        if (statement == null) {
            return false;
        }
        request.refusal = name.isEmpty() ? null : problem(session, name, statement);
        if (request.refusal != null) {
            return true;
        }
        ReplyEffect effect = new NameEffect(session.statements, name, statement);
        EditedText edited = names.edited(session, statement);
        if (edited != null) {
            effect = new ExecuteEffect(session, edited, effect);
            statement = names.sent(statement, edited);
        }
        request.statement = statement;
        request.name = name;
        request.analysis = statement.analysis();
        request.effect = effect;
        SessionCommand command = routerCommand(session, statement);
        if (command != null) {
            request.refusal = RouterCommand.problem(session, command);
            request.answer = new FixedAnswer(FixedAnswer.PARSE_COMPLETE, effect);
            request.effect = request.refusal == null ? null : effect;
            return true;
        }
        request.target = RequestTargets.ofStatement(session, statement);
        // Known to be valid: with nothing else to do, the client need not wait for a backend to hear so.
        request.deferrable =
                !name.isEmpty() && statement.wasParsed() || isDeferrable(session, statement, request.target);
        return true;
    }

    /** Returns why the session cannot have one more statement by a name, or null when it can. */
    private @Nullable RouterError problem(Session session, String name, PreparedStatement statement) {
        SessionStatements known = session.statements;
        if (known.get(name) != null || known.isPreparedBySql(name)) {
            return RouterErrors.duplicateStatement(name);
        }
        int max = worker.limits().statementsMax();
        return known.namedCount() < max
                ? session.kept.problem(name.length() + (long) statement.sizeBytes())
                : RouterErrors.tooManyStatements(max);
    }

    boolean readBind(Session session, Request request) {
        request.kind = Kind.BIND;
        bind.wrap(request.buffer, request.index, request.available);
        PreparedStatement statement = lookup.byName(session, request, bind.statement());
        if (statement == null) {
            return true;
        }
        request.tail = bind.tailStart();
        if (!lookup.refresh(session, statement)) {
            return false;
        }
        if (!bind.portal().isEmpty()) {
            request.refusal = session.kept.problem(bind.portal().length());
            if (request.refusal != null) {
                return true;
            }
        }
        if (!bind.portal().isEmpty() && isCursor(session, bind.portal())) {
            request.refusal = RouterErrors.duplicateCursor(bind.portal());
            return true;
        }
        session.portals.put(bind.portal(), statement);
        EditedText edited = names.edited(session, statement);
        request.statement = names.sent(statement, edited);
        session.portals.executes(bind.portal(), executedBy(edited));
        if (routerCommand(session, statement) != null) {
            session.portals.resultFormat(bind.portal(), bind.resultFormat(0));
            request.answer = new FixedAnswer(FixedAnswer.BIND_COMPLETE, null);
            return true;
        }
        if (cursors.readBind(session, request, bind, statement)) {
            return true;
        }
        Target.At atCursor = cursors.target(session, statement);
        Target target = atCursor == null ? targets.ofBind(session, bind, statement) : atCursor;
        RouterError problem = session.awaitedTypes.takeProblem();
        if (target instanceof Target.NeedsParameterTypes) {
            request.refusal = problem;
            if (problem == null && !session.awaitedTypes.isUnderWay()) {
                StatementDescriber.describe(session, statement);
            }
            return problem != null;
        }
        request.target = target;
        DryRun dryRun = session.view().dryRun();
        request.planned = dryRun == null ? null : planned.ofBind(session, dryRun, bind, statement);
        if (target instanceof Target.At at
                && session.placement.routing().transaction().crosses()) {
            int shard = session.placement.routing().transaction().shard();
            session.portals.placedOn(bind.portal(), at.shardOr(shard));
        }
        request.deferrable = isDeferrable(session, statement, target);
        return true;
    }

    private static boolean isCursor(Session session, String name) {
        ShardPortals.Entry entry = session.portals.onShards(name);
        // In a failed transaction a server does not look at the name.
        return entry != null && entry.isCursor() && session.status() != TransactionStatus.FAILED;
    }

    private static @Nullable PreparedStatement executedBy(@Nullable EditedText edited) {
        return edited == null ? null : edited.used().get(0).statement();
    }

    boolean readDescribe(Session session, Request request) {
        statementOrPortal.wrap(request.buffer, request.index, request.available);
        String name = statementOrPortal.name();
        boolean ofStatement = statementOrPortal.isStatement();
        request.kind = ofStatement ? Kind.DESCRIBE_STATEMENT : Kind.DESCRIBE_PORTAL;
        PreparedStatement statement = ofStatement ? lookup.byName(session, request, name) : session.portals.get(name);
        if (statement == null) {
            if (!ofStatement) {
                CursorRequests.readByPortal(session, request, name);
            }
            return true;
        }
        RouterCommand own = answeredHere(session, statement);
        request.answer = own == null
                ? cursors.describe(session, statement, ofStatement)
                : ofStatement
                        ? own.answerToDescribeStatement()
                        : own.answerToDescribePortal(session.portals.resultFormat(name));
        if (request.answer == null && !ofStatement) {
            request.answer = CursorRequests.describe(session, name);
        }
        if (request.answer != null) {
            return true;
        }
        if (!ofStatement) {
            request.target = RequestTargets.ofPortal(session, name);
        }
        // Of a portal the request names no statement, and yet its kind decides when the transaction is lost.
        request.analysis = statement.analysis();
        SessionStatements known = session.statements;
        boolean named = ofStatement ? !name.isEmpty() : statement != known.get("");
        if (ofStatement && statement.describedTypes() == null || named && !known.isDescribed(statement)) {
            request.effect = new DescribeEffect(statement, known);
        }
        EditedText edited = names.edited(session, statement);
        if (edited != null) {
            request.statement = ofStatement ? names.sent(statement, edited) : null;
            request.effect = new ExecuteEffect(session, edited, request.effect);
        }
        if (ofStatement) {
            Target.At atCursor = cursors.target(session, statement);
            request.target = atCursor == null ? RequestTargets.ofStatement(session, statement) : atCursor;
        }
        request.deferrable = isDeferrable(session, statement, request.target);
        return true;
    }

    boolean readExecute(Session session, Request request) {
        request.kind = Kind.EXECUTE;
        execute.wrap(request.buffer, request.index, request.available);
        PreparedStatement statement = session.portals.get(execute.portal());
        if (statement == null) {
            // A cursor of DECLARE, or none: the backend will tell.
            CursorRequests.readByPortal(session, request, execute.portal());
            return true;
        }
        request.analysis = statement.analysis();
        RouterCommand own = answeredHere(session, statement);
        if (own != null) {
            request.answer = own.answerToExecute();
            return true;
        }
        ShardPortals.Entry left = session.portals.onShards(execute.portal());
        if (left != null && left.shards() != null) {
            request.refusal = left.query() != null
                    ? null
                    : left.isUndone()
                            ? RouterErrors.unknownPortal(execute.portal())
                            : RouterErrors.portalCannotRun(execute.portal());
            request.target = CursorRequests.over(
                    session,
                    left,
                    new Target.Work.Resume(
                            execute.portal(), Math.max(0, execute.rowsMax()), Target.Work.Resume.By.EXECUTE));
            request.statement = statement;
            return true;
        }
        if (cursors.readExecute(session, request, execute, statement)) {
            return true;
        }
        request.target = RequestTargets.ofPortal(session, execute.portal());
        EditedText edited = names.edited(session, statement);
        if (session.portals.executed(execute.portal()) != executedBy(edited)) {
            // The name means another statement than when the portal was bound, or none.
            request.refusal = RouterErrors.executedChanged();
            return true;
        }
        if (edited != null) {
            request.used = edited.used();
            request.effect = new ExecuteEffect(session, edited, null);
        }
        StatementKind kind = statement.analysis().shape().onlyKind();
        if (kind.isSessionCommand()
                || CursorRequests.follows(session, kind)
                || kind.endsTransaction() && session.isSettingsInFlux()) {
            if (!readCommand(session, request, statement, kind, edited)) {
                return false;
            }
            if (request.refusal != null) {
                return true;
            }
        }
        request.statement = statement;
        if (edited != null || SetConfigCalls.areIn(statement.analysis().shape().statements())) {
            ByteBuf text = Unpooled.wrappedBuffer(statement.sql());
            calls.read(request, text, 0, text.readableBytes(), session.texts.standardConformingStrings());
        }
        request.deferrable = isDeferrable(session, statement, null);
        return true;
    }

    /** Reads what the statement that is executed does to the session, or refuses it; returns false when that is not known yet. */
    private boolean readCommand(
            Session session,
            Request request,
            PreparedStatement statement,
            StatementKind kind,
            @Nullable EditedText edited) {
        ByteBuf text = scanAgain(session, statement);
        if (!ChannelCommands.prepare(
                session, request, text, scan, statement.analysis().shape().statements())) {
            return false;
        }
        if (request.refusal != null) {
            return true;
        }
        SessionCommand command = scannedCommand(text);
        RouterError ofName = names.problem(session, command);
        request.refusal = ofName == null ? session.kept.problem(command, text.readableBytes()) : ofName;
        if (request.refusal != null) {
            return true;
        }
        CommandEffects effects = new CommandEffects(session);
        effects.add(kind, command, text, scan.statementStart(0), scan.statementEnd(0));
        if (edited != null) {
            effects.sentAs(edited);
        }
        request.effect = effects;
        session.sent.settings().read();
        session.sent.settings().read(kind, command);
        String restoring = session.settings.restoring(command);
        request.followUp = restoring == null ? null : restoring.getBytes(StandardCharsets.UTF_8);
        return true;
    }

    boolean readClose(Session session, Request request) {
        request.kind = Kind.CLOSE;
        statementOrPortal.wrap(request.buffer, request.index, request.available);
        String name = statementOrPortal.name();
        if (statementOrPortal.isStatement()) {
            if (session.ties.isPinnedBy(SessionEffect.SQL_PREPARE) && session.statements.get(name) == null) {
                // It may be one of SQL's PREPARE, which only the backend knows.
                request.effect = new SqlNameEffect(session.statements, name, false);
                return true;
            }
            ReplyEffect effect = new NameEffect(session.statements, name, null);
            request.answer = new FixedAnswer(FixedAnswer.CLOSE_COMPLETE, effect);
            return true;
        }
        PreparedStatement statement = session.portals.get(name);
        request.target = RequestTargets.ofPortal(session, name);
        if (statement != null && routerCommand(session, statement) != null) {
            request.answer = new FixedAnswer(FixedAnswer.CLOSE_COMPLETE, null);
        } else if (session.placement.routing().transaction().crosses() || session.portals.areOnShards()) {
            Target.At atCursor = CursorRequests.target(session, name);
            request.target = atCursor == null ? request.target : atCursor;
            request.effect = session.portals.onShards().closing(name);
        }
        return true;
    }

    // what kind of statement it is

    private boolean isDeferrable(Session session, PreparedStatement statement, @Nullable Target target) {
        StatementShape only = statement.analysis().shape().only();
        boolean shared = only != null
                && ChannelCommands.isChannelCommand(only.kind())
                && ChannelCommands.isShared(session, only, scanAgain(session, statement), scan);
        return RequestTargets.isDeferrable(session, only, shared, target);
    }

    /** Returns what answers a statement in place of a backend, or null. */
    private @Nullable RouterCommand answeredHere(Session session, PreparedStatement statement) {
        SessionCommand command = routerCommand(session, statement);
        return command == null ? null : RouterCommand.of(session, command);
    }

    /** Returns the command of a prepared statement that the router answers itself, or null. */
    private @Nullable SessionCommand routerCommand(Session session, PreparedStatement statement) {
        return switch (statement.analysis().shape().onlyKind()) {
            case SHOW, SET, RESET, DEALLOCATE, CLOSE_CURSOR -> {
                SessionCommand command = scannedCommand(scanAgain(session, statement));
                yield RouterCommand.isForRouter(session, command) ? command : null;
            }
            default -> null;
        };
    }

    private SessionCommand scannedCommand(ByteBuf text) {
        return SessionCommand.read(
                text, scan.statementStart(0), scan.statementEnd(0), scan.standardConformingStrings());
    }

    private ByteBuf scanAgain(Session session, PreparedStatement statement) {
        ByteBuf text = Unpooled.wrappedBuffer(statement.sql());
        scan.scan(text, 0, text.readableBytes(), session.texts.standardConformingStrings());
        return text;
    }
}
