// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.decision.DecisionLog;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.relay.Relay;
import io.trunkline.routing.Reason;
import io.trunkline.routing.RoleNeed;
import io.trunkline.routing.Target;
import io.trunkline.session.SessionState.Holding;
import io.trunkline.session.SessionState.Joining;
import io.trunkline.sql.StatementKind;
import io.trunkline.twophase.TwoPhaseCommit;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.MessageScanner.Disposition;
import io.trunkline.wire.TransactionStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client's transaction block that comes to more than one shard.
 *
 * <p>One backend is the session's relay, as ever; the others are {@link ShardParts}. A statement for another shard changes which of them is the relay,
 * and joins a shard that has no part yet. What is about the whole transaction is said to the others first: savepoints, SET, and its end. COMMIT is a
 * {@link TwoPhaseCommit}. A statement that needs several shards at once is for {@link ScatterWithin}.
 *
 * <p>All of this happens between two messages: the one that needs it is left unread until it is done. A transaction that has failed on one shard stays
 * with that one, which refuses everything until the client rolls back. Belongs to its {@link Session}.
 */
final class ShardTransaction {
    private final Session session;
    private final RequestSender sender;
    private final RequestSkipping skipping;
    private final ShardParts parts;
    private final ScatterWithin scattered;
    private int shard = Target.ANY_SHARD;
    /** What the next request is told, which fails the transaction. */
    private @Nullable RouterError problem;
    /** A shard's part was lost: going back to a savepoint would go on without it. */
    private boolean incomplete;
    /** The two-phase commit is under way. */
    private boolean committing;
    /** What the request that waits says has been said to the others. */
    private boolean saidToAll;
    /** A NOTIFY is part of it. */
    private boolean notifies;
    /** The client's group goes on, and nothing of it is with the backend; what the status was before that was answered, else null. */
    private @Nullable TransactionStatus groupClosed;

    ShardTransaction(Session session, RequestSender sender, RequestSkipping skipping) {
        this.session = session;
        this.sender = sender;
        this.skipping = skipping;
        this.parts = new ShardParts(session, this::lost);
        this.scattered = new ScatterWithin(session, this, parts, sender, skipping);
    }

    /** Returns true when transactions of this session may come to several shards: somebody keeps the decision. */
    boolean mayCross() {
        return session.view().isSharded() && session.worker.decisions() != null;
    }

    /** A transaction begins on its first shard. */
    void begun(byte[] sql, int firstShard) {
        parts.begun(mayCross() ? sql : null);
        incomplete = false;
        notifies = false;
        shard = firstShard;
    }

    /** A command about the transaction has completed, that a shard which joins later must hear, too. */
    void completed(String command) {
        if (!parts.completed(command)) {
            staysHere();
        }
    }

    /** A NOTIFY is part of the transaction, and outlasts it though it is read only. */
    void notified() {
        notifies = true;
    }

    /** Something was said of the transaction, to all shards that it has come to, that cannot be said to another one. */
    void joinedByNoOther() {
        if (parts.isEmpty()) {
            staysHere();
        } else {
            parts.close();
        }
    }

    /** Something was done that cannot be said to another shard. */
    void staysHere() {
        parts.close();
        session.placement.staysHere();
    }

    /** Returns the shard of the relay. */
    int shard() {
        return shard;
    }

    /** Returns queries over several shards within the transaction. */
    ScatterWithin scattered() {
        return scattered;
    }

    /** A part of the transaction is gone; the next request is told so, and with it the transaction fails. */
    private void lost(RouterError error) {
        incomplete = true;
        problem = error;
    }

    /** Returns why the transaction has failed without a word to the client, and takes it as told; else null. */
    @Nullable
    RouterError takeProblem() {
        RouterError taken = problem;
        problem = null;
        return taken;
    }

    /**
     * Does for a request that has been read what must be done before it can be sent.
     *
     * @return null when it can be sent to the relay, or what becomes of it instead
     */
    @Nullable
    Disposition before(Relay relay, Request request) {
        if (!parts.isOpen() && parts.isEmpty() && !saidToAll && problem == null && !incomplete) {
            return null;
        }
        TransactionStatus status = relay.backend().status();
        if (status == TransactionStatus.IDLE && parts.isOpen()) {
            // Its BEGIN was sent ahead of this, and has not been answered yet.
            status = TransactionStatus.IN_TRANSACTION;
        }
        if (groupClosed != null) {
            boolean fails = status == TransactionStatus.FAILED && groupClosed != TransactionStatus.FAILED;
            groupClosed = null;
            if (fails && request.tag != FrontendTag.QUERY) {
                // What was sent of the group has failed, and the client was told.
                skipping.skipUpToSync();
                return Disposition.SKIP;
            }
        }
        if (problem != null) {
            RouterError told = problem;
            problem = null;
            StatementKind ending = TransactionWords.kind(request);
            if (ending != StatementKind.ROLLBACK && ending != StatementKind.ROLLBACK_AND_CHAIN) {
                request.refusal = told;
                return null;
            }
            // To a ROLLBACK there is nothing to tell.
        }
        if (TransactionWords.callsSetConfig(request)) {
            // What a function sets for the transaction cannot be said again: its arguments may be anything.
            if (parts.isEmpty()) {
                staysHere();
            } else {
                request.refusal = RouterErrors.onSeveralShards("set_config");
            }
            return null;
        }
        if (!parts.isEmpty()
                && TransactionWords.leavesState(request, session.view().router().catalog())
                && !(request.target instanceof Target.Refused)) {
            // All of its backends but one are given back with the transaction's end.
            request.refusal = RouterErrors.onSeveralShards("state of the session on its backend");
            return null;
        }
        if ((incomplete || !parts.isEmpty()) && TransactionWords.isAmongOthers(request)) {
            // The backend would carry them out on its shard alone.
            request.refusal = RouterErrors.onSeveralShards("several statements in one text");
            return null;
        }
        StatementKind kind = TransactionWords.kind(request);
        if (kind == StatementKind.BEGIN
                && !parts.isEmpty()
                && status == TransactionStatus.IN_TRANSACTION
                && TransactionWords.saysModes(request)) {
            // A server warns, and takes what it says of the transaction for its shard alone.
            request.refusal = RouterErrors.onSeveralShards("BEGIN within the transaction");
            return null;
        }
        if (incomplete && kind == StatementKind.ROLLBACK_TO_SAVEPOINT) {
            request.refusal = RouterErrors.transactionAborted();
            return null;
        }
        incomplete &= kind == null || !kind.endsTransaction();
        if (parts.isEmpty() && (kind != null && kind.endsTransaction() || TransactionWords.isAmongOthers(request))) {
            // If another transaction follows, then not one that was begun with these words.
            staysHere();
            session.portals.onShards().clear();
        }
        if (status == TransactionStatus.IN_TRANSACTION && mustClose(request, kind)) {
            return isSettled(relay) ? closeStale(relay) : Disposition.PAUSE;
        }
        if (kind != null && kind != StatementKind.BEGIN && request.refusal == null && !parts.isEmpty()) {
            return beforeCommand(relay, request, kind, status);
        }
        if (status == TransactionStatus.IN_TRANSACTION) {
            return beforeStatement(relay, request);
        }
        if (status == TransactionStatus.FAILED
                && request.tag == FrontendTag.EXECUTE
                && request.target instanceof Target.Scatter) {
            // The backend does not know that portal, and would say so.
            request.refusal = RouterErrors.transactionAborted();
        }
        return null;
    }

    private @Nullable Disposition beforeCommand(
            Relay relay, Request request, StatementKind kind, TransactionStatus status) {
        boolean failed = status == TransactionStatus.FAILED;
        switch (kind) {
            case ROLLBACK, ROLLBACK_AND_CHAIN -> {
                rollBackOthers();
                return null;
            }
            case COMMIT -> {
                if (failed || session.placement.isReadOnlyTransaction() && !notifies) {
                    // The others have nothing to keep.
                    rollBackOthers();
                    return null;
                }
                return isSettled(relay) ? commit(relay) : Disposition.PAUSE;
            }
            case COMMIT_AND_CHAIN, PREPARE_TRANSACTION -> {
                if (failed) {
                    rollBackOthers();
                } else {
                    request.refusal = RouterErrors.onSeveralShards(
                            kind == StatementKind.COMMIT_AND_CHAIN ? "COMMIT AND CHAIN" : "PREPARE TRANSACTION");
                }
                return null;
            }
            default -> {
                if (saidToAll) {
                    saidToAll = false;
                    return null;
                }
                if (failed && kind != StatementKind.ROLLBACK_TO_SAVEPOINT) {
                    return null;
                }
                if (TransactionWords.isLocalRole(request)) {
                    // What is prepared belongs to the role of that moment, and only that one may commit it.
                    request.refusal = RouterErrors.onSeveralShards("a role that is set locally");
                    return null;
                }
                return isSettled(relay) ? sayToAll(relay, TransactionWords.text(request)) : Disposition.PAUSE;
            }
        }
    }

    private void rollBackOthers() {
        parts.rollBack();
        // If another transaction follows, then not one that was begun with these words.
        staysHere();
        session.portals.onShards().clear();
    }

    /** Portals that nobody needs hold their tables, and what they have read. */
    private boolean mustClose(Request request, @Nullable StatementKind kind) {
        boolean uses = request.tag == FrontendTag.QUERY
                || request.tag == FrontendTag.BIND
                || request.tag == FrontendTag.EXECUTE;
        return uses && !parts.isEmpty() && session.portals.areStale() && (kind == null || !kind.endsTransaction());
    }

    private Disposition closeStale(Relay relay) {
        List<String> stale = session.portals.onShards().takeStale();
        park(relay);
        parts.askAll(Target.ANY_SHARD, (backend, listener) -> backend.closePortals(stale, listener), error -> {
            problem = error == null ? problem : error;
            goOnHere();
        });
        return Disposition.PAUSE;
    }

    /** The relay waits with the others, so that its loss is heard as theirs is, until {@link #goOnHere} or another one goes on. */
    void park(Relay relay) {
        session.become(new Joining(null, null));
        parts.park(shard, relay);
    }

    /** Goes on with the shard of the relay, or with another one when that was lost meanwhile. */
    void goOnHere() {
        ShardParts.Part part = parts.of(shard);
        scattered.continueOn(part == null ? parts.first() : part);
    }

    private Disposition sayToAll(Relay relay, String sql) {
        park(relay);
        parts.askAll(shard, (backend, listener) -> backend.query(sql, 1, listener), error -> {
            // The client's own words go to the relay: if that is still there.
            saidToAll = error == null && problem == null;
            problem = error == null ? problem : error;
            goOnHere();
        });
        return Disposition.PAUSE;
    }

    private @Nullable Disposition beforeStatement(Relay relay, Request request) {
        if (request.target instanceof Target.Scatter scatter) {
            return isSettled(relay) ? scattered.take(relay, request, scatter) : Disposition.PAUSE;
        }
        if (request.target instanceof Target.At at && at.shard() != Target.ANY_SHARD && at.shard() != shard) {
            if (isSettled(relay)) {
                goTo(relay, at.shard());
            }
            return Disposition.PAUSE;
        }
        return null;
    }

    /** Returns true when the relay owes nothing and nothing of a group is with it; else makes it so, and the request is offered again. */
    private boolean isSettled(Relay relay) {
        if (sender.closeGroup(relay)) {
            groupClosed = relay.backend().status();
            return false;
        }
        return relay.isQuiet();
    }

    private void goTo(Relay relay, int wanted) {
        ShardParts.Part part = parts.isOfPresentTopology() ? parts.of(wanted) : null;
        if (part != null) {
            Relay next = parts.resume(part);
            parts.park(shard, relay);
            continueOn(next, wanted);
            return;
        }
        RouterError cannot = parts.joiningProblem();
        if (cannot != null) {
            problem = cannot;
            session.proceedLater();
            return;
        }
        park(relay);
        parts.join(wanted, new ShardParts.Joined() {
            @Override
            public void onJoined(Relay joined) {
                continueOn(joined, wanted);
            }

            @Override
            public void onRefused(RouterError error) {
                problem = error;
                goOnHere();
            }
        });
    }

    /** From now on the relay leads to another shard. */
    void continueOn(Relay relay, int newShard) {
        shard = newShard;
        // It has heard all that the transaction set; said once more, that would outlast what was set locally since.
        relay.backend().noteSettings(session.settings.current());
        session.placement.movedTo(newShard, relay.backend().target().node());
        goOn(relay);
    }

    private void goOn(Relay relay) {
        session.become(new Holding(relay));
        session.proceedLater();
    }

    // the end

    private Disposition commit(Relay relay) {
        DecisionLog decisions = session.worker.decisions();
        if (decisions == null) {
            problem = RouterErrors.decisionUnknown("there is no log of decisions any more");
            session.proceedLater();
            return Disposition.PAUSE;
        }
        committing = true;
        session.become(new Joining(relay, null));
        relay.lend();
        parts.commit(shard, relay, decisions, new Ending(relay, parts.nodesWith(shard, relay)));
        return Disposition.PAUSE;
    }

    /**
     * Answers the COMMIT, which is still unread, when the outcome is known.
     *
     * <p>Without a backend: that of its shard is outside the transaction by then, and whether it is lost on the way must not change what is told.
     */
    private final class Ending implements TwoPhaseCommit.Listener {
        private final Relay relay;
        private final String nodes;

        Ending(Relay relay, String nodes) {
            this.relay = relay;
            this.nodes = nodes;
        }

        @Override
        public void onCommitted() {
            committing = false;
            boolean reset = session.ties.takeDirt();
            if (parts.end()) {
                session.settings.commit();
                session.channels.commit();
                session.sent.takeWrote();
                session.placement.wrote();
                end(null);
                session.placement
                        .lastRoute()
                        .placing(
                                Target.Scatter.SHARD_LABEL,
                                new Target.At(
                                        Target.ANY_SHARD,
                                        RoleNeed.PRIMARY,
                                        Reason.COMMITTED_TOGETHER,
                                        Reason.IN_TRANSACTION));
                session.placement.lastRoute().placed(RoleNeed.PRIMARY, nodes);
            }
            giveBack(reset);
        }

        @Override
        public void onAborted(ErrorResponse cause) {
            committing = false;
            boolean reset = session.ties.takeDirt() || session.settings.isInFlux();
            if (parts.end()) {
                session.settings.rollback();
                session.channels.rollback();
                end(new RouterError(RouterError.Kind.BACKEND, cause));
            }
            giveBack(reset);
        }

        @Override
        public void onInDoubt(ErrorResponse cause) {
            // Whoever looks whether it has happened must not ask a replica that has not heard of it.
            session.placement.wrote();
            onAborted(cause);
        }

        private void end(@Nullable RouterError told) {
            session.placement.lastRoute().transactionEnded();
            sender.lost();
            session.released();
            session.endWaitingCommit(told);
        }

        private void giveBack(boolean reset) {
            if (!relay.backend().isOpen()) {
                relay.discard("lost");
            } else if (reset) {
                relay.releaseAfterReset();
            } else {
                relay.release();
            }
        }
    }

    /** Gives up the wait for a backend of another shard, and with it the transaction; returns false when none is waited for. */
    boolean cancelJoin() {
        return parts.cancelJoin(RouterErrors.queryCanceled("user request"));
    }

    /** Returns true while its COMMIT is under way: what any clock says comes too late. */
    boolean isCommitting() {
        return committing;
    }

    /** Returns true while backends work for the transaction as a whole, and so are nobody's to close. */
    boolean isWorking() {
        return parts.isWorking();
    }

    /** The lease has ended, the backend was lost or the client is gone: whatever waits is rolled back, unless its end is being decided. */
    void released() {
        scattered.released();
        parts.released();
        shard = Target.ANY_SHARD;
        problem = null;
        incomplete = false;
        saidToAll = false;
        notifies = false;
        groupClosed = null;
    }
}
