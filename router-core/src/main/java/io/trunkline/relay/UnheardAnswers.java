// SPDX-License-Identifier: Apache-2.0
package io.trunkline.relay;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendHolder;
import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.pool.Lease;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.TransactionStatus;

/**
 * The holder of a backend whose client has gone while answers were owed that are known to come soon: drops them.
 *
 * <p>Confined to the event loop of the backend. The backend is lost when they take longer than a statement of the router's own may.
 */
final class UnheardAnswers implements BackendHolder {
    private final BackendConnection backend;
    private final Lease lease;
    private final Runnable over;
    private final Cancellable deadline;

    /** Runs {@code over}, nobody holding the backend then, when nothing is owed any more. */
    UnheardAnswers(BackendConnection backend, Lease lease, Runnable over) {
        this.backend = backend;
        this.lease = lease;
        this.over = over;
        this.deadline = backend.ownStatementDeadline();
    }

    @Override
    public void onRun(ByteBuf buffer, int index, int length) {
        // nobody is there to hear it
    }

    @Override
    public void onSynthesized(ByteBuf messages) {
        messages.release();
    }

    @Override
    public void onReadyForQuery(TransactionStatus status, boolean failed) {
        // the end of all answers is waited for
    }

    @Override
    public boolean wantsNotification(ByteBuf buffer, int index, int available) {
        return false;
    }

    @Override
    public void onQuiet() {
        deadline.cancel();
        backend.detach(this);
        over.run();
    }

    @Override
    public void onParameterStatus(String name, String value) {
        // nobody is there to hear it
    }

    @Override
    public void onLost(ErrorResponse cause, boolean midMessage) {
        deadline.cancel();
        lease.discard("lost");
    }

    @Override
    public void onReadComplete() {
        // nothing is to be flushed
    }

    @Override
    public void onWritabilityChanged(boolean writable) {
        // nothing more is sent
    }
}
