// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.ExpectedReplies;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.relay.Relay;
import io.trunkline.session.SessionState.Idle;
import io.trunkline.session.SessionState.Stranded;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.Severity;
import io.trunkline.wire.SqlState;
import io.trunkline.wire.TransactionStatus;
import org.jspecify.annotations.Nullable;

/**
 * What a client is told when its backend is lost, and what its session is afterwards.
 *
 * <table>
 *   <caption>Loss of a backend</caption>
 *   <tr><th>situation</th><th>error</th><th>session</th></tr>
 *   <tr><td>part of a message has passed, or COPY FROM runs</td><td>none</td><td>Closed</td></tr>
 *   <tr><td>the node has certainly done nothing for what was sent, see {@link SentBatch}</td><td>none</td><td>Leasing</td></tr>
 *   <tr><td>COMMIT in flight, or a write outside a transaction or behind its end in flight</td><td>08007</td><td>Idle</td></tr>
 *   <tr><td>statement in flight inside a transaction</td><td>40001</td><td>Stranded</td></tr>
 *   <tr><td>read in flight outside a transaction</td><td>40001</td><td>Idle</td></tr>
 *   <tr><td>transaction open, nothing in flight</td><td>40001 to the next statement; none to ROLLBACK</td><td>Stranded; Idle after
 *       COMMIT or ROLLBACK</td></tr>
 *   <tr><td>the node's own timeout ended the transaction</td><td>the node's, fatal</td><td>Closed</td></tr>
 *   <tr><td>the node did not answer a cancel request of the router's</td><td>that of the timeout, in place of 40001</td><td>as above</td></tr>
 *   <tr><td>state of the session was kept on the backend</td><td>57P01, fatal</td><td>Closed</td></tr>
 * </table>
 *
 * <p>Belongs to its {@link Session}; confined to the session's event loop.
 */
final class BackendLoss {
    private final Session session;
    private final SessionInput input;
    private final RequestSender sender;
    private final RequestSkipping skipping;
    private final SessionEnd end;

    BackendLoss(Session session, SessionInput input, RequestSender sender, RequestSkipping skipping, SessionEnd end) {
        this.session = session;
        this.input = input;
        this.sender = sender;
        this.skipping = skipping;
        this.end = end;
    }

    /**
     * Tells the client and moves the session on.
     *
     * @param cause what the backend said last
     * @param midMessage whether the client has got part of a message
     */
    void report(Relay relay, ErrorResponse cause, boolean midMessage) {
        InFlight lost = inFlight(relay, cause);
        // Kept is only what began the lease: the session has no state there but what this would have made.
        RequestBatch untouched = midMessage || lost.partial ? null : session.sentBatch.takeAfterLoss(relay, cause);
        if (midMessage || lost.partial) {
            end.afterLossMidMessage();
        } else if (untouched != null) {
            repeat(relay, untouched);
        } else if (isTimeoutOfNode(cause)) {
            // As without a router: the node says why, and the connection ends.
            end.afterLoss(new RouterError(RouterError.Kind.BACKEND, cause));
        } else if (session.ties.isPinned() && session.ties.hasState()) {
            // Temporary tables, locks and the like are gone: the client must know, so it must connect again.
            end.afterLoss(
                    cause.is(SqlState.IDLE_SESSION_TIMEOUT)
                            ? new RouterError(RouterError.Kind.BACKEND, cause)
                            : RouterErrors.sessionStateLost(lost.node));
        } else {
            tell(lost, RouterErrors.transactionLost(lost.node), cause);
        }
    }

    /** Sends a batch that had no effect to another backend. */
    private void repeat(Relay relay, RequestBatch untouched) {
        // Its effects are as they were when it was sent first.
        relay.backend().expected().forgetAll();
        sender.lost();
        session.released();
        session.sendElsewhere(untouched);
        // The lost backend may have taken no more.
        input.updateReading();
    }

    /**
     * Gives up a backend that does not answer to a cancel request, tells the client and moves the session on.
     *
     * @param overdue what the client is told unless a commit may have happened
     */
    void giveUp(Relay relay, RouterError overdue) {
        BackendConnection backend = relay.backend();
        InFlight lost = inFlight(relay, overdue.response());
        boolean midMessage = backend.isMidForward() || lost.partial;
        session.worker.suspect(backend.target());
        // What is in flight has been looked at: nothing of it is known to the backend after this.
        relay.discard("cancel request not answered");
        if (midMessage) {
            end.afterLossMidMessage();
        } else if (session.ties.hasState()) {
            end.afterLoss(RouterErrors.sessionStateLost(lost.node));
        } else if (overdue.response().isFatal()) {
            end.afterLoss(lost.inDoubt ? RouterErrors.commitInDoubt(lost.node) : overdue);
        } else {
            tell(lost, overdue, overdue.response());
        }
    }

    /**
     * What a lost backend leaves unanswered.
     *
     * @param partial whether the client is within something that only this backend could have taken to its end
     * @param busy whether something is unanswered
     * @param groupOpen whether the client's Sync is to come
     * @param readies ReadyForQuery messages that the client waits for
     * @param inTransaction whether a transaction block is lost
     * @param inDoubt whether something may have been committed
     */
    private record InFlight(
            String node,
            boolean partial,
            boolean busy,
            boolean groupOpen,
            int readies,
            boolean inTransaction,
            boolean inDoubt) {}

    private InFlight inFlight(Relay relay, ErrorResponse cause) {
        ExpectedReplies expected = relay.backend().expected();
        boolean groupOpen = sender.isGroupOpen();
        int readies = expected.readyForQueryCount() + (session.sentBatch.isPromised() ? 1 : 0);
        return new InFlight(
                relay.backend().target().node(),
                input.isMidMessage() || expected.isCopyingIn(),
                !expected.isEmpty() || groupOpen,
                groupOpen,
                readies,
                session.sent.isInTransaction(relay.backend().status()),
                // A node that ends an idle session has read nothing that was sent meanwhile.
                session.sent.isCommitInDoubt(readies > 0) && !cause.is(SqlState.IDLE_SESSION_TIMEOUT));
    }

    /** Returns true when the node ended the transaction with its session, because either took too long. */
    private static boolean isTimeoutOfNode(ErrorResponse cause) {
        return cause.is(SqlState.IDLE_IN_TRANSACTION_SESSION_TIMEOUT) || cause.is(SqlState.TRANSACTION_TIMEOUT);
    }

    /** Gives the client an error for each request that is unanswered, and moves the session on. */
    private void tell(InFlight lost, RouterError notCommitted, ErrorResponse cause) {
        if (!lost.busy) {
            goOn(lost.inTransaction ? new Stranded(describe(notCommitted, cause)) : Idle.INSTANCE, false);
            return;
        }
        RouterError error = lost.inDoubt ? RouterErrors.commitInDoubt(lost.node) : notCommitted;
        session.worker.metrics().error(error);
        boolean stranded = lost.inTransaction && !lost.inDoubt;
        ByteBuf out = session.client.allocator().buffer(256);
        describe(error, cause).encode(out);
        TransactionStatus told = stranded ? TransactionStatus.FAILED : TransactionStatus.IDLE;
        // Each request gets an error of its own; where the first may have run, so may those behind it.
        ErrorResponse next = stranded ? RouterErrors.transactionAborted().response() : describe(error, cause);
        for (int i = 0; i < lost.readies; i++) {
            if (i > 0) {
                next.encode(out);
            }
            BackendWriter.readyForQuery(out, told);
        }
        if (lost.readies > 0 && lost.groupOpen) {
            // What was sent of it fails too, and its ReadyForQuery comes with its Sync.
            next.encode(out);
        }
        session.client.write(out);
        if (lost.inDoubt) {
            // Whoever looks whether it has happened must not ask a replica that has not heard of it.
            session.placement.wrote();
        }
        goOn(stranded ? new Stranded(null) : Idle.INSTANCE, lost.groupOpen);
    }

    /** Goes on without the backend, as the transaction allows. */
    private void goOn(SessionState next, boolean skipToSync) {
        sender.lost();
        // What the lost transaction had set went with it; after a COMMIT in doubt either would do.
        session.settings.rollback();
        session.forgetWait();
        session.released();
        if (skipToSync) {
            skipping.skipUpToSync();
        }
        session.become(next);
        session.client.flush();
        input.updateReading();
        input.resume();
    }

    /** Adds what the backend said last, and never lets a FATAL through: the client's connection lives on. */
    private static ErrorResponse describe(RouterError error, ErrorResponse cause) {
        ErrorResponse response = error.response().withSeverity(Severity.ERROR);
        @Nullable
        String said = cause.is(SqlState.ADMIN_SHUTDOWN) || cause.is(SqlState.CRASH_SHUTDOWN)
                ? "The node said: " + cause.message() + "."
                : null;
        return said == null || response.detail() != null ? response : response.with(ErrorResponse.DETAIL, said);
    }
}
