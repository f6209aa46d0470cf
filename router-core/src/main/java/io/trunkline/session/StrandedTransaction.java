// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.error.RouterErrors;
import io.trunkline.session.SessionState.Gathering;
import io.trunkline.session.SessionState.Idle;
import io.trunkline.session.SessionState.Stranded;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.TransactionMode;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.MessageScanner.Disposition;
import io.trunkline.wire.TransactionStatus;
import org.jspecify.annotations.Nullable;

/**
 * What a client hears whose backend was lost inside a transaction, until it ends that transaction: as in one that failed, everything else is
 * refused.
 *
 * <p>Belongs to its {@link Session}; at work in the states Stranded and Committed.
 */
final class StrandedTransaction {
    /** What an answer changes. */
    private enum Outcome {
        /** The client ended the lost transaction. */
        ENDED,
        /** The client ended it and began another. */
        CHAINED,
        /** The client asked to commit it and was told that it is lost; that ends it too. */
        NOT_COMMITTED,
        /** The request was refused. */
        REFUSED,
        /** Nothing. */
        SAME
    }

    private static final byte[] BEGIN = {'B', 'E', 'G', 'I', 'N'};

    private final Session session;
    private final SessionInput input;
    private final RequestGathering gathering;
    private final RequestSkipping skipping;

    StrandedTransaction(Session session, SessionInput input, RequestGathering gathering, RequestSkipping skipping) {
        this.session = session;
        this.input = input;
        this.gathering = gathering;
        this.skipping = skipping;
    }

    /**
     * A message after the backend was lost.
     *
     * @param cause what the next statement is told, or null when the client has been told
     */
    Disposition answer(Request request, @Nullable ErrorResponse cause) {
        if (!session.worker.reader().read(session, request)) {
            return Disposition.PAUSE;
        }
        ByteBuf out = session.client.allocator().buffer(64);
        switch (write(out, request, cause)) {
            case ENDED -> session.become(Idle.INSTANCE);
            case CHAINED -> {
                gathering.begin(BEGIN, TransactionMode.UNSAID);
                session.become(Gathering.INSTANCE);
            }
            case NOT_COMMITTED -> {
                session.become(Idle.INSTANCE);
                skipping.skipBehind(request);
            }
            case REFUSED -> {
                if (request.effect != null) {
                    request.effect.onUndone();
                }
                if (request.answer != null) {
                    request.answer.onUndone();
                }
                session.become(new Stranded(null));
                skipping.skipBehind(request);
            }
            case SAME -> {
                // Close, Flush, Sync: nothing changes
            }
        }
        session.client.write(out);
        if (!input.isScanning()) {
            session.client.flush();
        }
        return request.isPartial() ? Disposition.SKIP_THEN_BREAK : Disposition.SKIP;
    }

    /**
     * The COMMIT of a transaction whose end is known: it asks for no backend, for that of its shard may be away for long.
     *
     * @param error what it is told, or null when it has happened
     */
    Disposition answerCommitted(Request request, @Nullable ErrorResponse error) {
        ByteBuf out = session.client.allocator().buffer(32);
        if (error == null) {
            BackendWriter.commandComplete(out, "COMMIT");
        } else {
            // As on one server, that ends the transaction, too.
            error.encode(out);
            skipping.skipBehind(request);
        }
        if (request.tag == FrontendTag.QUERY) {
            BackendWriter.readyForQuery(out, TransactionStatus.IDLE);
        }
        session.become(Idle.INSTANCE);
        session.client.write(out);
        session.placement.lastRoute().answered(1);
        session.channels.deliver();
        if (!input.isScanning()) {
            session.client.flush();
        }
        return request.isPartial() ? Disposition.SKIP_THEN_BREAK : Disposition.SKIP;
    }

    private static Outcome write(ByteBuf out, Request request, @Nullable ErrorResponse cause) {
        switch (request.tag) {
            case FrontendTag.SYNC -> {
                BackendWriter.readyForQuery(out, TransactionStatus.FAILED);
                return Outcome.SAME;
            }
            case FrontendTag.FLUSH, FrontendTag.COPY_DATA, FrontendTag.COPY_DONE, FrontendTag.COPY_FAIL -> {
                return Outcome.SAME;
            }
            case FrontendTag.CLOSE -> {
                BackendWriter.closeComplete(out);
                return Outcome.SAME;
            }
            default -> {
                // a statement: the end of the transaction, or refused
            }
        }
        StatementKind kind = request.refusal == null ? LocalAnswers.kind(request) : StatementKind.OTHER;
        boolean ends = kind == StatementKind.COMMIT
                || kind == StatementKind.ROLLBACK
                || kind == StatementKind.PREPARE_TRANSACTION;
        boolean chains = kind == StatementKind.COMMIT_AND_CHAIN || kind == StatementKind.ROLLBACK_AND_CHAIN;
        if (!ends && !chains) {
            writeRefusal(out, request, cause);
            return Outcome.REFUSED;
        }
        switch (request.tag) {
            case FrontendTag.PARSE -> BackendWriter.parseComplete(out);
            case FrontendTag.BIND -> BackendWriter.bindComplete(out);
            case FrontendTag.DESCRIBE -> LocalAnswers.writeNothingDescribed(out, request);
            default -> {
                return writeEnd(out, request, cause, kind, chains);
            }
        }
        return Outcome.SAME;
    }

    private static void writeRefusal(ByteBuf out, Request request, @Nullable ErrorResponse cause) {
        ErrorResponse error = cause != null
                ? cause
                : request.refusal != null
                        ? request.refusal.response()
                        : RouterErrors.transactionAborted().response();
        error.encode(out);
        if (request.tag == FrontendTag.QUERY || request.tag == FrontendTag.FUNCTION_CALL) {
            BackendWriter.readyForQuery(out, TransactionStatus.FAILED);
        }
    }

    private static Outcome writeEnd(
            ByteBuf out, Request request, @Nullable ErrorResponse cause, StatementKind kind, boolean chains) {
        boolean rollsBack = kind == StatementKind.ROLLBACK || kind == StatementKind.ROLLBACK_AND_CHAIN;
        if (cause != null && !rollsBack) {
            // As any COMMIT that fails; to a ROLLBACK there is nothing to tell.
            cause.encode(out);
            if (request.tag == FrontendTag.QUERY) {
                BackendWriter.readyForQuery(out, TransactionStatus.IDLE);
            }
            return Outcome.NOT_COMMITTED;
        }
        BackendWriter.commandComplete(out, "ROLLBACK");
        if (request.tag == FrontendTag.QUERY) {
            BackendWriter.readyForQuery(out, chains ? TransactionStatus.IN_TRANSACTION : TransactionStatus.IDLE);
        }
        return chains ? Outcome.CHAINED : Outcome.ENDED;
    }
}
