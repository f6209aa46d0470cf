// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.error.RouterErrors;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.SqlScan;
import io.trunkline.wire.Parse;
import org.jspecify.annotations.Nullable;

/**
 * Finds the prepared statement that a message is about, by its text or by its name, with an analysis that fits the session's cluster as it is now.
 *
 * <p>One per {@link RequestReader}; keeps nothing between messages.
 */
final class StatementLookup {
    private final Worker worker;
    private final SqlScan scan;

    /** Creates the lookup of one event loop, which scans texts by a scan it may share. */
    StatementLookup(Worker worker, SqlScan scan) {
        this.worker = worker;
        this.scan = scan;
    }

    /** Returns the statement that a Parse brings, or null while its text is being analyzed. */
    @Nullable
    PreparedStatement byText(Session session, ByteBuf buffer, Parse parse) {
        ClusterView view = session.view();
        boolean pending = session.sent.settings().isContext();
        // What is parsed behind a SET of its own group, a text that is read later does not mean.
        String context = pending ? session.texts.singleStatementContext() : session.texts.statementContext();
        PreparedStatement statement = inCatalog(buffer, parse, context);
        if (statement != null && !isStale(session, statement)) {
            return statement;
        }
        AnalyzedQuery analysis = analysis(session, view, buffer, parse.sqlStart(), parse.sqlEnd());
        if (analysis == null) {
            return null;
        }
        if (statement == null && !pending && SqlStatements.executes(analysis)) {
            // What it returns a server finds out when it parses it, from a name that is the session's.
            context = session.texts.ownStatementContext();
            statement = inCatalog(buffer, parse, context);
        }
        if (statement == null) {
            statement = worker.catalog().add(context, session.texts.textSettings(), analysis);
        }
        statement.analyzed(analysis, view.revision(), session.texts.searchPathText());
        return statement;
    }

    private @Nullable PreparedStatement inCatalog(ByteBuf buffer, Parse parse, String context) {
        return worker.catalog().find(buffer, parse, context, worker.changes().count());
    }

    /**
     * Returns the statement that a Bind or Describe names, and fills it in. Returns null with a refusal when there is none, and without one when the
     * backend may have it.
     */
    @Nullable
    PreparedStatement byName(Session session, Request request, String name) {
        PreparedStatement statement = session.statements.get(name);
        if (statement == null) {
            // One prepared by SQL shares the name space: then the message passes as it is.
            if (!session.ties.isPinnedBy(SessionEffect.SQL_PREPARE)) {
                request.refusal = RouterErrors.unknownStatement(name);
            }
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

    /** Analyzes a statement anew when the cluster, or the session's search path, has changed since; returns false while that is under way. */
    boolean refresh(Session session, PreparedStatement statement) {
        if (!isStale(session, statement)) {
            return true;
        }
        ClusterView view = session.view();
        ByteBuf text = Unpooled.wrappedBuffer(statement.sql());
        AnalyzedQuery analysis = analysis(session, view, text, 0, text.readableBytes());
        if (analysis == null) {
            return false;
        }
        statement.analyzed(analysis, view.revision(), session.texts.searchPathText());
        return true;
    }

    /** Returns true when the topology, or where the session finds its tables, is not what the statement was analyzed under. */
    private static boolean isStale(Session session, PreparedStatement statement) {
        ClusterView view = session.view();
        return view.treeRouter() != null
                && (statement.analysisRevision() != view.revision()
                        || !statement.analysisPath().equals(session.texts.searchPathText()));
    }

    private @Nullable AnalyzedQuery analysis(Session session, ClusterView view, ByteBuf buffer, int start, int end) {
        scan.scan(buffer, start, end, session.texts.standardConformingStrings());
        return worker.analyzer().find(scan, buffer, view, session);
    }
}
