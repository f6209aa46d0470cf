// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.StatementKind;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.TransactionStatus;

/**
 * Whether what has been sent and not answered may fail the transaction, or take it out of failure: then the last status does not tell what a request
 * meets that is sent now.
 *
 * <p>Belongs to its {@link SentWork}.
 */
final class PendingFailure {
    /** Something was sent in the open group that may fail. */
    private boolean inGroup;
    /** And something before it, of which not all has been answered. */
    private boolean before;
    /** A statement was sent that a failed transaction takes and goes on or ends by, and not all has been answered. */
    private boolean mayHaveLeft;

    /** A request is being sent. */
    void sending(Request request) {
        note(request, mayFail(request));
    }

    /** A request is not sent, but the backend made to fail in its place. */
    void refused(Request request) {
        note(request, true);
    }

    private void note(Request request, boolean mayFail) {
        inGroup |= mayFail;
        if (request.endsGroup()) {
            before |= inGroup;
            inGroup = false;
        }
    }

    /** A BEGIN does not fail the transaction that it begins. */
    private static boolean mayFail(Request request) {
        AnalyzedQuery analysis =
                request.analysis != null || request.statement == null ? request.analysis : request.statement.analysis();
        return switch (request.tag) {
            case FrontendTag.SYNC, FrontendTag.CLOSE, FrontendTag.FLUSH -> false;
            default -> analysis == null || analysis.shape().onlyKind() != StatementKind.BEGIN;
        };
    }

    /** A statement of that kind is being sent. */
    void sending(StatementKind kind) {
        mayHaveLeft |= isTakenByFailed(kind);
    }

    /** A text is being sent of which it is not known what it does. */
    void sendingUnread() {
        mayHaveLeft = true;
    }

    /** Returns true when a failed transaction takes a statement of that kind: it ends the transaction, or what of it has failed. */
    static boolean isTakenByFailed(StatementKind kind) {
        return kind.endsTransaction() || kind == StatementKind.ROLLBACK_TO_SAVEPOINT;
    }

    /**
     * Returns true when an answer to come may say that the transaction has failed, or that it has not any more. What fails in the open group itself
     * does not matter, for the rest of that is skipped.
     *
     * @param status the last one
     * @param inTransaction whether a transaction block is open, or was about to be
     */
    boolean mayChange(TransactionStatus status, boolean inTransaction) {
        return status == TransactionStatus.FAILED ? mayHaveLeft : before && inTransaction;
    }

    /** Returns true when what is sent next meets a failed transaction for certain: nothing in flight may have left it. */
    boolean isCertain(TransactionStatus status) {
        return status == TransactionStatus.FAILED && !mayHaveLeft;
    }

    /** All that was sent has been answered; the open group goes on. */
    void onQuiet() {
        before = false;
        mayHaveLeft = false;
    }

    /** The backend was given back, or is lost. */
    void released() {
        onQuiet();
        inGroup = false;
    }
}
