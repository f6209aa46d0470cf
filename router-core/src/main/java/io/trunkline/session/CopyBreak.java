// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.relay.Relay;
import io.trunkline.session.SessionState.FailingCopy;
import io.trunkline.session.SessionState.Running;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.MessageScanner.Disposition;

/**
 * Answers a client that sends a Query or the like in the middle of a COPY FROM.
 *
 * <p>PostgreSQL fails the copy when it comes to that message, whose length it has not read, and then ends the connection. It comes to it only
 * when all data before it was good. So the backend is sent a CopyFail where that message stands: if it says that the copy failed by this, the
 * client is told what a server would tell it, and the backend lives on; if by an error of its own, the message is none of the copy's and is
 * taken as any other. Belongs to its {@link Session}.
 */
final class CopyBreak {
    /** Stands in the backend's error, in whatever language, and so tells it from a cancel request that came in between. */
    private static final String REASON = "trunkline: message of another kind";

    private final Session session;
    private final SessionEnd end;

    CopyBreak(Session session, SessionEnd end) {
        this.session = session;
        this.end = end;
    }

    /** A message other than CopyData, CopyDone, CopyFail, Sync and Flush while the backend reads COPY data; it is to be offered again. */
    Disposition onMessage(Relay relay, byte tag) {
        if (session.state() instanceof Running) {
            session.become(new FailingCopy(relay, tag));
            relay.failCopy(REASON);
        }
        return Disposition.PAUSE;
    }

    /** Returns true, and goes on as before the copy, when that ended by an error of its own. */
    boolean isCopyOver(FailingCopy failing) {
        boolean over = failing.relay().isQuiet()
                || failing.relay().backend().expected().isSkipping();
        if (over) {
            session.become(new Running(failing.relay()));
        }
        return over;
    }

    /** The backend says that something was cancelled or a copy failed. Returns what the client is told, after which the session may have ended. */
    ErrorResponse onCanceled(FailingCopy failing, ErrorResponse error) {
        if (!error.message().contains(REASON)) {
            return error;
        }
        RouterError unexpected = RouterErrors.unexpectedDuringCopy(failing.tag());
        RouterError lost = RouterErrors.synchronizationLost();
        session.worker.metrics().error(unexpected);
        session.worker.metrics().error(lost);
        ErrorResponse told = error.with(
                        ErrorResponse.SQLSTATE, unexpected.response().sqlState())
                .with(ErrorResponse.MESSAGE, unexpected.response().message());
        session.writeError(told);
        session.writeError(lost.response());
        end.copyBroken(failing.relay());
        return told;
    }
}
