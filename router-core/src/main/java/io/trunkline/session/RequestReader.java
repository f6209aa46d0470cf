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
import io.trunkline.routing.Target;
import io.trunkline.routing.Targets;
import io.trunkline.sql.Access;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.SessionCommand;
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
import java.util.List;
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
    private final MessageKeys keys = new MessageKeys();
    private final Query query = new Query();
    private final Parse parse = new Parse();
    private final Bind bind = new Bind();
    private final Execute execute = new Execute();
    private final StatementOrPortal statementOrPortal = new StatementOrPortal();

    RequestReader(Worker worker) {
        this.worker = worker;
    }

    /** Fills in what a request means; returns false when that is not known yet: the session is told to proceed when it is. */
    boolean read(SessionContext context, Request request) {
        try {
            return switch (request.tag) {
                case FrontendTag.QUERY -> readQuery(context, request);
                case FrontendTag.PARSE -> readParse(context, request);
                case FrontendTag.BIND -> readBind(context, request);
                case FrontendTag.DESCRIBE -> readDescribe(context, request);
                case FrontendTag.EXECUTE -> readExecute(context, request);
                case FrontendTag.CLOSE -> readClose(context, request);
                case FrontendTag.FUNCTION_CALL -> readFunctionCall(context, request);
                case FrontendTag.SYNC -> {
                    request.kind = Kind.SYNC;
                    yield true;
                }
                case FrontendTag.FLUSH -> readFlush(context, request);
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

    private boolean readQuery(SessionContext context, Request request) {
        request.kind = Kind.QUERY;
        ClusterView view = context.view();
        query.wrap(request.buffer, request.index, request.available);
        context.session().statements.forgetUnnamed();
        if (request.isPartial() || !isReadable(context, request.buffer, query.sqlStart(), query.sqlEnd())) {
            request.target = unreadable(context, view);
            return true;
        }
        scan.scan(request.buffer, query.sqlStart(), query.sqlEnd(), context.standardConformingStrings());
        AnalyzedQuery analysis = worker.analyzer().find(scan, request.buffer, view, context);
        if (analysis == null) {
            return false;
        }
        request.analysis = analysis;
        List<StatementShape> statements = analysis.shape().statements();
        if (statements.isEmpty() && analysis.shape().trusted()) {
            request.answer = EMPTY_QUERY;
            return true;
        }
        if (!readCommands(context, request, statements)) {
            return true;
        }
        keys.ofQuery(request.buffer, scan, context.isUtf8());
        request.target = target(context, view, analysis);
        return true;
    }

    /** Bytes of ASCII alone are the same text in every encoding of PostgreSQL. */
    private static boolean isReadable(SessionContext context, ByteBuf text, int start, int end) {
        return context.isTextReadable() || text.forEachByte(start, end - start, value -> value >= 0) < 0;
    }

    /** Reads what the statements do to the session; returns false when nothing of them is left for a backend. */
    private boolean readCommands(SessionContext context, Request request, List<StatementShape> statements) {
        CommandEffects effects = null;
        InsertedStatements inserted = null;
        boolean inFlux = context.isSettingsInFlux();
        for (int i = 0; i < statements.size(); i++) {
            StatementKind kind = statements.get(i).kind();
            if (!kind.isSessionCommand()) {
                boolean ends = isEnd(kind) && (inFlux || effects != null);
                if (ends || effects != null) {
                    effects = effects == null ? new CommandEffects(context) : effects;
                    effects.add(kind, null, "");
                }
                continue;
            }
            int start = scan.statementStart(i);
            int end = scan.statementEnd(i);
            SessionCommand command = SessionCommand.read(request.buffer, start, end, scan.standardConformingStrings());
            if (RouterCommand.isForRouter(context, command)) {
                RouterError problem = statements.size() > 1
                        ? RouterErrors.routerCommandNotAlone()
                        : RouterCommand.problem(context, command);
                RouterCommand own = problem == null ? RouterCommand.of(context, command) : null;
                if (own == null) {
                    request.refusal = problem;
                    request.effect = effects;
                } else {
                    request.answer = own.answerToQuery();
                }
                return false;
            }
            request.refusal = nameProblem(context, command);
            if (request.refusal != null) {
                request.effect = effects;
                return false;
            }
            if (effects == null) {
                effects = new CommandEffects(context);
                for (int before = 0; before < i; before++) {
                    effects.add(statements.get(before).kind(), null, "");
                }
            }
            effects.add(kind, command, replay(command, request.buffer, start, end));
            String restoring = context.session().settings.restoring(command);
            if (restoring == null) {
                continue;
            }
            if (kind == StatementKind.DISCARD) {
                // It must be alone in its text.
                effects.continueWith(restoring);
                continue;
            }
            inserted = inserted == null
                    ? new InsertedStatements(request.buffer, query.sqlStart(), query.sqlEnd(), context.isUtf8())
                    : inserted;
            inserted.add(end - query.sqlStart(), restoring);
            effects.addRestoring();
            if (inserted.sizeBytes() > worker.limits().inspectedBytesMax()) {
                request.refusal = RouterErrors.statementTooLong(worker.limits().inspectedBytesMax());
                request.effect = effects;
                return false;
            }
        }
        if (effects != null) {
            request.effect = effects;
            context.settingsPending();
            if (inserted != null) {
                effects.sentAs(inserted);
                request.rewritten = inserted.text();
            }
        }
        if (statements.size() == 1) {
            readDeferrable(context, request, statements.get(0).kind());
        }
        return true;
    }

    private @Nullable RouterError nameProblem(SessionContext context, SessionCommand command) {
        return SqlNameEffect.problem(
                context.session().statements, command, worker.limits().statementsMax());
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

    /** BEGIN says nothing about the shard, so it waits for the statement that does; without one its end needs no backend either. */
    private static void readDeferrable(SessionContext context, Request request, StatementKind kind) {
        boolean begun = context.session().hasDeferredBegin();
        request.deferrable = begun
                ? kind == StatementKind.COMMIT || kind == StatementKind.ROLLBACK
                : kind == StatementKind.BEGIN && context.view().isSharded();
    }

    // extended query

    private boolean readParse(SessionContext context, Request request) {
        request.kind = Kind.PARSE;
        if (request.isPartial()) {
            request.refusal = RouterErrors.statementTooLong(worker.limits().inspectedBytesMax());
            return true;
        }
        Session session = context.session();
        ClusterView view = context.view();
        parse.wrap(request.buffer, request.index, request.available);
        String name = parse.name();
        String statementContext = context.statementContext();
        PreparedStatement statement = worker.catalog().find(request.buffer, parse, statementContext);
        if (statement == null || isStale(statement, view)) {
            AnalyzedQuery analysis = analysis(context, view, request.buffer, parse.sqlStart(), parse.sqlEnd());
            if (analysis == null) {
                return false;
            }
            if (statement == null) {
                statement = worker.catalog().add(statementContext, analysis);
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
        ReplyEffect effect = new NameEffect(session.statements, name, statement);
        request.statement = statement;
        request.name = name;
        request.analysis = statement.analysis();
        request.effect = effect;
        SessionCommand command = routerCommand(context, statement);
        if (command != null) {
            request.refusal = RouterCommand.problem(context, command);
            request.answer = new FixedAnswer(FixedAnswer.PARSE_COMPLETE, effect);
            request.effect = request.refusal == null ? null : effect;
            return true;
        }
        readDeferrable(context, request, kindOf(statement));
        // Known to be valid: with nothing else to do, the client need not wait for a backend to hear so.
        request.deferrable |= !name.isEmpty() && statement.wasParsed();
        request.target = context.isFixed(view) ? context.fixedTarget() : parseTarget(context, statement);
        return true;
    }

    private static boolean isStale(PreparedStatement statement, ClusterView view) {
        return view.isSharded() && statement.analysisRevision() != view.revision();
    }

    private @Nullable AnalyzedQuery analysis(
            SessionContext context, ClusterView view, ByteBuf buffer, int start, int end) {
        scan.scan(buffer, start, end, context.standardConformingStrings());
        return worker.analyzer().find(scan, buffer, view, context);
    }

    /** Parse alone runs nothing: any shard can check the text, and a replica too when it only reads. */
    private static Target parseTarget(SessionContext context, PreparedStatement statement) {
        boolean read = statement.analysis().shape().access() == Access.READ
                && context.routing().policy() != io.trunkline.routing.ReadPolicy.PRIMARY;
        return new Target.At(
                Target.ANY_SHARD, read ? RoleNeed.REPLICA_ALLOWED : RoleNeed.ANY, Reason.SESSION, Reason.READ);
    }

    private boolean readBind(SessionContext context, Request request) {
        request.kind = Kind.BIND;
        ClusterView view = context.view();
        bind.wrap(request.buffer, request.index, request.available);
        PreparedStatement statement = statement(context, request, bind.statement());
        if (statement == null) {
            return true;
        }
        request.tail = bind.tailStart();
        if (isStale(statement, view)) {
            ByteBuf text = Unpooled.wrappedBuffer(statement.sql());
            AnalyzedQuery analysis = analysis(context, view, text, 0, text.readableBytes());
            if (analysis == null) {
                return false;
            }
            statement.analyzed(analysis, view.revision());
        }
        context.portal(bind.portal(), statement);
        if (routerCommand(context, statement) != null) {
            request.answer = new FixedAnswer(FixedAnswer.BIND_COMPLETE, null);
            return true;
        }
        readDeferrable(context, request, kindOf(statement));
        if (context.isFixed(view) && !isHinted(statement.analysis())) {
            request.target = context.fixedTarget();
            return true;
        }
        if (view.isSharded()) {
            ByteBuf text = Unpooled.wrappedBuffer(statement.sql());
            scan.scan(text, 0, text.readableBytes(), context.standardConformingStrings());
        }
        keys.ofBind(bind, statement, scan, context.isUtf8());
        Target target = target(context, view, statement.analysis());
        if (target instanceof Target.NeedsParameterTypes) {
            worker.describe(context, statement);
            return false;
        }
        request.target = target;
        return true;
    }

    private boolean readDescribe(SessionContext context, Request request) {
        statementOrPortal.wrap(request.buffer, request.index, request.available);
        String name = statementOrPortal.name();
        boolean ofStatement = statementOrPortal.isStatement();
        request.kind = ofStatement ? Kind.DESCRIBE_STATEMENT : Kind.DESCRIBE_PORTAL;
        PreparedStatement statement = ofStatement ? statement(context, request, name) : context.portal(name);
        if (statement == null) {
            return true;
        }
        SessionCommand command = routerCommand(context, statement);
        RouterCommand own = command == null ? null : RouterCommand.of(context, command);
        if (own != null) {
            request.answer = own.answerToDescribe(ofStatement);
            return true;
        }
        // Of a portal the request names no statement, and yet its kind decides when the transaction is lost.
        request.analysis = statement.analysis();
        readDeferrable(context, request, kindOf(statement));
        SessionStatements names = context.session().statements;
        boolean named = ofStatement ? !name.isEmpty() : statement != names.get("");
        if (ofStatement && statement.describedTypes() == null || named && !names.isDescribed(statement)) {
            request.effect = new DescribeEffect(statement, names);
        }
        if (ofStatement) {
            request.target = context.isFixed(context.view()) ? context.fixedTarget() : parseTarget(context, statement);
        }
        return true;
    }

    private boolean readExecute(SessionContext context, Request request) {
        request.kind = Kind.EXECUTE;
        execute.wrap(request.buffer, request.index, request.available);
        PreparedStatement statement = context.portal(execute.portal());
        if (statement == null) {
            // A cursor of DECLARE, or none: the backend will tell.
            return true;
        }
        request.analysis = statement.analysis();
        SessionCommand command = routerCommand(context, statement);
        RouterCommand own = command == null ? null : RouterCommand.of(context, command);
        if (own != null) {
            request.answer = own.answerToExecute();
            return true;
        }
        StatementKind kind = kindOf(statement);
        if (kind.isSessionCommand() || isEnd(kind) && context.isSettingsInFlux()) {
            ByteBuf text = Unpooled.wrappedBuffer(statement.sql());
            scan.scan(text, 0, text.readableBytes(), context.standardConformingStrings());
            SessionCommand read = SessionCommand.read(
                    text, scan.statementStart(0), scan.statementEnd(0), scan.standardConformingStrings());
            request.refusal = nameProblem(context, read);
            if (request.refusal != null) {
                return true;
            }
            CommandEffects effects = new CommandEffects(context);
            effects.add(kind, read, replay(read, text, scan.statementStart(0), scan.statementEnd(0)));
            request.effect = effects;
            context.settingsPending();
            String restoring = context.session().settings.restoring(read);
            request.followUp = restoring == null ? null : restoring.getBytes(StandardCharsets.UTF_8);
        }
        request.statement = statement;
        readDeferrable(context, request, kind);
        return true;
    }

    private boolean readClose(SessionContext context, Request request) {
        request.kind = Kind.CLOSE;
        statementOrPortal.wrap(request.buffer, request.index, request.available);
        String name = statementOrPortal.name();
        if (statementOrPortal.isStatement()) {
            if (context.isPinnedBy(io.trunkline.sql.SessionEffect.SQL_PREPARE)
                    && context.session().statements.get(name) == null) {
                // It may be one of SQL's PREPARE, which only the backend knows.
                request.effect = new SqlNameEffect(context.session().statements, name, false);
                return true;
            }
            ReplyEffect effect = new NameEffect(context.session().statements, name, null);
            request.answer = new FixedAnswer(FixedAnswer.CLOSE_COMPLETE, effect);
            return true;
        }
        PreparedStatement statement = context.portal(name);
        if (statement != null && routerCommand(context, statement) != null) {
            request.answer = new FixedAnswer(FixedAnswer.CLOSE_COMPLETE, null);
        }
        return true;
    }

    private boolean readFunctionCall(SessionContext context, Request request) {
        request.kind = Kind.FUNCTION_CALL;
        if (context.view().isSharded()) {
            request.refusal = RouterErrors.functionCallNotRouted();
        } else {
            request.target = context.fixedTarget();
        }
        return true;
    }

    /**
     * A Flush with a body fails on a server, which then skips up to Sync; since a Flush is owed no reply that error would fall into the place
     * of another request's.
     */
    private static boolean readFlush(SessionContext context, Request request) {
        if (request.hasBody() && !context.session().isCopyingIn()) {
            throw ProtocolViolation.error("invalid message format");
        }
        return true;
    }

    private @Nullable PreparedStatement statement(SessionContext context, Request request, String name) {
        PreparedStatement statement = context.session().statements.get(name);
        if (statement == null) {
            if (context.isPinnedBy(io.trunkline.sql.SessionEffect.SQL_PREPARE)) {
                // Maybe prepared by SQL, which shares the name space: the message passes as it is.
                return null;
            }
            request.refusal = RouterErrors.unknownStatement(name);
            return null;
        }
        if (statement.isRetired()
                && !name.isEmpty()
                && !context.session().statements.isDescribed(statement)) {
            // This client expects no columns yet, so it may have those of today.
            statement = worker.catalog().successor(statement);
            context.session().statements.put(name, statement);
        }
        request.statement = statement;
        request.name = name;
        return statement;
    }

    private static StatementKind kindOf(PreparedStatement statement) {
        List<StatementShape> statements = statement.analysis().shape().statements();
        return statements.size() == 1 ? statements.get(0).kind() : StatementKind.OTHER;
    }

    /** Returns the command of a prepared statement that the router answers itself, or null. */
    private @Nullable SessionCommand routerCommand(SessionContext context, PreparedStatement statement) {
        switch (kindOf(statement)) {
            case SHOW, SET, RESET, DEALLOCATE -> {
                ByteBuf text = Unpooled.wrappedBuffer(statement.sql());
                scan.scan(text, 0, text.readableBytes(), context.standardConformingStrings());
                SessionCommand command = SessionCommand.read(
                        text, scan.statementStart(0), scan.statementEnd(0), scan.standardConformingStrings());
                return RouterCommand.isForRouter(context, command) ? command : null;
            }
            default -> {
                return null;
            }
        }
    }

    // where it may run

    private Target target(SessionContext context, ClusterView view, AnalyzedQuery analysis) {
        if (context.isFixed(view) && !isHinted(analysis)) {
            return context.fixedTarget();
        }
        if (!analysis.shape().trusted()) {
            return unreadable(context, view);
        }
        List<StatementShape> statements = analysis.shape().statements();
        List<@Nullable ShardingShape> sharding = analysis.sharding();
        Target combined = null;
        for (int i = 0; i < statements.size(); i++) {
            ShardingShape shape = i < sharding.size() ? sharding.get(i) : null;
            if (shape != null) {
                keys.toStatement(i);
            }
            Target one = view.router().target(statements.get(i), shape, keys, context.routing());
            combined = combined == null ? one : Targets.combine(view.table(), combined, one);
        }
        return combined == null ? unreadable(context, view) : combined;
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

    private static Target unreadable(SessionContext context, ClusterView view) {
        return view.router().untrusted(context.routing());
    }
}
