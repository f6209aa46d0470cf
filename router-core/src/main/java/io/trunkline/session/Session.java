// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.ReportedParameters;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.metrics.RouterMetrics.CancelOutcome;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.prepared.SessionStatements;
import io.trunkline.relay.ClientLink;
import io.trunkline.relay.Relay;
import io.trunkline.routing.Target;
import io.trunkline.session.SessionState.Canceling;
import io.trunkline.session.SessionState.Checking;
import io.trunkline.session.SessionState.Closed;
import io.trunkline.session.SessionState.Committed;
import io.trunkline.session.SessionState.FailingCopy;
import io.trunkline.session.SessionState.Holding;
import io.trunkline.session.SessionState.Idle;
import io.trunkline.session.SessionState.Joining;
import io.trunkline.session.SessionState.Leasing;
import io.trunkline.session.SessionState.Running;
import io.trunkline.session.SessionState.Scattering;
import io.trunkline.session.SessionState.Stranded;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.MessageScanner.Disposition;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.TransactionStatus;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One logged-in client.
 *
 * <p>Owns the client's state, statements, settings and, while it runs something, a relay. Bytes come in through {@link #onBytes}; what the
 * backend says goes to the client through the relay and comes by here only as events. {@link #become} is the only place where the state
 * changes. What is done in a state is left to one class each:
 *
 * <ul>
 *   <li>{@link SessionInput} cuts the client's bytes into messages and keeps the one that must wait,
 *   <li>{@link RequestSkipping} drops what an error of the router made void,
 *   <li>{@link RequestGathering} holds messages until their destination is known,
 *   <li>{@link BackendLeasing} gets the backend, attaches the relay, and gives the backend back,
 *   <li>{@link RequestSender} sends what is held and what follows it,
 *   <li>{@link AnsweredWork} keeps the backend or has it given back when it has answered,
 *   <li>{@link BackendLoss} and {@link StrandedTransaction} answer when the backend is lost,
 *   <li>{@link SessionDeadline} notices what takes too long, {@link OverdueStatement} cancels it,
 *   <li>{@link CopyBreak} answers what has no place in a COPY FROM,
 *   <li>{@link SessionEnd} closes.
 * </ul>
 *
 * <p>All of them are made here, one per session, and know the session; of each other they know only those they are made with. Confined to the
 * event loop of its worker.
 */
public final class Session implements Relay.Listener, SessionRegistry.Handle {
    final Worker worker;
    final ClientGate client;
    final SessionIdentity identity;
    final SessionStatements statements = new SessionStatements();
    final SessionSettings settings;
    final TextContext texts;
    final Placement placement;
    final PlannedWork planned = new PlannedWork(this);
    final SessionTies ties;
    final SentWork sent;
    final SentBatch sentBatch;
    final SessionSequences sequences;
    final Portals portals = new Portals();
    final AwaitedTypes awaitedTypes = new AwaitedTypes();
    final KeptMemory kept = new KeptMemory(this);
    final SessionChannels channels;
    final CompletedCommands commands;
    final ClientParameters parameters;
    final SessionDeadline deadline;
    final OverdueStatement overdue;
    final CopyBreak breaks;
    private final CurrentView view;
    private final SessionInput input;
    private final RequestSkipping skipping = new RequestSkipping();
    private final RequestGathering gathering;
    private final RequestSender sender;
    private final BackendLeasing leasing;
    private final StrandedTransaction stranded;
    private final SessionEnd end;
    private final BackendLoss loss;
    private final AnsweredWork answered;
    final ShardTransaction shards;
    private SessionState state = Idle.INSTANCE;

    Session(
            Worker worker,
            ClientLink client,
            SessionIdentity identity,
            SessionSettings settings,
            ReportedParameters greeted) {
        this.worker = worker;
        this.client = new ClientGate(client);
        this.identity = identity;
        this.settings = settings;
        this.parameters = new ClientParameters(this.client, greeted);
        this.view = worker.currentView(identity.cluster());
        this.texts = new TextContext(this);
        this.placement = new Placement(this);
        this.ties = new SessionTies(
                worker.metrics(),
                worker.clock(),
                identity.poolMode(),
                worker.catalog().namePrefix());
        this.sent = new SentWork(this);
        this.sentBatch = new SentBatch(this);
        this.sequences = new SessionSequences(ties, sent);
        this.channels = new SessionChannels(this, worker.hub(view.get(), identity));
        this.commands = new CompletedCommands(this);
        this.input = new SessionInput(this, worker.limits());
        this.gathering = new RequestGathering(this, input, skipping);
        this.sender = new RequestSender(this, input);
        this.leasing = new BackendLeasing(this, input, gathering, sender);
        this.stranded = new StrandedTransaction(this, input, gathering, skipping);
        this.end = new SessionEnd(this, input, gathering, sender, leasing);
        this.loss = new BackendLoss(this, input, sender, skipping, end);
        this.breaks = new CopyBreak(this, end);
        this.overdue = new OverdueStatement(this, input, sender, loss);
        this.answered = new AnsweredWork(this, input, sender, leasing, overdue);
        this.shards = new ShardTransaction(this, sender, skipping);
        this.deadline = new SessionDeadline(this, identity.timeouts());
    }

    /** The client has been greeted: it can be cancelled and drained from now on. */
    void begin(BackendKey cancelKey) {
        end.cancelKey(cancelKey);
        channels.begin(cancelKey.processId());
        worker.sessions().add(cancelKey.processId(), this);
        worker.metrics().sessionOpened();
        deadline.restart();
    }

    // messages from the client

    /** Bytes from the client; borrowed. */
    public void onBytes(ByteBuf in) {
        assert worker.inEventLoop();
        input.onBytes(in);
        deadline.onBytes();
    }

    /** The read that led to {@link #onBytes} is over. */
    public void onReadComplete() {
        Relay relay = state.relay();
        if (relay != null) {
            relay.flush();
        }
        client.flush();
    }

    /** The client takes bytes again, or no longer. */
    public void onWritabilityChanged(boolean writable) {
        Relay relay = state.relay();
        if (relay != null) {
            relay.setReading(client.isWritable());
            if (state instanceof Canceling) {
                // What the client has not taken yet stands before the answer.
                deadline.restart();
            }
        }
        if (writable) {
            if (state instanceof Scattering scattering) {
                scattering.work().onClientWritable();
            }
            channels.deliver();
        }
    }

    /** The client has said that it sends nothing more; it may still read. */
    public void onInputEnd() {
        end.leave("client sends no more");
    }

    /** The client is gone. */
    public void onClosed() {
        end.close("client disconnected");
    }

    /** One message from the client, not understood yet. */
    Disposition onRequest(Request request) {
        if (skipping.isActive()) {
            if (state instanceof Scattering) {
                // What its Sync is told of the transaction is known when that has come back from the shards.
                return Disposition.PAUSE;
            }
            forgetWait();
            if (skipping.drop(request)) {
                writeReadyForQuery();
            }
            return Disposition.SKIP;
        }
        return state.onMessage(this, request);
    }

    /** The message that waits, if there is one, will not be sent: it was dropped, or what it was part of is lost. */
    void forgetWait() {
        channels.forgetWait();
        awaitedTypes.forget();
    }

    /** Terminate arrived. */
    void onTerminate() {
        end.leave("terminated by client");
    }

    /** The bytes are no message; nothing after them can be read. */
    void onViolation(ProtocolViolation violation) {
        if (violation.consequence() != ProtocolViolation.Consequence.SILENT_CLOSE) {
            closeWith(RouterErrors.protocolViolation(violation));
        } else {
            end.close("protocol violation");
        }
    }

    /** The last part of a long message has been handed on: what came back meanwhile may end the lease now. */
    void onLongMessageEnd() {
        Relay relay = state.relay();
        if (relay != null && relay.isQuiet() && !relay.backend().expected().isSkipping()) {
            onQuiet();
        } else if (state instanceof Scattering scattering) {
            scattering.work().onBreak();
        } else {
            deadline.restart();
        }
    }

    // what the states do with a message

    Disposition gather(Request request) {
        return gathering.gather(request);
    }

    Disposition send(Relay relay, Request request) {
        return sender.send(relay, request);
    }

    Disposition answerStranded(Request request, @Nullable ErrorResponse cause) {
        return stranded.answer(request, cause);
    }

    Disposition answerCommitted(Request request, @Nullable ErrorResponse error) {
        return stranded.answerCommitted(request, error);
    }

    /** Asks for a backend for the batch. */
    void lease(Target.At at) {
        leasing.lease(at);
    }

    // what the relay tells

    @Override
    public void onReadyForQuery(TransactionStatus status, boolean failed) {
        answered.onReadyForQuery(status, failed);
    }

    @Override
    public void onQuiet() {
        answered.onQuiet();
    }

    @Override
    public void onProgress() {
        deadline.onBytes();
        Relay relay = state.relay();
        if (relay != null && !relay.isFull()) {
            input.resume();
        }
    }

    @Override
    public boolean speaksBeforeReadyForQuery() {
        return channels.isConcernedByReadyForQuery();
    }

    @Override
    public boolean wantsNotification(ByteBuf buffer, int index, int available) {
        return !channels.isShared()
                || channels.wantsOwn(
                        worker.notification().wrap(buffer, index, available).channel());
    }

    @Override
    public void onParameterStatus(String name, String value) {
        Relay relay = state.relay();
        if (relay != null && name.equals(ReportedParameters.IN_HOT_STANDBY)) {
            // No client is told, but the node's role has changed: the next probe need not wait for its turn.
            worker.suspect(relay.backend().target());
        }
        parameters.tell(name, value);
    }

    @Override
    public ErrorResponse onCanceled(ErrorResponse error) {
        if (state instanceof FailingCopy failing) {
            return breaks.onCanceled(failing, error);
        }
        return state instanceof Canceling canceling ? overdue.translate(canceling) : error;
    }

    @Override
    public void onBackendWritable(boolean writable) {
        deadline.onBytes();
        input.updateReading();
    }

    @Override
    public void onRelayLost(ErrorResponse cause, boolean midMessage) {
        Relay relay = state.relay();
        if (relay == null) {
            return;
        }
        worker.suspect(relay.backend().target());
        loss.report(relay, cause, midMessage);
    }

    @Override
    public boolean repeatsWithout(PreparedStatement statement) {
        Relay relay = state.relay();
        return relay != null && sentBatch.repeatsWithout(relay, statement);
    }

    /** Sends to the same backend what had no effect there. */
    void sendAgain(Relay relay, RequestBatch batch) {
        leasing.sendAgain(relay, batch);
    }

    /** Gives a batch that had no effect on a lost backend to another one. */
    void sendElsewhere(RequestBatch batch) {
        gathering.dispatchAgain(batch);
    }

    /**
     * A transaction on several shards has ended. Its COMMIT is still unread.
     *
     * @param error what the COMMIT is told, or null when it has happened
     */
    void endWaitingCommit(@Nullable RouterError error) {
        become(new Committed(error == null ? null : error.response()));
        input.updateReading();
        proceedLater();
    }

    /** Returns true while the outcome of a transaction over several shards is being decided. */
    boolean isCommittingOnShards() {
        return shards.isCommitting()
                || state instanceof Scattering scattering && scattering.work().isCommitting();
    }

    /** What ran on several shards has been answered. */
    void scatterEnded() {
        if (state instanceof Scattering) {
            released();
            become(Idle.INSTANCE);
            channels.deliver();
            if (!input.isScanning()) {
                client.flush();
            }
            input.updateReading();
            input.resume();
        }
    }

    /** The lease has ended, or a transaction that never had one. */
    void released() {
        sentBatch.drop();
        planned.quietOutsideTransaction();
        shards.released();
        placement.released();
        sent.released();
        channels.released();
        portals.clear();
    }

    // cancel, drain, end

    /**
     * A cancel request with this session's key arrived.
     *
     * @param delivered runs once the request can hit nothing that the client sends from then on: a server closes the connection it came by when it
     *     has sent the signal, and clients wait for that
     */
    public void cancel(Runnable delivered) {
        if (channels.cancel()) {
            worker.metrics().cancelRequest(CancelOutcome.WITHDRAWN);
            delivered.run();
        } else if (state instanceof Leasing wait) {
            wait.withdraw();
            worker.metrics().cancelRequest(CancelOutcome.WITHDRAWN);
            gathering.refuse(RouterErrors.queryCanceled("user request").response());
            delivered.run();
        } else if (shards.cancelJoin()) {
            worker.metrics().cancelRequest(CancelOutcome.WITHDRAWN);
            delivered.run();
        } else if (state instanceof Scattering scattering) {
            worker.metrics().cancelRequest(CancelOutcome.SENT);
            scattering.work().cancel(delivered);
        } else if (state instanceof Running running && !running.relay().isQuiet()) {
            worker.metrics().cancelRequest(CancelOutcome.SENT);
            sentBatch.forget();
            running.relay().cancel(delivered);
            // Maybe nothing runs there: what was sent of a group is answered by its Sync, which is behind the Bind that
            // waits.
            if (awaitedTypes.cancel(RouterErrors.queryCanceled("user request"))) {
                proceedLater();
            }
        } else if (awaitedTypes.cancel(RouterErrors.queryCanceled("user request"))) {
            worker.metrics().cancelRequest(CancelOutcome.WITHDRAWN);
            delivered.run();
            proceedLater();
        } else if (state instanceof Canceling) {
            // A cancel request for what runs is on its way already.
            worker.metrics().cancelRequest(CancelOutcome.SENT);
            delivered.run();
        } else {
            worker.metrics().cancelRequest(CancelOutcome.NOTHING_RUNNING);
            delivered.run();
        }
    }

    @Override
    public void drain() {
        worker.execute(() -> end.drain(RouterErrors.shuttingDown()));
    }

    @Override
    public void drainUnless(Predicate<SessionIdentity> leadsThere) {
        worker.execute(() -> {
            if (view.isSuperseded() || !leadsThere.test(identity)) {
                end.drain(RouterErrors.databaseMoved(identity.database()));
            }
        });
    }

    @Override
    public void terminate() {
        worker.execute(() -> end.interrupt(RouterErrors.shuttingDown(), "terminated"));
    }

    @Override
    public void describe(Consumer<SessionDescription> described) {
        worker.execute(() -> {
            if (!isClosed()) {
                described.accept(SessionDescription.of(this, end.processId()));
            }
        });
    }

    /** Tells the client why, where that is possible, and closes it. */
    void closeWith(RouterError error) {
        end.closeWith(error);
    }

    /** Ends the session because something took too long. */
    void closeOverdue(RouterError error) {
        end.interrupt(error, "timed out");
    }

    /** Tells the client that what it kept on its backend is lost, and closes it; the backend is gone already. */
    void closeAfterLoss(RouterError error) {
        end.afterLoss(error);
    }

    // state

    /** Goes over to another state, unless the session has ended. */
    void become(SessionState next) {
        SessionState last = state;
        if (last == next || last instanceof Closed) {
            return;
        }
        state = next;
        if (last.label() != next.label()) {
            worker.metrics().sessionMoved(last.label(), next.label());
        }
        deadline.restart();
        if (next instanceof Idle || next instanceof Holding) {
            end.onQuiet();
            if (next instanceof Idle && channels.hasUndelivered()) {
                // Maybe from inside a call that still writes its answer.
                worker.execute(channels::deliver);
            }
        }
    }

    SessionState state() {
        return state;
    }

    /** Returns what is known of the session's cluster now. */
    ClusterView view() {
        return view.get();
    }

    /** Returns true once the topology counts the cluster's shards otherwise than this session. */
    boolean isViewSuperseded() {
        return view.isSuperseded();
    }

    /** Returns a number that becomes another one when statements may belong elsewhere than was decided for them. */
    int placing() {
        return view.placing();
    }

    /** Returns true when a request may be sent while earlier ones are unanswered, because it could not go anywhere else. */
    boolean mayPipeline() {
        if (sent.settings().isAny()) {
            // How the next text is to be read, and what its transaction's end takes back, is only known then.
            return false;
        }
        return placement.isOnOnlyPrimary() || ties.isPinned();
    }

    /** Returns true when the end of the transaction takes settings or channels back or keeps them for good, or may do so. */
    boolean isSettingsInFlux() {
        return sent.settings().isAny() || settings.isInFlux() || channels.isInFlux();
    }

    /** Returns true when the session has ended. */
    public boolean isClosed() {
        return state instanceof Closed;
    }

    /** Returns true when a message that had to wait may be offered again: its way is open, or it is to be dropped. */
    boolean mayOfferAgain() {
        return !(state instanceof Leasing
                || state instanceof Scattering scattering && !scattering.work().takesMessages()
                || state instanceof Joining
                || state instanceof Checking
                || state instanceof Closed);
    }

    /** Offers the paused message again; something it waited for is there. */
    void proceed() {
        input.resume();
    }

    /** Like {@link #proceed}, but never from inside a scan. */
    void proceedLater() {
        worker.execute(this::proceed);
    }

    /** Returns what the client was told of its parameters. */
    ReportedParameters told() {
        return parameters.told();
    }

    void writeError(ErrorResponse error) {
        ByteBuf out = client.allocator().buffer(128);
        error.encode(out);
        client.write(out);
    }

    void writeReadyForQuery() {
        ByteBuf out = client.allocator().buffer(6);
        BackendWriter.readyForQuery(out, status());
        client.write(out);
    }

    /** Returns true while the backend reads COPY data, and ignores Flush and Sync. */
    boolean isCopyingIn() {
        Relay relay = state.relay();
        return relay != null && relay.backend().expected().isCopyingIn()
                || state instanceof Scattering scattering && scattering.work().isCopyingIn();
    }

    /** Returns true while the client owes the rest of a COPY FROM, or of a message that the backend has the beginning of. */
    boolean owesRest(Relay relay) {
        return relay.backend().expected().isCopyingIn() || input.isMidForward();
    }

    /** Bytes of a COPY FROM that is spread over shards; borrowed. */
    void onRunningStatement(ByteBuf buffer, int index, int length) {
        if (state instanceof Scattering scattering) {
            scattering.work().onRun(buffer, index, length);
        }
    }

    /** Returns false while what the client sends is not taken further. */
    boolean takesBytes() {
        Relay relay = state.relay();
        return relay != null
                ? relay.isWritable()
                : !(state instanceof Scattering scattering) || scattering.work().isWritable();
    }

    /** Reads from the client if what it sends can be taken. */
    void updateReading() {
        input.updateReading();
    }

    /** What is still to come of a message that was being passed on is for nobody. */
    void dropRestOfMessage() {
        input.dropRest();
    }

    /** An error was answered in the middle of a group. */
    void skipUpToSync() {
        skipping.skipUpToSync();
    }

    /** Returns true while a message of the client waits for the router. */
    boolean isRequestPaused() {
        return input.isPaused();
    }

    /** Returns true while a BEGIN that was answered here has not been sent. */
    boolean hasDeferredBegin() {
        return gathering.isBegun();
    }

    /** Returns the transaction status as the client sees it. */
    TransactionStatus status() {
        Relay relay = state.relay();
        if (relay != null) {
            return relay.backend().status();
        }
        if (state instanceof Stranded) {
            return TransactionStatus.FAILED;
        }
        return gathering.status();
    }
}
