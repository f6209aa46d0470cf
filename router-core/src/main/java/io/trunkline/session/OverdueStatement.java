// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.relay.Relay;
import io.trunkline.session.SessionState.Canceling;
import io.trunkline.session.SessionState.Canceling.Awaited;
import io.trunkline.session.SessionState.Holding;
import io.trunkline.session.SessionState.Running;
import io.trunkline.wire.ErrorResponse;

/**
 * What becomes of a statement that runs too long: it is cancelled on its backend, and what the backend says of that is told in the words of the
 * timeout. So the transaction fails where a server's own timeout would fail it, and whether it committed is known. A backend that does not answer
 * in time is given up.
 *
 * <p>Keeps nothing itself: what is awaited is in the state Canceling. Belongs to its {@link Session}; confined to the session's event loop.
 */
final class OverdueStatement {
    private final Session session;
    private final SessionInput input;
    private final RequestSender sender;
    private final BackendLoss loss;

    OverdueStatement(Session session, SessionInput input, RequestSender sender, BackendLoss loss) {
        this.session = session;
        this.input = input;
        this.sender = sender;
        this.loss = loss;
    }

    /** Something took too long while a relay was in use. */
    void onDeadline(Relay relay, Timeout timeout) {
        switch (timeout) {
            case QUERY -> cancel(relay, timeout);
            case COPY_STALL -> failCopy(relay);
            case TRANSACTION -> {
                if (relay.isQuiet() || session.owesRest(relay)) {
                    // Nothing runs that could still commit.
                    session.closeOverdue(timeout.error());
                } else {
                    cancel(relay, timeout);
                }
            }
            case IDLE_IN_TRANSACTION, IDLE, CANCEL -> session.closeOverdue(timeout.error());
        }
    }

    private void cancel(Relay relay, Timeout cause) {
        session.become(new Canceling(relay, cause, Awaited.ANSWER_AND_DELIVERY));
        relay.cancel(() -> onDelivered(relay));
    }

    /** A backend that waits for COPY data does not hear a cancel request. It hears the client give up. */
    private void failCopy(Relay relay) {
        if (!session.isCopyingIn() || input.isMidForward()) {
            // Nothing can be said for a client in the middle of its message.
            session.closeOverdue(RouterErrors.clientStalled());
            return;
        }
        session.become(new Canceling(relay, Timeout.COPY_STALL, Awaited.ANSWER));
        relay.failCopy(Timeout.COPY_STALL.error().response().message());
    }

    private void onDelivered(Relay relay) {
        if (session.state() instanceof Canceling canceling && canceling.relay() == relay) {
            switch (canceling.awaited()) {
                case ANSWER_AND_DELIVERY -> session.become(canceling.delivered());
                case DELIVERY -> goOn(relay);
                case ANSWER -> {
                    // delivered before
                }
            }
        }
    }

    /** A ReadyForQuery came, which may be the one that is awaited, or the last of several. */
    void onReadyForQuery(Canceling canceling) {
        switch (canceling.awaited()) {
            case ANSWER_AND_DELIVERY -> session.become(canceling.answered());
            case ANSWER -> session.become(new Running(canceling.relay()));
            case DELIVERY -> {
                // of a statement behind it
            }
        }
    }

    /** Returns what the client is told in place of the backend's word that it cancelled, after which the session may have ended. */
    ErrorResponse translate(Canceling canceling) {
        RouterError told = canceling.cause().error();
        if (told.response().isFatal()) {
            session.closeOverdue(told);
        } else {
            session.worker.metrics().error(told);
        }
        return told.response();
    }

    /** What is awaited has not come. */
    void onDeadline(Canceling canceling) {
        if (canceling.awaited() == Awaited.DELIVERY) {
            goOn(canceling.relay());
        } else {
            loss.giveUp(canceling.relay(), canceling.cause().error());
        }
    }

    private void goOn(Relay relay) {
        session.become(relay.isQuiet() && !sender.isMidRequest() ? new Holding(relay) : new Running(relay));
        input.resume();
    }
}
