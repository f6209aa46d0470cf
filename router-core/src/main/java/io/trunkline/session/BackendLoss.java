// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
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
 *   <tr><td>COMMIT in flight, or a write outside a transaction</td><td>08007</td><td>Idle</td></tr>
 *   <tr><td>statement in flight inside a transaction</td><td>40001</td><td>Stranded</td></tr>
 *   <tr><td>read in flight outside a transaction</td><td>40001</td><td>Idle</td></tr>
 *   <tr><td>transaction open, nothing in flight</td><td>40001 to the next statement; none to ROLLBACK</td><td>Stranded; Idle after
 *       COMMIT or ROLLBACK</td></tr>
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
        ExpectedReplies expected = relay.backend().expected();
        if (midMessage || input.isMidMessage() || expected.isCopyingIn()) {
            end.afterLossMidMessage();
            return;
        }
        TransactionStatus status = relay.backend().status();
        boolean groupOpen = sender.isGroupOpen();
        boolean busy = !expected.isEmpty() || groupOpen;
        int readies = expected.readyForQueryCount();
        String node = relay.backend().target().node();
        boolean inTransaction = session.sent.isInTransaction(status);
        boolean inDoubt = session.sent.isCommitInDoubt(readies > 0);

        if (session.ties.isPinned() && session.ties.hasState()) {
            // Temporary tables, locks and the like are gone: the client must know, so it must connect again.
            end.afterLoss(RouterErrors.sessionStateLost(node));
            return;
        }
        if (!busy) {
            RouterError lost = RouterErrors.transactionLost(node);
            goOn(inTransaction ? new Stranded(describe(lost, cause)) : Idle.INSTANCE, false);
            return;
        }
        RouterError lost = inDoubt ? RouterErrors.commitInDoubt(node) : RouterErrors.transactionLost(node);
        session.worker.metrics().error(lost);
        boolean stranded = inTransaction && !inDoubt;
        ByteBuf out = session.client.allocator().buffer(256);
        describe(lost, cause).encode(out);
        TransactionStatus told = stranded ? TransactionStatus.FAILED : TransactionStatus.IDLE;
        for (int i = 0; i < readies; i++) {
            if (i > 0) {
                // Each request gets an error of its own; where the first may have run, so may those behind it.
                ErrorResponse next =
                        stranded ? RouterErrors.transactionAborted().response() : describe(lost, cause);
                next.encode(out);
            }
            BackendWriter.readyForQuery(out, told);
        }
        session.client.write(out);
        goOn(stranded ? new Stranded(null) : Idle.INSTANCE, groupOpen);
    }

    /** Goes on without the backend, as the transaction allows. */
    private void goOn(SessionState next, boolean skipToSync) {
        sender.lost();
        // What the lost transaction had set went with it; after a COMMIT in doubt either would do.
        session.settings.rollback();
        session.channels.forgetWait();
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
