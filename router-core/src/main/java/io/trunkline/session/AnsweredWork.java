// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.relay.Relay;
import io.trunkline.session.SessionState.Canceling;
import io.trunkline.session.SessionState.Checking;
import io.trunkline.session.SessionState.Holding;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.TransactionStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What follows when a backend has answered: at each ReadyForQuery, and when it owes nothing more.
 *
 * <p>Then the session keeps the backend or gives it back; where a pin may have ended, the backend is first asked what of the session is left on
 * it. Owns nothing. Belongs to its {@link Session}; confined to the session's event loop.
 */
final class AnsweredWork {
    private final Session session;
    private final SessionInput input;
    private final RequestSender sender;
    private final BackendLeasing leasing;
    private final OverdueStatement overdue;

    AnsweredWork(
            Session session,
            SessionInput input,
            RequestSender sender,
            BackendLeasing leasing,
            OverdueStatement overdue) {
        this.session = session;
        this.input = input;
        this.sender = sender;
        this.leasing = leasing;
        this.overdue = overdue;
    }

    /** A ReadyForQuery came; {@code failed} when an error came before it. */
    void onReadyForQuery(TransactionStatus status, boolean failed) {
        session.sent.onReadyForQuery();
        session.ties.onReadyForQuery(status, failed);
        Relay relay = session.state().relay();
        if (relay == null) {
            return;
        }
        boolean begunAnew = session.sent.takeTransactionEnd() && status != TransactionStatus.IDLE;
        if (begunAnew || status == TransactionStatus.IDLE && !relay.isQuiet()) {
            session.deadline.restartTransaction();
        }
        if (session.state() instanceof Canceling canceling) {
            overdue.onReadyForQuery(canceling);
        } else if (!relay.isQuiet()) {
            session.deadline.restart();
        }
        if (status == TransactionStatus.IDLE) {
            onTransactionEnd(relay, failed);
        }
    }

    private void onTransactionEnd(Relay relay, boolean failed) {
        session.placement.lastRoute().transactionEnded();
        session.commands.transactionEnded(failed);
        session.channels.deliverBeforeReadyForQuery();
        if (session.sent.takeWrote()) {
            session.placement.wrote();
        }
        // A Bind that is still to be answered belongs to a later group: its portal lives.
        if (!session.portals.isEmpty() && !relay.backend().expected().owes(Kind.BIND)) {
            session.portals.clear();
        }
    }

    /** The backend owes nothing more. */
    void onQuiet() {
        Relay relay = session.state().relay();
        if (relay == null) {
            return;
        }
        if (sender.takeAwaitsAnswers()) {
            session.proceedLater();
        }
        if (sender.isMidRequest()) {
            // Part of the next request is on its way already: the lease ends with that.
            session.deadline.restart();
            return;
        }
        session.sentBatch.forget();
        if (relay.backend().status() != TransactionStatus.IDLE) {
            session.sent.transactionGoesOn();
        }
        session.placement.lastRoute().answered(session.sent.onQuiet());
        session.channels.settle();
        if (relay.backend().status() == TransactionStatus.IDLE) {
            session.planned.quietOutsideTransaction();
        }
        if (relay.backend().status() == TransactionStatus.IDLE
                && session.ties.isDoubtful()
                && relay.isCurrent()
                && !(session.state() instanceof Canceling)) {
            checkTies(relay);
            return;
        }
        goOn(relay);
    }

    /** Asks the backend what of the session is left on it. */
    private void checkTies(Relay relay) {
        TieCheck check = session.ties.check();
        session.become(new Checking(relay));
        relay.ask(check.sql(), new BackendConnection.QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                if (session.state() instanceof Checking) {
                    if (check.isAnsweredBy(rows)) {
                        session.commands.tiesChecked(check, check.read(rows.get(0)));
                    }
                    goOn(relay);
                }
            }

            @Override
            public void onError(ErrorResponse error) {
                if (session.state() instanceof Checking) {
                    // Then all of them may still be there.
                    goOn(relay);
                }
            }
        });
    }

    /** Keeps or gives back the backend, now that nothing is owed, and reads on. */
    void goOn(Relay relay) {
        if (relay.backend().status() != TransactionStatus.IDLE || session.ties.isPinned() && relay.isCurrent()) {
            // What is cancelled too late must not hit the next statement.
            session.become(session.state() instanceof Canceling canceling ? canceling : new Holding(relay));
        } else {
            leasing.release(relay);
            input.updateReading();
        }
        session.channels.deliver();
        input.resume();
    }
}
