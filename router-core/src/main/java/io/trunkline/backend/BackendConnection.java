// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.backend.ExpectedReplies.Action;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.prepared.BackendStatements;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.StatementOrPortal;
import io.trunkline.wire.TransactionStatus;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One server connection after login: its link, the replies it owes, the settings and prepared statements it carries.
 *
 * <p>Either nobody holds it (it is idle in a pool) or one {@link BackendHolder} does. Bytes come in through {@link #onBytes}, pass the
 * scanner, move {@link ExpectedReplies} and leave to the holder as runs. Confined to one event loop.
 */
public final class BackendConnection {

    /** Hears of the end of a backend nobody holds. */
    public interface IdleListener {
        /** The backend closed, or sent something while idle and was closed. */
        void onIdleLost(BackendConnection backend, RouterError cause);
    }

    /** Receives the outcome of an internal query: text rows, or the first error. Called once, on the event loop. */
    public interface QueryListener {
        /** All rows of the last result; a null element is SQL NULL. */
        void onRows(List<List<@Nullable String>> rows);

        /** The query failed or the backend was lost. */
        void onError(ErrorResponse error);

        /** A NotificationResponse came meanwhile; the buffer holds it alone and is borrowed. */
        default void onNotification(ByteBuf message) {
            // most queries run on backends that listen for nobody
        }
    }

    private final BackendTarget target;
    private final BackendLink link;
    private final BackendKey key;
    private final EventLoopClock clock;
    private final long openedNanos;
    private final Duration ownStatementLimit;
    private final ExpectedReplies expected;
    private final BackendStatements statements;
    private final StatementSender parses;
    private final ParameterReports reports;
    private final ReplyReader replies;
    private final CancelSettling cancels = new CancelSettling(this::roundTrip);
    private Settings settings = Settings.NONE;
    private SequenceValues sequences = SequenceValues.NONE;
    private @Nullable IdleListener idleListener;
    private boolean open = true;

    /** Creates a backend that has just logged in. */
    public BackendConnection(
            BackendTarget target,
            BackendLink link,
            BackendKey key,
            ReportedParameters reported,
            BackendLimits limits,
            EventLoopClock clock) {
        this.target = target;
        this.link = link;
        this.key = key;
        this.clock = clock;
        this.openedNanos = clock.nanoTime();
        this.ownStatementLimit = limits.ownStatement();
        this.expected = new ExpectedReplies(limits.expectedRepliesMax());
        this.statements = new BackendStatements(limits.statementsMax());
        this.parses = new StatementSender(link, expected, statements);
        this.reports = new ParameterReports(reported);
        this.replies = new ReplyReader(
                link.allocator(), expected, statements, reports, limits.inspectedBytesMax(), this::loseWithWords);
    }

    // what it is

    /** Returns whom this backend is connected to and as whom. */
    public BackendTarget target() {
        return target;
    }

    /** Returns the key for cancel requests. */
    public BackendKey key() {
        return key;
    }

    /** Returns the address of the server that has the process of {@link #key}. */
    public SocketAddress address() {
        return link.address();
    }

    /** Returns the nanosecond time of login, for lifetime limits. */
    public long openedNanos() {
        return openedNanos;
    }

    /** Returns true while the connection lives. */
    public boolean isOpen() {
        return open;
    }

    /** Returns the settings this backend carries now. */
    public Settings settings() {
        return settings;
    }

    /** Notes the settings a statement has just given this backend. */
    public void noteSettings(Settings carried) {
        settings = carried;
    }

    /** Returns whose values of sequences this backend remembers. */
    public SequenceValues sequences() {
        return sequences;
    }

    /** Notes whose values of sequences this backend remembers from now on. */
    public void noteSequences(SequenceValues remembered) {
        sequences = remembered;
    }

    /** Notes that DISCARD ALL has been run: nothing of any session is left. */
    public void noteReset() {
        settings = Settings.NONE;
        sequences = SequenceValues.NONE;
        statements.clear();
    }

    /** Returns what the backend reported of its parameters. */
    public ReportedParameters reported() {
        return reports.current();
    }

    /** Returns the prepared statements this backend has. */
    public BackendStatements statements() {
        return statements;
    }

    /** Returns what gives this backend further ones. */
    public StatementSender parses() {
        return parses;
    }

    /** Returns the replies this backend owes. */
    public ExpectedReplies expected() {
        return expected;
    }

    /** Returns the cancel requests sent for this backend. */
    public CancelSettling cancels() {
        return cancels;
    }

    /**
     * Lets the answer to the Query at the front end with that of another one, which is being sent: its own ReadyForQuery, and the parameters that
     * are reported before it, are kept from the client until then.
     */
    public void withholdReadyForQuery() {
        expected.frontAction(Action.SWALLOW);
        reports.withhold();
    }

    /** Returns true when whoever holds this backend has got the beginning of a message whose rest has not come. */
    public boolean isMidForward() {
        return replies.isMidForward();
    }

    /** Returns the link for bytes to the node. */
    public BackendLink link() {
        return link;
    }

    /** Returns the status of the last ReadyForQuery. */
    public TransactionStatus status() {
        return replies.status();
    }

    /** Returns why this backend must not go back to the pool, or null when all invariants hold. */
    public @Nullable String releaseViolation() {
        if (!open) {
            return "closed";
        }
        if (replies.status() != TransactionStatus.IDLE) {
            return "transaction open";
        }
        if (!expected.isEmpty() || expected.isSkipping()) {
            return "replies outstanding";
        }
        if (expected.isCopyingIn()) {
            return "copy in progress";
        }
        if (!replies.isBetweenMessages()) {
            return "partial message";
        }
        if (!cancels.isSettled()) {
            return "cancel in flight";
        }
        return null;
    }

    // who holds it

    /** Gives the backend to a holder; nobody else may hold it. */
    public void attach(BackendHolder newHolder) {
        if (replies.holder() != null) {
            throw new IllegalStateException("backend is held already");
        }
        replies.attach(newHolder);
        idleListener = null;
    }

    /** Takes the backend from its holder. */
    public void detach(BackendHolder formerHolder) {
        if (replies.holder() == formerHolder) {
            replies.detach();
            link.setReading(true);
        }
    }

    /** Marks the backend idle: from now on anything it sends but asynchronous messages closes it and tells the listener. */
    public void becomeIdle(IdleListener listener) {
        idleListener = listener;
    }

    /** Runs a query as the other, within the limit of a backend for statements of the router's own. */
    public void query(String sql, int rowsMax, QueryListener listener) {
        query(sql, rowsMax, ownStatementLimit, listener);
    }

    /**
     * Runs a simple query of the router's own. Only while nobody holds the backend.
     *
     * @param rowsMax more rows are an error, and lose the backend
     * @param limit how long the whole answer may take before the backend is lost: a node may fall silent
     */
    public void query(String sql, int rowsMax, Duration limit, QueryListener listener) {
        if (!open) {
            listener.onError(RouterErrors.backendLost(target.node()).response());
            return;
        }
        attach(new InternalQuery(this, rowsMax, deadline(limit), listener));
        ByteBuf out = link.allocator().buffer(sql.length() + 6);
        FrontendWriter.query(out, sql);
        statements.forgetUnnamed();
        expected.add(Kind.QUERY, Action.FORWARD, null);
        link.write(out);
        link.flush();
    }

    /** Closes portals, those that are not open without an error. Only while nobody holds the backend; the listener hears no rows. */
    public void closePortals(List<String> portals, QueryListener listener) {
        if (!open) {
            listener.onError(RouterErrors.backendLost(target.node()).response());
            return;
        }
        attach(new InternalQuery(this, 0, deadline(ownStatementLimit), listener));
        ByteBuf out = link.allocator().buffer(64);
        for (String portal : portals) {
            FrontendWriter.close(out, StatementOrPortal.Kind.PORTAL, portal);
            expected.add(Kind.CLOSE, Action.FORWARD, null);
        }
        FrontendWriter.sync(out);
        expected.add(Kind.SYNC, Action.FORWARD, null);
        link.write(out);
        link.flush();
    }

    /** Returns the deadline of a statement that a holder sends of its own accord; the answer has to cancel it. */
    public Cancellable ownStatementDeadline() {
        return deadline(ownStatementLimit);
    }

    private Cancellable deadline(Duration limit) {
        return clock.schedule(limit.toNanos(), () -> lose(RouterErrors.ownStatementTimeout(target.node(), limit)));
    }

    /** Has the node answer a query that does nothing, for a late cancel to interrupt. */
    private void roundTrip(Runnable over) {
        query("", 1, new QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                over.run();
            }

            @Override
            public void onError(ErrorResponse error) {
                // 57014 is the late cancel that was waited for; a lost connection shows as a violation
                over.run();
            }
        });
    }

    // bytes in

    /** Bytes from the node; borrowed. */
    public void onBytes(ByteBuf in) {
        if (!open) {
            return;
        }
        try {
            replies.read(in);
        } catch (ProtocolViolation violation) {
            lose(RouterErrors.backendProtocolViolation(target.node(), violation));
        }
    }

    /** The read that led to {@link #onBytes} is over. */
    public void onReadComplete() {
        BackendHolder holder = replies.holder();
        if (holder != null) {
            holder.onReadComplete();
        }
    }

    /** The link takes bytes again, or no longer. */
    public void onWritabilityChanged(boolean writable) {
        BackendHolder holder = replies.holder();
        if (holder != null) {
            holder.onWritabilityChanged(writable);
        }
    }

    /** The connection ended. */
    public void onClosed() {
        if (open) {
            lose(RouterErrors.backendLost(target.node()));
        }
    }

    /** Gives the client the router's own replies that have come to the front. */
    public void drainSynthesized() {
        replies.drainSynthesized();
    }

    // the end

    /** Closes after sending Terminate. Idempotent; nobody is told. */
    public void close(String reason) {
        if (!open) {
            return;
        }
        open = false;
        idleListener = null;
        boolean betweenRequests = replies.isBetweenMessages() && expected.isEmpty();
        replies.close();
        if (betweenRequests) {
            ByteBuf out = link.allocator().buffer(5);
            FrontendWriter.terminate(out);
            link.write(out);
            link.flush();
        }
        link.close();
        expected.undoAll();
    }

    /** Ends the connection because of what the node did, or has become, and tells whoever holds the backend. Idempotent. */
    public void lose(RouterError cause) {
        loseWithWords(cause.response());
    }

    private void loseWithWords(ErrorResponse words) {
        if (!open) {
            return;
        }
        open = false;
        boolean midMessage = replies.isMidForward();
        link.close();
        BackendHolder holder = replies.holder();
        IdleListener listener = idleListener;
        replies.close();
        idleListener = null;
        if (holder != null) {
            holder.onLost(words, midMessage);
        }
        expected.undoAll();
        if (listener != null) {
            listener.onIdleLost(this, new RouterError(RouterError.Kind.BACKEND, words));
        }
    }
}
