// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.SequenceValues;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.routing.Target;
import io.trunkline.session.SessionState.Gathering;
import io.trunkline.session.SessionState.Idle;
import io.trunkline.session.SessionState.Stranded;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.sql.TransactionMode;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.MessageScanner.Disposition;
import io.trunkline.wire.TransactionStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one client while it has no backend: held until it is known where they go, then dispatched, answered here or refused.
 *
 * <p>Owns the batch, and with it the BEGIN that was answered here and waits for the statement that fixes the shard. Belongs to its
 * {@link Session}; at work in the states Idle and Gathering, and when a batch that is Leasing is refused.
 */
final class RequestGathering {
    private final Session session;
    private final Worker worker;
    private final SessionInput input;
    private final RequestSkipping skipping;
    private RequestBatch batch;
    /** Whether the batch ends its group, when it was dispatched last. */
    private boolean dispatchedComplete;

    RequestGathering(Session session, SessionInput input, RequestSkipping skipping) {
        this.session = session;
        this.worker = session.worker;
        this.input = input;
        this.skipping = skipping;
        this.batch = worker.emptyBatch();
    }

    /** A message while its destination is unknown. */
    Disposition gather(Request request) {
        switch (request.tag) {
            case FrontendTag.COPY_DATA, FrontendTag.COPY_DONE, FrontendTag.COPY_FAIL -> {
                if (!batch.needsBackend()) {
                    // Left over from a copy that failed: PostgreSQL ignores it outside a copy.
                    return Disposition.SKIP;
                }
                // Data for the COPY that is held, sent without waiting for the invitation.
                input.offerAgain(request.tag);
                dispatch(false);
                return Disposition.PAUSE;
            }
            default -> {
                if (!worker.reader().read(session, request)) {
                    return Disposition.PAUSE;
                }
            }
        }
        if (request.refusal != null && !batch.needsBackend()) {
            if (!batch.isEmpty()) {
                answer();
            }
            refuse(request, request.refusal.response());
            return Disposition.SKIP;
        }
        // The error of a refused message comes in its place, behind the answers to those before it.
        if (request.isPartial() && request.refusal == null) {
            // Too long to hold: it stays where it is until there is a backend it can stream to.
            batch.target(session.placement.combine(batch.target(), request));
            input.offerAgain(request.tag);
            dispatch(false);
            return Disposition.PAUSE;
        }
        session.planned.accepted(request);
        hold(request);
        session.become(Gathering.INSTANCE);
        switch (request.tag) {
            case FrontendTag.SYNC, FrontendTag.QUERY, FrontendTag.FUNCTION_CALL -> dispatch(true);
            case FrontendTag.FLUSH -> dispatch(false);
            case FrontendTag.EXECUTE -> {
                // What follows may stand within the copy.
                if (isCopyIn(request) || batch.heldBytes() > worker.limits().heldBytesMax()) {
                    dispatch(false);
                }
            }
            default -> {
                if (batch.heldBytes() > worker.limits().heldBytesMax()) {
                    dispatch(false);
                }
            }
        }
        return Disposition.SKIP;
    }

    private static boolean isCopyIn(Request request) {
        AnalyzedQuery analysis = request.analysis;
        if (analysis == null) {
            return false;
        }
        List<StatementShape> statements = analysis.shape().statements();
        return statements.size() == 1 && statements.get(0).kind() == StatementKind.COPY_IN;
    }

    private void hold(Request request) {
        Request held = worker.keep(request);
        batch.add(held, session.placing());
        batch.target(session.placement.combine(batch.target(), held));
    }

    /** Decides where the batch goes; {@code complete} is false when more of the same group may follow. */
    private void dispatch(boolean complete) {
        dispatchedComplete = complete;
        if (input.longTag() == 0 && !batch.needsBackend()) {
            answer();
            return;
        }
        Target target = session.placement.settle(batch.target(), complete);
        if (target instanceof Target.Refused refused) {
            worker.metrics().refused(refused.code());
            refuse(refused.error().response());
            return;
        }
        if (target instanceof Target.Scatter scatter) {
            scatter(scatter, complete);
            return;
        }
        Target.At at = (Target.At) target;
        session.placement.placing(at);
        session.lease(at);
    }

    private void scatter(Target.Scatter target, boolean complete) {
        Target.Refused problem = input.longTag() != 0
                ? RouteRefusal.SCATTER_TOO_LONG.because(
                        "the limit is " + worker.limits().inspectedBytesMax() + " bytes")
                : target.isWrite() && worker.decisions() == null && !isBegun()
                        ? RouteRefusal.SCATTER_WITHOUT_DECISIONS.because("topology.source is file")
                        // The data of a copy come before the end of its group.
                        : ScatterBatch.problem(
                                batch.requests(), complete || target.work() instanceof Target.Work.CopyIn);
        if (problem == null && isBegun()) {
            session.shards.scattered().begin(take(), target);
        } else if (problem == null) {
            ScatteredWork.begin(session, take(), target);
        } else {
            worker.metrics().refused(problem.code());
            refuse(problem.error().response());
        }
    }

    /** Returns true while the batch belongs where it was sent for. */
    boolean isInPlace() {
        return batch.isPlacedAs(session.placing());
    }

    /** Returns whose values of sequences the batch asks for, or null. */
    @Nullable
    SequenceValues wantedSequences() {
        return session.sequences.wanted(batch.requests());
    }

    /** Hands over the batch, which has its backend now; who takes it gives it back to the worker. */
    RequestBatch take() {
        RequestBatch dispatched = batch;
        batch = worker.emptyBatch();
        return dispatched;
    }

    /** Finds another backend for a batch that has been sent and had no effect. */
    void dispatchAgain(RequestBatch sent) {
        worker.giveBack(batch);
        batch = sent;
        session.become(Gathering.INSTANCE);
        dispatch(true);
    }

    /** Finds another backend for the batch, of which nothing has been sent yet; returns false when that has been tried often enough. */
    boolean dispatchUnsent() {
        if (batch.repeats() >= SentBatch.REPEATS_MAX) {
            return false;
        }
        batch.repeated();
        session.become(Gathering.INSTANCE);
        dispatch(dispatchedComplete);
        return true;
    }

    /** Answers a batch that asks nothing of a backend. */
    private void answer() {
        ByteBuf out = session.client.allocator().buffer(64);
        TransactionStatus status = status();
        for (Request request : batch.requests()) {
            status = LocalAnswers.write(out, this, request, status);
            if (request.endsGroup() && status == TransactionStatus.IDLE) {
                session.channels.answeredHere();
            }
        }
        // No reply of a backend is waited for.
        session.sent.released();
        session.channels.settle();
        batch.clearRequests(worker.requests());
        session.client.write(out);
        if (!input.isScanning()) {
            session.client.flush();
        }
        session.become(isBegun() ? Gathering.INSTANCE : Idle.INSTANCE);
        session.deadline.restart();
    }

    /** Gives up the batch and tells the client why. */
    void refuse(ErrorResponse error) {
        refuse(null, error);
    }

    /** Gives up the batch, with the request that brought the error if it is not part of it yet. */
    private void refuse(@Nullable Request last, ErrorResponse error) {
        boolean ended = last != null && last.endsGroup();
        for (Request request : batch.requests()) {
            ended |= request.endsGroup();
        }
        if (last != null && last.effect != null) {
            last.effect.onUndone();
        }
        boolean stranded = isBegun();
        batch.undo();
        batch.clear(worker.requests());
        session.released();
        session.become(stranded ? new Stranded(null) : Idle.INSTANCE);
        session.writeError(error);
        if (input.longTag() == FrontendTag.QUERY || input.longTag() == FrontendTag.FUNCTION_CALL) {
            session.writeReadyForQuery();
            skipping.skipOneMessage();
        } else if (ended) {
            session.writeReadyForQuery();
        } else {
            skipping.skipUpToSync();
        }
        if (!input.isScanning()) {
            session.client.flush();
            input.resume();
        }
    }

    /** Remembers a BEGIN that was answered here: it leads what is sent to the backend that the next statement finds. */
    void begin(byte[] sql, TransactionMode mode) {
        batch.begin(sql);
        session.placement.begun(mode);
    }

    /** The transaction of a BEGIN that was answered here ended here, too. */
    void endTransaction(StatementKind kind) {
        if (kind == StatementKind.COMMIT) {
            session.channels.commit();
        }
        batch.begin(null);
        session.released();
    }

    /** Returns true while a BEGIN that was answered here has not been sent. */
    boolean isBegun() {
        return batch.begin() != null;
    }

    /** Returns the transaction status of a client without a backend. */
    TransactionStatus status() {
        return isBegun() ? TransactionStatus.IN_TRANSACTION : TransactionStatus.IDLE;
    }

    /** The client is gone: what it asked for has not happened. */
    void close() {
        batch.undo();
        batch.clear(worker.requests());
    }
}
