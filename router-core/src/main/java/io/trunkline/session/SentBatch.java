// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.metrics.RouterMetrics.RepeatCause;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.relay.Relay;
import io.trunkline.routing.StatementRouter;
import io.trunkline.session.SessionState.Running;
import io.trunkline.sql.StatementShape;
import io.trunkline.wire.Bind;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.SqlState;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The batch that began the lease, kept while the client has heard nothing of its answer: it is sent once more where it is certain that it had no
 * effect.
 *
 * <table>
 *   <caption>When a batch is sent again</caption>
 *   <tr><th>answer of the backend</th><th>batch</th><th>why nothing has happened</th></tr>
 *   <tr><td>57P05, it ended the idle connection</td><td>any</td><td>PostgreSQL looks at that timeout before it reads what was sent</td></tr>
 *   <tr><td>57P01 within {@link #SHUTDOWN_MAX}</td><td>reads that the catalogue vouches for</td><td>a read changes nothing; one that has
 *       run longer may be what an operator wanted to end</td></tr>
 *   <tr><td>26000 to the Bind of a statement the router had prepared there</td><td>Bind, Describe of the portal, Execute, Sync</td><td>it was not
 *       executed</td></tr>
 *   <tr><td>0A000 to the Bind, the columns of the statement have changed</td><td>the same, where the client does not know the columns or asks for them
 *       before Execute</td><td>it was not executed</td></tr>
 * </table>
 *
 * <p>Owns the batch, at most {@value #REPEATS_MAX} repetitions of it. Belongs to its {@link Session}; confined to its event loop.
 */
final class SentBatch {
    /** A pool may hold several connections that a node has ended at the same moment. */
    static final int REPEATS_MAX = 10;

    static final Duration SHUTDOWN_MAX = Duration.ofSeconds(1);

    private final Session session;
    private final Worker worker;
    private final Bind bind = new Bind();
    private @Nullable RequestBatch batch;
    private long sentNanos;
    /** The batch is sent again behind the ReadyForQuery that is owed for it; nothing else may be sent before. */
    private boolean promised;

    SentBatch(Session session) {
        this.session = session;
        this.worker = session.worker;
    }

    // keeping it

    /** Takes over a batch that has been sent as the first of its lease. */
    void keep(RequestBatch sent) {
        if (session.state() instanceof Running && isRepeatable(sent)) {
            batch = sent;
            sentNanos = worker.clock().nanoTime();
        } else {
            giveBack(sent);
        }
    }

    /** More has been sent, or all is answered: the batch cannot be sent again, unless that has been promised. */
    void forget() {
        if (!promised) {
            drop();
        }
    }

    /** The lease has ended, or the session. */
    void drop() {
        promised = false;
        RequestBatch kept = batch;
        if (kept != null) {
            batch = null;
            giveBack(kept);
        }
    }

    /** Returns true while a repetition is due: what else the client sends has to wait, and it is owed an answer and a ReadyForQuery. */
    boolean isPromised() {
        return promised;
    }

    private void giveBack(RequestBatch done) {
        done.clear(worker.requests());
        worker.giveBack(done);
    }

    /** Returns true for what ends with its own ReadyForQuery, runs outside a transaction and has no effect but on the data. */
    private static boolean isRepeatable(RequestBatch sent) {
        List<Request> requests = sent.requests();
        if (sent.begin() != null || requests.isEmpty()) {
            return false;
        }
        for (int i = 0; i < requests.size(); i++) {
            Request request = requests.get(i);
            boolean last = i == requests.size() - 1;
            if (request.answer != null
                    || request.refusal != null
                    || request.followUp != null
                    || request.endsGroup() != last
                    || request.effect != null
                            && request.tag != FrontendTag.PARSE
                            && request.tag != FrontendTag.DESCRIBE) {
                return false;
            }
        }
        return true;
    }

    // after a loss

    /** Returns the batch, to be sent to another backend, when the lost one has done nothing for it; null when that is not certain. */
    @Nullable
    RequestBatch takeAfterLoss(Relay relay, ErrorResponse cause) {
        RequestBatch kept = batch;
        if (kept == null
                || relay.isAnswered()
                || kept.repeats() >= REPEATS_MAX
                || !(session.state() instanceof Running)) {
            return null;
        }
        boolean idle = cause.is(SqlState.IDLE_SESSION_TIMEOUT);
        boolean shutdown = cause.is(SqlState.ADMIN_SHUTDOWN);
        boolean soon = worker.clock().nanoTime() - sentNanos < SHUTDOWN_MAX.toNanos();
        if (!promised && !idle && !(shutdown && soon && isProvenRead(kept))) {
            return null;
        }
        kept.repeated();
        if (!promised) {
            worker.metrics().repeated(idle ? RepeatCause.IDLE_TIMEOUT : RepeatCause.SHUTDOWN);
        }
        batch = null;
        promised = false;
        return kept;
    }

    private boolean isProvenRead(RequestBatch kept) {
        StatementRouter router = session.view().router();
        for (Request request : kept.requests()) {
            switch (request.tag) {
                case FrontendTag.QUERY, FrontendTag.EXECUTE -> {
                    if (request.analysis == null || !request.analysis.shape().trusted()) {
                        return false;
                    }
                    for (StatementShape statement : request.analysis.shape().statements()) {
                        if (!router.isProvenRead(statement)) {
                            return false;
                        }
                    }
                }
                case FrontendTag.FUNCTION_CALL -> {
                    return false;
                }
                default -> {
                    // runs nothing
                }
            }
        }
        return true;
    }

    // after an error of a prepared statement

    /** Lets a statement that must not be parsed any more be followed by a new one, where the client will not notice. */
    void renewRetired(RequestBatch sending) {
        PreparedStatement statement = onlyExecution(sending);
        if (statement != null && statement.isRetired() && mayHaveOtherColumns(sending, statement)) {
            renew(sending, statement);
        }
    }

    /**
     * The backend could not bind a prepared statement: returns true when the batch is sent again as soon as the backend is ready, and the client is
     * to hear nothing.
     */
    boolean repeatsWithout(Relay relay, PreparedStatement statement) {
        RequestBatch kept = batch;
        if (kept == null
                || promised
                || relay.isAnswered()
                || kept.repeats() > 0
                || !(session.state() instanceof Running)
                || onlyExecution(kept) != statement) {
            return false;
        }
        if (statement.isRetired()) {
            if (!mayHaveOtherColumns(kept, statement)) {
                return false;
            }
            renew(kept, statement);
        }
        kept.repeated();
        worker.metrics().repeated(RepeatCause.STATEMENT);
        promised = true;
        relay.onceReady(() -> {
            // A backend that is closed undoes this, too.
            if (promised && relay.backend().isOpen()) {
                promised = false;
                batch = null;
                session.sendAgain(relay, kept);
            }
        });
        return true;
    }

    /** Returns the named statement that a batch of Bind, Describe of portals, Execute and Sync runs; null for any other batch. */
    private static @Nullable PreparedStatement onlyExecution(RequestBatch sending) {
        List<Request> requests = sending.requests();
        if (requests.isEmpty()) {
            return null;
        }
        Request bind = requests.get(0);
        if (bind.tag != FrontendTag.BIND || bind.name.isEmpty()) {
            return null;
        }
        for (int i = 1; i < requests.size(); i++) {
            Request request = requests.get(i);
            boolean ofPortal = request.tag == FrontendTag.DESCRIBE && request.kind == Kind.DESCRIBE_PORTAL;
            if (!ofPortal && request.tag != FrontendTag.EXECUTE && request.tag != FrontendTag.SYNC) {
                return null;
            }
        }
        return bind.statement;
    }

    /**
     * Returns true when the client reads what the statement returns without knowledge of former columns, and its parameters mean the same to a
     * statement parsed today.
     */
    private boolean mayHaveOtherColumns(RequestBatch sending, PreparedStatement statement) {
        boolean described = !session.statements.isDescribed(statement);
        for (Request request : sending.requests()) {
            if (request.tag == FrontendTag.EXECUTE && !described) {
                return false;
            }
            described |= request.tag == FrontendTag.DESCRIBE;
        }
        return described && hasLastingParameters(sending.requests().get(0), statement);
    }

    /** Text is read by whatever type a parameter has today; a binary value must have a type that the client has said. */
    private boolean hasLastingParameters(Request request, PreparedStatement statement) {
        bind.wrap(request.buffer, request.index, request.available);
        int[] declared = statement.parameterTypes();
        for (int k = 0; k < bind.parameterCount(); k++) {
            if (bind.parameterFormat(k) != 0 && (k >= declared.length || declared[k] == 0)) {
                return false;
            }
        }
        return true;
    }

    private void renew(RequestBatch sending, PreparedStatement retired) {
        PreparedStatement successor = worker.catalog().successor(retired);
        Request bound = sending.requests().get(0);
        session.statements.put(bound.name, successor);
        for (Request request : sending.requests()) {
            if (request.statement == retired) {
                request.statement = successor;
            }
            if (request.tag == FrontendTag.DESCRIBE) {
                request.effect = new DescribeEffect(successor, session.statements);
            }
        }
    }
}
