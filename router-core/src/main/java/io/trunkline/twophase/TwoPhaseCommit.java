// SPDX-License-Identifier: Apache-2.0
package io.trunkline.twophase;

import io.trunkline.backend.BackendConnection;
import io.trunkline.decision.DecisionLog;
import io.trunkline.decision.DecisionLog.Decision;
import io.trunkline.decision.TransactionId;
import io.trunkline.error.RouterErrors;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.metrics.RouterMetrics.CommitOutcome;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.TransactionStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Commits one transaction that is open on several shards: on all of them or on none.
 *
 * <pre>
 *   PREPARE TRANSACTION on all ── all prepared ──▶ decide COMMIT ── COMMIT ──▶ COMMIT PREPARED on all ──▶ committed
 *        │ one failed or lost                           ├── ABORT, by a recovery that was sooner ──▶ ROLLBACK PREPARED ──▶ aborted
 *        └──▶ ROLLBACK PREPARED where prepared ──▶ aborted    └── nothing known ──▶ in doubt
 * </pre>
 *
 * <p>Without a decision there is no commit: a participant that was left prepared is rolled back by whoever finds it. Once COMMIT is decided the
 * outcome is certain, whatever becomes of the participants: one that cannot be told now is told by recovery.
 *
 * <p>Borrows the backends, which are each in an open transaction and held by nobody; they are idle or lost at the end. Used once; confined to the
 * backends' event loop.
 */
public final class TwoPhaseCommit {

    /** Hears the outcome, once. */
    public interface Listener {
        /** It is committed, and visible on every shard that could be told. */
        void onCommitted();

        /** It is committed nowhere, and never will be. */
        void onAborted(ErrorResponse cause);

        /** Recovery will find out what was decided. */
        void onInDoubt(ErrorResponse cause);
    }

    /**
     * One shard's part.
     *
     * @param shard its index in the cluster
     */
    public record Participant(int shard, BackendConnection backend) {}

    private final TransactionId id;
    private final List<Participant> participants;
    private final DecisionLog decisions;
    private final Executor loop;
    private final Listener listener;
    private final List<Participant> prepared = new ArrayList<>();
    private int open;
    private @Nullable ErrorResponse problem;
    /** A participant was lost before it had answered: it may be prepared. */
    private boolean unanswered;

    /**
     * Sets it up.
     *
     * @param loop runs tasks on the backends' event loop
     */
    public TwoPhaseCommit(
            TransactionId id,
            List<Participant> participants,
            DecisionLog decisions,
            RouterMetrics metrics,
            Executor loop,
            Listener listener) {
        this.id = id;
        this.participants = List.copyOf(participants);
        this.decisions = decisions;
        this.loop = loop;
        this.listener = new CountingListener(listener, metrics);
    }

    /** Begins; the listener may hear from inside this call. */
    public void start() {
        for (Participant participant : participants) {
            BackendConnection backend = participant.backend();
            if (backend.isOpen() && backend.status() != TransactionStatus.IN_TRANSACTION) {
                // A server answers PREPARE in a failed transaction with ROLLBACK, and no error.
                rollBack(RouterErrors.transactionAborted().response());
                return;
            }
        }
        open = participants.size();
        for (Participant participant : participants) {
            String gid = id.participant(participant.shard());
            participant
                    .backend()
                    .query("PREPARE TRANSACTION '" + gid + "'", 1, new Answer(participant, this::onPrepared));
        }
    }

    private void onPrepared(Participant participant, @Nullable ErrorResponse error) {
        if (error == null) {
            prepared.add(participant);
        } else {
            unanswered |= !participant.backend().isOpen();
            problem = problem == null ? told(participant, error) : problem;
        }
        if (--open > 0) {
            return;
        }
        ErrorResponse cause = problem;
        if (cause != null) {
            end("ROLLBACK PREPARED", () -> listener.onAborted(cause));
            return;
        }
        decisions.decide(id, Decision.COMMIT, new DecisionLog.Listener() {
            @Override
            public void onDecided(Decision decision) {
                loop.execute(() -> onDecision(decision));
            }

            @Override
            public void onFailed(String words) {
                loop.execute(() ->
                        listener.onInDoubt(RouterErrors.decisionUnknown(words).response()));
            }
        });
    }

    /** Ends the transaction everywhere before any of it was prepared. */
    private void rollBack(ErrorResponse cause) {
        open = participants.size();
        for (Participant participant : participants) {
            participant.backend().query("ROLLBACK", 1, new Answer(participant, (ended, error) -> {
                if (--open == 0) {
                    listener.onAborted(cause);
                }
            }));
        }
    }

    private static ErrorResponse told(Participant participant, ErrorResponse error) {
        return participant.backend().isOpen()
                ? error
                : RouterErrors.transactionLost(participant.backend().target().node())
                        .response();
    }

    private void onDecision(Decision decision) {
        if (decision == Decision.COMMIT) {
            end("COMMIT PREPARED", listener::onCommitted);
        } else {
            end(
                    "ROLLBACK PREPARED",
                    () -> listener.onAborted(RouterErrors.abortedByRecovery().response()));
        }
    }

    /** Ends the transaction on every participant that is prepared; one that cannot be told is left to recovery. */
    private void end(String command, Runnable over) {
        open = prepared.size();
        if (open == 0) {
            over.run();
            return;
        }
        for (Participant participant : prepared) {
            String gid = id.participant(participant.shard());
            participant.backend().query(command + " '" + gid + "'", 1, new Answer(participant, (ended, error) -> {
                unanswered |= error != null;
                if (--open == 0) {
                    if (!unanswered) {
                        decisions.forget(id);
                    }
                    over.run();
                }
            }));
        }
    }

    private record CountingListener(Listener listener, RouterMetrics metrics) implements Listener {
        @Override
        public void onCommitted() {
            metrics.shardsCommitted(CommitOutcome.COMMITTED);
            listener.onCommitted();
        }

        @Override
        public void onAborted(ErrorResponse cause) {
            metrics.shardsCommitted(CommitOutcome.ROLLED_BACK);
            listener.onAborted(cause);
        }

        @Override
        public void onInDoubt(ErrorResponse cause) {
            metrics.shardsCommitted(CommitOutcome.UNKNOWN);
            listener.onInDoubt(cause);
        }
    }

    /** What follows from the answer to one command. */
    private interface Step {
        void onAnswer(Participant participant, @Nullable ErrorResponse error);
    }

    private record Answer(Participant participant, Step step) implements BackendConnection.QueryListener {
        @Override
        public void onRows(List<List<@Nullable String>> rows) {
            step.onAnswer(participant, null);
        }

        @Override
        public void onError(ErrorResponse error) {
            step.onAnswer(participant, error);
        }
    }
}
