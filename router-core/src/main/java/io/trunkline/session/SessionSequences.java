// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.backend.SequenceValues;
import io.trunkline.relay.Relay;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.SequenceUse;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.wire.FrontendTag;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one session's values of sequences apart from those of others: {@code lastval} and {@code currval} tell its own, or that there are none.
 *
 * <p>A backend remembers the last value of each sequence, whoever advanced it. So before a session advances or asks for values where others did,
 * {@code DISCARD SEQUENCES} makes the backend forget, ahead of the statement and without a round trip of its own. A session that asks outside of
 * a transaction is tied to its backend from then on: what it advances next is there when it asks again. Belongs to its {@link Session}.
 */
final class SessionSequences {
    private static final byte[] DISCARD = "DISCARD SEQUENCES".getBytes(US_ASCII);
    /**
     * Within a failed transaction that the client is about to end: leaves it, and leaves one that has failed too and has the same characteristics.
     *
     * <p>There is no such savepoint. What the client sends next, be it COMMIT AND CHAIN, is answered as in the transaction it knows.
     */
    private static final byte[] DISCARD_WITHIN_FAILURE =
            "ROLLBACK AND CHAIN;DISCARD SEQUENCES;ROLLBACK TO tl_none".getBytes(US_ASCII);
    /** Statements of it that succeed before it fails, as it is meant to. */
    private static final int COMPLETED_WITHIN_FAILURE = 2;

    private final SequenceValues own = new SequenceValues();
    private final SessionTies ties;
    private final SentWork sent;

    SessionSequences(SessionTies ties, SentWork sent) {
        this.ties = ties;
        this.sent = sent;
    }

    /** Returns the token of this session when one of the requests asks for values, so that a backend that has them is preferred; else null. */
    @Nullable
    SequenceValues wanted(List<Request> requests) {
        for (int i = 0; i < requests.size(); i++) {
            if (use(requests.get(i)) == SequenceUse.READS) {
                return own;
            }
        }
        return null;
    }

    /**
     * A request is about to be sent.
     *
     * @param withinGroup whether messages have been sent before it that no Sync has ended
     */
    void sending(Relay relay, Request request, boolean withinGroup) {
        SequenceUse use = use(request);
        BackendConnection backend = relay.backend();
        boolean failed = sent.failure().isCertain(backend.status());
        if (use == SequenceUse.NONE || failed && !mayLeaveFailure(request)) {
            return;
        }
        SequenceValues there = backend.sequences();
        if (there != own) {
            if (there == SequenceValues.NONE) {
                backend.noteSequences(own);
            } else if (use == SequenceUse.MAY_ADVANCE
                    || request.tag == FrontendTag.EXECUTE && mayCommit(request)
                    || failed && !isTransactionEndedFirst(request)
                    // A Query would end the group, and its implicit transaction, before the client does.
                    || withinGroup && request.tag != FrontendTag.EXECUTE) {
                backend.noteSequences(SequenceValues.MIXED);
            } else {
                discard(relay, request, failed);
            }
        }
        if (use == SequenceUse.READS && sent.mayBeOutside(backend.status()) && isAlone(request)) {
            ties.pin(SessionEffect.SEQUENCE_VALUES);
        }
    }

    /** In a failed transaction a text fails with its first statement, unless that is one to leave the failure by. */
    private static boolean mayLeaveFailure(Request request) {
        if (request.tag != FrontendTag.QUERY) {
            // One that leaves it has nothing to do with sequences.
            return false;
        }
        StatementKind first = firstKind(request);
        return first == null || PendingFailure.isTakenByFailed(first);
    }

    /** Behind another statement of its group PostgreSQL 18 lets a procedure not commit. */
    private static boolean mayCommit(Request request) {
        StatementKind kind = firstKind(request);
        return kind == StatementKind.CALL || kind == StatementKind.DO;
    }

    /** Behind a ROLLBACK TO the savepoints live on: nothing can be discarded ahead of it. */
    private static boolean isTransactionEndedFirst(Request request) {
        StatementKind first = firstKind(request);
        return first != null && first != StatementKind.ROLLBACK_TO_SAVEPOINT && PendingFailure.isTakenByFailed(first);
    }

    /** Returns what a text begins with; null when it cannot be read. */
    private static @Nullable StatementKind firstKind(Request request) {
        AnalyzedQuery analysis = request.analysis;
        if (analysis == null
                || !analysis.shape().trusted()
                || analysis.shape().statements().isEmpty()) {
            return null;
        }
        return analysis.shape().statements().get(0).kind();
    }

    /** What was sent is sent again: whether values were discarded with it is not known. */
    void doubt(BackendConnection backend) {
        if (backend.sequences() == own) {
            backend.noteSequences(SequenceValues.MIXED);
        }
    }

    private void discard(Relay relay, Request request, boolean failed) {
        BackendConnection backend = relay.backend();
        backend.noteSequences(own);
        if (failed) {
            relay.ignoredQuery(DISCARD_WITHIN_FAILURE, new Forgotten(backend, COMPLETED_WITHIN_FAILURE));
        } else if (request.tag == FrontendTag.EXECUTE) {
            // A Query would end the implicit transaction of the group.
            relay.followUp(DISCARD, new Forgotten(backend, Forgotten.ALL));
        } else {
            relay.ignoredQuery(DISCARD, new Forgotten(backend, Forgotten.ALL));
        }
    }

    /** What becomes of the values of one backend that was told to forget them. */
    private static final class Forgotten extends ReplyEffect {
        static final int ALL = 0;

        private final BackendConnection backend;
        /** Statements after whose success the values are forgotten, whatever becomes of the rest; {@link #ALL} when all must succeed. */
        private final int needed;

        private int completed;

        Forgotten(BackendConnection backend, int needed) {
            this.backend = backend;
            this.needed = needed;
        }

        @Override
        public boolean wantsCommandComplete() {
            return needed != ALL;
        }

        @Override
        public void onCommandComplete(ByteBuf buffer, int index) {
            completed++;
        }

        @Override
        public void onUndone() {
            if (needed == ALL || completed < needed) {
                backend.noteSequences(SequenceValues.MIXED);
            }
        }
    }

    /** A text of several statements may have advanced itself what it asks for. */
    private static boolean isAlone(Request request) {
        return request.analysis != null && request.analysis.shape().statements().size() == 1;
    }

    private static SequenceUse use(Request request) {
        return switch (request.tag) {
            // A PREPARE runs nothing.
            case FrontendTag.QUERY -> request.statement == null ? useOfTexts(request) : SequenceUse.NONE;
            case FrontendTag.EXECUTE -> useOfTexts(request);
            case FrontendTag.FUNCTION_CALL -> SequenceUse.ADVANCES;
            default -> SequenceUse.NONE;
        };
    }

    /** Of an EXECUTE whose statement is known that statement counts. */
    private static SequenceUse useOfTexts(Request request) {
        List<EditedText.Used> used = request.used;
        SequenceUse use = use(request.analysis, !used.isEmpty());
        for (int i = 0; i < used.size(); i++) {
            use = use.with(use(used.get(i).statement().analysis(), false));
        }
        return use;
    }

    /** A text that cannot be read may do anything; its backend is reset when it is released. */
    private static SequenceUse use(@Nullable AnalyzedQuery analysis, boolean areExecutedKnown) {
        if (analysis == null || !analysis.shape().trusted()) {
            return SequenceUse.ADVANCES;
        }
        SequenceUse use = SequenceUse.NONE;
        List<StatementShape> statements = analysis.shape().statements();
        for (int i = 0; i < statements.size(); i++) {
            StatementShape statement = statements.get(i);
            if (!areExecutedKnown || statement.kind() != StatementKind.EXECUTE) {
                use = use.with(statement.sequences());
            }
        }
        return use;
    }
}
