// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.ErrorResponse;

/**
 * What follows from one expected reply: a change that was made on sending, in the hope that the request succeeds.
 *
 * <p>Exactly one of {@link #onConfirmed}, {@link #onUndone} and {@link #onSkipped} is called in the end.
 */
public abstract class ReplyEffect {

    /** The request succeeded; for a Query: its ReadyForQuery came without an error before it. */
    public void onConfirmed() {}

    /** The request failed, or its backend was lost. */
    public void onUndone() {}

    /** The request was skipped after an earlier error, or is going to be read again: as undone, but it has left nothing behind. */
    public void onSkipped() {
        onUndone();
    }

    /**
     * One statement of a Query, or an Execute, completed.
     *
     * @param buffer holds the whole CommandComplete; borrowed
     * @param index of its tag byte
     */
    public void onCommandComplete(ByteBuf buffer, int index) {}

    /** Returns true when {@link #onCommandComplete} wants to be called. */
    public boolean wantsCommandComplete() {
        return false;
    }

    /** Returns true when the next statement of the Query is the router's own, so that the client must not see what it answers. */
    public boolean hidesNext() {
        return false;
    }

    /** Returns an error of the request as the client may see it: where the request was sent in other words, the error is in those. */
    public ErrorResponse translate(ErrorResponse error) {
        return error;
    }

    /** The parameters of the statement were described; {@code buffer} holds the whole ParameterDescription from {@code index} on. */
    public void onParameterDescription(ByteBuf buffer, int index) {}
}
