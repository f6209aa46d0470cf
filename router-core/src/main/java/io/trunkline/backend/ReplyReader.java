// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.backend.ExpectedReplies.Action;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.prepared.BackendStatements;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.MessageScanner;
import io.trunkline.wire.MessageScanner.Disposition;
import io.trunkline.wire.ParameterStatus;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.SqlState;
import io.trunkline.wire.TransactionStatus;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The reader of what one backend sends: finds for each message the reply that is owed, says whether the holder of the backend gets it, and moves
 * {@link ExpectedReplies}.
 *
 * <p>Owns the scanner of the backend's bytes, and what the last answers said: the transaction status and the reported parameters. What passes
 * leaves to the holder as runs, the router's own answers and errors in their places between them. A message that answers nothing is a {@link
 * ProtocolViolation}. One per {@link BackendConnection}, which alone begins and ends it; confined to its event loop.
 */
final class ReplyReader implements MessageScanner.Listener {
    private final ByteBufAllocator allocator;
    private final ExpectedReplies expected;
    private final BackendStatements statements;
    private final ParameterReports reports;
    private final Consumer<ErrorResponse> onFatal;
    private final MessageScanner scanner;
    private final ParameterStatus parameterStatus = new ParameterStatus();
    private TransactionStatus status = TransactionStatus.IDLE;
    private @Nullable BackendHolder holder;
    /** Whether an error came since the last ReadyForQuery. */
    private boolean requestsFailed;
    /** All that was owed has come, and what came with it may not have been read. */
    private boolean answered;

    /**
     * Begins behind the ReadyForQuery of the login.
     *
     * @param onFatal hears the error by which the node ends the connection, and closes this reader
     */
    ReplyReader(
            ByteBufAllocator allocator,
            ExpectedReplies expected,
            BackendStatements statements,
            ParameterReports reports,
            int inspectedBytesMax,
            Consumer<ErrorResponse> onFatal) {
        this.allocator = allocator;
        this.expected = expected;
        this.statements = statements;
        this.reports = reports;
        this.onFatal = onFatal;
        this.scanner =
                new MessageScanner(MessageScanner.Direction.FROM_BACKEND, inspectedBytesMax, MessageScanner.LENGTH_MAX);
    }

    /** Returns the status of the last ReadyForQuery. */
    TransactionStatus status() {
        return status;
    }

    /** Returns who gets what passes, or null. */
    @Nullable
    BackendHolder holder() {
        return holder;
    }

    /** From now on that holder gets what passes. */
    void attach(BackendHolder newHolder) {
        holder = newHolder;
    }

    /** From now on nobody gets what passes. */
    void detach() {
        holder = null;
        reports.takeWithheld();
    }

    /** Returns true at the boundary between two messages. */
    boolean isBetweenMessages() {
        return scanner.isQuiet();
    }

    /** Returns true when the holder was given a part of a message and not its end. */
    boolean isMidForward() {
        return scanner.isMidForward();
    }

    /** Drops what else arrives; nobody is told. Idempotent. */
    void close() {
        scanner.close();
        detach();
    }

    /**
     * Reads bytes; borrowed.
     *
     * @throws ProtocolViolation at a message that is none or answers nothing; the reader is to be closed
     */
    void read(ByteBuf in) {
        scanner.scan(in, this);
        tellQuiet();
    }

    /**
     * Tells the holder that nothing is owed, once all that came with the last reply has been read: whoever gets the backend next must not be given
     * an answer that was not asked for, and what may come at any time is for the one who holds it now.
     */
    private void tellQuiet() {
        if (answered && scanner.isQuiet()) {
            answered = false;
            if (isQuiet() && holder != null) {
                holder.onQuiet();
            }
        }
    }

    private boolean isQuiet() {
        return expected.isEmpty() && !expected.isSkipping();
    }

    @Override
    public Disposition onMessage(byte tag, int length, ByteBuf buffer, int index, int available) {
        return switch (tag) {
            case BackendTag.DATA_ROW, BackendTag.COPY_DATA, BackendTag.COPY_DONE, BackendTag.COPY_OUT_RESPONSE ->
                onPartOfAnswer(tag);
            case BackendTag.COMMAND_COMPLETE -> onCommandComplete(buffer, index);
            case BackendTag.READY_FOR_QUERY -> onReadyForQuery(TransactionStatus.read(buffer, index, available));
            case BackendTag.PARSE_COMPLETE -> onCompletion(tag, Kind.PARSE);
            case BackendTag.BIND_COMPLETE -> onCompletion(tag, Kind.BIND);
            case BackendTag.CLOSE_COMPLETE -> onCompletion(tag, Kind.CLOSE);
            default -> onRareMessage(tag, length, buffer, index, available);
        };
    }

    private Disposition onRareMessage(byte tag, int length, ByteBuf buffer, int index, int available) {
        return switch (tag) {
            case BackendTag.ROW_DESCRIPTION -> isDescribing() ? complete() : onPartOfAnswer(tag);
            case BackendTag.NO_DATA -> onNoData();
            case BackendTag.PARAMETER_DESCRIPTION -> onParameterDescription(length, buffer, index, available);
            case BackendTag.EMPTY_QUERY_RESPONSE, BackendTag.PORTAL_SUSPENDED -> onStatementEnd(tag);
            case BackendTag.FUNCTION_CALL_RESPONSE -> onPartOf(tag, Kind.FUNCTION_CALL);
            case BackendTag.COPY_IN_RESPONSE -> onCopyInResponse();
            case BackendTag.ERROR_RESPONSE -> onError(ErrorResponse.parse(buffer, index, available));
            // Never part of a swallowed reply: they reach whoever holds the backend.
            case BackendTag.NOTICE_RESPONSE -> holder == null ? Disposition.SKIP : Disposition.FORWARD;
            case BackendTag.NOTIFICATION_RESPONSE ->
                holder != null && holder.wantsNotification(buffer, index, available)
                        ? Disposition.FORWARD
                        : Disposition.SKIP;
            case BackendTag.PARAMETER_STATUS -> onParameterStatus(parameterStatus.wrap(buffer, index, available));
            default -> throw unexpected(tag);
        };
    }

    private Disposition onPartOfAnswer(byte tag) {
        if (!isAnswering()) {
            throw unexpected(tag);
        }
        return frontDisposition();
    }

    private Disposition onPartOf(byte tag, Kind kind) {
        if (expected.isEmpty() || expected.frontKind() != kind) {
            throw unexpected(tag);
        }
        return frontDisposition();
    }

    private Disposition onCompletion(byte tag, Kind kind) {
        if (expected.isEmpty() || expected.frontKind() != kind) {
            throw unexpected(tag);
        }
        return complete();
    }

    private Disposition onNoData() {
        if (!isDescribing()) {
            throw unexpected(BackendTag.NO_DATA);
        }
        return complete();
    }

    private Disposition onParameterDescription(int length, ByteBuf buffer, int index, int available) {
        Disposition disposition = onPartOf(BackendTag.PARAMETER_DESCRIPTION, Kind.DESCRIBE_STATEMENT);
        ReplyEffect effect = expected.frontEffect();
        if (effect != null && available > length) {
            effect.onParameterDescription(buffer, index);
        }
        return disposition;
    }

    private Disposition onCopyInResponse() {
        Disposition disposition = onPartOfAnswer(BackendTag.COPY_IN_RESPONSE);
        expected.startCopyIn();
        return disposition;
    }

    private boolean isAnswering() {
        return !expected.isEmpty() && (expected.frontKind() == Kind.QUERY || expected.frontKind() == Kind.EXECUTE);
    }

    private boolean isDescribing() {
        return !expected.isEmpty()
                && (expected.frontKind() == Kind.DESCRIBE_STATEMENT || expected.frontKind() == Kind.DESCRIBE_PORTAL);
    }

    private Disposition frontDisposition() {
        return expected.frontAction() == Action.FORWARD ? Disposition.FORWARD : Disposition.SKIP;
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
        if (!expected.frontAction().isUnseen()) {
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
        boolean forward = !expected.frontAction().isUnseen();
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
            // the backend before the end is seen. What the client hears of it is for the holder to say.
            scanner.emitRun(this);
            onFatal.accept(error);
            return Disposition.SKIP;
        }
        if (expected.isEmpty()) {
            throw unexpected(BackendTag.ERROR_RESPONSE);
        }
        if (expected.frontAction() == Action.IGNORE) {
            requestsFailed = true;
            expected.failFront();
            return Disposition.SKIP;
        }
        // A Sync can fail too, when it commits: its ReadyForQuery still comes and its effect fails with it.
        requestsFailed = true;
        PreparedStatement statement = expected.frontStatement();
        if (statement != null) {
            boolean unusable = statements.onError(statement, error);
            if (unusable && expected.frontKind() == Kind.BIND && holder != null) {
                // Whether the client has heard anything is asked in there.
                scanner.emitRun(this);
                if (holder != null && holder.repeatsWithout(statement)) {
                    return Disposition.SKIP;
                }
            }
        }
        ErrorResponse told = expected.frontError(error);
        if (holder != null && told.is(SqlState.QUERY_CANCELED)) {
            scanner.emitRun(this);
            told = holder == null ? told : holder.onCanceled(told);
        }
        boolean ahead = expected.frontAction() == Action.SWALLOW_AHEAD;
        expected.failFront();
        if (ahead) {
            return Disposition.SKIP;
        }
        if (told == error || holder == null) {
            return Disposition.FORWARD;
        }
        scanner.emitRun(this);
        // What came before may have been what the holder had enough of.
        if (holder != null) {
            ByteBuf out = allocator.buffer(256);
            told.encode(out);
            holder.onSynthesized(out);
        }
        return Disposition.SKIP;
    }

    private Disposition onParameterStatus(ParameterStatus parameter) {
        if (parameter.length() > ReportedParameters.MESSAGE_BYTES_MAX) {
            throw ProtocolViolation.fatal("reported parameter of " + parameter.length() + " bytes (expected: at most "
                    + ReportedParameters.MESSAGE_BYTES_MAX + ")");
        }
        String name = parameter.name();
        String value = parameter.value();
        if (reports.note(name, value)) {
            // What comes before may be what the holder has had enough of.
            scanner.emitRun(this);
            if (holder != null) {
                holder.onParameterStatus(name, value);
            }
        }
        return Disposition.SKIP;
    }

    private void tellWithheld() {
        Map<String, String> parameters = reports.takeWithheld();
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
        answered |= isQuiet();
    }

    /** Gives the client the router's own replies that have come to the front. */
    void drainSynthesized() {
        expected.dropStrayCopyEnds();
        if (expected.isEmpty() || expected.frontAction() != Action.SYNTHESIZE || holder == null) {
            return;
        }
        ByteBuf out = allocator.buffer(64);
        while (!expected.isEmpty() && expected.frontAction() == Action.SYNTHESIZE) {
            if (expected.frontEffect() instanceof Synthesis synthesis) {
                synthesis.writeTo(out, status);
            }
            expected.completeFront();
            expected.dropStrayCopyEnds();
        }
        holder.onSynthesized(out);
    }
}
