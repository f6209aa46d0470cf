// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.BeginTag;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.sql.TransactionMode;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.Query;
import io.trunkline.wire.TransactionStatus;
import org.jspecify.annotations.Nullable;

/**
 * What the router answers to a batch that asks nothing of a backend: BEGIN before the shard is known, and what goes with it; LISTEN and
 * UNLISTEN outside a transaction.
 */
final class LocalAnswers {
    private LocalAnswers() {}

    /** Appends the answer to one request of a batch that needs no backend; returns the transaction status after it. */
    static TransactionStatus write(ByteBuf out, RequestGathering gathering, Request request, TransactionStatus status) {
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
                after = writeCommand(out, gathering, request, status);
                BackendWriter.readyForQuery(out, after);
            }
            case FrontendTag.EXECUTE -> after = writeCommand(out, gathering, request, status);
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

    /** Appends what describes a statement that takes nothing and returns no rows. */
    static void writeNothingDescribed(ByteBuf out, Request request) {
        if (request.statement != null) {
            BackendWriter.parameterDescription(out);
        }
        BackendWriter.noData(out);
    }

    private static TransactionStatus writeCommand(
            ByteBuf out, RequestGathering gathering, Request request, TransactionStatus status) {
        StatementKind kind = kind(request);
        switch (kind) {
            case BEGIN -> {
                byte[] sql = text(request);
                gathering.begin(sql, mode(request));
                BackendWriter.commandComplete(out, BeginTag.of(Unpooled.wrappedBuffer(sql)));
                return TransactionStatus.IN_TRANSACTION;
            }
            case COMMIT, ROLLBACK -> {
                gathering.endTransaction(kind);
                BackendWriter.commandComplete(out, kind.name());
                return TransactionStatus.IDLE;
            }
            case LISTEN, UNLISTEN -> {
                BackendWriter.commandComplete(out, kind.name());
                return status;
            }
            default -> throw new IllegalStateException(kind + " needs a backend");
        }
    }

    private static TransactionMode mode(Request request) {
        StatementShape shape = shape(request);
        return shape == null ? TransactionMode.UNSAID : shape.transactionMode();
    }

    /** Returns the kind of the one statement a request is about. */
    static StatementKind kind(Request request) {
        StatementShape shape = shape(request);
        return shape == null ? StatementKind.OTHER : shape.kind();
    }

    private static @Nullable StatementShape shape(Request request) {
        PreparedStatement statement = request.statement;
        AnalyzedQuery analysis =
                request.analysis != null || statement == null ? request.analysis : statement.analysis();
        return analysis == null ? null : analysis.shape().only();
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
