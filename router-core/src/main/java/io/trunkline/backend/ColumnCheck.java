// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.backend.ExpectedReplies.Action;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.prepared.BackendStatements;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.RowDescription;
import io.trunkline.wire.TransactionStatus;
import org.jspecify.annotations.Nullable;

/**
 * Prepares a statement on a backend that does not have it, before anybody executes it there, and compares its columns with those that clients were
 * told of it: where they differ the statement is retired.
 *
 * <p>A server fails a statement whose columns have changed since it was prepared. One that is prepared there anew does not know what they were; the
 * router does.
 */
final class ColumnCheck implements BackendHolder {
    private final BackendConnection backend;
    private final Cancellable deadline;
    private final BackendConnection.CheckListener listener;
    private @Nullable ErrorResponse error;

    private ColumnCheck(BackendConnection backend, BackendConnection.CheckListener listener) {
        this.backend = backend;
        this.listener = listener;
        this.deadline = backend.ownStatementDeadline();
    }

    /** Begins; only while nobody holds the backend and it owes nothing. */
    static void run(BackendConnection backend, PreparedStatement statement, BackendConnection.CheckListener listener) {
        ColumnCheck check = new ColumnCheck(backend, listener);
        backend.attach(check);
        BackendLink link = backend.link();
        backend.parses().send(statement, "", Action.SWALLOW, null);
        ExpectedReplies expected = backend.expected();
        expected.add(Kind.DESCRIBE_STATEMENT, Action.SWALLOW, new Comparison(backend.statements(), statement));
        expected.add(Kind.SYNC, Action.SWALLOW, null);
        ByteBuf out = link.allocator().buffer(statement.backendName().length + 12);
        FrontendWriter.describeStatement(out, statement.backendName());
        FrontendWriter.sync(out);
        link.write(out);
        link.flush();
    }

    @Override
    public void onRun(ByteBuf buffer, int index, int length) {
        // Of what is swallowed only an error is passed on, whole: it is inspected before.
        if (error == null && buffer.getByte(index) == BackendTag.ERROR_RESPONSE) {
            error = ErrorResponse.parse(buffer, index, length);
        }
    }

    @Override
    public void onSynthesized(ByteBuf messages) {
        if (error == null && messages.getByte(messages.readerIndex()) == BackendTag.ERROR_RESPONSE) {
            error = ErrorResponse.parse(messages, messages.readerIndex(), messages.readableBytes());
        }
        messages.release();
    }

    @Override
    public void onReadyForQuery(TransactionStatus status, boolean failed) {
        // onQuiet follows at once
    }

    @Override
    public void onQuiet() {
        deadline.cancel();
        backend.statements().settle();
        backend.detach(this);
        listener.onChecked(error);
    }

    @Override
    public void onParameterStatus(String name, String value) {
        // the backend keeps what it reported
    }

    @Override
    public void onLost(ErrorResponse cause, boolean midMessage) {
        deadline.cancel();
        listener.onLost(cause);
    }

    @Override
    public void onReadComplete() {
        // nothing is written to a client
    }

    @Override
    public void onWritabilityChanged(boolean writable) {
        // three short messages
    }

    /** Hears which columns the statement has on this backend. */
    private static final class Comparison extends ReplyEffect {
        private final BackendStatements statements;
        private final PreparedStatement statement;

        Comparison(BackendStatements statements, PreparedStatement statement) {
            this.statements = statements;
            this.statement = statement;
        }

        @Override
        public void onColumns(@Nullable RowDescription columns) {
            statement.told(columns == null ? PreparedStatement.NO_COLUMNS : columns.shape());
            if (statement.isRetired()) {
                // It would run here, and return what clients do not expect.
                statements.addOutdated(statement);
            }
        }
    }
}
