// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.netty.buffer.ByteBuf;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.TransactionStatus;

/** Whoever uses a backend now: the relay of a session, or an internal query. Called on the backend's event loop. */
public interface BackendHolder {
    /** Bytes for the client, whole messages and parts of long ones; borrowed. */
    void onRun(ByteBuf buffer, int index, int length);

    /** Messages the router made itself, in their place between the runs; consumed. */
    void onSynthesized(ByteBuf messages);

    /**
     * A ReadyForQuery arrived. Bookkeeping only: more replies may be owed and the message has not been passed on yet.
     *
     * @param failed whether an error came since the one before
     */
    void onReadyForQuery(TransactionStatus status, boolean failed);

    /**
     * Returns true when the holder has messages of its own for the client that come before a ReadyForQuery: what has been read by then is
     * handed over before {@link #onReadyForQuery} is called, which may write them.
     */
    default boolean speaksBeforeReadyForQuery() {
        return false;
    }

    /**
     * Returns true when a notification is for the client; a holder that wants it itself takes it here and returns false.
     *
     * @param buffer holds the NotificationResponse from {@code index} on, {@code available} bytes of it; borrowed
     */
    default boolean wantsNotification(ByteBuf buffer, int index, int available) {
        return true;
    }

    /** Everything owed has arrived and was passed on; the backend may be given back from inside this call. */
    void onQuiet();

    /** The backend reported a parameter; the message itself is not passed on as a run. */
    void onParameterStatus(String name, String value);

    /**
     * The backend says that it cancelled what runs (57014); what came before has been passed on. Returns what to pass on instead. The backend may
     * be closed from inside this call.
     */
    default ErrorResponse onCanceled(ErrorResponse error) {
        return error;
    }

    /**
     * The backend could not use a prepared statement, and so has not executed it. Returns true when the holder does without this answer: it has
     * forgotten what is owed, and asked for the ReadyForQuery.
     */
    default boolean repeatsWithout(PreparedStatement statement) {
        return false;
    }

    /**
     * The backend is gone.
     *
     * @param cause what it said before, or what the router makes of it
     * @param midMessage true when part of a message was passed on, so nothing can be said to the client any more
     */
    void onLost(ErrorResponse cause, boolean midMessage);

    /** All bytes that were there have been read: a good moment to flush. */
    void onReadComplete();

    /** The backend takes bytes again, or no longer. */
    void onWritabilityChanged(boolean writable);
}
