// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.prepared.SessionStatements;
import io.trunkline.relay.Relay;
import io.trunkline.session.SessionIdentity.PoolMode;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.SessionCommand.StatementName;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.SqlScan;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.Query;
import io.trunkline.wire.TransactionStatus;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * PREPARE, EXECUTE and DEALLOCATE in the text of a Query, with the names that backends know the session's statements by.
 *
 * <p>A PREPARE is <em>translated</em> when it is alone in its text: then it makes a statement that follows the session to other backends, as a Parse does.
 * Any other is run as it is; its statement is known to one backend, which the session keeps. One per {@link RequestReader}.
 */
final class SqlStatements {
    private final Worker worker;
    private final SqlScan scan = new SqlScan();

    SqlStatements(Worker worker) {
        this.worker = worker;
    }

    /** Returns why a command cannot use the name it gives, or null. */
    @Nullable
    RouterError problem(Session session, SessionCommand command) {
        SessionStatements statements = session.statements;
        if (command instanceof SessionCommand.Prepare prepare) {
            String name = prepare.name().text();
            int max = worker.limits().statementsMax();
            // What is no statement is refused by the server, before it looks at the name.
            return statements.get(name) != null && prepare.query() >= 0
                    ? RouterErrors.duplicateStatement(name)
                    : statements.namedCount() < max ? null : RouterErrors.tooManyStatements(max);
        }
        if (command instanceof SessionCommand.Execute run
                && session.view().isSharded()
                && statements.get(run.name().text()) != null) {
            return RouterErrors.preparedByProtocol(run.name().text());
        }
        StatementName name = command instanceof SessionCommand.Execute run
                ? run.name()
                : command instanceof SessionCommand.Deallocate deallocate ? deallocate.name() : null;
        return name != null && isOthers(session, name.text()) ? RouterErrors.unknownStatement(name.text()) : null;
    }

    /** Returns true when a name is not the session's, and yet a backend may know it. */
    private boolean isOthers(Session session, String name) {
        return name.startsWith(worker.catalog().namePrefix())
                && session.statements.get(name) == null
                && !session.statements.isPreparedBySql(name);
    }

    /** Returns the statement of the session's that an EXECUTE is rewritten for, or null when it is sent as it is. */
    @Nullable
    PreparedStatement executed(Session session, SessionCommand.Execute command) {
        return session.statements.get(command.name().text());
    }

    /**
     * Returns the text that a statement of the extended protocol is sent as when it executes one of the session's by name; null when it does not, and for
     * a statement that is none. The name is looked up each time, as a server does.
     */
    @Nullable
    EditedText edited(Session session, PreparedStatement statement) {
        List<StatementShape> statements = statement.analysis().shape().statements();
        if (!executes(statement.analysis())
                || statements.size() != 1
                || session.view().isSharded()) {
            return null;
        }
        ByteBuf text = Unpooled.wrappedBuffer(statement.sql());
        scan.scan(text, 0, text.readableBytes(), session.texts.standardConformingStrings());
        SessionCommand command = SessionCommand.read(
                text, scan.statementStart(0), scan.statementEnd(0), scan.standardConformingStrings());
        if (!(command instanceof SessionCommand.Execute run)) {
            return null;
        }
        PreparedStatement executed = executed(session, run);
        if (executed == null) {
            return null;
        }
        EditedText edited = new EditedText(text, 0, text.readableBytes(), session.texts.isUtf8());
        edited.use(run.name(), executed);
        return edited;
    }

    /** Returns true for a text that runs a prepared statement by name. */
    static boolean executes(AnalyzedQuery analysis) {
        List<StatementShape> statements = analysis.shape().statements();
        for (int i = 0; i < statements.size(); i++) {
            StatementShape statement = statements.get(i);
            if (statement.kind() == StatementKind.EXECUTE
                    || statement.effects().contains(SessionEffect.INNER_EXECUTE)) {
                return true;
            }
        }
        return false;
    }

    /** Returns the statement that one of the extended protocol is sent as. */
    PreparedStatement sent(PreparedStatement statement, @Nullable EditedText edited) {
        return edited == null
                ? statement
                : worker.catalog()
                        .executing(
                                statement, edited.text(), edited.used().get(0).statement());
    }

    /** Has a Query whose text is not read to its end use a statement of the session's, if it begins with EXECUTE. */
    void executeUnread(Session session, Request request, Query query) {
        if (session.view().isSharded() || session.statements.namedCount() == 0) {
            return;
        }
        SessionCommand.Execute command = SessionCommand.readBeginning(
                request.buffer, query.sqlStart(), query.sqlEnd(), session.texts.standardConformingStrings());
        PreparedStatement executed = command == null ? null : executed(session, command);
        if (command == null || executed == null) {
            return;
        }
        EditedText edited = new EditedText(request.buffer, query.sqlStart(), query.sqlEnd(), session.texts.isUtf8());
        edited.use(command.name(), executed);
        request.rewritten = edited.text();
        request.used = edited.used();
        request.effect = new ExecuteEffect(session, edited, null);
    }

    /** Returns true when a PREPARE that is alone in its text can be translated. */
    boolean isTranslated(Session session, SessionCommand.Prepare command) {
        return command.query() >= 0
                // A server takes no statement at all then, and says so.
                && session.status() != TransactionStatus.FAILED
                // The statements of a session that keeps its backend may stay there. Which shard is meant is not known.
                && session.identity.poolMode() == PoolMode.TRANSACTION
                && !session.view().isSharded()
                // Later texts that use the name have to be read.
                && session.texts.isReadable()
                && !session.statements.isPreparedBySql(command.name().text());
    }

    /**
     * Fills in what becomes of a translated PREPARE, which ends at an index of the text. It is answered for a statement that some backend has taken; where one
     * is being given it, {@link #isAwaited}.
     */
    void prepare(Session session, Request request, SessionCommand.Prepare command, int end, EditedText text) {
        ByteBuf buffer = request.buffer;
        String context = session.texts.statementContext();
        PreparedStatement statement = worker.catalog()
                .findBySql(
                        buffer,
                        command.name().end(),
                        end,
                        context,
                        worker.changes().count());
        if (statement == null) {
            ClusterView view = session.view();
            scan.scan(buffer, command.query(), end, session.texts.standardConformingStrings());
            AnalyzedQuery analysis = worker.analyzer().find(scan, buffer, view.withoutDryRun(), session);
            statement = worker.catalog()
                    .add(
                            context,
                            session.texts.textSettings(),
                            Objects.requireNonNull(analysis, "no tree is read for one shard"));
            statement.analyzed(analysis, view.revision(), session.texts.searchPathText());
        }
        String name = command.name().text();
        request.refusal = session.kept.problem(name.length() + (long) statement.sizeBytes());
        if (request.refusal != null) {
            return;
        }
        PrepareEffect effect = new PrepareEffect(new NameEffect(session.statements, name, statement), text);
        if (statement.wasParsed()) {
            // Known to be valid: the client need not wait for a backend to hear so.
            request.answer = effect;
            return;
        }
        text.use(command.name(), statement);
        request.statement = statement;
        request.rewritten = text.text();
        request.effect = effect;
    }

    /**
     * Returns true when a request is a translated PREPARE of a statement that the backend is being given by an earlier Query: only its answer, which comes
     * whatever is sent, tells whether this one can be answered or has to be sent.
     */
    static boolean isAwaited(Relay relay, Request request) {
        PreparedStatement statement = request.statement;
        return request.tag == FrontendTag.QUERY
                && !relay.isQuiet()
                && statement != null
                && request.refusal == null
                && !statement.wasParsed()
                && relay.has(statement);
    }

    /** Has a DEALLOCATE among other statements give up a name of the session's: it runs for a statement that is made for it and kept by nobody. */
    void deallocate(StatementName name, int start, EditedText text, CommandEffects effects) {
        String standIn = worker.catalog().nextName();
        text.replace(name, start, "PREPARE " + standIn + " AS SELECT", standIn);
        effects.addUnseen();
    }
}
