// SPDX-License-Identifier: Apache-2.0
package io.trunkline.relay;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.ExpectedReplies;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.backend.Synthesis;
import io.trunkline.error.RouterError;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.TransactionStatus;
import org.jspecify.annotations.Nullable;

/**
 * The live way between a session and the backends it has leased.
 *
 * <p>The session tells it what to do, message by message, and never asks how many backends there are. Messages are given as (buffer, index of
 * the tag byte, bytes present); buffers are borrowed until {@link #endOfInput}. Replies go straight to the client; the session hears of them
 * only through the {@link Listener}.
 */
public sealed interface Relay permits DirectRelay {

    /** What a session hears of its relay. */
    interface Listener {
        /**
         * A ReadyForQuery passes by; for bookkeeping, and for what {@link #speaksBeforeReadyForQuery} said comes before it.
         *
         * @param failed whether an error passed since the one before
         */
        void onReadyForQuery(TransactionStatus status, boolean failed);

        /** Returns true when the session may have something for the client that comes before a ReadyForQuery. */
        boolean speaksBeforeReadyForQuery();

        /** Returns true when a notification of the backend is for the client; the buffer is borrowed. */
        boolean wantsNotification(ByteBuf buffer, int index, int available);

        /** Nothing is owed any more; the relay may be released from inside this call. */
        void onQuiet();

        /** A reported parameter changed. The message has not been passed on. */
        void onParameterStatus(String name, String value);

        /** The backend says that it cancelled what runs. Returns what the client is told; the relay may be discarded from inside this call. */
        ErrorResponse onCanceled(ErrorResponse error);

        /** The backend could not use a prepared statement. Returns true when the session has what was sent repeated by {@link #onceReady}. */
        boolean repeatsWithout(PreparedStatement statement);

        /** Replies have been read: what waited for room among the expected replies may go on. */
        void onProgress();

        /** The backend takes bytes again, or no longer. */
        void onBackendWritable(boolean writable);

        /** The relay is gone and must not be used again. */
        void onRelayLost(ErrorResponse cause, boolean midMessage);
    }

    /** Sends a simple Query. */
    void query(ByteBuf buffer, int index, int length, @Nullable ReplyEffect effect);

    /** Sends a Query of the session's own whose replies the client must not see, unless it fails. */
    void swallowedQuery(byte[] sql, @Nullable ReplyEffect effect);

    /** Sends a Query of the session's own of which the client sees nothing, be it that it fails; the effect is undone then. */
    void ignoredQuery(byte[] sql, ReplyEffect effect);

    /** Sends a simple Query in other words than the client's; it gets the answer. */
    void query(byte[] sql, @Nullable ReplyEffect effect);

    /**
     * Sends the beginning of a simple Query in other words than the client's; the rest follows as a stream.
     *
     * @param restBytes how long the rest is
     */
    void beginQuery(byte[] sql, int restBytes, @Nullable ReplyEffect effect);

    /**
     * Sends a PREPARE under the router's name of its statement, which the backend has from then on; the client gets the answer. A backend that has it
     * already, and would refuse the name, is not asked.
     *
     * @param sql the client's text with that name
     * @param answer what the client gets then, and what follows from the answer otherwise
     */
    void prepare(PreparedStatement statement, byte[] sql, Synthesis answer);

    /** Returns true when the backend has the statement, and keeps it while something is owed. */
    boolean has(PreparedStatement statement);

    /**
     * Gives the backend a statement that the Query to come uses, unseen: if that fails, the error takes the place of the Query's. Only when no group is
     * open.
     *
     * @param name what the client calls the statement
     */
    void provide(PreparedStatement statement, String name);

    /** Runs a query of the session's own behind the last request of the open group; the client sees it only if it fails. */
    void followUp(byte[] sql, @Nullable ReplyEffect effect);

    /**
     * Runs a query of the session's own before the answer to the Query that is being answered now may end. Only from within that answer, and with
     * nothing but Sync sent behind it.
     */
    void continueAnswer(byte[] sql, @Nullable ReplyEffect effect);

    /**
     * Makes sure the statement is parsed, answering ParseComplete.
     *
     * @param name what the client calls it, empty for the unnamed statement
     */
    void parse(PreparedStatement statement, String name, ByteBuf buffer, int index, int length, ReplyEffect effect);

    /**
     * Sends a Bind, preceded by the Parse its statement needs on this backend.
     *
     * @param name what the client calls the statement, empty for the unnamed one
     * @param tail where the message goes on after the statement's name
     */
    void bind(PreparedStatement statement, String name, ByteBuf buffer, int index, int length, int available, int tail);

    /** Sends a Describe of a statement, preceded by the Parse it needs on this backend. */
    void describeStatement(PreparedStatement statement, String name, @Nullable ReplyEffect effect);

    /** Sends a message as it is and expects what its kind is answered with. */
    void forward(ExpectedReplies.Kind kind, ByteBuf buffer, int index, int length, @Nullable ReplyEffect effect);

    /** Sends bytes that are owed no reply: Flush, CopyData, the rest of a long message. */
    void stream(ByteBuf buffer, int index, int length);

    /** Answers a request without asking the backend, in its place among the replies. */
    void answer(ExpectedReplies.Kind kind, Synthesis synthesis);

    /** Answers a request with an error of the router and makes the backend's transaction fail at this place. */
    void refuse(ExpectedReplies.Kind kind, RouterError error);

    /**
     * Forgets what is owed for a group that has just failed, undoing nothing, and runs {@code repeat} behind its ReadyForQuery. Only while all that
     * was sent is that group, its Sync included.
     */
    void onceReady(Runnable repeat);

    /** Returns true when the client has been given anything of what this backend sent. */
    boolean isAnswered();

    /** The buffers given so far are about to be released. */
    void endOfInput();

    /** Sends what was queued for the backend. */
    void flush();

    /** Returns the backend that the next message goes to. */
    BackendConnection backend();

    /** Returns true when nothing is owed. */
    boolean isQuiet();

    /** Returns false once a node has lost the role it was leased for: at the next transaction boundary the lease should end. */
    boolean isCurrent();

    /** Returns true when further messages must wait until replies have come. */
    boolean isFull();

    /** Returns true while bytes for the backend can be taken. */
    boolean isWritable();

    /** Stops or resumes reading replies, as the client takes them. */
    void setReading(boolean reading);

    /** Asks the node to cancel what runs now. */
    void cancel();

    /** As the other; {@code delivered} runs when the node has the request, or never will. Only while something is owed. */
    void cancel(Runnable delivered);

    /** Ends the COPY FROM that is being read in the client's place, so that it fails. Only at the end of one of the client's messages. */
    void failCopy(String reason);

    /**
     * Asks the backend a question of the session's own, of which the client sees nothing; only while quiet and outside a transaction. Nothing may
     * be sent until the listener has heard. When the backend is lost the listener of the relay hears, and the one of the query does not.
     */
    void ask(String sql, BackendConnection.QueryListener listener);

    /** Sends a Sync of the session's own, whose ReadyForQuery is the client's. */
    void synchronize();

    /** Sends a Sync of the session's own, of which the client sees nothing. */
    void synchronizeUnseen();

    /** Leaves the backend alone, quiet in its transaction, until {@link #resume}; {@code lost} runs if it is lost meanwhile, and this must not be used then. */
    void park(Runnable lost);

    /** Lets another use the parked backend, until {@link #park} or {@link #resume}. */
    void unpark();

    /** Lets another use the backend of a relay that is quiet, until {@link #resume}. */
    void lend();

    /** Takes the backend again. */
    void resume();

    /** Gives the backend back; it must be quiet and outside a transaction. */
    void release();

    /** Gives the backend back after its session state was reset. */
    void releaseAfterReset();

    /**
     * Gives the backend back after its session state was reset, once it has answered what was sent; nobody hears of the answers. Only from within
     * {@link Listener#onCanceled} for a copy that was failed by {@link #failCopy}.
     */
    void releaseFailedCopy();

    /** Closes the backend. */
    void discard(String reason);
}
