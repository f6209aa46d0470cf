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
 *   <tr><td>COMMIT in flight, or a write outside a transaction</td><td>08007</td><td>Idle</td></tr>
 *   <tr><td>statement in flight inside a transaction</td><td>40001</td><td>Stranded</td></tr>
 *   <tr><td>read in flight outside a transaction</td><td>40001</td><td>Idle</td></tr>
 *   <tr><td>transaction open, nothing in flight</td><td>40001 to the next statement; none to ROLLBACK</td><td>Stranded; Idle after
 *       COMMIT or ROLLBACK</td></tr>
 *   <tr><td>state of the session was kept on the backend</td><td>57P01, fatal</td><td>Closed</td></tr>
 * </table>
 */
final class BackendLoss {
    private final Session session;
    private final Relay relay;
    private final ErrorResponse cause;

    BackendLoss(Session session, Relay relay, ErrorResponse cause) {
        this.session = session;
        this.relay = relay;
        this.cause = cause;
    }

    void report() {
        ExpectedReplies expected = relay.backend().expected();
        TransactionStatus status = relay.backend().status();
        boolean groupOpen = session.isGroupOpen();
        boolean busy = !expected.isEmpty() || groupOpen;
        String node = relay.backend().target().node();
        boolean inTransaction = session.context.isInTransaction(status);
        boolean inDoubt = session.context.isCommitInDoubt(status, groupOpen);

        if (session.context.isPinned() && session.context.hasState()) {
            // Temporary tables, locks and the like are gone: the client must know, so it must connect again.
            session.endWith(RouterErrors.sessionStateLost(node).response());
            return;
        }
        if (!busy) {
            RouterError lost = RouterErrors.transactionLost(node);
            session.afterLoss(inTransaction ? new Stranded(describe(lost)) : Idle.INSTANCE, false);
            return;
        }
        RouterError lost = inDoubt ? RouterErrors.commitInDoubt(node) : RouterErrors.transactionLost(node);
        session.worker.metrics().error(lost);
        boolean stranded = inTransaction && !inDoubt;
        int readies = expected.readyForQueryCount();
        ByteBuf out = session.client.allocator().buffer(256);
        describe(lost).encode(out);
        TransactionStatus told = stranded ? TransactionStatus.FAILED : TransactionStatus.IDLE;
        for (int i = 0; i < readies; i++) {
            if (i > 0) {
                // Each request gets an error of its own; where the first may have run, so may those behind it.
                ErrorResponse next =
                        stranded ? RouterErrors.transactionAborted().response() : describe(lost);
                next.encode(out);
            }
            BackendWriter.readyForQuery(out, told);
        }
        session.client.write(out);
        session.afterLoss(stranded ? new Stranded(null) : Idle.INSTANCE, groupOpen);
    }

    /** Adds what the backend said last, and never lets a FATAL through: the client's connection lives on. */
    private ErrorResponse describe(RouterError error) {
        ErrorResponse response = error.response().withSeverity(Severity.ERROR);
        @Nullable
        String said = cause.is(SqlState.ADMIN_SHUTDOWN) || cause.is(SqlState.CRASH_SHUTDOWN)
                ? "The node said: " + cause.message() + "."
                : null;
        return said == null || response.detail() != null ? response : response.with(ErrorResponse.DETAIL, said);
    }
}
