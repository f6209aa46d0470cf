// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static java.nio.charset.StandardCharsets.US_ASCII;

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
import io.trunkline.wire.TransactionStatus;
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

    /** A request is about to be sent. */
    void sending(Relay relay, Request request) {
        SequenceUse use = use(request);
        BackendConnection backend = relay.backend();
        if (use == SequenceUse.NONE || backend.status() == TransactionStatus.FAILED) {
            return;
        }
        SequenceValues there = backend.sequences();
        if (there != own) {
            if (there == SequenceValues.NONE) {
                backend.noteSequences(own);
            } else if (use == SequenceUse.MAY_ADVANCE) {
                backend.noteSequences(SequenceValues.MIXED);
            } else {
                discard(relay, request);
            }
        }
        if (use == SequenceUse.READS && !sent.isInTransaction(backend.status()) && isAlone(request)) {
            ties.pin(SessionEffect.SEQUENCE_VALUES);
        }
    }

    /** What was sent is sent again: whether values were discarded with it is not known. */
    void doubt(BackendConnection backend) {
        if (backend.sequences() == own) {
            backend.noteSequences(SequenceValues.MIXED);
        }
    }

    private void discard(Relay relay, Request request) {
        BackendConnection backend = relay.backend();
        backend.noteSequences(own);
        ReplyEffect forgotten = new ReplyEffect() {
            @Override
            public void onUndone() {
                backend.noteSequences(SequenceValues.MIXED);
            }
        };
        if (request.tag == FrontendTag.EXECUTE) {
            // A Query would end the implicit transaction of the group.
            relay.followUp(DISCARD, forgotten);
        } else {
            relay.ignoredQuery(DISCARD, forgotten);
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
