// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.health.NodeStatus;
import io.trunkline.pool.Lease;
import io.trunkline.relay.Relay;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.routing.Target;
import io.trunkline.session.SessionState.Collecting;
import io.trunkline.session.SessionState.Joining;
import io.trunkline.session.SessionState.Running;
import io.trunkline.session.SessionState.Stranded;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.MessageScanner.Disposition;
import io.trunkline.wire.TransactionStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Queries and writes over several shards within a transaction block.
 *
 * <p>The messages of the client's group are collected up to its Sync, every shard that the statement needs joins the transaction, and then it is
 * {@link ScatteredWork} on their backends, which stay in the transaction behind it. Afterwards one of them is the session's relay again: one that has
 * failed, if any has. Belongs to its {@link ShardTransaction}; confined to the session's event loop.
 */
final class ScatterWithin {
    private static final String REFUSED = "trunkline refused this statement";

    private final Session session;
    private final ShardTransaction transaction;
    private final ShardParts parts;
    private final RequestSender sender;
    private final RequestSkipping skipping;
    /** What was taken from the client and has neither been answered nor handed over. */
    private @Nullable RequestBatch batch;

    private Target.@Nullable Scatter target;
    /** The shard that had the relay before, or {@link Target#ANY_SHARD}. */
    private int former = Target.ANY_SHARD;
    /** Backends that are lent and have not come back. */
    private int lentCount;

    private boolean ended;
    private boolean failed;

    ScatterWithin(
            Session session,
            ShardTransaction transaction,
            ShardParts parts,
            RequestSender sender,
            RequestSkipping skipping) {
        this.skipping = skipping;
        this.session = session;
        this.transaction = transaction;
        this.parts = parts;
        this.sender = sender;
    }

    // collecting

    /**
     * Begins a transaction with such a query.
     *
     * @param first the complete group, handed over, and the BEGIN that was answered here
     */
    void begin(RequestBatch first, Target.Scatter wanted) {
        transaction.begun(Objects.requireNonNull(first.begin()), Target.ANY_SHARD);
        first.begin(null);
        batch = first;
        run(null, wanted);
    }

    /** Takes a Query, or the Bind that begins what is to be collected; the relay is quiet and no group is open on it. */
    Disposition take(Relay relay, Request request, Target.Scatter wanted) {
        RequestBatch taken = session.worker.emptyBatch();
        taken.add(session.worker.keep(request), session.placing());
        batch = taken;
        target = wanted;
        if (request.isPartial()) {
            refuse(
                    relay,
                    RouteRefusal.SCATTER_TOO_LONG
                            .because("the limit is " + session.worker.limits().inspectedBytesMax() + " bytes")
                            .error());
            return Disposition.SKIP_THEN_BREAK;
        }
        if (request.tag == FrontendTag.QUERY) {
            run(relay, wanted);
        } else {
            session.become(new Collecting(relay));
        }
        return Disposition.SKIP;
    }

    /** Takes what follows the Bind. */
    Disposition collect(Relay relay, Request request) {
        RequestBatch taken = Objects.requireNonNull(batch);
        switch (request.tag) {
            case FrontendTag.COPY_DATA, FrontendTag.COPY_DONE, FrontendTag.COPY_FAIL -> {
                return Disposition.SKIP;
            }
            default -> {
                if (!session.worker.reader().read(session, request)) {
                    return Disposition.PAUSE;
                }
            }
        }
        taken.add(session.worker.keep(request), session.placing());
        boolean tooLong = request.isPartial()
                || taken.heldBytes() > session.worker.limits().heldBytesMax();
        boolean copies =
                request.tag == FrontendTag.EXECUTE && target != null && target.work() instanceof Target.Work.CopyIn;
        if (copies || request.tag == FrontendTag.SYNC) {
            // The data of a copy come before the end of its group.
            Target.Refused problem = ScatterBatch.problem(taken.requests(), true);
            if (problem == null) {
                run(relay, Objects.requireNonNull(target));
            } else {
                refuse(relay, problem.error());
            }
        } else if (tooLong || request.tag == FrontendTag.FLUSH || request.endsGroup()) {
            refuse(
                    relay,
                    RouteRefusal.SCATTER_NOT_ALONE.because("its group goes on").error());
            return request.isPartial() ? Disposition.SKIP_THEN_BREAK : Disposition.SKIP;
        }
        return Disposition.SKIP;
    }

    /** Refuses what was collected, in its place: with it the transaction fails. */
    private void refuse(@Nullable Relay relay, RouterError error) {
        if (relay == null) {
            session.worker.metrics().error(error);
            session.released();
            session.become(new Stranded(null));
            answerWith(error);
            session.proceedLater();
            return;
        }
        RequestBatch refused = Objects.requireNonNull(batch);
        Request last = refused.requests().get(refused.requests().size() - 1);
        boolean ends = last.endsGroup();
        boolean isQuery = last.tag == FrontendTag.QUERY;
        session.worker.metrics().error(error);
        refused.undo();
        drop();
        relay.refuse(isQuery ? Kind.QUERY : Kind.PARSE, error);
        if (ends && !isQuery) {
            relay.synchronize();
        } else if (!ends) {
            sender.groupContinues();
        }
        session.become(new Running(relay));
        relay.flush();
    }

    /** As the other, while the relay waits with the others: when that is lost, so is the transaction. */
    private void refuse(RouterError error) {
        ShardParts.Part part = parts.of(former);
        refuse(part == null ? null : parts.resume(part), error);
    }

    /** Tells the client an error for what was taken, without a backend. */
    private void answerWith(RouterError error) {
        RequestBatch refused = batch;
        if (refused == null) {
            return;
        }
        boolean ends = refused.requests().get(refused.requests().size() - 1).endsGroup();
        refused.undo();
        drop();
        session.writeError(error.response());
        if (ends) {
            ByteBuf out = session.client.allocator().buffer(6);
            BackendWriter.readyForQuery(out, TransactionStatus.FAILED);
            session.client.write(out);
        } else {
            skipping.skipUpToSync();
        }
        session.client.flush();
    }

    /** The transaction is over: what was taken for it and not answered is told so. */
    void released() {
        if (session.isClosed()) {
            RequestBatch left = batch;
            if (left != null) {
                left.undo();
                drop();
            }
        } else if (former >= 0) {
            answerWith(RouterErrors.transactionLost(session.view().table().shardName(former)));
        }
    }

    private void drop() {
        RequestBatch dropped = batch;
        batch = null;
        target = null;
        if (dropped != null) {
            dropped.clear(session.worker.requests());
            session.worker.giveBack(dropped);
        }
    }

    // running

    private void run(@Nullable Relay relay, Target.Scatter wanted) {
        boolean inPlace = Objects.requireNonNull(batch).isPlacedAs(session.placing());
        if (!inPlace || !parts.isOfPresentTopology()) {
            refuse(relay, RouterErrors.onSeveralShards("shards of another revision of the topology"));
            return;
        }
        former = transaction.shard();
        if (relay == null) {
            session.become(new Joining(null, null));
        } else {
            transaction.park(relay);
        }
        joinNext(wanted, 0);
    }

    private void joinNext(Target.Scatter wanted, int from) {
        int shard = from;
        while (shard < wanted.shards().shardCount() && (!wanted.shards().contains(shard) || parts.of(shard) != null)) {
            shard++;
        }
        RouterError lost = transaction.takeProblem();
        if (lost != null) {
            refuse(lost);
            return;
        }
        if (shard == wanted.shards().shardCount()) {
            lend(wanted);
            return;
        }
        RouterError cannot = parts.joiningProblem();
        if (cannot != null) {
            refuse(cannot);
            return;
        }
        int missing = shard;
        parts.join(missing, new ShardParts.Joined() {
            @Override
            public void onJoined(Relay joined) {
                parts.park(missing, joined);
                joinNext(wanted, missing + 1);
            }

            @Override
            public void onRefused(RouterError error) {
                refuse(error);
            }
        });
    }

    private void lend(Target.Scatter wanted) {
        parts.begin();
        ended = false;
        failed = false;
        List<Lease> lent = new ArrayList<>();
        for (int shard : wanted.shards().indexes().toArray()) {
            ShardParts.Part part = Objects.requireNonNull(parts.of(shard));
            parts.lend(part);
            lent.add(new PartLease(part));
        }
        lentCount = lent.size();
        RequestBatch running = Objects.requireNonNull(batch);
        batch = null;
        target = null;
        ScatteredWork.begin(session, running, wanted, this, lent);
    }

    /** The backend of a part, while the query has it. */
    private final class PartLease implements Lease {
        private final ShardParts.Part part;

        PartLease(ShardParts.Part part) {
            this.part = part;
        }

        @Override
        public BackendConnection backend() {
            return part.relay().backend();
        }

        @Override
        public NodeStatus node() {
            throw new IllegalStateException("a part of a transaction has no status of its node");
        }

        @Override
        public void release() {
            parts.park(part.shard(), part.relay());
            returned();
        }

        @Override
        public void releaseAfterReset() {
            release();
        }

        @Override
        public void discard(String reason) {
            parts.lentLost(part);
            failed = true;
            returned();
        }
    }

    private void returned() {
        lentCount--;
        goOnIfOver();
    }

    /** The client has been answered, maybe before all backends have come back. */
    void onEnd(boolean withError) {
        ended = true;
        failed |= withError;
        goOnIfOver();
    }

    private void goOnIfOver() {
        if (lentCount > 0 || !ended && !parts.isAbandoned()) {
            return;
        }
        if (!parts.end()) {
            return;
        }
        if (!failed) {
            ShardParts.Part part = parts.of(former);
            continueOn(part == null ? parts.first() : part);
            return;
        }
        ShardParts.Part part = parts.failed();
        if (part != null || parts.isEmpty()) {
            continueOn(part);
        } else {
            failFirst(Objects.requireNonNull(parts.first()));
        }
    }

    /** The session goes on with a part, or without any when all were lost. */
    void continueOn(ShardParts.@Nullable Part part) {
        if (part == null) {
            // Every backend was lost, and the client has been told.
            session.settings.rollback();
            session.released();
            session.become(new Stranded(null));
            session.proceedLater();
            return;
        }
        transaction.continueOn(parts.resume(part), part.shard());
    }

    /** No server has failed, so one is made to: the transaction has, and the client was told. */
    private void failFirst(ShardParts.Part part) {
        parts.lend(part);
        parts.begin();
        part.relay().backend().query(REFUSED, 1, new BackendConnection.QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                onError(RouterErrors.synchronizationLost().response());
            }

            @Override
            public void onError(ErrorResponse error) {
                boolean isFailed = part.relay().backend().isOpen()
                        && part.relay().backend().status() == TransactionStatus.FAILED;
                if (isFailed) {
                    parts.park(part.shard(), part.relay());
                } else {
                    parts.lentLost(part);
                }
                goOnIfOver();
            }
        });
    }
}
