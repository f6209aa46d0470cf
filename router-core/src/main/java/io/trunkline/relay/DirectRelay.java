// SPDX-License-Identifier: Apache-2.0
package io.trunkline.relay;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendHolder;
import io.trunkline.backend.BackendLink;
import io.trunkline.backend.CancelSettling;
import io.trunkline.backend.ExpectedReplies;
import io.trunkline.backend.ExpectedReplies.Action;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.backend.StatementSender;
import io.trunkline.backend.SubstituteError;
import io.trunkline.backend.Synthesis;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.metrics.RouterMetrics.PreparedEvent;
import io.trunkline.pool.Lease;
import io.trunkline.prepared.BackendStatements;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.wire.Bind;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.TransactionStatus;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A relay over one backend: the hot path.
 *
 * <p>Client messages that need no change leave as one slice per stretch; replies are pushed to the client as the runs the backend's scanner
 * emits. One per lease; confined to the event loop of both.
 */
public final class DirectRelay implements Relay, BackendHolder {

    /** Never valid SQL, so the backend fails at this place whatever its state; also says in its log why. */
    private static final byte[] REFUSED_SQL = "trunkline refused this statement".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] REFUSED_NAME = "tl_refused".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NO_NAME = {};
    private static final int[] NO_TYPES = {};

    private final Lease lease;
    private final BackendConnection backend;
    private final BackendLink link;
    private final ExpectedReplies expected;
    private final BackendStatements statements;
    private final StatementSender parses;
    private final ClientLink client;
    private final Listener listener;
    private final BackendConnector connector;
    private final RouterMetrics metrics;
    private @Nullable ByteBuf runBuffer;
    private int runIndex;
    private int runLength;
    private boolean answered;
    private @Nullable ParkedBackend parked;

    /** Attaches to the leased backend. */
    public DirectRelay(
            Lease lease, ClientLink client, Listener listener, BackendConnector connector, RouterMetrics metrics) {
        this.lease = lease;
        this.backend = lease.backend();
        this.link = backend.link();
        this.expected = backend.expected();
        this.statements = backend.statements();
        this.parses = backend.parses();
        this.client = client;
        this.listener = listener;
        this.connector = connector;
        this.metrics = metrics;
        backend.attach(this);
    }

    // client to backend

    @Override
    public void query(ByteBuf buffer, int index, int length, @Nullable ReplyEffect effect) {
        statements.forgetUnnamed();
        statements.groupEnded();
        expected.add(Kind.QUERY, Action.FORWARD, effect);
        stream(buffer, index, length);
    }

    @Override
    public void query(byte[] sql, @Nullable ReplyEffect effect) {
        sendQuery(sql, Action.FORWARD, effect);
    }

    @Override
    public void swallowedQuery(byte[] sql, @Nullable ReplyEffect effect) {
        sendQuery(sql, Action.SWALLOW, effect);
    }

    @Override
    public void ignoredQuery(byte[] sql, ReplyEffect effect) {
        sendQuery(sql, Action.IGNORE, effect);
    }

    @Override
    public void continueAnswer(byte[] sql, @Nullable ReplyEffect effect) {
        backend.withholdReadyForQuery();
        sendQuery(sql, Action.READY_ONLY, effect);
        link.flush();
    }

    private void sendQuery(byte[] sql, Action action, @Nullable ReplyEffect effect) {
        statements.forgetUnnamed();
        statements.groupEnded();
        expected.add(Kind.QUERY, effect != null && effect.hidesNext() ? Action.READY_ONLY : action, effect);
        ByteBuf out = link.allocator().buffer(sql.length + 6);
        FrontendWriter.query(out, sql);
        writeOwn(out);
    }

    @Override
    public void beginQuery(byte[] sql, int restBytes, @Nullable ReplyEffect effect) {
        statements.forgetUnnamed();
        statements.groupEnded();
        expected.add(Kind.QUERY, Action.FORWARD, effect);
        ByteBuf out = link.allocator().buffer(sql.length + 5);
        out.writeByte(FrontendTag.QUERY);
        out.writeInt(Integer.BYTES + sql.length + restBytes);
        out.writeBytes(sql);
        writeOwn(out);
    }

    @Override
    public void prepare(PreparedStatement statement, byte[] sql, Synthesis answer) {
        if (statements.use(statement)) {
            // Given to it since the request was read.
            metrics.prepared(PreparedEvent.HIT);
            answer(Kind.QUERY, answer);
            return;
        }
        endOfInput();
        count(parses.makeRoom(statement));
        sendQuery(sql, Action.FORWARD, parses.parsed(statement, answer));
    }

    @Override
    public boolean has(PreparedStatement statement) {
        return statements.use(statement);
    }

    @Override
    public void provide(PreparedStatement statement, String name) {
        metrics.prepared(PreparedEvent.INJECTED);
        sendParse(statement, name, Action.SWALLOW_AHEAD, null);
        // So that the Query finds a transaction as the client left it, whatever becomes of this.
        statements.groupEnded();
        expected.add(Kind.SYNC, Action.SWALLOW_AHEAD, null);
        ByteBuf out = link.allocator().buffer(5);
        FrontendWriter.sync(out);
        writeOwn(out);
    }

    @Override
    public void followUp(byte[] sql, @Nullable ReplyEffect effect) {
        endOfInput();
        parses.runUnseen(sql, Action.SWALLOW, effect, null, null);
    }

    @Override
    public void parse(
            PreparedStatement statement, String name, ByteBuf buffer, int index, int length, ReplyEffect effect) {
        if (!isExecutedGone(statement)) {
            // What an EXECUTE returns is found out when it is parsed.
            ensureExecuted(statement, name);
        }
        if (name.isEmpty()) {
            if (statement.executed() == null) {
                parses.expectUnnamed(statement, Action.FORWARD, effect);
                stream(buffer, index, length);
            } else {
                // Its text is not the client's.
                endOfInput();
                parses.sendUnnamed(statement, Action.FORWARD, effect);
            }
        } else if (statements.use(statement)) {
            parseAgain(statement, effect);
        } else {
            sendParse(statement, name, Action.FORWARD, effect);
        }
    }

    /** A Parse of a statement that the backend has. In a failed transaction PostgreSQL takes only those that end it. */
    private void parseAgain(PreparedStatement statement, ReplyEffect effect) {
        if (backend.status() == TransactionStatus.FAILED && !statement.leavesFailedTransaction()) {
            effect.onUndone();
            refuse(Kind.PARSE, RouterErrors.transactionAborted());
            return;
        }
        metrics.prepared(PreparedEvent.HIT);
        answer(Kind.PARSE, new FixedAnswer(FixedAnswer.PARSE_COMPLETE, effect));
    }

    @Override
    public void bind(
            PreparedStatement statement, String name, ByteBuf buffer, int index, int length, int available, int tail) {
        if (isExecutedGone(statement)) {
            refuse(Kind.PARSE, RouterErrors.resultTypeChanged());
            return;
        }
        if (name.isEmpty()) {
            ensureUnnamed(statement);
            expected.add(Kind.BIND, Action.FORWARD, null, statement, name);
            stream(buffer, index, available);
            return;
        }
        boolean whole = available == length + 1;
        if (whole && isGone(statement)) {
            refuse(Kind.PARSE, RouterErrors.resultTypeChanged());
            return;
        }
        ensureParsed(statement, name);
        expected.add(Kind.BIND, Action.FORWARD, null, statement, name);
        writeOwn(Bind.rewriteStatement(link.allocator(), buffer, index, length, statement.backendName()));
        stream(buffer, tail, index + available - tail);
    }

    @Override
    public void describeStatement(PreparedStatement statement, String name, @Nullable ReplyEffect effect) {
        if (isExecutedGone(statement) || !name.isEmpty() && isGone(statement)) {
            if (effect != null) {
                effect.onUndone();
            }
            refuse(Kind.PARSE, RouterErrors.resultTypeChanged());
            return;
        }
        if (name.isEmpty()) {
            ensureUnnamed(statement);
        } else {
            ensureParsed(statement, name);
        }
        expected.add(Kind.DESCRIBE_STATEMENT, Action.FORWARD, effect, statement, name);
        byte[] backendName = name.isEmpty() ? NO_NAME : statement.backendName();
        ByteBuf out = link.allocator().buffer(backendName.length + 7);
        FrontendWriter.describeStatement(out, backendName);
        writeOwn(out);
    }

    @Override
    public void forward(Kind kind, ByteBuf buffer, int index, int length, @Nullable ReplyEffect effect) {
        if (kind == Kind.SYNC || kind == Kind.FUNCTION_CALL) {
            statements.groupEnded();
        }
        expected.add(kind, Action.FORWARD, effect);
        stream(buffer, index, length);
    }

    @Override
    public void stream(ByteBuf buffer, int index, int length) {
        if (length == 0) {
            return;
        }
        if (runBuffer == buffer && runIndex + runLength == index) {
            runLength += length;
            return;
        }
        endOfInput();
        runBuffer = buffer;
        runIndex = index;
        runLength = length;
    }

    @Override
    public void answer(Kind kind, Synthesis synthesis) {
        boolean first = expected.isEmpty();
        expected.add(kind, Action.SYNTHESIZE, synthesis);
        if (first) {
            backend.drainSynthesized();
        }
    }

    @Override
    public void refuse(Kind kind, RouterError error) {
        ByteBuf out = link.allocator().buffer(64);
        if (kind == Kind.QUERY) {
            statements.forgetUnnamed();
            statements.groupEnded();
            FrontendWriter.query(out, REFUSED_SQL);
            expected.add(Kind.QUERY, Action.SUBSTITUTE_ERROR, new SubstituteError(error));
        } else {
            FrontendWriter.parse(out, REFUSED_NAME, REFUSED_SQL, NO_TYPES);
            expected.add(Kind.PARSE, Action.SUBSTITUTE_ERROR, new SubstituteError(error));
        }
        writeOwn(out);
    }

    @Override
    public void onceReady(Runnable repeat) {
        expected.forgetAll();
        expected.add(Kind.SYNC, Action.SWALLOW, new RepeatEffect(repeat));
    }

    /** Returns true when the backend does not have a statement that it must not parse any more. */
    private boolean isGone(PreparedStatement statement) {
        return statement.isRetired() && !statements.use(statement);
    }

    private boolean isExecutedGone(PreparedStatement statement) {
        return statement.executed() != null && isGone(statement.executed());
    }

    private void ensureExecuted(PreparedStatement statement, String name) {
        if (statement.executed() != null) {
            ensureParsed(statement.executed(), name);
        }
    }

    private void ensureParsed(PreparedStatement statement, String name) {
        ensureExecuted(statement, name);
        if (!statements.use(statement)) {
            metrics.prepared(PreparedEvent.INJECTED);
            sendParse(statement, name, Action.SWALLOW, null);
        }
    }

    private void ensureUnnamed(PreparedStatement statement) {
        ensureExecuted(statement, "");
        if (statements.unnamed() != statement) {
            endOfInput();
            parses.sendUnnamed(statement, Action.SWALLOW, null);
        }
    }

    private void sendParse(PreparedStatement statement, String name, Action action, @Nullable ReplyEffect effect) {
        endOfInput();
        count(parses.send(statement, name, action, effect));
    }

    private void count(int evicted) {
        for (int i = 0; i < evicted; i++) {
            metrics.prepared(PreparedEvent.EVICTED);
        }
    }

    private void writeOwn(ByteBuf out) {
        endOfInput();
        link.write(out);
    }

    @Override
    public void endOfInput() {
        ByteBuf buffer = runBuffer;
        if (buffer != null) {
            runBuffer = null;
            link.write(buffer.retainedSlice(runIndex, runLength));
        }
    }

    @Override
    public void flush() {
        endOfInput();
        link.flush();
    }

    // state

    @Override
    public BackendConnection backend() {
        return backend;
    }

    @Override
    public boolean isQuiet() {
        return expected.isEmpty();
    }

    @Override
    public boolean isAnswered() {
        return answered;
    }

    @Override
    public boolean isCurrent() {
        return lease.isCurrent();
    }

    @Override
    public boolean isFull() {
        return expected.isFull();
    }

    @Override
    public boolean isWritable() {
        return link.isWritable();
    }

    @Override
    public void setReading(boolean reading) {
        link.setReading(reading);
    }

    @Override
    public void cancel() {
        if (!expected.isEmpty()) {
            cancel(() -> {});
        }
    }

    @Override
    public void cancel(Runnable delivered) {
        CancelSettling cancels = backend.cancels();
        cancels.onSent();
        connector.cancel(backend, end -> {
            cancels.onEnded(end);
            delivered.run();
        });
    }

    @Override
    public void ask(String sql, BackendConnection.QueryListener asker) {
        letGo();
        backend.query(sql, 1, new BackendConnection.QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                backend.attach(DirectRelay.this);
                asker.onRows(rows);
            }

            @Override
            public void onError(ErrorResponse error) {
                if (!backend.isOpen()) {
                    onLost(error, false);
                    return;
                }
                backend.attach(DirectRelay.this);
                asker.onError(error);
            }

            @Override
            public void onNotification(ByteBuf message) {
                if (listener.wantsNotification(message, message.readerIndex(), message.readableBytes())) {
                    client.write(message.copy());
                    client.flush();
                }
            }
        });
    }

    @Override
    public void failCopy(String reason) {
        expected.add(Kind.COPY_END, Action.FORWARD, null);
        ByteBuf out = link.allocator().buffer(reason.length() + 6);
        FrontendWriter.copyFail(out, reason);
        writeOwn(out);
        link.flush();
    }

    @Override
    public void synchronize() {
        synchronize(Action.FORWARD);
    }

    @Override
    public void synchronizeUnseen() {
        synchronize(Action.SWALLOW);
    }

    private void synchronize(Action action) {
        statements.groupEnded();
        expected.add(Kind.SYNC, action, null);
        ByteBuf out = link.allocator().buffer(5);
        FrontendWriter.sync(out);
        writeOwn(out);
        link.flush();
    }

    @Override
    public void park(Runnable lost) {
        letGo();
        ParkedBackend holder = new ParkedBackend(() -> {
            parked = null;
            lease.discard("lost");
            lost.run();
        });
        parked = holder;
        backend.attach(holder);
    }

    @Override
    public void unpark() {
        ParkedBackend holder = parked;
        if (holder != null) {
            parked = null;
            backend.detach(holder);
        }
    }

    @Override
    public void lend() {
        letGo();
    }

    @Override
    public void resume() {
        unpark();
        backend.attach(this);
    }

    @Override
    public void release() {
        letGo();
        CancelSettling cancels = backend.cancels();
        if (cancels.isSettled()) {
            lease.release();
        } else {
            cancels.settle(lease::release);
        }
    }

    @Override
    public void releaseAfterReset() {
        letGo();
        backend.cancels().settle(this::rollBackAndReset);
    }

    @Override
    public void releaseFailedCopy() {
        if (expected.frontKind().isExtended()) {
            ByteBuf out = link.allocator().buffer(5);
            FrontendWriter.sync(out);
            expected.add(Kind.SYNC, Action.SWALLOW, null);
            writeOwn(out);
        }
        letGo();
        backend.attach(
                new UnheardAnswers(backend, lease, () -> backend.cancels().settle(this::rollBackAndReset)));
    }

    private void letGo() {
        // The end of a long message may be what the lease waited for: it must be out before the next session's begins.
        flush();
        // Detached, this relay hears no more of the end of the read that brought the last reply.
        client.flush();
        backend.detach(this);
    }

    private void rollBackAndReset() {
        if (backend.status() == TransactionStatus.IDLE) {
            lease.releaseAfterReset();
            return;
        }
        backend.query("ROLLBACK", 1, new BackendConnection.QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                lease.releaseAfterReset();
            }

            @Override
            public void onError(ErrorResponse error) {
                lease.discard("rollback failed");
            }
        });
    }

    @Override
    public void discard(String reason) {
        runBuffer = null;
        backend.detach(this);
        lease.discard(reason);
    }

    // backend to client

    @Override
    public void onRun(ByteBuf buffer, int index, int length) {
        answered = true;
        client.write(buffer.retainedSlice(index, length));
        stopReadingForASlowClient();
    }

    private void stopReadingForASlowClient() {
        if (!client.isWritable()) {
            link.setReading(false);
        }
    }

    @Override
    public void onSynthesized(ByteBuf messages) {
        answered = true;
        client.write(messages);
    }

    @Override
    public void onReadyForQuery(TransactionStatus status, boolean failed) {
        listener.onReadyForQuery(status, failed);
    }

    @Override
    public boolean speaksBeforeReadyForQuery() {
        return listener.speaksBeforeReadyForQuery();
    }

    @Override
    public boolean wantsNotification(ByteBuf buffer, int index, int available) {
        return listener.wantsNotification(buffer, index, available);
    }

    @Override
    public void onQuiet() {
        statements.settle();
        listener.onQuiet();
    }

    @Override
    public void onParameterStatus(String name, String value) {
        listener.onParameterStatus(name, value);
        stopReadingForASlowClient();
    }

    @Override
    public ErrorResponse onCanceled(ErrorResponse error) {
        return listener.onCanceled(error);
    }

    @Override
    public boolean repeatsWithout(PreparedStatement statement) {
        return listener.repeatsWithout(statement);
    }

    @Override
    public void onLost(ErrorResponse cause, boolean midMessage) {
        runBuffer = null;
        listener.onRelayLost(cause, midMessage);
        lease.discard("lost");
    }

    @Override
    public void onReadComplete() {
        client.flush();
        listener.onProgress();
    }

    @Override
    public void onWritabilityChanged(boolean writable) {
        listener.onBackendWritable(writable);
    }

    /** What follows the ReadyForQuery of a group that failed. */
    private static final class RepeatEffect extends ReplyEffect {
        private final Runnable repeat;

        RepeatEffect(Runnable repeat) {
            this.repeat = repeat;
        }

        @Override
        public void onUndone() {
            repeat.run();
        }
    }
}
