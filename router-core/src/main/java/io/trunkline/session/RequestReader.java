// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.backend.Synthesis;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.prepared.SessionStatements;
import io.trunkline.relay.FixedAnswer;
import io.trunkline.routing.Reason;
import io.trunkline.routing.RoleNeed;
import io.trunkline.routing.StatementRouter;
import io.trunkline.routing.Target;
import io.trunkline.routing.Targets;
import io.trunkline.sql.Access;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.ConfiguredParameters;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.SqlScan;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.Bind;
import io.trunkline.wire.Execute;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.Parse;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.Query;
import io.trunkline.wire.StatementOrPortal;
import io.trunkline.wire.TransactionStatus;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Understands client messages: which statement, what it does to the session, where it may run, whether the router answers it.
 *
 * <p>One per event loop, with the views it reads through; keeps nothing between messages. What a message changes in the session's names is
 * applied here at once, because the next message may rely on it, and comes with an effect that can take it back.
 */
final class RequestReader {
    private static final Synthesis EMPTY_QUERY = new Synthesis() {
        @Override
        public void writeTo(ByteBuf out, TransactionStatus status) {
            BackendWriter.emptyQueryResponse(out);
            BackendWriter.readyForQuery(out, status);
        }
    };

    private final Worker worker;
    private final SqlScan scan = new SqlScan();
    private final ConfiguredParameters configured = new ConfiguredParameters();
    private final SqlStatements names;
    private final MessageKeys keys = new MessageKeys();
    private final Query query = new Query();
    private final Parse parse = new Parse();
    private final Bind bind = new Bind();
    private final Execute execute = new Execute();
    private final StatementOrPortal statementOrPortal = new StatementOrPortal();

    RequestReader(Worker worker) {
        this.worker = worker;
        this.names = new SqlStatements(worker);
    }

    /** Fills in what a request means; returns false when that is not known yet: the session is told to proceed when it is. */
    boolean read(Session session, Request request) {
        try {
            return switch (request.tag) {
                case FrontendTag.QUERY -> readQuery(session, request);
                case FrontendTag.PARSE -> readParse(session, request);
                case FrontendTag.BIND -> readBind(session, request);
                case FrontendTag.DESCRIBE -> readDescribe(session, request);
                case FrontendTag.EXECUTE -> readExecute(session, request);
                case FrontendTag.CLOSE -> readClose(session, request);
                case FrontendTag.FUNCTION_CALL -> readFunctionCall(session, request);
                case FrontendTag.SYNC -> {
                    request.kind = Kind.SYNC;
                    yield true;
                }
                case FrontendTag.FLUSH -> readFlush(session, request);
                default -> true;
            };
        } catch (ProtocolViolation violation) {
            if (violation.isFatal()) {
                throw violation;
            }
            request.refusal = RouterErrors.protocolViolation(violation);
            return true;
        }
    }

    // simple query

    private boolean readQuery(Session session, Request request) {
        request.kind = Kind.QUERY;
        ClusterView view = session.view();
        query.wrap(request.buffer, request.index, request.available);
        session.statements.forgetUnnamed();
        if (request.isPartial() || !isReadable(session, request.buffer, query.sqlStart(), query.sqlEnd())) {
            request.target = unreadable(session, view);
            names.executeUnread(session, request, query);
            return true;
        }
        scan.scan(request.buffer, query.sqlStart(), query.sqlEnd(), session.texts.standardConformingStrings());
        AnalyzedQuery analysis = worker.analyzer().find(scan, request.buffer, view, session);
        if (analysis == null) {
            return false;
        }
        request.analysis = analysis;
        List<StatementShape> statements = analysis.shape().statements();
        if (statements.isEmpty() && analysis.shape().trusted()) {
            request.answer = EMPTY_QUERY;
            return true;
        }
        if (!readChannels(session, request, request.buffer, analysis)) {
            return false;
        }
        if (request.refusal != null || !readCommands(session, request, statements)) {
            return true;
        }
        if (SqlStatements.callsSetConfig(statements) || !request.used.isEmpty()) {
            boolean conforming = session.texts.standardConformingStrings();
            Set<String> own = configured.read(request.buffer, query.sqlStart(), query.sqlEnd(), conforming);
            request.configured = SqlStatements.configuredBy(request.used, own, configured, conforming);
        }
        keys.ofQuery(request.buffer, scan, session.texts.isUtf8());
        request.target = target(session, view, analysis);
        if (channelCommand(session, request.buffer, analysis) != null) {
            readAnsweredHere(session, request);
        }
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
        for (int i = 0; i < statements.size(); i++) {
            StatementKind kind = statements.get(i).kind();
            boolean executes = statements.get(i).effects().contains(SessionEffect.INNER_EXECUTE);
            if (!kind.isSessionCommand() && !executes) {
                boolean ends = isEnd(kind) && (inFlux || effects != null);
                if (ends || effects != null) {
                    effects = effects == null ? new CommandEffects(session) : effects;
                    effects.add(kind, null, "");
                }
                continue;
            }
            int start = scan.statementStart(i);
            int end = scan.statementEnd(i);
            SessionCommand command = SessionCommand.read(request.buffer, start, end, scan.standardConformingStrings());
            boolean alone = statements.size() == 1;
            if (RouterCommand.isForRouter(session, command)
                    && (alone || !(command instanceof SessionCommand.Deallocate))) {
                RouterError problem =
                        alone ? RouterCommand.problem(session, command) : RouterErrors.routerCommandNotAlone();
                RouterCommand own = problem == null ? RouterCommand.of(session, command) : null;
                if (own == null) {
                    request.refusal = problem;
                    request.effect = effects;
                } else {
                    request.answer = own.answerToQuery();
                }
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
            if (effects == null) {
                effects = new CommandEffects(session);
                for (int before = 0; before < i; before++) {
                    effects.add(statements.get(before).kind(), null, "");
                }
            }
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
            effects.add(kind, command, replay(command, request.buffer, start, end));
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
            session.sent.settingsPending();
            if (edited != null) {
                effects.sentAs(edited);
                request.rewritten = edited.text();
                request.used = edited.used();
            }
        }
        if (statements.size() == 1) {
            readDeferrable(session, request, statements.get(0));
        }
        return true;
    }

    private EditedText editable(Session session, Request request) {
        return new EditedText(request.buffer, query.sqlStart(), query.sqlEnd(), session.texts.isUtf8());
    }

    /** Returns why the router cannot follow what a command does to the session, or null when it can. */
    private @Nullable RouterError problem(Session session, SessionCommand command, int textBytes) {
        RouterError ofName = names.problem(session, command);
        boolean keeps = command instanceof SessionCommand.Set
                || command instanceof SessionCommand.SetSessionCharacteristics
                || command instanceof SessionCommand.Savepoint
                || command instanceof SessionCommand.Prepare;
        return ofName == null && keeps ? session.kept.problem(textBytes) : ofName;
    }

    /** Returns the text that gives another backend the same setting. */
    private static String replay(SessionCommand command, ByteBuf buffer, int start, int end) {
        if (command instanceof SessionCommand.Set set) {
            return SessionSettings.setCommand(set.name(), set.rawValue());
        }
        if (command instanceof SessionCommand.SetSessionCharacteristics) {
            return buffer.toString(start, end - start, StandardCharsets.UTF_8);
        }
        return "";
    }

    private static boolean isEnd(StatementKind kind) {
        return switch (kind) {
            case COMMIT, COMMIT_AND_CHAIN, ROLLBACK, ROLLBACK_AND_CHAIN, PREPARE_TRANSACTION -> true;
            default -> false;
        };
    }

    /**
     * BEGIN says nothing about the shard, and BEGIN READ ONLY not for sure that a replica will do: so it waits for the statement that does; without
     * one its end needs no backend either.
     */
    private static void readDeferrable(Session session, Request request, @Nullable StatementShape statement) {
        StatementKind kind = statement == null ? StatementKind.OTHER : statement.kind();
        boolean begun = session.hasDeferredBegin();
        request.deferrable = begun
                ? kind == StatementKind.COMMIT || kind == StatementKind.ROLLBACK
                : kind == StatementKind.BEGIN && statement != null && isUndecided(session, statement);
    }

    private static boolean isUndecided(Session session, StatementShape begin) {
        ClusterView view = session.view();
        return view.isSharded()
                || begin.transactionMode().isReadOnly() && begin.hint().isNone() && !session.placement.isFixed(view);
    }

    // LISTEN and UNLISTEN

    /** Returns false while what the request would listen to, or stop listening to, is not ready for that: see {@link SessionChannels#prepare}. */
    private boolean readChannels(Session session, Request request, ByteBuf text, AnalyzedQuery analysis) {
        List<StatementShape> statements = analysis.shape().statements();
        List<SessionCommand> commands = null;
        for (int i = 0; i < statements.size(); i++) {
            StatementKind kind = statements.get(i).kind();
            if (kind == StatementKind.LISTEN || kind == StatementKind.UNLISTEN) {
                commands = commands == null ? new ArrayList<>(statements.size()) : commands;
                addChannelCommand(commands, statements.get(i), text, i);
            } else if (commands == null && isEnd(kind) && session.channels.isInFlux()) {
                commands = new ArrayList<>(0);
            }
        }
        boolean isVain = statements.size() == 1 && session.status() == TransactionStatus.FAILED;
        return commands == null
                || isVain
                || !session.channels.isShared()
                || session.channels.prepare(request, commands);
    }

    private void addChannelCommand(List<SessionCommand> commands, StatementShape statement, ByteBuf text, int i) {
        SessionCommand command = SessionCommand.read(
                text, scan.statementStart(i), scan.statementEnd(i), scan.standardConformingStrings());
        // One that names its shard is meant for that shard's backend.
        if (statement.hint().isNone()
                && (command instanceof SessionCommand.Listen || command instanceof SessionCommand.Unlisten)) {
            commands.add(command);
        }
    }

    /** Returns the one command of a text when it is a LISTEN or UNLISTEN that needs no backend of the session's own, or null. */
    private @Nullable SessionCommand channelCommand(Session session, ByteBuf text, AnalyzedQuery analysis) {
        List<StatementShape> statements = analysis.shape().statements();
        if (statements.size() != 1 || !session.channels.isShared()) {
            return null;
        }
        StatementKind kind = statements.get(0).kind();
        if (kind != StatementKind.LISTEN && kind != StatementKind.UNLISTEN) {
            return null;
        }
        List<SessionCommand> commands = new ArrayList<>(1);
        addChannelCommand(commands, statements.get(0), text, 0);
        if (commands.isEmpty()) {
            return null;
        }
        SessionCommand command = commands.get(0);
        return command instanceof SessionCommand.Listen listen && !session.channels.isShareable(listen.channel())
                ? null
                : command;
    }

    private @Nullable SessionCommand channelCommand(Session session, PreparedStatement statement) {
        return switch (kindOf(statement)) {
            case LISTEN, UNLISTEN -> channelCommand(session, scanAgain(session, statement), statement.analysis());
            default -> null;
        };
    }

    /** Outside a transaction the router answers it, unless it cannot be placed, or something in its batch needs a backend. */
    private static void readAnsweredHere(Session session, Request request) {
        request.deferrable |= !session.hasDeferredBegin() && !(request.target instanceof Target.Refused);
    }

    private ByteBuf scanAgain(Session session, PreparedStatement statement) {
        ByteBuf text = Unpooled.wrappedBuffer(statement.sql());
        scan.scan(text, 0, text.readableBytes(), session.texts.standardConformingStrings());
        return text;
    }

    // extended query

    private boolean readParse(Session session, Request request) {
        request.kind = Kind.PARSE;
        if (request.isPartial()) {
            request.refusal = RouterErrors.statementTooLong(worker.limits().inspectedBytesMax());
            return true;
        }
        ClusterView view = session.view();
        parse.wrap(request.buffer, request.index, request.available);
        String name = parse.name();
        String statementContext = session.texts.statementContext();
        PreparedStatement statement = worker.catalog()
                .find(request.buffer, parse, statementContext, worker.changes().count());
        if (statement == null || isStale(statement, view)) {
            AnalyzedQuery analysis = analysis(session, view, request.buffer, parse.sqlStart(), parse.sqlEnd());
            if (analysis == null) {
                return false;
            }
            if (statement == null && SqlStatements.executes(analysis)) {
                // What it returns a server finds out when it parses it, from a name that is the session's.
                statementContext = session.texts.ownStatementContext();
                statement = worker.catalog()
                        .find(
                                request.buffer,
                                parse,
                                statementContext,
                                worker.changes().count());
            }
            if (statement == null) {
                statement = worker.catalog().add(statementContext, session.texts.textSettings(), analysis);
            }
            statement.analyzed(analysis, view.revision());
        }
        if (!name.isEmpty() && (session.statements.get(name) != null || session.statements.isPreparedBySql(name))) {
            request.refusal = RouterErrors.duplicateStatement(name);
            return true;
        }
        if (!name.isEmpty()
                && session.statements.namedCount() >= worker.limits().statementsMax()) {
            request.refusal = RouterErrors.tooManyStatements(worker.limits().statementsMax());
            return true;
        }
        if (!name.isEmpty()) {
            request.refusal = session.kept.problem(name.length() + (long) statement.sizeBytes());
            if (request.refusal != null) {
                return true;
            }
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
        readDeferrable(session, request, onlyShape(statement));
        // Known to be valid: with nothing else to do, the client need not wait for a backend to hear so.
        request.deferrable |= !name.isEmpty() && statement.wasParsed();
        request.target =
                session.placement.isFixed(view) ? session.placement.fixedTarget() : parseTarget(session, statement);
        if (channelCommand(session, statement) != null) {
            readAnsweredHere(session, request);
        }
        return true;
    }

    private static boolean isStale(PreparedStatement statement, ClusterView view) {
        return view.isSharded() && statement.analysisRevision() != view.revision();
    }

    private @Nullable AnalyzedQuery analysis(Session session, ClusterView view, ByteBuf buffer, int start, int end) {
        scan.scan(buffer, start, end, session.texts.standardConformingStrings());
        return worker.analyzer().find(scan, buffer, view, session);
    }

    /** Parse alone runs nothing: any shard can check the text, and a replica too when it only reads. */
    private static Target parseTarget(Session session, PreparedStatement statement) {
        boolean read = statement.analysis().shape().access() == Access.READ
                && session.placement.routing().policy() != io.trunkline.routing.ReadPolicy.PRIMARY;
        return new Target.At(
                Target.ANY_SHARD, read ? RoleNeed.REPLICA_ALLOWED : RoleNeed.ANY, Reason.SESSION, Reason.READ);
    }

    private boolean readBind(Session session, Request request) {
        request.kind = Kind.BIND;
        ClusterView view = session.view();
        bind.wrap(request.buffer, request.index, request.available);
        PreparedStatement statement = statement(session, request, bind.statement());
        if (statement == null) {
            return true;
        }
        request.tail = bind.tailStart();
        if (isStale(statement, view)) {
            ByteBuf text = Unpooled.wrappedBuffer(statement.sql());
            AnalyzedQuery analysis = analysis(session, view, text, 0, text.readableBytes());
            if (analysis == null) {
                return false;
            }
            statement.analyzed(analysis, view.revision());
        }
        if (!bind.portal().isEmpty()) {
            request.refusal = session.kept.problem(bind.portal().length());
            if (request.refusal != null) {
                return true;
            }
        }
        session.portals.put(bind.portal(), statement);
        EditedText edited = names.edited(session, statement);
        request.statement = names.sent(statement, edited);
        session.portals.executes(
                bind.portal(), edited == null ? null : edited.used().get(0).statement());
        if (routerCommand(session, statement) != null) {
            session.portals.resultFormat(bind.portal(), bind.resultFormat(0));
            request.answer = new FixedAnswer(FixedAnswer.BIND_COMPLETE, null);
            return true;
        }
        readDeferrable(session, request, onlyShape(statement));
        boolean isChannelCommand = channelCommand(session, statement) != null;
        if (session.placement.isFixed(view) && !isHinted(statement.analysis())) {
            request.target = session.placement.fixedTarget();
            if (isChannelCommand) {
                readAnsweredHere(session, request);
            }
            return true;
        }
        if (view.isSharded()) {
            ByteBuf text = Unpooled.wrappedBuffer(statement.sql());
            scan.scan(text, 0, text.readableBytes(), session.texts.standardConformingStrings());
        }
        keys.ofBind(bind, statement, scan, session.texts.isUtf8());
        Target target = target(session, view, statement.analysis());
        if (target instanceof Target.NeedsParameterTypes) {
            worker.describe(session, statement);
            return false;
        }
        request.target = target;
        if (isChannelCommand) {
            readAnsweredHere(session, request);
        }
        return true;
    }

    private boolean readDescribe(Session session, Request request) {
        statementOrPortal.wrap(request.buffer, request.index, request.available);
        String name = statementOrPortal.name();
        boolean ofStatement = statementOrPortal.isStatement();
        request.kind = ofStatement ? Kind.DESCRIBE_STATEMENT : Kind.DESCRIBE_PORTAL;
        PreparedStatement statement = ofStatement ? statement(session, request, name) : session.portals.get(name);
        if (statement == null) {
            return true;
        }
        SessionCommand command = routerCommand(session, statement);
        RouterCommand own = command == null ? null : RouterCommand.of(session, command);
        if (own != null) {
            request.answer = ofStatement
                    ? own.answerToDescribeStatement()
                    : own.answerToDescribePortal(session.portals.resultFormat(name));
            return true;
        }
        // Of a portal the request names no statement, and yet its kind decides when the transaction is lost.
        request.analysis = statement.analysis();
        readDeferrable(session, request, onlyShape(statement));
        if (channelCommand(session, statement) != null) {
            readAnsweredHere(session, request);
        }
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
            request.target = session.placement.isFixed(session.view())
                    ? session.placement.fixedTarget()
                    : parseTarget(session, statement);
        }
        return true;
    }

    private boolean readExecute(Session session, Request request) {
        request.kind = Kind.EXECUTE;
        execute.wrap(request.buffer, request.index, request.available);
        PreparedStatement statement = session.portals.get(execute.portal());
        if (statement == null) {
            // A cursor of DECLARE, or none: the backend will tell.
            return true;
        }
        request.analysis = statement.analysis();
        SessionCommand command = routerCommand(session, statement);
        RouterCommand own = command == null ? null : RouterCommand.of(session, command);
        if (own != null) {
            request.answer = own.answerToExecute();
            return true;
        }
        StatementKind kind = kindOf(statement);
        EditedText edited = names.edited(session, statement);
        PreparedStatement executed = session.portals.executed(execute.portal());
        if (executed != (edited == null ? null : edited.used().get(0).statement())) {
            // The name means another statement than when the portal was bound, or none.
            request.refusal = RouterErrors.executedChanged();
            return true;
        }
        if (edited != null) {
            request.used = edited.used();
            request.effect = new ExecuteEffect(session, edited, null);
        }
        if (kind.isSessionCommand() || isEnd(kind) && session.isSettingsInFlux()) {
            ByteBuf text = scanAgain(session, statement);
            if (!readChannels(session, request, text, statement.analysis())) {
                return false;
            }
            if (request.refusal != null) {
                return true;
            }
            SessionCommand read = SessionCommand.read(
                    text, scan.statementStart(0), scan.statementEnd(0), scan.standardConformingStrings());
            request.refusal = problem(session, read, text.readableBytes());
            if (request.refusal != null) {
                return true;
            }
            CommandEffects effects = new CommandEffects(session);
            effects.add(kind, read, replay(read, text, scan.statementStart(0), scan.statementEnd(0)));
            if (edited != null) {
                effects.sentAs(edited);
            }
            request.effect = effects;
            session.sent.settingsPending();
            String restoring = session.settings.restoring(read);
            request.followUp = restoring == null ? null : restoring.getBytes(StandardCharsets.UTF_8);
        }
        request.statement = statement;
        if (SqlStatements.callsSetConfig(statement.analysis().shape().statements()) || edited != null) {
            ByteBuf text = Unpooled.wrappedBuffer(statement.sql());
            boolean conforming = session.texts.standardConformingStrings();
            Set<String> outer = configured.read(text, 0, text.readableBytes(), conforming);
            request.configured = SqlStatements.configuredBy(request.used, outer, configured, conforming);
        }
        readDeferrable(session, request, onlyShape(statement));
        if (channelCommand(session, statement) != null) {
            readAnsweredHere(session, request);
        }
        return true;
    }

    private boolean readClose(Session session, Request request) {
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
        if (statement != null && routerCommand(session, statement) != null) {
            request.answer = new FixedAnswer(FixedAnswer.CLOSE_COMPLETE, null);
        }
        return true;
    }

    private boolean readFunctionCall(Session session, Request request) {
        request.kind = Kind.FUNCTION_CALL;
        if (session.view().isSharded()) {
            request.refusal = RouterErrors.functionCallNotRouted();
        } else {
            request.target = session.placement.fixedTarget();
        }
        return true;
    }

    /**
     * A Flush with a body fails on a server, which then skips up to Sync; since a Flush is owed no reply that error would fall into the place
     * of another request's.
     */
    private static boolean readFlush(Session session, Request request) {
        if (request.hasBody() && !session.isCopyingIn()) {
            throw ProtocolViolation.error("invalid message format");
        }
        return true;
    }

    private @Nullable PreparedStatement statement(Session session, Request request, String name) {
        PreparedStatement statement = session.statements.get(name);
        if (statement == null) {
            if (session.ties.isPinnedBy(SessionEffect.SQL_PREPARE)) {
                // Maybe prepared by SQL, which shares the name space: the message passes as it is.
                return null;
            }
            request.refusal = RouterErrors.unknownStatement(name);
            return null;
        }
        if (statement.isRetired() && !name.isEmpty() && !session.statements.isDescribed(statement)) {
            // This client expects no columns yet, so it may have those of today.
            statement = worker.catalog().successor(statement);
            session.statements.put(name, statement);
        }
        request.statement = statement;
        request.name = name;
        return statement;
    }

    private static @Nullable StatementShape onlyShape(PreparedStatement statement) {
        List<StatementShape> statements = statement.analysis().shape().statements();
        return statements.size() == 1 ? statements.get(0) : null;
    }

    private static StatementKind kindOf(PreparedStatement statement) {
        StatementShape shape = onlyShape(statement);
        return shape == null ? StatementKind.OTHER : shape.kind();
    }

    /** Returns the command of a prepared statement that the router answers itself, or null. */
    private @Nullable SessionCommand routerCommand(Session session, PreparedStatement statement) {
        switch (kindOf(statement)) {
            case SHOW, SET, RESET, DEALLOCATE -> {
                ByteBuf text = scanAgain(session, statement);
                SessionCommand command = SessionCommand.read(
                        text, scan.statementStart(0), scan.statementEnd(0), scan.standardConformingStrings());
                return RouterCommand.isForRouter(session, command) ? command : null;
            }
            default -> {
                return null;
            }
        }
    }

    // where it may run

    private Target target(Session session, ClusterView view, AnalyzedQuery analysis) {
        if (session.placement.isFixed(view) && !isHinted(analysis)) {
            return session.placement.fixedTarget();
        }
        if (!analysis.shape().trusted()) {
            return unreadable(session, view);
        }
        if (!session.identity.mayGiveHints() && isHinted(analysis)) {
            return StatementRouter.hintDenied(session.identity.user());
        }
        List<StatementShape> statements = analysis.shape().statements();
        List<@Nullable ShardingShape> sharding = analysis.sharding();
        Target combined = null;
        for (int i = 0; i < statements.size(); i++) {
            ShardingShape shape = i < sharding.size() ? sharding.get(i) : null;
            if (shape != null) {
                keys.toStatement(i);
            }
            Target one = view.router().target(statements.get(i), shape, keys, session.placement.routing());
            combined = combined == null ? one : Targets.combine(view.table(), combined, one);
        }
        return combined == null ? unreadable(session, view) : combined;
    }

    /** A hint counts whatever the policy says. */
    private static boolean isHinted(AnalyzedQuery analysis) {
        List<StatementShape> statements = analysis.shape().statements();
        for (int i = 0; i < statements.size(); i++) {
            if (!statements.get(i).hint().isNone()) {
                return true;
            }
        }
        return false;
    }

    private static Target unreadable(Session session, ClusterView view) {
        return view.router().untrusted(session.placement.routing());
    }
}
