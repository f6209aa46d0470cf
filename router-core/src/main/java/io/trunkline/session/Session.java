// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.backend.ReportedParameters;
import io.trunkline.backend.Settings;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.health.NodeStatus;
import io.trunkline.metrics.RouterMetrics.CancelOutcome;
import io.trunkline.pool.Lease;
import io.trunkline.pool.LeaseRequest;
import io.trunkline.pool.ShardPool;
import io.trunkline.prepared.SessionStatements;
import io.trunkline.relay.ClientLink;
import io.trunkline.relay.DirectRelay;
import io.trunkline.relay.Relay;
import io.trunkline.routing.RoleNeed;
import io.trunkline.routing.Target;
import io.trunkline.session.SessionState.Closed;
import io.trunkline.session.SessionState.Gathering;
import io.trunkline.session.SessionState.Holding;
import io.trunkline.session.SessionState.Idle;
import io.trunkline.session.SessionState.Leasing;
import io.trunkline.session.SessionState.Running;
import io.trunkline.session.SessionState.Stranded;
import io.trunkline.sql.TransactionMode;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.MessageScanner.Disposition;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.Severity;
import io.trunkline.wire.SqlState;
import io.trunkline.wire.TransactionStatus;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One logged-in client.
 *
 * <p>Owns the client's state, statements, settings and, while it runs something, a relay. Bytes come in through {@link #onBytes}; what the
 * backend says goes to the client through the relay and comes by here only as events. {@link #become} is the only place where the state
 * changes. Confined to the event loop of its worker.
 */
public final class Session implements Relay.Listener, LeaseRequest, SessionRegistry.Drainable {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    final Worker worker;
    final ClientLink client;
    final SessionIdentity identity;
    final SessionStatements statements = new SessionStatements();
    final SessionSettings settings;
    final SessionContext context;
    private final SessionInput input;
    private SessionState state = Idle.INSTANCE;
    private RequestBatch batch;
    private ReportedParameters told;

    /** What is dropped because an error was answered here. */
    private Skipping skipping = Skipping.NOTHING;
    /** The text of a BEGIN that was answered here and will lead what is sent to the backend. */
    private byte @Nullable [] deferredBegin;
    /** Messages have been sent since the last Sync, Query or FunctionCall. */
    private boolean groupOpen;

    private boolean draining;
    private @Nullable BackendKey key;

    /** What a client sent that an error of the router makes void. */
    private enum Skipping {
        NOTHING,
        /** One Query or FunctionCall too long to hold. */
        ONE_MESSAGE,
        /** The rest of the group. */
        UP_TO_SYNC
    }

    Session(
            Worker worker,
            ClientLink client,
            SessionIdentity identity,
            SessionSettings settings,
            ReportedParameters told) {
        this.worker = worker;
        this.client = client;
        this.identity = identity;
        this.settings = settings;
        this.told = told;
        this.batch = worker.emptyBatch();
        this.context = new SessionContext(this);
        this.input = new SessionInput(this, worker.limits().inspectedBytesMax());
    }

    // messages from the client

    /** Bytes from the client; borrowed. */
    public void onBytes(ByteBuf in) {
        assert worker.inEventLoop();
        input.onBytes(in);
    }

    /** The read that led to {@link #onBytes} is over. */
    public void onReadComplete() {
        Relay relay = state.relay();
        if (relay != null) {
            relay.flush();
        }
        client.flush();
    }

    /** One message from the client, not understood yet. */
    Disposition onRequest(Request request) {
        if (skipping == Skipping.ONE_MESSAGE) {
            skipping = Skipping.NOTHING;
            return Disposition.SKIP;
        }
        if (skipping == Skipping.UP_TO_SYNC) {
            if (request.tag == FrontendTag.SYNC) {
                skipping = Skipping.NOTHING;
                writeReadyForQuery();
            }
            return Disposition.SKIP;
        }
        return state.onMessage(this, request);
    }

    /** Terminate arrived. */
    void onTerminate() {
        close("terminated by client");
    }

    /** The bytes are no message; nothing after them can be read. */
    void onViolation(ProtocolViolation violation) {
        if (violation.consequence() != ProtocolViolation.Consequence.SILENT_CLOSE) {
            closeWith(RouterErrors.protocolViolation(violation));
        } else {
            close("protocol violation");
        }
    }

    /** The last part of a long message has been handed on: what came back meanwhile may end the lease now. */
    void onLongMessageEnd() {
        Relay relay = state.relay();
        if (relay != null && relay.isQuiet()) {
            onQuiet();
        }
    }

    boolean isClosed() {
        return state instanceof Closed;
    }

    /** Returns true when a message that had to wait may be offered again: its way is open, or it is to be dropped. */
    boolean mayOfferAgain() {
        return !(state instanceof Leasing) && !(state instanceof Closed);
    }

    // Idle and Gathering

    /** A message while its destination is unknown. */
    Disposition gather(Request request) {
        switch (request.tag) {
            case FrontendTag.COPY_DATA, FrontendTag.COPY_DONE, FrontendTag.COPY_FAIL -> {
                if (!batch.needsBackend()) {
                    // Left over from a copy that failed: PostgreSQL ignores it outside a copy.
                    return Disposition.SKIP;
                }
                // Data for the COPY that is held, sent without waiting for the invitation.
                input.offerAgain(request.tag);
                dispatch(false);
                return Disposition.PAUSE;
            }
            default -> {
                if (!worker.reader().read(context, request)) {
                    return Disposition.PAUSE;
                }
            }
        }
        if (request.refusal != null && !batch.needsBackend()) {
            if (!batch.isEmpty()) {
                answerBatch();
            }
            refuseBatch(request, request.refusal.response());
            return Disposition.SKIP;
        }
        // The error of a refused message comes in its place, behind the answers to those before it.
        if (request.isPartial() && request.refusal == null) {
            // Too long to hold: it stays where it is until there is a backend it can stream to.
            batch.target(context.combine(batch.target(), request));
            input.offerAgain(request.tag);
            dispatch(false);
            return Disposition.PAUSE;
        }
        hold(request);
        become(Gathering.INSTANCE);
        switch (request.tag) {
            case FrontendTag.SYNC, FrontendTag.QUERY, FrontendTag.FUNCTION_CALL -> dispatch(true);
            case FrontendTag.FLUSH -> dispatch(false);
            default -> {
                if (batch.heldBytes() > worker.limits().heldBytesMax()) {
                    dispatch(false);
                }
            }
        }
        return Disposition.SKIP;
    }

    private void hold(Request request) {
        Request held = worker.keep(request);
        batch.add(held);
        Target combined = context.combine(batch.target(), held);
        batch.target(combined);
    }

    /** Decides where the batch goes; {@code complete} is false when more of the same group may follow. */
    private void dispatch(boolean complete) {
        if (input.longTag() == 0 && !batch.needsBackend()) {
            answerBatch();
            return;
        }
        Target target = context.settle(batch.target(), complete);
        if (target instanceof Target.Refused refused) {
            worker.metrics().refused(refused.code());
            refuseBatch(null, refused.error().response());
            return;
        }
        Target.At at = (Target.At) target;
        context.placing(at);
        ShardPool pool = worker.pool(identity, context.shard());
        become(new Leasing(pool));
        pool.lease(context.poolRole(at), this);
    }

    /** Answers a batch that asks nothing of a backend. */
    private void answerBatch() {
        ByteBuf out = client.allocator().buffer(64);
        TransactionStatus status = deferredBegin == null ? TransactionStatus.IDLE : TransactionStatus.IN_TRANSACTION;
        for (Request request : batch.requests()) {
            status = LocalAnswers.write(out, this, request, status);
        }
        batch.clear(worker.requests());
        client.write(out);
        if (!input.isScanning()) {
            client.flush();
        }
        become(deferredBegin == null ? Idle.INSTANCE : Gathering.INSTANCE);
    }

    /** Remembers a BEGIN that was answered here: it leads what is sent to the backend that the next statement finds. */
    void deferBegin(byte[] sql, TransactionMode mode) {
        deferredBegin = sql;
        context.begun(mode);
    }

    /** The transaction of a BEGIN that was answered here ended here, too. */
    void endDeferredBegin() {
        deferredBegin = null;
        context.released();
    }

    boolean hasDeferredBegin() {
        return deferredBegin != null;
    }

    /** Gives up the batch, with the request that brought the error if it is not part of it yet. */
    private void refuseBatch(@Nullable Request last, ErrorResponse error) {
        boolean ended = last != null && endsGroup(last);
        for (Request request : batch.requests()) {
            ended |= endsGroup(request);
        }
        if (last != null && last.effect != null) {
            last.effect.onUndone();
        }
        batch.undo();
        batch.clear(worker.requests());
        boolean stranded = deferredBegin != null;
        deferredBegin = null;
        context.released();
        become(stranded ? new Stranded(null) : Idle.INSTANCE);
        writeError(error);
        if (input.longTag() == FrontendTag.QUERY || input.longTag() == FrontendTag.FUNCTION_CALL) {
            writeReadyForQuery();
            skipping = Skipping.ONE_MESSAGE;
        } else if (ended) {
            writeReadyForQuery();
        } else {
            skipping = Skipping.UP_TO_SYNC;
        }
        if (!input.isScanning()) {
            client.flush();
            input.resume();
        }
    }

    private static boolean endsGroup(Request request) {
        return request.tag == FrontendTag.SYNC
                || request.tag == FrontendTag.QUERY
                || request.tag == FrontendTag.FUNCTION_CALL;
    }

    // Leasing

    @Override
    public Settings settings() {
        return settings.current();
    }

    @Override
    public void onLeased(Lease lease) {
        if (!(state instanceof Leasing)) {
            lease.release();
            return;
        }
        BackendConnection backend = lease.backend();
        String commands = SessionSettings.difference(backend.settings(), settings.current());
        if (commands.isEmpty()) {
            attach(lease);
            return;
        }
        Settings wanted = settings.current();
        // A cancel may end this wait, and the session wait for another backend by the time this one answers.
        SessionState waiting = state;
        backend.query(commands, 1_000, new BackendConnection.QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                backend.noteSettings(wanted);
                if (state == waiting) {
                    attach(lease);
                } else {
                    lease.release();
                }
            }

            @Override
            public void onError(ErrorResponse error) {
                // The statement must not run under settings that are not the session's.
                lease.discard("settings");
                if (state != waiting) {
                    return;
                }
                if (SqlState.isTransient(error.sqlState())) {
                    refuseBatch(null, error.withSeverity(Severity.ERROR));
                } else {
                    // No backend takes them any more, so nothing this session says could be run again.
                    closeWith(RouterErrors.settingsRefused(backend.target().node(), error));
                }
            }
        });
    }

    @Override
    public void onRefused(RouterError error) {
        if (state instanceof Leasing) {
            worker.metrics().error(error);
            refuseBatch(null, error.response());
        }
    }

    private void attach(Lease lease) {
        DirectRelay relay = new DirectRelay(lease, client, this, worker.connector(), worker.metrics());
        context.placed(lease);
        become(new Running(relay));
        tellParameters(relay.backend().reported());
        byte[] begin = deferredBegin;
        if (begin != null) {
            deferredBegin = null;
            relay.swallowedQuery(begin, null);
            context.beginSent();
        }
        RequestBatch sent = batch;
        batch = worker.emptyBatch();
        for (Request request : sent.requests()) {
            deliver(relay, request);
        }
        relay.endOfInput();
        sent.clear(worker.requests());
        worker.giveBack(sent);
        if (!input.isScanning()) {
            // What was answered here need not wait for the backend: a Flush has no answer of its own.
            onReadComplete();
            input.resume();
        }
    }

    // Running and Holding

    /** A message while a relay is held. */
    Disposition sendOn(Relay relay, Request request) {
        switch (request.tag) {
            case FrontendTag.COPY_DATA -> {
                if (relay.isQuiet()) {
                    // Left over from a copy that failed: the backend would ignore it, and may be given back.
                    return Disposition.SKIP;
                }
                return request.isPartial() ? Disposition.FORWARD_THEN_BREAK : Disposition.FORWARD;
            }
            case FrontendTag.COPY_DONE, FrontendTag.COPY_FAIL -> {
                if (relay.isQuiet()) {
                    return Disposition.SKIP;
                }
                int length = request.isPartial() ? 0 : request.available;
                relay.forward(Kind.COPY_END, request.buffer, request.index, length, null);
                return endOfCut(relay, request);
            }
            default -> {
                if (mustWait(relay, request)) {
                    return Disposition.PAUSE;
                }
                if (relay.backend().expected().isSkipping() && request.tag != FrontendTag.SYNC) {
                    // The backend would skip it too.
                    return Disposition.SKIP;
                }
                if (!worker.reader().read(context, request)) {
                    return Disposition.PAUSE;
                }
            }
        }
        if (!groupOpen && relay.isQuiet()) {
            synchronizeSettings(relay);
        }
        if (!(state instanceof Running)) {
            become(new Running(relay));
        }
        if (request.refusal == null && context.combine(null, request) instanceof Target.Refused refused) {
            worker.metrics().refused(refused.code());
            request.refusal = refused.error();
        }
        deliver(relay, request);
        Disposition disposition = endOfCut(relay, request);
        if (relay.isQuiet() && !groupOpen) {
            // From here on the request may be another session's: who gets the backend goes on at once.
            onQuiet();
        }
        return disposition;
    }

    /** Returns true when a request can only be placed after earlier ones were answered. */
    private boolean mustWait(Relay relay, Request request) {
        return relay.isFull()
                || request.tag != FrontendTag.SYNC
                        && !groupOpen
                        && !relay.isQuiet()
                        && !relay.backend().expected().isCopyingIn()
                        && !context.mayPipeline();
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

    /** RESET may have taken the backend back to its own default where the session's is another. */
    private void synchronizeSettings(Relay relay) {
        BackendConnection backend = relay.backend();
        if (backend.status() == TransactionStatus.FAILED) {
            return;
        }
        String commands = SessionSettings.difference(backend.settings(), settings.current());
        if (!commands.isEmpty()) {
            relay.swallowedQuery(commands.getBytes(StandardCharsets.UTF_8), null);
            backend.noteSettings(settings.current());
        }
    }

    /** Hands one understood request to the relay. */
    private void deliver(Relay relay, Request request) {
        groupOpen = !endsGroup(request);
        if (request.refusal != null) {
            if (request.effect != null) {
                request.effect.onUndone();
            }
            relay.refuse(endsGroup(request) ? Kind.QUERY : Kind.PARSE, request.refusal);
            return;
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
        context.sending(request);
        int length = request.available;
        if (request.isPartial()) {
            // The scanner passes all of it on, from its first byte, but for the part that is replaced here.
            boolean renamed = request.tag == FrontendTag.BIND && !request.unnamed;
            length = renamed ? request.tail - request.index : 0;
            input.rewritten(length);
        }
        switch (request.tag) {
            case FrontendTag.QUERY -> relay.query(request.buffer, request.index, length, request.effect);
            case FrontendTag.PARSE ->
                relay.parse(
                        Objects.requireNonNull(request.statement),
                        request.unnamed,
                        request.buffer,
                        request.index,
                        length,
                        Objects.requireNonNull(request.effect));
            case FrontendTag.BIND -> {
                if (request.statement == null) {
                    relay.forward(Kind.BIND, request.buffer, request.index, length, request.effect);
                } else {
                    relay.bind(
                            request.statement,
                            request.unnamed,
                            request.buffer,
                            request.index,
                            request.messageBytes - 1,
                            length,
                            request.tail);
                }
            }
            case FrontendTag.DESCRIBE -> {
                if (request.statement != null) {
                    relay.describeStatement(request.statement, request.unnamed, request.effect);
                } else {
                    relay.forward(request.kind, request.buffer, request.index, length, request.effect);
                }
            }
            case FrontendTag.FLUSH -> relay.stream(request.buffer, request.index, length);
            default -> relay.forward(request.kind, request.buffer, request.index, length, request.effect);
        }
    }

    /** Close works in a failed transaction, and the answer to a Query says itself that nothing else does. */
    private static boolean isAnsweredWhenFailed(Request request) {
        return request.tag == FrontendTag.CLOSE || request.tag == FrontendTag.QUERY;
    }

    @Override
    public void onReadyForQuery(TransactionStatus status, boolean failed) {
        context.onReadyForQuery(status, failed);
    }

    @Override
    public void onQuiet() {
        Relay relay = state.relay();
        if (relay == null || groupOpen || input.isMidMessage()) {
            // Part of the next request is on its way already: the lease ends with that.
            return;
        }
        context.onQuiet();
        if (relay.backend().status() != TransactionStatus.IDLE || context.isPinned() && relay.isCurrent()) {
            become(new Holding(relay));
        } else {
            letGo(relay);
            input.updateReading();
        }
        input.resume();
    }

    /** Ends the lease at a transaction boundary. */
    private void letGo(Relay relay) {
        if (context.hasState()) {
            // Its node is no longer what it was leased for, and what the session keeps there cannot move: the client
            // must know.
            String node = relay.backend().target().node();
            relay.discard("role lost");
            endWith(RouterErrors.sessionStateLost(node).response());
            return;
        }
        become(Idle.INSTANCE);
        context.released();
        if (context.takeDirt() || context.isPinned()) {
            relay.releaseAfterReset();
        } else {
            relay.release();
        }
    }

    @Override
    public void onRetiring(Lease lease) {
        // In a transaction the boundary comes first.
        if (state instanceof Holding holding
                && holding.relay().backend() == lease.backend()
                && holding.relay().isQuiet()
                && lease.backend().status() == TransactionStatus.IDLE) {
            letGo(holding.relay());
            client.flush();
        }
    }

    @Override
    public void onProgress() {
        if (state instanceof Running running && !running.relay().isFull()) {
            input.resume();
        }
    }

    @Override
    public void onParameterStatus(String name, String value) {
        ReportedParameters now = told.with(name, value);
        if (now != told) {
            told = now;
            ByteBuf out = client.allocator().buffer(64);
            BackendWriter.parameterStatus(out, name, value);
            client.write(out);
        }
    }

    /** Tells the client what this backend reports otherwise than the last one. */
    private void tellParameters(ReportedParameters reported) {
        if (!reported.equals(told)) {
            reported.asMap().forEach(this::onParameterStatus);
        }
        told = reported;
    }

    @Override
    public void onRelayLost(ErrorResponse cause, boolean midMessage) {
        Relay relay = state.relay();
        if (relay == null) {
            return;
        }
        worker.suspect(relay.backend().target());
        if (midMessage || input.isMidMessage() || relay.backend().expected().isCopyingIn()) {
            // Half a message cannot be followed by an error.
            become(Closed.INSTANCE);
            end("backend lost in the middle of a message");
            return;
        }
        new BackendLoss(this, relay, cause).report();
    }

    /** The client was told that its backend is lost; goes on as its transaction allows. */
    void afterLoss(SessionState next, boolean skipToSync) {
        groupOpen = false;
        // What the lost transaction had set went with it; after a COMMIT in doubt either would do.
        settings.rollback();
        context.released();
        skipping = skipToSync ? Skipping.UP_TO_SYNC : Skipping.NOTHING;
        become(next);
        client.flush();
        input.updateReading();
        input.resume();
    }

    /** Returns true while the backend reads COPY data, and ignores Flush and Sync. */
    boolean isCopyingIn() {
        Relay relay = state.relay();
        return relay != null && relay.backend().expected().isCopyingIn();
    }

    boolean isGroupOpen() {
        return groupOpen;
    }

    // Stranded

    /** A message after the backend was lost inside a transaction. */
    Disposition strand(Request request, @Nullable ErrorResponse cause) {
        if (!worker.reader().read(context, request)) {
            return Disposition.PAUSE;
        }
        ByteBuf out = client.allocator().buffer(64);
        switch (LocalAnswers.writeStranded(out, this, request, cause)) {
            case ENDED -> become(Idle.INSTANCE);
            case CHAINED -> become(Gathering.INSTANCE);
            case NOT_COMMITTED -> {
                become(Idle.INSTANCE);
                skipping = endsGroup(request) ? Skipping.NOTHING : Skipping.UP_TO_SYNC;
            }
            case REFUSED -> {
                if (request.effect != null) {
                    request.effect.onUndone();
                }
                if (request.answer != null) {
                    request.answer.onUndone();
                }
                become(new Stranded(null));
                skipping = endsGroup(request) ? Skipping.NOTHING : Skipping.UP_TO_SYNC;
            }
            case SAME -> {
                // Close, Flush, Sync: nothing changes
            }
        }
        client.write(out);
        if (!input.isScanning()) {
            client.flush();
        }
        return request.isPartial() ? Disposition.SKIP_THEN_BREAK : Disposition.SKIP;
    }

    // cancel, drain, end

    /** A cancel request with this session's key arrived. */
    public void cancel() {
        if (state instanceof Leasing leasing) {
            leasing.pool().withdraw(this);
            worker.metrics().cancelRequest(CancelOutcome.WITHDRAWN);
            refuseBatch(null, RouterErrors.queryCanceled("user request").response());
        } else if (state instanceof Running running && !running.relay().isQuiet()) {
            worker.metrics().cancelRequest(CancelOutcome.SENT);
            running.relay().cancel();
        } else {
            worker.metrics().cancelRequest(CancelOutcome.NOTHING_RUNNING);
        }
    }

    @Override
    public void drain() {
        worker.execute(() -> {
            draining = true;
            if (state instanceof Idle) {
                closeWith(RouterErrors.shuttingDown());
            }
        });
    }

    @Override
    public void terminate() {
        worker.execute(() -> closeWith(RouterErrors.shuttingDown()));
    }

    @Override
    public void onBackendWritable(boolean writable) {
        input.updateReading();
    }

    /** The client takes bytes again, or no longer. */
    public void onWritabilityChanged(boolean writable) {
        Relay relay = state.relay();
        if (relay != null) {
            relay.setReading(writable);
        }
    }

    /** The client is gone. */
    public void onClosed() {
        close("client disconnected");
    }

    private void closeWith(RouterError error) {
        if (state instanceof Closed) {
            return;
        }
        worker.metrics().error(error);
        if (state instanceof Running && !(state.relay() != null && state.relay().isQuiet())) {
            // Replies are on their way: an error between them could fall into the middle of a message.
            close("closed while replies were outstanding");
            return;
        }
        writeError(error.response());
        close("error sent");
    }

    private void close(String reason) {
        if (state instanceof Closed) {
            return;
        }
        SessionState last = state;
        become(Closed.INSTANCE);
        if (last instanceof Leasing leasing) {
            leasing.pool().withdraw(this);
        }
        Relay relay = last.relay();
        if (relay != null) {
            leave(relay);
        }
        end(reason);
    }

    /** Gives the backend back in a state that the next session can use. */
    private void leave(Relay relay) {
        if (!relay.isQuiet() || groupOpen || input.isMidMessage()) {
            // Closing the connection alone would not stop a running statement.
            relay.cancel();
            relay.discard("client disconnected");
        } else {
            relay.releaseAfterReset();
        }
    }

    private void end(String reason) {
        LOG.atDebug()
                .addKeyValue("user", identity.user())
                .addKeyValue("database", identity.database())
                .addKeyValue("reason", reason)
                .log("session ended");
        batch.undo();
        batch.clear(worker.requests());
        input.close();
        statements.clear();
        context.ended();
        if (key != null) {
            worker.cancels().unregister(key);
        }
        worker.sessions().remove(this);
        worker.metrics().sessionClosed(state.label());
        client.close();
    }

    void become(SessionState next) {
        SessionState last = state;
        if (last == next || last instanceof Closed) {
            return;
        }
        state = next;
        if (last.label() != next.label()) {
            worker.metrics().sessionMoved(last.label(), next.label());
        }
        if (draining && next instanceof Idle) {
            worker.execute(() -> {
                if (state instanceof Idle) {
                    closeWith(RouterErrors.shuttingDown());
                }
            });
        }
    }

    SessionState state() {
        return state;
    }

    /** The client has been greeted: it can be cancelled and drained from now on. */
    void begin(BackendKey cancelKey) {
        key = cancelKey;
        worker.sessions().add(this);
        worker.metrics().sessionOpened();
    }

    /** Offers the paused message again; something it waited for is there. */
    void proceed() {
        input.resume();
    }

    /** Like {@link #proceed}, but never from inside a scan. */
    void proceedLater() {
        worker.execute(this::proceed);
    }

    /** Tells the client why and closes it; its backend is gone already. */
    void endWith(ErrorResponse error) {
        writeError(error.withSeverity(Severity.FATAL));
        become(Closed.INSTANCE);
        end("backend lost with the session's state");
    }

    /** Returns what the client was told of its parameters. */
    ReportedParameters told() {
        return told;
    }

    void writeError(ErrorResponse error) {
        ByteBuf out = client.allocator().buffer(128);
        error.encode(out);
        client.write(out);
    }

    private void writeReadyForQuery() {
        ByteBuf out = client.allocator().buffer(6);
        BackendWriter.readyForQuery(out, status());
        client.write(out);
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
        return deferredBegin == null ? TransactionStatus.IDLE : TransactionStatus.IN_TRANSACTION;
    }

    /** Returns what role a relay's node plays for routing. */
    static RoleNeed roleOf(Lease lease) {
        return lease.node().state() == NodeStatus.State.PRIMARY ? RoleNeed.PRIMARY : RoleNeed.REPLICA;
    }
}
