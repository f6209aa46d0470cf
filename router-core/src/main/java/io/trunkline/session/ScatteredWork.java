// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.health.NodeStatus;
import io.trunkline.pool.Lease;
import io.trunkline.pool.ShardPool;
import io.trunkline.routing.RoleNeed;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.routing.RoutingTable;
import io.trunkline.routing.Target;
import io.trunkline.scatter.RunningStatement;
import io.trunkline.scatter.ScatterClient;
import io.trunkline.scatter.SpreadCopy;
import io.trunkline.scatter.SuspendedQuery;
import io.trunkline.session.SessionState.Scattering;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.Execute;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.MessageScanner.Disposition;
import io.trunkline.wire.Query;
import io.trunkline.wire.TransactionStatus;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One batch whose query runs on several shards: its backends are leased, the query is run, and every message of the batch is answered in its
 * place.
 *
 * <p>Owns the batch. Held by the state {@link Scattering}; confined to the session's event loop.
 */
final class ScatteredWork implements ShardLeases.Listener, ScatterClient, SpreadCopy.Source {
    private final Session session;
    private final Worker worker;
    private final RequestBatch batch;
    private final Target.Scatter target;
    private final RoutingTable table;
    /** The transaction of the client's that it is part of, or null. */
    private final @Nullable ScatterWithin within;

    private boolean failed;
    private @Nullable ShardLeases leases;
    private @Nullable RunningStatement query;
    /** The client's side of a COPY FROM, once its backends are there. */
    private @Nullable SpreadCopyInput copying;
    /** The name of the portals by which the shards run it, if it may be left before its end. */
    private @Nullable String shardPortal;
    /** The name of the cursor that is declared, or null. */
    private @Nullable String cursor;
    /** How many requests of the batch have been answered. */
    private int answeredCount;
    /** The batch has been given back. */
    private boolean over;
    /** The client has been told an error behind which its connection ends. */
    private boolean broken;
    /** Whether the rows of a Query have yet to be described. */
    private boolean owesDescription;

    private ScatteredWork(Session session, RequestBatch batch, Target.Scatter target, @Nullable ScatterWithin within) {
        this.within = within;
        this.session = session;
        this.worker = session.worker;
        this.batch = batch;
        this.target = target;
        this.table = session.view().table();
    }

    /**
     * Begins with a batch that {@link ScatterBatch} has found fit.
     *
     * @param batch handed over
     */
    static void begin(Session session, RequestBatch batch, Target.Scatter target) {
        ScatteredWork work = new ScatteredWork(session, batch, target, null);
        session.placement.lastRoute().placing(Target.Scatter.SHARD_LABEL, target.at());
        session.become(new Scattering(work));
        work.lease();
    }

    /**
     * Begins within a transaction that is open on all of the shards.
     *
     * @param lent the backends, in the order of the shards
     */
    static void begin(
            Session session, RequestBatch batch, Target.Scatter target, ScatterWithin within, List<Lease> lent) {
        ScatteredWork work = new ScatteredWork(session, batch, target, within);
        session.placement.lastRoute().placing(Target.Scatter.SHARD_LABEL, target.at());
        session.become(new Scattering(work));
        work.run(lent);
    }

    private void lease() {
        ShardLeases wanted = new ShardLeases(
                session, target.shards(), Placement.poolRole(target.at()), session.settings.current(), this);
        leases = wanted;
        wanted.leaseNext();
    }

    @Override
    public void onRefused(RouterError error) {
        leases = null;
        worker.metrics().error(error);
        onFailed(error.response());
        onOver();
    }

    @Override
    public void onLeased(List<Lease> granted) {
        leases = null;
        for (Lease lease : granted) {
            if (!lease.backend().isOpen()) {
                onLostWhileLeasing(granted, lease.backend().target().node());
                return;
            }
        }
        if (!batch.isPlacedAs(session.placing())) {
            granted.forEach(Lease::release);
            refuse(BackendLeasing.moved(session));
            return;
        }
        session.parameters.tellAll(granted.get(0).backend().reported());
        run(granted);
    }

    private void run(List<Lease> granted) {
        Target.Work.Resume resumed = target.work() instanceof Target.Work.Resume resume ? resume : null;
        if (resumed == null && !isUtf8()) {
            granted.forEach(Lease::release);
            refuse(RouteRefusal.SCATTER_ENCODING.because("its bytes are not those of UTF8"));
            return;
        }
        noteNodes(granted);
        ScatteredStart start = new ScatteredStart(session, batch, target, within != null);
        RunningStatement started = start.with(granted, this, this, table);
        shardPortal = start.shardPortal();
        cursor = start.cursor();
        // Nothing says that the rows of a FETCH begin.
        owesDescription = resumed != null && resumed.by() == Target.Work.Resume.By.FETCH && answersQuery();
        query = started;
        if (started instanceof SpreadCopy copy) {
            copying = new SpreadCopyInput(session, copy);
        }
        session.deadline.restart();
        started.start();
    }

    private void refuse(Target.Refused refused) {
        onRefused(refused.code());
        onRefused(refused.error());
    }

    private void onLostWhileLeasing(List<Lease> granted, String node) {
        for (Lease lease : granted) {
            if (lease.backend().isOpen()) {
                lease.release();
            } else {
                worker.suspect(lease.backend().target());
                lease.discard("lost");
            }
        }
        tryAgain(RouterErrors.transactionLost(node));
    }

    /** What is put together from a text that is read as UTF8 must have the same bytes. */
    private boolean isUtf8() {
        Request first = ScatterBatch.statementRequest(batch.requests());
        if (first.tag == FrontendTag.QUERY || first.statement == null) {
            Query text = new Query().wrap(first.buffer, first.index, first.available);
            return ByteBufUtil.isText(
                    first.buffer, text.sqlStart(), text.sqlEnd() - text.sqlStart(), StandardCharsets.UTF_8);
        }
        return ByteBufUtil.isText(Unpooled.wrappedBuffer(first.statement.sql()), StandardCharsets.UTF_8);
    }

    private void noteNodes(List<Lease> granted) {
        boolean replicas = within == null
                ? granted.stream().noneMatch(lease -> lease.node().state() == NodeStatus.State.PRIMARY)
                : session.placement.transactionPoolRole() == ShardPool.Role.REPLICA;
        StringBuilder nodes = new StringBuilder();
        for (Lease lease : granted) {
            nodes.append(nodes.length() == 0 ? "" : ",")
                    .append(lease.backend().target().node());
        }
        session.placement.lastRoute().placed(replicas ? RoleNeed.REPLICA : RoleNeed.PRIMARY, nodes.toString());
    }

    // what the query tells

    @Override
    public void onParsed(RunningStatement parsed) {
        // A Parse that a backend has taken stays valid whatever becomes of its Bind.
        ByteBuf out = session.client.allocator().buffer(64);
        while (answeredCount < batch.requests().size()) {
            Request request = batch.requests().get(answeredCount);
            if (request.answer == null && request.tag != FrontendTag.PARSE) {
                break;
            }
            answer(out, request, parsed);
        }
        session.client.write(out);
    }

    @Override
    public void onStarted(RunningStatement started) {
        ByteBuf out = session.client.allocator().buffer(256);
        while (answeredCount < batch.requests().size()) {
            Request request = batch.requests().get(answeredCount);
            if (request.tag == FrontendTag.QUERY) {
                // That of a write comes when it has been done on every shard, like its rows.
                owesDescription = started.returnsRows();
                if (!target.isWrite()) {
                    describeRows(out, started);
                }
                break;
            }
            if (request.tag == FrontendTag.EXECUTE) {
                break;
            }
            answer(out, request, started);
        }
        session.client.write(out);
    }

    private void describeRows(ByteBuf out, RunningStatement described) {
        if (owesDescription) {
            owesDescription = false;
            described.writeRowDescription(out, false);
        }
    }

    @Override
    public void onRows(ByteBuf rows) {
        RunningStatement running = query;
        if (owesDescription && running != null) {
            ByteBuf out = session.client.allocator().buffer(256);
            describeRows(out, running);
            session.client.write(out);
        }
        if (target.work() instanceof Target.Work.Resume resume && resume.by() == Target.Work.Resume.By.MOVE) {
            rows.release();
        } else {
            session.client.write(rows);
        }
    }

    @Override
    public void onNotice(ByteBuf notice) {
        session.client.write(notice.copy());
    }

    @Override
    public boolean takesRows() {
        return session.client.isWritable();
    }

    private boolean answersQuery() {
        return batch.requests().get(0).tag == FrontendTag.QUERY;
    }

    @Override
    public void onSuspended(SuspendedQuery rest) {
        shardPortal = null;
        boolean declared = target.work() instanceof Target.Work.Declare;
        session.portals.onShards().suspend(portal(), rest, target.shards(), declared);
    }

    /** Returns what the client calls what may be gone on with. */
    private String portal() {
        if (target.work() instanceof Target.Work.Resume resume) {
            return resume.portal();
        }
        if (cursor != null) {
            return cursor;
        }
        Request request = batch.requests().stream()
                .filter(one -> one.tag == FrontendTag.EXECUTE)
                .findFirst()
                .orElseThrow();
        return new Execute()
                .wrap(request.buffer, request.index, request.available)
                .portal();
    }

    @Override
    public void onComplete(String tag, boolean suspended) {
        if (shardPortal != null) {
            session.portals.onShards().ended(portal(), shardPortal);
        }
        if (!target.work().isRead()) {
            session.placement.wrote();
        }
        RunningStatement completed = query;
        ByteBuf out = session.client.allocator().buffer(64);
        if (completed != null) {
            describeRows(out, completed);
        }
        for (int i = answeredCount; i < batch.requests().size(); i++) {
            Request request = batch.requests().get(i);
            if (request.tag == FrontendTag.QUERY || request.tag == FrontendTag.EXECUTE) {
                if (suspended) {
                    BackendWriter.portalSuspended(out);
                } else {
                    BackendWriter.commandComplete(out, tag);
                }
                confirm(request);
                if (request.tag == FrontendTag.QUERY) {
                    BackendWriter.readyForQuery(out, status());
                }
            } else if (completed != null) {
                answer(out, request, completed);
            }
        }
        answeredCount = batch.requests().size();
        if (copying != null && copying.tookSync()) {
            BackendWriter.readyForQuery(out, status());
        }
        session.client.write(out);
        end();
    }

    private void answer(ByteBuf out, Request request, RunningStatement answered) {
        answeredCount++;
        if (request.answer != null) {
            request.answer.writeTo(out, TransactionStatus.IDLE);
            request.answer.onConfirmed();
            return;
        }
        switch (request.tag) {
            case FrontendTag.PARSE -> BackendWriter.parseComplete(out);
            case FrontendTag.BIND -> BackendWriter.bindComplete(out);
            case FrontendTag.DESCRIBE -> {
                if (request.kind == Kind.DESCRIBE_STATEMENT) {
                    describeStatement(out, request, answered);
                } else {
                    answered.writeRowDescription(out, false);
                }
            }
            case FrontendTag.CLOSE -> BackendWriter.closeComplete(out);
            case FrontendTag.SYNC -> BackendWriter.readyForQuery(out, status());
            default -> throw new IllegalStateException("request " + (char) request.tag + " beside several shards");
        }
        confirm(request);
    }

    private static void describeStatement(ByteBuf out, Request request, RunningStatement answered) {
        int start = out.writerIndex();
        answered.writeParameterDescription(out);
        if (request.effect != null) {
            request.effect.onParameterDescription(out, start);
        }
        answered.writeRowDescription(out, true);
    }

    private static void confirm(Request request) {
        if (request.effect != null) {
            request.effect.onConfirmed();
        }
    }

    @Override
    public void onRefused(String code) {
        worker.metrics().refused(code);
    }

    private TransactionStatus status() {
        return within == null
                ? TransactionStatus.IDLE
                : failed ? TransactionStatus.FAILED : TransactionStatus.IN_TRANSACTION;
    }

    @Override
    public void onFailed(ErrorResponse error) {
        failed = true;
        if (!target.work().isRead()) {
            // Its commit may be in doubt.
            session.placement.wrote();
        }
        broken = copying != null && copying.isBrokenBy(error);
        undoUnanswered();
        session.writeError(error);
        session.client.flush();
        session.deadline.restart();
    }

    private void undoUnanswered() {
        List<Request> requests = batch.requests();
        for (int i = requests.size() - 1; i >= answeredCount; i--) {
            Request request = requests.get(i);
            if (request.effect != null) {
                request.effect.onUndone();
            }
            if (request.answer != null) {
                request.answer.onUndone();
            }
        }
        answeredCount = requests.size();
    }

    @Override
    public void onOver() {
        if (broken) {
            session.closeWith(RouterErrors.synchronizationLost());
            end();
            return;
        }
        boolean ended = batch.requests().stream().anyMatch(Request::endsGroup);
        if (ended || copying != null && copying.tookSync()) {
            ByteBuf out = session.client.allocator().buffer(6);
            BackendWriter.readyForQuery(out, status());
            session.client.write(out);
        } else {
            // A COPY FROM by extended protocol, whose Sync is still to come.
            session.skipUpToSync();
        }
        end();
    }

    @Override
    public void onLostUnanswered(String node, ErrorResponse cause) {
        query = null;
        // Its data are for those that replace it.
        copying = null;
        tryAgain(RouterErrors.transactionLost(node));
    }

    /** Leases other backends; what has been answered of the batch stays answered. */
    private void tryAgain(RouterError otherwise) {
        if (within != null || batch.repeats() >= SentBatch.REPEATS_MAX) {
            onRefused(otherwise);
            return;
        }
        batch.repeated();
        lease();
    }

    @Override
    public void flush() {
        session.client.flush();
    }

    private void end() {
        query = null;
        if (copying != null) {
            copying = null;
            session.dropRestOfMessage();
        }
        if (within == null) {
            session.sent.definitionsChanged();
        }
        session.placement.lastRoute().answered(1);
        giveBackBatch();
        if (within != null) {
            session.client.flush();
            // Reading may have stopped for a shard that took no more data.
            session.updateReading();
            within.onEnd(failed);
        } else {
            session.placement.lastRoute().transactionEnded();
            session.scatterEnded();
        }
    }

    // what the session tells

    /** Returns what becomes of a message of the client's. */
    Disposition onMessage(Request request) {
        return copying == null ? Disposition.PAUSE : copying.onMessage(request);
    }

    /** Bytes of messages that pass; borrowed. */
    void onRun(ByteBuf buffer, int index, int length) {
        if (copying != null) {
            copying.onRun(buffer, index, length);
        }
    }

    /** The message that was to be followed by a break has passed. */
    void onBreak() {
        if (copying != null) {
            copying.onBreak();
        }
    }

    /** Returns true while messages of the client's may be taken. */
    boolean takesMessages() {
        return copying != null && copying.takesMessages();
    }

    /** Returns false while the shards do not take what the client has sent. */
    boolean isWritable() {
        return copying == null || copying.isWritable();
    }

    /** Returns true in the middle of a COPY FROM. */
    boolean isCopyingIn() {
        return copying != null && copying.isCopying();
    }

    /** Returns true while it is the client that is waited for. */
    boolean isClientAwaited() {
        return copying != null && copying.isAwaited();
    }

    @Override
    public void onDataWanted() {
        session.deadline.restart();
        // What was sent without waiting for the invitation.
        session.proceedLater();
    }

    @Override
    public void onWritable() {
        session.deadline.onBytes();
        session.updateReading();
    }

    /** The client takes bytes again. */
    void onClientWritable() {
        if (query != null) {
            query.onClientWritable();
        }
    }

    /** Something took too long. */
    void onDeadline(Timeout timeout) {
        if (timeout == Timeout.CANCEL) {
            if (query != null) {
                query.end().giveUp();
            }
            return;
        }
        RouterError error = timeout.error();
        if (error.response().isFatal()) {
            session.closeOverdue(error);
        } else {
            worker.metrics().error(error);
            fail(error.response(), () -> {});
        }
    }

    /**
     * The client asks to cancel.
     *
     * @param delivered runs when the request can hit nothing else any more
     */
    void cancel(Runnable delivered) {
        fail(RouterErrors.queryCanceled("user request").response(), delivered);
    }

    private void fail(ErrorResponse error, Runnable delivered) {
        if (query != null) {
            query.end().fail(error, delivered);
            return;
        }
        ShardLeases waiting = leases;
        if (waiting != null) {
            leases = null;
            waiting.withdraw();
            onFailed(error);
            onOver();
        }
        delivered.run();
    }

    /** Returns true while the nodes are at work, and can be stopped. */
    boolean isRunning() {
        return query != null && !query.end().isCommitting();
    }

    /** Returns true while the answer to a cancel request is awaited. */
    boolean isFailing() {
        return query != null && query.end().isFailing();
    }

    /** The session has ended: gives up the backends and the batch. */
    void abandon() {
        if (leases != null) {
            leases.withdraw();
            leases = null;
        }
        if (query != null) {
            query.end().abandon();
            query = null;
        }
        giveBackBatch();
    }

    /** Once: backends may come back, and the client leave, long after its answer. */
    private void giveBackBatch() {
        if (!over) {
            over = true;
            undoUnanswered();
            batch.clear(worker.requests());
            worker.giveBack(batch);
        }
    }

    /** Returns true while the outcome is being decided. */
    boolean isCommitting() {
        return query != null && query.end().isCommitting();
    }
}
