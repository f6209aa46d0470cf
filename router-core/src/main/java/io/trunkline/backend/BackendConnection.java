// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.ExpectedReplies.Action;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.prepared.BackendStatements;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.MessageScanner;
import io.trunkline.wire.MessageScanner.Disposition;
import io.trunkline.wire.ParameterStatus;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.SqlState;
import io.trunkline.wire.TransactionStatus;
import io.trunkline.wire.WireText;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One server connection after login: its link, the replies it owes, the settings and prepared statements it carries.
 *
 * <p>Either nobody holds it (it is idle in a pool) or one {@link BackendHolder} does. Bytes come in through {@link #onBytes}, pass the
 * scanner, move {@link ExpectedReplies} and leave to the holder as runs. Confined to one event loop.
 */
public final class BackendConnection implements MessageScanner.Listener {

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
    }

    /** Where "cached plan must not change result type" comes from, whatever the language of the message. */
    private static final String RESULT_CHANGED = "RevalidateCachedQuery";

    private final BackendTarget target;
    private final BackendLink link;
    private final BackendKey key;
    private final long openedNanos;
    private final MessageScanner scanner;
    private final ExpectedReplies expected;
    private final BackendStatements statements;
    private final ParameterStatus parameterStatus = new ParameterStatus();
    private ReportedParameters reported;
    private Settings settings = Settings.NONE;
    private TransactionStatus status = TransactionStatus.IDLE;
    private @Nullable BackendHolder holder;
    private @Nullable IdleListener idleListener;
    private @Nullable ErrorResponse lastWords;
    private @Nullable Map<String, String> withheld;
    private boolean requestsFailed;
    private boolean open = true;
    private boolean scanning;
    private int cancelsInFlight;
    private boolean cancelSettling;
    private @Nullable Runnable onCancelsDelivered;

    /** Creates a backend that has just logged in. */
    public BackendConnection(
            BackendTarget target,
            BackendLink link,
            BackendKey key,
            ReportedParameters reported,
            BackendLimits limits,
            long openedNanos) {
        this.target = target;
        this.link = link;
        this.key = key;
        this.reported = reported;
        this.openedNanos = openedNanos;
        this.scanner = new MessageScanner(
                MessageScanner.Direction.FROM_BACKEND, limits.inspectedBytesMax(), MessageScanner.LENGTH_MAX);
        this.expected = new ExpectedReplies(limits.expectedRepliesMax());
        this.statements = new BackendStatements(limits.statementsMax());
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

    /** Notes that DISCARD ALL has been run: nothing of any session is left. */
    public void noteReset() {
        settings = Settings.NONE;
        statements.clear();
    }

    /** Returns what the backend reported of its parameters. */
    public ReportedParameters reported() {
        return reported;
    }

    /** Returns the prepared statements this backend has. */
    public BackendStatements statements() {
        return statements;
    }

    /** Returns the replies this backend owes. */
    public ExpectedReplies expected() {
        return expected;
    }

    /**
     * Lets the answer to the Query at the front end with that of another one, which is being sent: its own ReadyForQuery, and the parameters that
     * are reported before it, are kept from the client until then.
     */
    public void withholdReadyForQuery() {
        expected.frontAction(Action.SWALLOW);
        if (withheld == null) {
            withheld = new LinkedHashMap<>();
        }
    }

    /** Returns the link for bytes to the node. */
    public BackendLink link() {
        return link;
    }

    /** Returns the status of the last ReadyForQuery. */
    public TransactionStatus status() {
        return status;
    }

    /** Returns why this backend must not go back to the pool, or null when all invariants hold. */
    public @Nullable String releaseViolation() {
        if (!open) {
            return "closed";
        }
        if (status != TransactionStatus.IDLE) {
            return "transaction open";
        }
        if (!expected.isEmpty() || expected.isSkipping()) {
            return "replies outstanding";
        }
        if (expected.isCopyingIn()) {
            return "copy in progress";
        }
        if (!scanner.isQuiet()) {
            return "partial message";
        }
        if (cancelsInFlight > 0 || cancelSettling) {
            return "cancel in flight";
        }
        return null;
    }

    // who holds it

    /** Gives the backend to a holder; nobody else may hold it. */
    public void attach(BackendHolder newHolder) {
        if (holder != null) {
            throw new IllegalStateException("backend is held already");
        }
        holder = newHolder;
        idleListener = null;
    }

    /** Takes the backend from its holder. */
    public void detach(BackendHolder formerHolder) {
        if (holder == formerHolder) {
            holder = null;
            withheld = null;
            link.setReading(true);
        }
    }

    /** Marks the backend idle: from now on anything it sends but asynchronous messages closes it and tells the listener. */
    public void becomeIdle(IdleListener listener) {
        idleListener = listener;
    }

    /** Runs a simple query of the router's own; more than {@code rowsMax} rows are an error. Only while nobody holds the backend. */
    public void query(String sql, int rowsMax, QueryListener listener) {
        if (!open) {
            listener.onError(RouterErrors.backendLost(target.node()).response());
            return;
        }
        attach(new InternalQuery(this, rowsMax, listener));
        ByteBuf out = link.allocator().buffer(sql.length() + 6);
        FrontendWriter.query(out, sql);
        statements.forgetUnnamed();
        expected.add(Kind.QUERY, Action.FORWARD, null);
        link.write(out);
        link.flush();
    }

    /** A cancel request for this backend is on its way: it cannot be given back until {@link #cancelDelivered}. */
    public void cancelSent() {
        cancelsInFlight++;
    }

    /** The node has closed the connection that carried the cancel request, so the signal was sent. */
    public void cancelDelivered() {
        cancelsInFlight--;
        Runnable then = onCancelsDelivered;
        if (cancelsInFlight == 0 && then != null) {
            onCancelsDelivered = null;
            then.run();
        }
    }

    /**
     * Runs {@code settled} once no cancel request can hit this backend any more: all were delivered, and a round trip after that has given a
     * late signal something of the router's own to interrupt. Runs at once when no cancel was sent. Only while nobody holds the backend.
     */
    public void settleCancels(Runnable settled) {
        if (cancelsInFlight > 0) {
            cancelSettling = true;
            onCancelsDelivered = () -> settleCancels(settled);
        } else if (cancelSettling) {
            query("", 1, new QueryListener() {
                @Override
                public void onRows(List<List<@Nullable String>> rows) {
                    cancelSettling = false;
                    settled.run();
                }

                @Override
                public void onError(ErrorResponse error) {
                    // 57014 is the late cancel that was waited for; a lost connection shows as a violation
                    cancelSettling = false;
                    settled.run();
                }
            });
        } else {
            settled.run();
        }
    }

    /** Returns true when a cancel request is, or may still be, on its way. */
    public boolean needsCancelSettling() {
        return cancelsInFlight > 0 || cancelSettling;
    }

    /** Notes that a cancel request was delivered while a request ran, so that a signal may arrive late. */
    public void noteCancelled() {
        cancelSettling = true;
    }

    // bytes in

    /** Bytes from the node; borrowed. */
    public void onBytes(ByteBuf in) {
        if (!open) {
            return;
        }
        scanning = true;
        try {
            scanner.scan(in, this);
        } catch (ProtocolViolation violation) {
            lose(RouterErrors.backendProtocolViolation(target.node(), violation));
        } finally {
            scanning = false;
            if (!open) {
                scanner.close();
            }
        }
    }

    /** The read that led to {@link #onBytes} is over. */
    public void onReadComplete() {
        if (holder != null) {
            holder.onReadComplete();
        }
    }

    /** The link takes bytes again, or no longer. */
    public void onWritabilityChanged(boolean writable) {
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

    @Override
    public Disposition onMessage(byte tag, int length, ByteBuf buffer, int index, int available) {
        if (!open) {
            return Disposition.SKIP;
        }
        switch (tag) {
            case BackendTag.DATA_ROW:
            case BackendTag.COPY_DATA:
            case BackendTag.COPY_DONE:
            case BackendTag.COPY_OUT_RESPONSE:
                if (!isAnswering()) {
                    throw unexpected(tag);
                }
                return frontDisposition();
            case BackendTag.COMMAND_COMPLETE:
                return onCommandComplete(buffer, index);
            case BackendTag.READY_FOR_QUERY:
                return onReadyForQuery(TransactionStatus.read(buffer, index, available));
            case BackendTag.PARSE_COMPLETE:
                return onCompletion(tag, Kind.PARSE);
            case BackendTag.BIND_COMPLETE:
                return onCompletion(tag, Kind.BIND);
            case BackendTag.CLOSE_COMPLETE:
                return onCompletion(tag, Kind.CLOSE);
            default:
                return onRareMessage(tag, length, buffer, index, available);
        }
    }

    private Disposition onRareMessage(byte tag, int length, ByteBuf buffer, int index, int available) {
        switch (tag) {
            case BackendTag.ROW_DESCRIPTION:
            case BackendTag.NO_DATA:
                if (!expected.isEmpty()
                        && (expected.frontKind() == Kind.DESCRIBE_STATEMENT
                                || expected.frontKind() == Kind.DESCRIBE_PORTAL)) {
                    return complete();
                }
                if (tag == BackendTag.NO_DATA || !isAnswering()) {
                    throw unexpected(tag);
                }
                return frontDisposition();
            case BackendTag.PARAMETER_DESCRIPTION:
                if (expected.isEmpty() || expected.frontKind() != Kind.DESCRIBE_STATEMENT) {
                    throw unexpected(tag);
                }
                ReplyEffect effect = expected.frontEffect();
                if (effect != null && available > length) {
                    effect.onParameterDescription(buffer, index);
                }
                return frontDisposition();
            case BackendTag.EMPTY_QUERY_RESPONSE:
            case BackendTag.PORTAL_SUSPENDED:
                return onStatementEnd(tag);
            case BackendTag.FUNCTION_CALL_RESPONSE:
                if (expected.isEmpty() || expected.frontKind() != Kind.FUNCTION_CALL) {
                    throw unexpected(tag);
                }
                return frontDisposition();
            case BackendTag.COPY_IN_RESPONSE:
                if (!isAnswering()) {
                    throw unexpected(tag);
                }
                expected.startCopyIn();
                return frontDisposition();
            case BackendTag.ERROR_RESPONSE:
                return onError(ErrorResponse.parse(buffer, index, available));
            case BackendTag.NOTICE_RESPONSE:
                return holder == null ? Disposition.SKIP : asynchronous();
            case BackendTag.NOTIFICATION_RESPONSE:
                return holder != null && holder.wantsNotification(buffer, index, available)
                        ? asynchronous()
                        : Disposition.SKIP;
            case BackendTag.PARAMETER_STATUS:
                onParameterStatus(parameterStatus.wrap(buffer, index, available));
                return Disposition.SKIP;
            default:
                throw unexpected(tag);
        }
    }

    private boolean isAnswering() {
        return !expected.isEmpty() && (expected.frontKind() == Kind.QUERY || expected.frontKind() == Kind.EXECUTE);
    }

    /** Notices and notifications are never part of a swallowed reply: they reach whoever holds the backend. */
    private Disposition asynchronous() {
        return Disposition.FORWARD;
    }

    private Disposition frontDisposition() {
        return expected.frontAction() == Action.FORWARD ? Disposition.FORWARD : Disposition.SKIP;
    }

    private Disposition onCompletion(byte tag, Kind kind) {
        if (expected.isEmpty() || expected.frontKind() != kind) {
            throw unexpected(tag);
        }
        return complete();
    }

    private Disposition onCommandComplete(ByteBuf buffer, int index) {
        // A server that reads COPY data completes nothing before it has read its end.
        if (!isAnswering() || expected.isCopyingIn()) {
            throw unexpected(BackendTag.COMMAND_COMPLETE);
        }
        ReplyEffect effect = expected.frontEffect();
        if (effect == null || !effect.wantsCommandComplete()) {
            return expected.frontKind() == Kind.EXECUTE ? complete() : frontDisposition();
        }
        if (expected.frontKind() == Kind.EXECUTE) {
            effect.onCommandComplete(buffer, index);
            return complete();
        }
        // Whose statement this was decides about its own message, not what the effect makes of the rest.
        Disposition disposition = frontDisposition();
        effect.onCommandComplete(buffer, index);
        if (expected.frontAction() != Action.SWALLOW) {
            expected.frontAction(effect.hidesNext() ? Action.READY_ONLY : Action.FORWARD);
        }
        return disposition;
    }

    private Disposition onStatementEnd(byte tag) {
        if (!isAnswering() || expected.isCopyingIn()) {
            throw unexpected(tag);
        }
        return expected.frontKind() == Kind.EXECUTE ? complete() : frontDisposition();
    }

    private Disposition complete() {
        refuseSuccessOfTheRefused();
        boolean forward = expected.frontAction() == Action.FORWARD;
        expected.completeFront();
        return disposition(forward, false);
    }

    private Disposition disposition(boolean forward, boolean always) {
        boolean stop = always
                || !expected.isEmpty()
                        && (expected.frontAction() == Action.SYNTHESIZE || expected.frontKind() == Kind.COPY_END);
        if (forward) {
            return stop ? Disposition.FORWARD_THEN_BREAK : Disposition.FORWARD;
        }
        return stop ? Disposition.SKIP_THEN_BREAK : Disposition.SKIP;
    }

    private Disposition onReadyForQuery(TransactionStatus newStatus) {
        if (expected.isEmpty() || expected.frontKind().isExtended() || expected.isCopyingIn()) {
            throw unexpected(BackendTag.READY_FOR_QUERY);
        }
        if (!requestsFailed) {
            refuseSuccessOfTheRefused();
        }
        status = newStatus;
        boolean forward = expected.frontAction() != Action.SWALLOW;
        if (expected.frontAction() == Action.READY_ONLY) {
            tellWithheld();
        }
        boolean failed = requestsFailed;
        requestsFailed = false;
        if (failed) {
            ReplyEffect effect = expected.frontEffect();
            expected.dropFront();
            if (effect != null) {
                effect.onUndone();
            }
        } else {
            expected.completeFront();
        }
        if (forward && holder != null && holder.speaksBeforeReadyForQuery()) {
            scanner.emitRun(this);
        }
        if (holder != null && forward) {
            holder.onReadyForQuery(newStatus, failed);
        }
        return disposition(forward, expected.isEmpty());
    }

    private Disposition onError(ErrorResponse error) {
        if (error.isFatal()) {
            // The node is about to end the connection: nothing it sends behind this counts, and nobody must be given
            // the
            // backend before the end is seen. What the client hears of it is for the holder to say.
            lastWords = error;
            scanner.emitRun(this);
            lose(RouterErrors.backendLost(target.node()));
            return Disposition.SKIP;
        }
        if (expected.isEmpty()) {
            throw unexpected(BackendTag.ERROR_RESPONSE);
        }
        ReplyEffect effect = expected.frontEffect();
        boolean substitute = expected.frontAction() == Action.SUBSTITUTE_ERROR;
        // A Sync can fail too, when it commits: its ReadyForQuery still comes and its effect fails with it.
        requestsFailed = true;
        noteOutdated(error);
        ErrorResponse told = substitute && effect instanceof SubstituteError replacement
                ? replacement.error().response()
                : inClientsWords(error, effect);
        expected.failFront();
        if (told == error || holder == null) {
            return Disposition.FORWARD;
        }
        scanner.emitRun(this);
        // What came before may have been what the holder had enough of.
        if (holder != null) {
            ByteBuf out = link.allocator().buffer(256);
            told.encode(out);
            holder.onSynthesized(out);
        }
        return Disposition.SKIP;
    }

    /** Returns the error as if the backend had been sent what the client sent: with the client's name for its statement. */
    private ErrorResponse inClientsWords(ErrorResponse error, @Nullable ReplyEffect effect) {
        PreparedStatement statement = expected.frontStatement();
        String name = expected.frontName();
        ErrorResponse named = statement == null || name == null
                ? error
                : error.replacing(WireText.read(statement.backendName()), name);
        return effect == null ? named : effect.translate(named);
    }

    /** A statement that would return other columns than when it was parsed, or that the backend has lost. */
    private void noteOutdated(ErrorResponse error) {
        PreparedStatement statement = expected.frontStatement();
        if (statement == null) {
            return;
        }
        if (error.is(SqlState.FEATURE_NOT_SUPPORTED) && RESULT_CHANGED.equals(error.field(ErrorResponse.ROUTINE))) {
            statement.retire();
        } else if (error.is(SqlState.INVALID_SQL_STATEMENT_NAME)) {
            // Something the router did not see has deallocated it, such as a function that ran DEALLOCATE ALL.
            statements.remove(statement);
        }
    }

    private void onParameterStatus(ParameterStatus parameter) {
        if (parameter.length() > ReportedParameters.MESSAGE_BYTES_MAX) {
            throw ProtocolViolation.fatal("reported parameter of " + parameter.length() + " bytes (expected: at most "
                    + ReportedParameters.MESSAGE_BYTES_MAX + ")");
        }
        String name = parameter.name();
        String value = parameter.value();
        if (reported.count() >= ReportedParameters.COUNT_MAX && reported.get(name) == null) {
            throw ProtocolViolation.fatal("more than " + ReportedParameters.COUNT_MAX + " reported parameters");
        }
        reported = reported.with(name, value);
        if (withheld != null) {
            withheld.put(name, value);
            return;
        }
        // What comes before may be what the holder has had enough of.
        scanner.emitRun(this);
        if (holder != null) {
            holder.onParameterStatus(name, value);
        }
    }

    private void tellWithheld() {
        Map<String, String> parameters = withheld;
        withheld = null;
        if (parameters == null) {
            return;
        }
        scanner.emitRun(this);
        if (holder != null) {
            parameters.forEach(holder::onParameterStatus);
        }
    }

    /** The backend was made to fail in the place of a request that is refused; one that succeeds there has run who knows what. */
    private void refuseSuccessOfTheRefused() {
        if (expected.frontAction() == Action.SUBSTITUTE_ERROR) {
            throw ProtocolViolation.fatal("success in answer to a statement that is none");
        }
    }

    /** Returns what to throw: the scanner hands over what came before, then the backend is lost. */
    private static ProtocolViolation unexpected(byte tag) {
        return ProtocolViolation.fatal("unexpected message type 0x" + Integer.toHexString(tag & 0xff));
    }

    @Override
    public void onRun(ByteBuf buffer, int index, int length) {
        if (holder != null) {
            holder.onRun(buffer, index, length);
        }
    }

    @Override
    public void onBreak() {
        drainSynthesized();
        if (expected.isEmpty() && !expected.isSkipping() && holder != null) {
            holder.onQuiet();
        }
    }

    /** Gives the client the router's own replies that have come to the front. */
    public void drainSynthesized() {
        expected.dropStrayCopyEnds();
        if (expected.isEmpty() || expected.frontAction() != Action.SYNTHESIZE || holder == null) {
            return;
        }
        ByteBuf out = link.allocator().buffer(64);
        while (!expected.isEmpty() && expected.frontAction() == Action.SYNTHESIZE) {
            if (expected.frontEffect() instanceof Synthesis synthesis) {
                synthesis.writeTo(out, status);
            }
            expected.completeFront();
            expected.dropStrayCopyEnds();
        }
        holder.onSynthesized(out);
    }

    // the end

    /** Closes after sending Terminate. Idempotent; nobody is told. */
    public void close(String reason) {
        if (open) {
            open = false;
            holder = null;
            idleListener = null;
            if (scanner.isQuiet() && expected.isEmpty()) {
                ByteBuf out = link.allocator().buffer(5);
                FrontendWriter.terminate(out);
                link.write(out);
                link.flush();
            }
            link.close();
            expected.undoAll();
            closeScanner();
            Runnable then = onCancelsDelivered;
            onCancelsDelivered = null;
            if (then != null) {
                then.run();
            }
        }
    }

    private void closeScanner() {
        if (!scanning) {
            scanner.close();
        }
    }

    /** Ends the connection because of what the node did, and tells whoever holds the backend. Idempotent. */
    void lose(RouterError cause) {
        if (!open) {
            return;
        }
        open = false;
        ErrorResponse words = lastWords == null ? cause.response() : lastWords;
        boolean midMessage = scanner.isMidForward();
        link.close();
        closeScanner();
        BackendHolder lostHolder = holder;
        IdleListener listener = idleListener;
        holder = null;
        idleListener = null;
        if (lostHolder != null) {
            lostHolder.onLost(words, midMessage);
        }
        expected.undoAll();
        if (listener != null) {
            listener.onIdleLost(this, new RouterError(RouterError.Kind.BACKEND, words));
        }
        Runnable then = onCancelsDelivered;
        onCancelsDelivered = null;
        if (then != null) {
            then.run();
        }
    }
}
