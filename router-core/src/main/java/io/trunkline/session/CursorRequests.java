// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.backend.Synthesis;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.relay.FixedAnswer;
import io.trunkline.routing.Reason;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.routing.SessionRouting;
import io.trunkline.routing.Target;
import io.trunkline.scatter.SuspendedQuery;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.SqlScan;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.Bind;
import io.trunkline.wire.Execute;
import io.trunkline.wire.TransactionStatus;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Requests about cursors by their names, in a transaction that may come to several shards: a cursor on one shard is asked there, one over several shards is gone
 * on with as a portal is.
 *
 * <p>One per {@link RequestReader}; keeps nothing between messages. CLOSE of a cursor over several shards is a {@link RouterCommand}.
 */
final class CursorRequests {
    private static final FixedAnswer BOUND = new FixedAnswer(FixedAnswer.BIND_COMPLETE, null);

    private final SqlScan scan = new SqlScan();

    /**
     * A FETCH or MOVE of a cursor over several shards.
     *
     * @param isMove whether it returns no rows
     */
    private record Fetched(SessionCommand.Fetch command, boolean isMove, ShardPortals.Entry cursor) {}

    /** Returns true when what a statement does to cursors is followed: it may name one of another shard. */
    static boolean follows(Session session, StatementKind kind) {
        return switch (kind) {
            case DECLARE_CURSOR, FETCH, MOVE, CLOSE_CURSOR ->
                session.placement.routing().transaction().crosses() || session.portals.areOnShards();
            default -> false;
        };
    }

    // simple query

    /** Changes where a Query goes whose text was just scanned, or refuses it. */
    void readQuery(Session session, Request request, List<StatementShape> statements, SqlScan scanned) {
        Set<String> closed = null;
        for (int i = 0; i < statements.size() && request.refusal == null; i++) {
            StatementKind kind = statements.get(i).kind();
            // A server does not look at the name in a failed transaction.
            if (!follows(session, kind) || session.status() == TransactionStatus.FAILED) {
                continue;
            }
            SessionCommand command = SessionCommand.read(
                    request.buffer,
                    scanned.statementStart(i),
                    scanned.statementEnd(i),
                    scanned.standardConformingStrings());
            if (command instanceof SessionCommand.DeclareCursor declare) {
                boolean free = closed != null && closed.contains(declare.name());
                if (request.target instanceof Target.At && !free) {
                    request.refusal = duplicate(session, declare.name());
                }
            } else if (statements.size() == 1) {
                readAlone(session, request, kind, command);
            } else {
                readAmongOthers(session, request, command);
            }
            if (command instanceof SessionCommand.CloseCursor close && close.name() != null) {
                closed = closed == null ? new HashSet<>() : closed;
                closed.add(close.name());
            }
        }
    }

    private static void readAlone(Session session, Request request, StatementKind kind, SessionCommand command) {
        ShardPortals.Entry cursor = cursor(session, command);
        if (cursor == null) {
            return;
        }
        if (cursor.shards() == null) {
            request.target = at(session, cursor);
        } else if (command instanceof SessionCommand.Fetch fetch) {
            resume(session, request, new Fetched(fetch, kind == StatementKind.MOVE, cursor), 0);
        }
    }

    /** A text goes to one shard: that of all its cursors, where the session is already, and no statement of it may need another. */
    private static void readAmongOthers(Session session, Request request, SessionCommand command) {
        if (command instanceof SessionCommand.CloseCursor close && close.name() == null) {
            if (session.portals.areOnShards()) {
                request.target = RouteRefusal.SCATTER_NOT_ALONE.because("CLOSE ALL stands in a text with others");
            }
            return;
        }
        ShardPortals.Entry cursor = cursor(session, command);
        if (cursor == null) {
            return;
        }
        int shard = session.placement.routing().transaction().shard();
        boolean together = cursor.shards() == null
                && cursor.shard() == shard
                && request.target instanceof Target.At at
                && at.shardOr(shard) == shard;
        if (!together && !(request.target instanceof Target.Refused)) {
            request.target = RouteRefusal.SCATTER_NOT_ALONE.because(
                    "its text has another statement, and the cursor is on other shards");
        }
    }

    /** Returns why a cursor of that name cannot be declared on one shard, or null. */
    static @Nullable RouterError duplicate(Session session, String name) {
        return session.portals.onShards(name) == null ? null : RouterErrors.duplicateCursor(name);
    }

    /** Returns the known cursor that a command names, or null. */
    private static ShardPortals.@Nullable Entry cursor(Session session, SessionCommand command) {
        String name = command instanceof SessionCommand.Fetch fetch
                ? fetch.cursor()
                : command instanceof SessionCommand.CloseCursor close ? close.name() : null;
        return name == null ? null : session.portals.onShards(name);
    }

    // extended query

    /**
     * Reads a Bind of a statement about a cursor.
     *
     * @return true when that is all: it is answered, or refused
     */
    boolean readBind(Session session, Request request, Bind bind, PreparedStatement statement) {
        Fetched fetched = fetched(session, statement);
        if (fetched == null) {
            return false;
        }
        if (session.status() == TransactionStatus.FAILED) {
            // A server does not look at it.
            request.answer = BOUND;
        } else if (!fetched.isMove && !wantsTexts(bind)) {
            request.target = RouteRefusal.CURSOR_FETCH.because("its rows are wanted in binary format");
        } else if (fetched.cursor.isUndone()) {
            // Now, for there is nothing any more that a Describe could be answered by.
            request.target = undone();
        } else {
            session.portals.fetches(bind.portal());
            request.answer = BOUND;
        }
        return true;
    }

    private static boolean wantsTexts(Bind bind) {
        for (int i = 0; i < bind.resultFormatCount(); i++) {
            if (bind.resultFormat(i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns the answer to Describe of a statement that fetches from a cursor over several shards, or of its portal; null for all others. */
    @Nullable
    Synthesis describe(Session session, PreparedStatement statement, boolean ofStatement) {
        Fetched fetched = fetched(session, statement);
        if (fetched == null || fetched.cursor.query() == null) {
            return null;
        }
        return description(fetched.cursor, ofStatement, fetched.isMove);
    }

    /** Returns the answer to Describe of a portal over several shards that was left in the middle; null for all others. */
    static @Nullable Synthesis describe(Session session, String portal) {
        ShardPortals.Entry left = session.portals.onShards(portal);
        return left == null || left.isCursor() || left.query() == null ? null : description(left, false, false);
    }

    private static Synthesis description(ShardPortals.Entry entry, boolean ofStatement, boolean isMove) {
        return new Synthesis() {
            @Override
            public void writeTo(ByteBuf out, TransactionStatus status) {
                if (ofStatement) {
                    BackendWriter.parameterDescription(out);
                }
                SuspendedQuery query = isMove ? null : entry.query();
                if (query == null) {
                    BackendWriter.noData(out);
                } else {
                    query.writeRowDescription(out);
                }
            }
        };
    }

    /**
     * Reads an Execute of a statement about a cursor.
     *
     * @return true when that is all: it is known where it goes, or refused
     */
    boolean readExecute(Session session, Request request, Execute execute, PreparedStatement statement) {
        StatementKind kind = statement.analysis().shape().onlyKind();
        if (kind == StatementKind.DECLARE_CURSOR
                && follows(session, kind)
                && session.status() != TransactionStatus.FAILED
                && command(session, statement) instanceof SessionCommand.DeclareCursor declare) {
            request.refusal = duplicate(session, declare.name());
            return request.refusal != null;
        }
        Fetched fetched = fetched(session, statement);
        if (fetched == null) {
            return false;
        }
        String portal = execute.portal();
        if (session.portals.isFetching(portal)) {
            resume(session, request, fetched, Math.max(0, execute.rowsMax()));
            request.effect = new ReplyEffect() {
                @Override
                public void onConfirmed() {
                    session.portals.fetched(portal);
                }
            };
        } else {
            request.target = RouteRefusal.CURSOR_FETCH.because(
                    "its portal has been executed, or was bound before the cursor was declared");
        }
        request.statement = statement;
        return true;
    }

    /** Reads an Execute, or a Describe of the portal, by the name of a cursor. */
    static void readByPortal(Session session, Request request, String portal) {
        ShardPortals.Entry cursor = session.portals.onShards(portal);
        if (cursor == null) {
            return;
        }
        request.target = cursor.shards() == null
                ? at(session, cursor)
                : RouteRefusal.CURSOR_FETCH.because("it is named as a portal of the protocol");
    }

    /** Returns where a statement about a cursor goes that is on one shard, or null. */
    Target.@Nullable At target(Session session, PreparedStatement statement) {
        if (!follows(session, statement.analysis().shape().onlyKind())) {
            return null;
        }
        ShardPortals.Entry cursor = cursor(session, command(session, statement));
        return cursor == null || cursor.shards() != null ? null : at(session, cursor);
    }

    /** Returns where the portal or cursor of a name is that is on one shard, or null. */
    static Target.@Nullable At target(Session session, String portal) {
        ShardPortals.Entry cursor = session.portals.onShards(portal);
        return cursor == null || cursor.shards() != null ? null : at(session, cursor);
    }

    /** Returns what a statement fetches from over several shards, or null. */
    private @Nullable Fetched fetched(Session session, PreparedStatement statement) {
        StatementKind kind = statement.analysis().shape().onlyKind();
        boolean fetches = kind == StatementKind.FETCH || kind == StatementKind.MOVE;
        if (!fetches || !follows(session, kind)) {
            return null;
        }
        if (!(command(session, statement) instanceof SessionCommand.Fetch fetch)) {
            return null;
        }
        ShardPortals.Entry cursor = session.portals.onShards(fetch.cursor());
        return cursor == null || cursor.shards() == null
                ? null
                : new Fetched(fetch, kind == StatementKind.MOVE, cursor);
    }

    private SessionCommand command(Session session, PreparedStatement statement) {
        ByteBuf text = Unpooled.wrappedBuffer(statement.sql());
        boolean conforming = session.texts.standardConformingStrings();
        scan.scan(text, 0, text.readableBytes(), conforming);
        return SessionCommand.read(text, scan.statementStart(0), scan.statementEnd(0), conforming);
    }

    // where it goes

    private static void resume(Session session, Request request, Fetched fetched, int executeMax) {
        SessionCommand.Fetch command = fetched.command;
        if (command.rows() == SessionCommand.Fetch.NOT_FORWARD) {
            request.target = RouteRefusal.CURSOR_FETCH.because("its direction is not forward");
        } else if (executeMax > 0 && executeMax <= command.rows()) {
            request.target = RouteRefusal.CURSOR_FETCH.because("its Execute has a limit of its own");
        } else if (fetched.cursor.isUndone()) {
            request.target = undone();
        } else if (fetched.cursor.query() == null) {
            request.refusal = RouterErrors.portalCannotRun(command.cursor());
        } else {
            int rows = command.rows() == SessionCommand.Fetch.ALL ? 0 : command.rows();
            Target.Work.Resume.By by = fetched.isMove ? Target.Work.Resume.By.MOVE : Target.Work.Resume.By.FETCH;
            request.target = over(session, fetched.cursor, new Target.Work.Resume(command.cursor(), rows, by));
        }
    }

    private static Target.Refused undone() {
        return RouteRefusal.CURSOR_FETCH.because("a ROLLBACK TO has undone what its first FETCH collected");
    }

    /** Returns the target of what goes on with something that is open over several shards. */
    static Target.Scatter over(Session session, ShardPortals.Entry entry, Target.Work.Resume work) {
        SessionRouting.Transaction transaction = session.placement.routing().transaction();
        Target.At at =
                new Target.At(Target.ANY_SHARD, transaction.role(), Reason.SEVERAL_SHARDS, Reason.IN_TRANSACTION);
        return new Target.Scatter(Objects.requireNonNull(entry.shards()), at, work);
    }

    private static Target.At at(Session session, ShardPortals.Entry cursor) {
        SessionRouting.Transaction transaction = session.placement.routing().transaction();
        return new Target.At(cursor.shard(), transaction.role(), Reason.SESSION, Reason.IN_TRANSACTION);
    }
}
