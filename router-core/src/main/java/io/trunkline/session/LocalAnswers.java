// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.error.RouterErrors;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.sql.TransactionMode;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.Query;
import io.trunkline.wire.TransactionStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the router answers to a client that has no backend at the moment: BEGIN before the shard is known, and a lost transaction. */
final class LocalAnswers {
    /** What an answer to a stranded client changes. */
    enum Outcome {
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

    private LocalAnswers() {}

    /** Appends the answer to one request of a batch that needs no backend; returns the transaction status after it. */
    static TransactionStatus write(ByteBuf out, Session session, Request request, TransactionStatus status) {
        if (request.tag == FrontendTag.SYNC) {
            BackendWriter.readyForQuery(out, status);
            return status;
        }
        if (request.tag == FrontendTag.FLUSH) {
            return status;
        }
        if (request.answer != null) {
            request.answer.writeTo(out, status);
            request.answer.onConfirmed();
            return status;
        }
        TransactionStatus after = status;
        switch (request.tag) {
            case FrontendTag.QUERY -> {
                after = writeTransactionControl(out, session, request);
                BackendWriter.readyForQuery(out, after);
            }
            case FrontendTag.EXECUTE -> after = writeTransactionControl(out, session, request);
            case FrontendTag.PARSE -> BackendWriter.parseComplete(out);
            case FrontendTag.BIND -> BackendWriter.bindComplete(out);
            case FrontendTag.DESCRIBE -> writeNothingDescribed(out, request);
            default -> throw new IllegalStateException("request " + (char) request.tag + " needs a backend");
        }
        if (request.effect != null) {
            request.effect.onConfirmed();
        }
        return after;
    }

    private static void writeNothingDescribed(ByteBuf out, Request request) {
        if (request.statement != null) {
            BackendWriter.parameterDescription(out);
        }
        BackendWriter.noData(out);
    }

    private static TransactionStatus writeTransactionControl(ByteBuf out, Session session, Request request) {
        StatementKind kind = kind(request);
        switch (kind) {
            case BEGIN -> {
                session.deferBegin(text(request), mode(request));
                BackendWriter.commandComplete(out, "BEGIN");
                return TransactionStatus.IN_TRANSACTION;
            }
            case COMMIT, ROLLBACK -> {
                session.endDeferredBegin();
                BackendWriter.commandComplete(out, kind.name());
                return TransactionStatus.IDLE;
            }
            default -> throw new IllegalStateException(kind + " needs a backend");
        }
    }

    /** Appends the answer to a client whose transaction is lost. */
    static Outcome writeStranded(ByteBuf out, Session session, Request request, @Nullable ErrorResponse cause) {
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
        StatementKind kind = request.refusal == null ? kind(request) : StatementKind.OTHER;
        boolean ends = kind == StatementKind.COMMIT
                || kind == StatementKind.ROLLBACK
                || kind == StatementKind.PREPARE_TRANSACTION;
        boolean chains = kind == StatementKind.COMMIT_AND_CHAIN || kind == StatementKind.ROLLBACK_AND_CHAIN;
        if (!ends && !chains) {
            ErrorResponse error = cause != null
                    ? cause
                    : request.refusal != null
                            ? request.refusal.response()
                            : RouterErrors.transactionAborted().response();
            error.encode(out);
            if (request.tag == FrontendTag.QUERY || request.tag == FrontendTag.FUNCTION_CALL) {
                BackendWriter.readyForQuery(out, TransactionStatus.FAILED);
            }
            return Outcome.REFUSED;
        }
        switch (request.tag) {
            case FrontendTag.PARSE -> BackendWriter.parseComplete(out);
            case FrontendTag.BIND -> BackendWriter.bindComplete(out);
            case FrontendTag.DESCRIBE -> writeNothingDescribed(out, request);
            default -> {
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
                if (chains) {
                    session.deferBegin(BEGIN, TransactionMode.UNSAID);
                }
                if (request.tag == FrontendTag.QUERY) {
                    BackendWriter.readyForQuery(
                            out, chains ? TransactionStatus.IN_TRANSACTION : TransactionStatus.IDLE);
                }
                return chains ? Outcome.CHAINED : Outcome.ENDED;
            }
        }
        return Outcome.SAME;
    }

    private static TransactionMode mode(Request request) {
        StatementShape shape = shape(request);
        return shape == null ? TransactionMode.UNSAID : shape.transactionMode();
    }

    private static StatementKind kind(Request request) {
        StatementShape shape = shape(request);
        return shape == null ? StatementKind.OTHER : shape.kind();
    }

    private static @Nullable StatementShape shape(Request request) {
        PreparedStatement statement = request.statement;
        AnalyzedQuery analysis =
                request.analysis != null || statement == null ? request.analysis : statement.analysis();
        if (analysis == null) {
            return null;
        }
        List<StatementShape> statements = analysis.shape().statements();
        return statements.size() == 1 ? statements.get(0) : null;
    }

    private static byte[] text(Request request) {
        if (request.statement != null) {
            return request.statement.sql();
        }
        Query query = new Query().wrap(request.buffer, request.index, request.available);
        byte[] text = new byte[query.sqlEnd() - query.sqlStart()];
        request.buffer.getBytes(query.sqlStart(), text);
        return text;
    }
}
