// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.prepared.BackendStatements;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.relay.Relay;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.routing.Target;
import io.trunkline.session.SessionState.Holding;
import io.trunkline.session.SessionState.Running;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.MessageScanner.Disposition;
import io.trunkline.wire.TransactionStatus;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The way of one client's messages to the relay: the batch when a backend has been found, then each message as it comes.
 *
 * <p>Owns whether a group is open. Belongs to its {@link Session}; at work in the states Running and Holding.
 */
final class RequestSender {
    private final Session session;
    private final Worker worker;
    private final SessionInput input;

    /** Messages have been sent since the last Sync, Query or FunctionCall: they cannot be given another backend. */
    private boolean groupOpen;
    /** And of those none is about more than statements: Parse, Describe and Close. */
    private boolean onlyPrepares;
    /** A request waits for the answers to what the open group has sent. */
    private boolean awaitsAnswers;

    RequestSender(Session session, SessionInput input) {
        this.session = session;
        this.worker = session.worker;
        this.input = input;
    }

    /** Sends a batch and the BEGIN that leads it; the batch keeps its references. */
    void send(Relay relay, RequestBatch batch) {
        byte[] begin = batch.begin();
        if (begin != null) {
            relay.swallowedQuery(begin, null);
            session.sent.beginSent();
            session.shards.begun(begin, session.placement.shard());
        }
        for (Request request : batch.requests()) {
            deliver(relay, request);
        }
        relay.endOfInput();
        // From now on the node is waited for.
        session.deadline.restart();
    }

    /** A message while a relay is held. */
    Disposition send(Relay relay, Request request) {
        switch (request.tag) {
            case FrontendTag.COPY_DATA -> {
                if (relay.isQuiet()) {
                    // Left over from a copy that failed: the backend would ignore it, and may be given back.
                    return Disposition.SKIP;
                }
                session.sentBatch.forget();
                return request.isPartial() ? Disposition.FORWARD_THEN_BREAK : Disposition.FORWARD;
            }
            case FrontendTag.COPY_DONE, FrontendTag.COPY_FAIL -> {
                if (relay.isQuiet()) {
                    return Disposition.SKIP;
                }
                session.sentBatch.forget();
                int length = request.isPartial() ? 0 : request.available;
                session.sent.copyEnded();
                relay.forward(Kind.COPY_END, request.buffer, request.index, length, null);
                session.deadline.restart();
                return endOfCut(relay, request);
            }
            default -> {
                if (relay.backend().expected().isCopyingIn() && !isIgnoredInCopy(request)) {
                    return session.breaks.onMessage(relay, request.tag);
                }
                if (mustWait(relay, request)) {
                    return Disposition.PAUSE;
                }
                if (relay.backend().expected().isSkipping() && request.tag != FrontendTag.SYNC) {
                    // The backend would skip it too.
                    session.forgetWait();
                    return Disposition.SKIP;
                }
                if (!worker.reader().read(session, request)) {
                    return Disposition.PAUSE;
                }
                if (mustMove(relay, request)) {
                    takeBack(request);
                    awaitsAnswers = !relay.isQuiet();
                    if (!awaitsAnswers) {
                        closeGroup(relay);
                    }
                    return Disposition.PAUSE;
                }
            }
        }
        if (mustWaitForStatements(relay, request)
                || SqlStatements.isAwaited(relay, request)
                || mustWaitForParse(relay, request)
                || mustWaitForStatus(relay, request)) {
            takeBack(request);
            return Disposition.PAUSE;
        }
        Disposition instead = session.shards.before(relay, request);
        if (instead != null) {
            if (instead == Disposition.PAUSE) {
                takeBack(request);
            }
            return instead;
        }
        session.sentBatch.forget();
        boolean wasQuiet = relay.isQuiet();
        if (!groupOpen && wasQuiet) {
            synchronizeSettings(relay);
        }
        if (session.state() instanceof Holding) {
            session.become(new Running(relay));
        }
        if (request.refusal == null && session.placement.combine(null, request) instanceof Target.Refused refused) {
            worker.metrics().refused(refused.code());
            request.refusal = refused.error();
        }
        session.planned.accepted(request);
        deliver(relay, request);
        if (wasQuiet) {
            session.deadline.restart();
        }
        Disposition disposition = endOfCut(relay, request);
        if (relay.isQuiet() && !groupOpen) {
            // From here on the request may be another session's: who gets the backend goes on at once.
            session.onQuiet();
        }
        return disposition;
    }

    /**
     * Returns true for a Bind that belongs on another shard, behind nothing but what prepares statements and a Flush, as many drivers send it: outside
     * a transaction nothing holds it on the shard that the statement was described by.
     */
    private boolean mustMove(Relay relay, Request request) {
        return groupOpen
                && onlyPrepares
                && request.tag == FrontendTag.BIND
                && request.target instanceof Target.Refused refused
                && (refused.code().equals(RouteRefusal.TRANSACTION_ON_OTHER_SHARD.code())
                        || refused.code().equals(RouteRefusal.SCATTER_IN_TRANSACTION.code()))
                && !session.sent.isInTransaction(relay.backend().status())
                && !session.ties.isPinned();
    }

    /** Returns true, once, when a request waits for the answers to what the open group has sent. */
    boolean takeAwaitsAnswers() {
        boolean was = awaitsAnswers;
        awaitsAnswers = false;
        return was;
    }

    /** A request is offered, and read, once more. An answer of the router's own has its effect in it. */
    private static void takeBack(Request request) {
        if (request.answer != null) {
            request.answer.onSkipped();
        } else if (request.effect != null) {
            request.effect.onSkipped();
        }
    }

    /** A server that reads COPY data passes over these. */
    private static boolean isIgnoredInCopy(Request request) {
        return request.tag == FrontendTag.SYNC || request.tag == FrontendTag.FLUSH;
    }

    /** Returns true when only an answer of the backend tells whether the client's next message stands within a COPY FROM. */
    private boolean isCopyAwaited(Relay relay) {
        return session.sent.isCopyAwaited() && !relay.backend().expected().isSkipping();
    }

    /** Returns true when a request can only be placed after earlier ones were answered. */
    private boolean mustWait(Relay relay, Request request) {
        return relay.isFull()
                || session.sentBatch.isPromised()
                || isCopyAwaited(relay) && !isIgnoredInCopy(request)
                || request.tag != FrontendTag.SYNC
                        && !groupOpen
                        && !relay.isQuiet()
                        && !relay.backend().expected().isCopyingIn()
                        && !session.mayPipeline();
    }

    /** What a Query needs is given to the backend ahead of it only where nothing goes before that, such as a COPY that would take it for data. */
    private boolean mustWaitForStatements(Relay relay, Request request) {
        return !groupOpen && !relay.isQuiet() && !hasAll(relay, request);
    }

    /** Whether the backend has what is used here may be for the answer to an earlier group to tell, of which the error is not this group's. */
    private static boolean mustWaitForParse(Relay relay, Request request) {
        PreparedStatement statement = request.statement;
        if (statement == null || relay.isQuiet() || request.refusal != null || request.answer != null) {
            return false;
        }
        BackendStatements there = relay.backend().statements();
        PreparedStatement executed = statement.executed();
        return switch (request.tag) {
            case FrontendTag.BIND, FrontendTag.DESCRIBE ->
                (request.name.isEmpty() ? there.isUnnamedAwaited(statement) : there.isAwaited(statement))
                        || executed != null && there.isAwaited(executed);
            case FrontendTag.PARSE ->
                !request.name.isEmpty() && there.isAwaited(statement) || executed != null && there.isAwaited(executed);
            default -> false;
        };
    }

    /** In a failed transaction the router refuses what it would answer else; the Sync whose ReadyForQuery tells has been sent. */
    private boolean mustWaitForStatus(Relay relay, Request request) {
        return request.answer != null
                && request.tag != FrontendTag.QUERY
                && !isAnsweredWhenFailed(request)
                && isStatusAwaited(relay)
                && relay.backend().expected().readyForQueryCount() > 0;
    }

    private static boolean hasAll(Relay relay, Request request) {
        boolean all = true;
        if (request.tag != FrontendTag.QUERY) {
            // Provided with the Bind.
            return true;
        }
        for (EditedText.Used one : request.used) {
            all &= relay.has(one.statement());
        }
        return all;
    }

    private Disposition endOfCut(Relay relay, Request request) {
        if (input.isCut(request.buffer)) {
            relay.endOfInput();
        }
        if (!request.isPartial()) {
            return Disposition.SKIP;
        }
        // What was inspected of a long message has been sent; the rest of it follows as a run, if the backend is to
        // have it.
        boolean sent = request.refusal == null && request.answer == null;
        return sent ? Disposition.FORWARD_THEN_BREAK : Disposition.SKIP_THEN_BREAK;
    }

    /** What was to be restored behind a RESET may have failed, and left the backend with its own default. */
    private void synchronizeSettings(Relay relay) {
        BackendConnection backend = relay.backend();
        if (backend.status() == TransactionStatus.FAILED) {
            return;
        }
        String commands = SessionSettings.difference(backend.settings(), session.settings.current());
        if (!commands.isEmpty()) {
            relay.swallowedQuery(commands.getBytes(StandardCharsets.UTF_8), null);
            backend.noteSettings(session.settings.current());
        }
    }

    /** Hands one understood request to the relay: refused in its place, answered in its place, or forwarded. */
    private void deliver(Relay relay, Request request) {
        boolean within = groupOpen;
        // A Flush asks for nothing that a Sync would have to end.
        boolean begins = request.tag != FrontendTag.FLUSH
                && !(isIgnoredInCopy(request) && relay.backend().expected().isCopyingIn());
        if (begins) {
            groupOpen = !request.endsGroup();
            onlyPrepares = (!within || onlyPrepares) && prepares(request.tag);
        }
        if (request.refusal == null && request.statement != null) {
            request.refusal = unprovidable(relay, request.statement, request);
        }
        if (request.refusal == null && !hasAll(relay, request)) {
            request.refusal = provide(relay, request, within);
        }
        if (request.refusal != null) {
            if (request.effect != null) {
                request.effect.onUndone();
            }
            session.sent.failure().refused(request);
            relay.refuse(request.endsGroup() ? Kind.QUERY : Kind.PARSE, request.refusal);
            return;
        }
        if (request.answer != null && within && request.tag == FrontendTag.QUERY) {
            // It ends what the backend has begun for the group.
            if (!isEmptyQuery(request)) {
                request.answer.onUndone();
                session.sent.failure().refused(request);
                relay.refuse(Kind.QUERY, RouterErrors.answeredWithinGroup());
                return;
            }
            request.answer = null;
        }
        if (request.answer != null) {
            if (relay.backend().status() == TransactionStatus.FAILED && !isAnsweredWhenFailed(request)) {
                request.answer.onUndone();
                relay.refuse(Kind.PARSE, RouterErrors.transactionAborted());
            } else {
                relay.answer(request.kind, request.answer);
            }
            return;
        }
        session.sequences.sending(relay, request, within);
        session.channels.sending(request);
        session.sent.sending(request, relay.backend().status());
        forward(relay, request);
    }

    /**
     * Returns why the backend cannot be given the statement of a Bind or Describe, or null: a string with a backslash, or a character beyond ASCII, would be
     * another there.
     */
    private @Nullable RouterError unprovidable(Relay relay, PreparedStatement statement, Request request) {
        if (request.tag != FrontendTag.BIND && request.tag != FrontendTag.DESCRIBE) {
            return null;
        }
        TextContext texts = session.texts;
        PreparedStatement executed = statement.executed();
        if (executed != null && !texts.allowsReplay(executed) && !relay.has(executed)) {
            return RouterErrors.readOtherwise(request.name);
        }
        if (texts.allowsReplay(statement)) {
            return null;
        }
        boolean there =
                request.name.isEmpty() ? relay.backend().statements().unnamed() == statement : relay.has(statement);
        return there ? null : RouterErrors.readOtherwise(request.name);
    }

    /** Gives the backend the statements that a Query uses; returns why that cannot be, or null. */
    private @Nullable RouterError provide(Relay relay, Request request, boolean within) {
        for (EditedText.Used one : request.used) {
            if (within) {
                return RouterErrors.executedWithinGroup(one.name());
            }
            if (!relay.has(one.statement())) {
                if (one.statement().isRetired()) {
                    return RouterErrors.resultTypeChanged();
                }
                if (!session.texts.allowsReplay(one.statement())) {
                    return RouterErrors.readOtherwise(one.name());
                }
            }
        }
        for (EditedText.Used one : request.used) {
            if (!relay.has(one.statement())) {
                relay.provide(one.statement(), one.name());
            }
        }
        return null;
    }

    private void forward(Relay relay, Request request) {
        int length = request.available;
        if (request.isPartial()) {
            // The scanner passes all of it on, from its first byte, but for the part that is replaced here.
            boolean renamed = request.tag == FrontendTag.BIND && !request.name.isEmpty();
            length = renamed ? request.tail - request.index : request.rewritten != null ? request.available : 0;
            input.rewritten(length);
        }
        switch (request.tag) {
            case FrontendTag.QUERY -> {
                if (request.statement != null
                        && request.rewritten != null
                        && request.effect instanceof PrepareEffect prepare) {
                    relay.prepare(request.statement, request.rewritten, prepare);
                } else if (request.isPartial() && request.rewritten != null) {
                    relay.beginQuery(request.rewritten, request.messageBytes - request.available, request.effect);
                } else if (request.rewritten == null) {
                    relay.query(request.buffer, request.index, length, request.effect);
                } else {
                    relay.query(request.rewritten, request.effect);
                }
            }
            case FrontendTag.PARSE -> {
                PreparedStatement statement = Objects.requireNonNull(request.statement);
                if (!request.name.isEmpty() && relay.has(statement) && isStatusAwaited(relay)) {
                    // Whether PostgreSQL takes it, the backend has to say.
                    relay.backend().statements().addOutdated(statement);
                }
                relay.parse(
                        statement,
                        request.name,
                        request.buffer,
                        request.index,
                        length,
                        Objects.requireNonNull(request.effect));
            }
            case FrontendTag.BIND -> {
                if (request.statement == null) {
                    relay.forward(Kind.BIND, request.buffer, request.index, length, request.effect);
                } else {
                    relay.bind(
                            request.statement,
                            request.name,
                            request.buffer,
                            request.index,
                            request.messageBytes - 1,
                            length,
                            request.tail);
                }
            }
            case FrontendTag.DESCRIBE -> {
                if (request.statement != null) {
                    relay.describeStatement(request.statement, request.name, request.effect);
                } else {
                    relay.forward(request.kind, request.buffer, request.index, length, request.effect);
                }
            }
            case FrontendTag.FLUSH -> relay.stream(request.buffer, request.index, length);
            default -> relay.forward(request.kind, request.buffer, request.index, length, request.effect);
        }
        if (request.followUp != null) {
            relay.followUp(request.followUp, session.commands.restoring());
        }
    }

    /** Returns true when what is in flight decides whether the transaction has failed when the backend comes to what is sent now. */
    private boolean isStatusAwaited(Relay relay) {
        TransactionStatus status = relay.backend().status();
        return !relay.isQuiet() && session.sent.failure().mayChange(status, session.sent.isInTransaction(status));
    }

    private static boolean prepares(byte tag) {
        return tag == FrontendTag.PARSE || tag == FrontendTag.DESCRIBE || tag == FrontendTag.CLOSE;
    }

    private static boolean isEmptyQuery(Request request) {
        return request.analysis != null && request.analysis.shape().statements().isEmpty();
    }

    /** Close works in a failed transaction, and the answer to a Query says itself that nothing else does. */
    private static boolean isAnsweredWhenFailed(Request request) {
        return request.tag == FrontendTag.CLOSE || request.tag == FrontendTag.QUERY;
    }

    /** Returns true when part of the client's next request is on its way already, so that the lease cannot end. */
    boolean isMidRequest() {
        return groupOpen || input.isMidMessage();
    }

    boolean isGroupOpen() {
        return groupOpen;
    }

    /** Ends the open group on the backend, unseen by the client, for which it goes on; returns false when none is open. */
    boolean closeGroup(Relay relay) {
        if (!groupOpen) {
            return false;
        }
        groupOpen = false;
        relay.synchronizeUnseen();
        return true;
    }

    /** The client's group goes on, and its Sync goes to the backend. */
    void groupContinues() {
        groupOpen = true;
    }

    /** The backend is lost or given back, and with it what was sent of an open group. */
    void lost() {
        groupOpen = false;
    }
}
