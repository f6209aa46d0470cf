// SPDX-License-Identifier: Apache-2.0
package io.trunkline.twophase;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendTarget;
import io.trunkline.decision.DecisionLog;
import io.trunkline.decision.DecisionLog.Decision;
import io.trunkline.error.RouterError;
import io.trunkline.metrics.RouterMetrics.RecoveryOutcome;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.SqlState;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * One connection to a primary in one database: sees which participants stand prepared, and ends those that were left behind.
 *
 * <pre>
 * CONNECTING ──▶ CHECKING ──▶ LOOKING ──▶ DECIDING ──▶ ENDING ──▶ ended
 *                                           ▲             │
 *                                           └─────────────┘ the next one that was left behind
 * </pre>
 *
 * <p>Whatever fails is left for the next round. Confined to one event loop.
 */
final class ParticipantVisit {
    /** How long a server may take for one statement; then the connection is given up. */
    static final Duration STATEMENT_LIMIT = Duration.ofSeconds(30);

    /** After this time no other participant is begun with: the next round goes on. */
    static final Duration VISIT_LIMIT = Duration.ofMinutes(1);

    private static final Logger LOG = LoggerFactory.getLogger(ParticipantVisit.class);

    /** Hears of the end; called once, unless the visit is closed. */
    interface Listener {
        /**
         * The visit is over.
         *
         * @param participants those that were prepared at its beginning
         * @param isComplete false when there may be more
         */
        void onSeen(ParticipantVisit visit, List<PreparedParticipant> participants, boolean isComplete);
    }

    private final RecoveryContext context;
    private final BackendTarget target;
    private final Listener listener;
    private final List<PreparedParticipant> participants = new ArrayList<>();
    private final ArrayDeque<PreparedParticipant> leftBehind = new ArrayDeque<>();
    private @Nullable BackendConnection backend;
    private long begunNanos;
    private boolean isComplete;
    private boolean ended;

    ParticipantVisit(RecoveryContext context, BackendTarget target, Listener listener) {
        this.context = context;
        this.target = target;
        this.listener = listener;
    }

    void begin() {
        begunNanos = context.clock().nanoTime();
        context.connector().connect(target, new BackendConnector.Listener() {
            @Override
            public void onConnected(BackendConnection connected) {
                if (ended) {
                    connected.close("transactions are no longer recovered");
                } else {
                    backend = connected;
                    check(connected);
                }
            }

            @Override
            public void onFailed(RouterError error) {
                if (!ended) {
                    notSeen(error.response());
                }
            }
        });
    }

    /** Ends without a word. */
    void close() {
        ended = true;
        if (backend != null) {
            backend.close("transactions are no longer recovered");
        }
    }

    /** Once it is a primary it remains one for as long as the connection lasts. */
    private void check(BackendConnection connected) {
        ask(connected, PreparedParticipant.IN_RECOVERY, 1, new Answer() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                if (rows.equals(List.of(List.of("f")))) {
                    look(connected);
                } else {
                    end();
                }
            }

            @Override
            public void onError(ErrorResponse error) {
                notSeen(error);
            }
        });
    }

    private void look(BackendConnection connected) {
        ask(connected, PreparedParticipant.query(context.cluster()), PreparedParticipant.ROWS_MAX, new Answer() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                read(connected, rows);
            }

            @Override
            public void onError(ErrorResponse error) {
                notSeen(error);
            }
        });
    }

    private void read(BackendConnection connected, List<List<@Nullable String>> rows) {
        try {
            for (List<@Nullable String> row : rows) {
                PreparedParticipant participant = PreparedParticipant.of(context.cluster(), row);
                if (participant != null) {
                    participants.add(participant);
                }
            }
        } catch (IllegalArgumentException notTheAnswer) {
            LOG.atWarn()
                    .addKeyValue("cluster", context.cluster())
                    .addKeyValue("node", target.node())
                    .addKeyValue("problem", notTheAnswer.getMessage())
                    .log("prepared transactions could not be read");
            end();
            return;
        }
        isComplete = rows.size() < PreparedParticipant.ROWS_MAX;
        for (PreparedParticipant participant : participants) {
            if (participant.isHere()
                    && participant.ageSeconds() >= context.after().toSeconds()) {
                leftBehind.add(participant);
            }
        }
        next(connected);
    }

    private void next(BackendConnection connected) {
        PreparedParticipant participant = leftBehind.poll();
        if (participant == null || context.clock().nanoTime() - begunNanos > VISIT_LIMIT.toNanos()) {
            end();
            return;
        }
        context.log().decide(participant.id(), Decision.ABORT, new DecisionLog.Listener() {
            @Override
            public void onDecided(Decision decision) {
                context.clock().execute(() -> carryOut(connected, participant, decision));
            }

            @Override
            public void onFailed(String problem) {
                context.clock().execute(() -> undecided(participant, problem));
            }
        });
    }

    private void undecided(PreparedParticipant participant, String problem) {
        if (ended) {
            return;
        }
        LOG.atWarn()
                .addKeyValue("cluster", context.cluster())
                .addKeyValue("transaction", participant.gid())
                .addKeyValue("problem", problem)
                .log("a transaction that was left behind could not be decided");
        context.metrics().recovered(RecoveryOutcome.FAILED);
        // The log would fail for the others too.
        end();
    }

    private void carryOut(BackendConnection connected, PreparedParticipant participant, Decision decision) {
        if (ended) {
            return;
        }
        ask(connected, participant.end(decision), 1, new Answer() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                LOG.atInfo()
                        .addKeyValue("cluster", context.cluster())
                        .addKeyValue("node", target.node())
                        .addKeyValue("transaction", participant.gid())
                        .addKeyValue("decision", decision)
                        .log("ended a transaction that was left behind");
                context.metrics()
                        .recovered(
                                switch (decision) {
                                    case COMMIT -> RecoveryOutcome.COMMITTED;
                                    case ABORT -> RecoveryOutcome.ROLLED_BACK;
                                });
                next(connected);
            }

            @Override
            public void onError(ErrorResponse error) {
                if (!isDoneByAnother(error)) {
                    log(LOG.atWarn(), error)
                            .addKeyValue("transaction", participant.gid())
                            .log("a transaction that was left behind could not be ended");
                    context.metrics().recovered(RecoveryOutcome.FAILED);
                }
                if (connected.isOpen()) {
                    next(connected);
                } else {
                    end();
                }
            }
        });
    }

    /** Somebody has ended it (it does not exist) or is at it (it is busy): the same decision holds for everybody. */
    private static boolean isDoneByAnother(ErrorResponse error) {
        return error.sqlState().equals(SqlState.UNDEFINED_OBJECT.code())
                || error.sqlState().equals(SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE.code());
    }

    private void end() {
        ended = true;
        if (backend != null) {
            backend.close("prepared transactions looked at");
        }
        listener.onSeen(this, participants, isComplete);
    }

    /** A node that cannot be asked is nothing new to whoever reads the log: its probe has said so. */
    private void notSeen(ErrorResponse error) {
        log(LOG.atInfo(), error).log("prepared transactions could not be looked at");
        end();
    }

    private LoggingEventBuilder log(LoggingEventBuilder line, ErrorResponse error) {
        return line.addKeyValue("cluster", context.cluster())
                .addKeyValue("node", target.node())
                .addKeyValue("database", target.database())
                .addKeyValue("sqlstate", error.sqlState())
                .addKeyValue("error", error.message());
    }

    private void ask(BackendConnection connected, String sql, int rowsMax, Answer answer) {
        connected.query(sql, rowsMax, STATEMENT_LIMIT, new BackendConnection.QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                if (!ended) {
                    answer.onRows(rows);
                }
            }

            @Override
            public void onError(ErrorResponse error) {
                if (!ended) {
                    answer.onError(error);
                }
            }
        });
    }

    /** What is done with the answer to a statement, unless the visit has ended by then. */
    private interface Answer {
        void onRows(List<List<@Nullable String>> rows);

        void onError(ErrorResponse error);
    }
}
