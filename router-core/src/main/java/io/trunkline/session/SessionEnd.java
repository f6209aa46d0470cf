// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.error.RouterError;
import io.trunkline.relay.Relay;
import io.trunkline.session.SessionState.Canceling;
import io.trunkline.session.SessionState.Checking;
import io.trunkline.session.SessionState.Closed;
import io.trunkline.session.SessionState.FailingCopy;
import io.trunkline.session.SessionState.Holding;
import io.trunkline.session.SessionState.Idle;
import io.trunkline.session.SessionState.Joining;
import io.trunkline.session.SessionState.Leasing;
import io.trunkline.session.SessionState.Running;
import io.trunkline.session.SessionState.Scattering;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.Severity;
import io.trunkline.wire.TransactionStatus;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of one session, whoever brings it about: the client, an error, a lost backend, or the router that stops.
 *
 * <p>Owns whether the session is to end, and the cancel key that is withdrawn at the end. Belongs to its {@link Session}; confined to the
 * session's event loop.
 */
final class SessionEnd {
    private static final Logger LOG = LoggerFactory.getLogger(SessionEnd.class);

    /** How long what a client has sent before it left may go on before it is given up. */
    static final Duration LEAVING_MAX = Duration.ofSeconds(1);

    private final Session session;
    private final Worker worker;
    private final SessionInput input;
    private final RequestGathering gathering;
    private final RequestSender sender;
    private final BackendLeasing leasing;
    private @Nullable BackendKey key;
    /** Why the session ends at its next transaction boundary; null while it need not. */
    private @Nullable RouterError drained;
    /** The client sends nothing more: the session ends when it has been answered. */
    private boolean leaving;

    SessionEnd(
            Session session,
            SessionInput input,
            RequestGathering gathering,
            RequestSender sender,
            BackendLeasing leasing) {
        this.sender = sender;
        this.session = session;
        this.worker = session.worker;
        this.input = input;
        this.gathering = gathering;
        this.leasing = leasing;
    }

    /** The session can be cancelled by this key until it ends. */
    void cancelKey(BackendKey newKey) {
        key = newKey;
    }

    /** Returns the process id of that key, 0 before there is one. */
    int processId() {
        return key == null ? 0 : key.processId();
    }

    /** Ends the session at once if it is idle, else when it is. */
    void drain(RouterError reason) {
        if (drained == null) {
            drained = reason;
        }
        closeIfIdle();
    }

    /**
     * The client sends nothing more. A server would run what it had been sent before it notices; so does the router, and passes the replies on to
     * who may still read, for a moment: a client that is gone must not keep a long statement running.
     */
    void leave(String reason) {
        if (leaving || session.isClosed()) {
            return;
        }
        Relay relay = session.state().relay();
        boolean incomplete = sender.isGroupOpen() || input.isMidMessage() || session.isCopyingIn();
        boolean owed = session.state() instanceof Scattering || isOwedAnswers(relay);
        if (!owed || incomplete) {
            close(reason);
            return;
        }
        leaving = true;
        worker.clock().schedule(LEAVING_MAX.toNanos(), () -> close(reason));
    }

    private boolean isOwedAnswers(@Nullable Relay relay) {
        // What waits for a backend has not begun, and what the router asks itself is nobody's.
        return relay != null && !(session.state() instanceof Checking) && (!relay.isQuiet() || input.isPaused());
    }

    /** Nothing runs for the session now, maybe from inside a call that still needs it. */
    void onQuiet() {
        if (drained != null) {
            worker.execute(this::closeIfIdle);
        }
        if (leaving) {
            worker.execute(this::closeIfAnswered);
        }
    }

    private void closeIfAnswered() {
        if (!(session.state() instanceof Scattering)
                && !isOwedAnswers(session.state().relay())) {
            close("client left");
        }
    }

    private void closeIfIdle() {
        RouterError reason = drained;
        if (reason != null && isAtBoundary(session.state())) {
            closeWith(reason);
        }
    }

    /** Returns true outside a transaction while nothing runs, be it that something keeps the session on its backend. */
    private static boolean isAtBoundary(SessionState state) {
        return state instanceof Idle
                || state instanceof Holding holding
                        && holding.relay().isQuiet()
                        && holding.relay().backend().status() == TransactionStatus.IDLE;
    }

    /** Tells the client why, where that is possible, and closes it. */
    void closeWith(RouterError error) {
        if (session.isClosed()) {
            return;
        }
        worker.metrics().error(error);
        SessionState state = session.state();
        Relay relay = state instanceof Running || state instanceof Canceling || state instanceof FailingCopy
                ? state.relay()
                : null;
        if (relay != null && !relay.isQuiet()) {
            // Replies are on their way: an error between them could fall into the middle of a message.
            close("closed while replies were outstanding");
            return;
        }
        session.writeError(error.response());
        close("error sent");
    }

    /** Tells the client why, be it in place of a reply, and closes it. */
    void interrupt(RouterError error, String reason) {
        if (session.isClosed()) {
            return;
        }
        worker.metrics().error(error);
        Relay relay = session.state().relay();
        if (relay == null || !relay.backend().isMidForward()) {
            session.writeError(error.response().withSeverity(Severity.FATAL));
        }
        close(reason);
    }

    /** Closes the client and gives up what it waits for or holds. */
    void close(String reason) {
        if (session.isClosed()) {
            return;
        }
        SessionState last = session.state();
        session.become(Closed.INSTANCE);
        if (last instanceof Leasing wait) {
            wait.withdraw();
        }
        if (last instanceof Scattering scattering) {
            // What comes back from it is rolled back, then.
            session.shards.released();
            scattering.work().abandon();
        }
        if (last instanceof Joining joining) {
            joining.withdraw();
        }
        Relay relay = last.relay();
        if (relay != null && !session.shards.isWorking()) {
            leasing.abandon(relay);
        }
        finish(reason);
    }

    /** Closes the client, which was told why in the middle of its COPY FROM; its backend has failed that and lives on. */
    void copyBroken(Relay relay) {
        session.become(Closed.INSTANCE);
        relay.releaseFailedCopy();
        finish("another message during a copy");
    }

    /** Tells the client why and closes it; its backend is gone already. */
    void afterLoss(RouterError error) {
        session.writeError(error.response().withSeverity(Severity.FATAL));
        session.become(Closed.INSTANCE);
        finish("backend lost with the session's state");
    }

    /** Closes the client, which cannot be told why: it has half a message, and an error cannot follow that. */
    void afterLossMidMessage() {
        session.become(Closed.INSTANCE);
        finish("backend lost in the middle of a message");
    }

    private void finish(String reason) {
        LOG.atDebug()
                .addKeyValue("user", session.identity.user())
                .addKeyValue("database", session.identity.database())
                .addKeyValue("reason", reason)
                .log("session ended");
        session.shards.released();
        session.deadline.close();
        session.kept.close();
        gathering.close();
        session.sentBatch.drop();
        input.close();
        session.statements.clear();
        session.ties.ended();
        session.channels.ended();
        session.awaitedTypes.forget();
        session.portals.clear();
        if (key != null) {
            worker.cancels().unregister(key);
            worker.sessions().remove(key.processId());
        }
        worker.metrics().sessionClosed(session.state().label());
        session.client.close();
    }
}
