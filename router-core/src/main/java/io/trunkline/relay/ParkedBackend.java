// SPDX-License-Identifier: Apache-2.0
package io.trunkline.relay;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendHolder;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.TransactionStatus;

/** The holder of a backend that waits, with a transaction open, while its session is at work on another shard. Only its loss is of interest. */
final class ParkedBackend implements BackendHolder {
    private final Runnable lost;

    /** Runs {@code lost} when the backend is gone. */
    ParkedBackend(Runnable lost) {
        this.lost = lost;
    }

    @Override
    public void onRun(ByteBuf buffer, int index, int length) {
        // A notice that nobody asked for.
    }

    @Override
    public void onSynthesized(ByteBuf messages) {
        messages.release();
    }

    @Override
    public void onReadyForQuery(TransactionStatus status, boolean failed) {
        // nothing is owed
    }

    @Override
    public boolean wantsNotification(ByteBuf buffer, int index, int available) {
        return false;
    }

    @Override
    public void onQuiet() {
        // nothing is owed
    }

    @Override
    public void onParameterStatus(String name, String value) {
        // The session compares settings when it comes back.
    }

    @Override
    public void onLost(ErrorResponse cause, boolean midMessage) {
        lost.run();
    }

    @Override
    public void onReadComplete() {
        // nothing is to be flushed
    }

    @Override
    public void onWritabilityChanged(boolean writable) {
        // nothing is sent
    }
}
