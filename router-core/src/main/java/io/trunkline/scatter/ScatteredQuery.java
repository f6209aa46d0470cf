// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.merge.MergeFailure;
import io.trunkline.merge.RowSink;
import io.trunkline.pool.Lease;
import io.trunkline.twophase.TwoPhaseCommit;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.CommandTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.RowDescription;
import io.trunkline.wire.TransactionStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One query on several shards, from the moment all of its backends are leased until all of them have been given back.
 *
 * <pre>
 *   PREPARING ── planned ──▶ STARTING ── every shard has bound it ──▶ RUNNING ── all rows passed on ──▶ OVER
 *       └────────────────────────┴──────── an error ────────────────────┴──▶ FAILING ── all quiet ──────▶ OVER
 *   a write: RUNNING ── done on every shard ──▶ COMMITTING ── committed or aborted everywhere ──▶ OVER
 * </pre>
 *
 * <p>The first shard is asked what the client's own words return ({@link ScatterPreparation}): the answer, or the error, is exactly what one server would
 * give. From that the {@link ScatterPlanner} makes the words for the shards, which all run them at once ({@link ShardRun}). The first error ends the
 * query: the other shards are cancelled, and what they send is dropped.
 *
 * <p>A write runs in a transaction on each shard, which {@link TwoPhaseCommit} ends.
 *
 * <p>Owns the leases. Confined to one event loop.
 */
public final class ScatteredQuery implements RunningStatement, ShardStream.Listener, RowSink, TwoPhaseCommit.Listener {

    private enum Phase {
        PREPARING,
        STARTING,
        RUNNING,
        COMMITTING,
        FAILING,
        OVER
    }

    private final ScatterStatement statement;
    private final boolean isWrite;
    /** How it is committed, or null for a read, and within a transaction of the client's. */
    private final @Nullable ShardCommit commit;

    private final ScatterClient client;
    private final ByteBufAllocator allocator;
    private final int messageBytesMax;
    private final ShardStreams shards;
    private final ScatterPreparation preparation;
    private Phase phase = Phase.PREPARING;
    private @Nullable ShardRun run;
    private boolean draining;
    /** The client left while the transaction was being committed, which goes on. */
    private boolean abandoned;
    /** What CommandComplete says of a write: the command, and the rows of all shards together. */
    private String command = "SELECT";

    private long writtenCount = CommandTag.NO_ROWS;

    private ScatteredQuery(
            ScatterStatement statement,
            Supplier<ScatterPlanner> planning,
            boolean isWrite,
            boolean within,
            @Nullable ShardCommit commit,
            List<Lease> leases,
            ScatterClient client,
            BackendConnector connector,
            ByteBufAllocator allocator,
            int messageBytesMax) {
        this.statement = statement;
        this.isWrite = isWrite;
        this.commit = commit;
        this.client = client;
        this.allocator = allocator;
        this.messageBytesMax = messageBytesMax;
        this.shards = new ShardStreams(leases, connector, messageBytesMax, within, this);
        this.preparation = new ScatterPreparation(statement, planning, shards.first());
    }

    /**
     * Takes over the leases, of one backend of each shard that may have rows.
     *
     * @param within whether they are in a transaction of the client's that goes on
     * @param messageBytesMax a longer row is an error
     * @param memoryBytesMax most bytes of groups kept at a time
     */
    public static ScatteredQuery read(
            ScatterRead read,
            boolean within,
            List<Lease> leases,
            ScatterClient client,
            BackendConnector connector,
            ByteBufAllocator allocator,
            int messageBytesMax,
            long memoryBytesMax) {
        return new ScatteredQuery(
                read.statement(),
                () -> ScatterPlanner.of(read, memoryBytesMax),
                false,
                within,
                null,
                leases,
                client,
                connector,
                allocator,
                messageBytesMax);
    }

    /**
     * Takes over the leases, of one backend of each shard of the write, in its order.
     *
     * @param commit how it is committed, or null when the backends are in a transaction of the client's that goes on
     * @param messageBytesMax a longer row of RETURNING is an error
     */
    public static ScatteredQuery write(
            ShardWrite write,
            @Nullable ShardCommit commit,
            List<Lease> leases,
            ScatterClient client,
            BackendConnector connector,
            ByteBufAllocator allocator,
            int messageBytesMax) {
        return new ScatteredQuery(
                write.statement(),
                () -> ScatterPlanner.of(write),
                true,
                commit == null,
                commit,
                leases,
                client,
                connector,
                allocator,
                messageBytesMax);
    }

    @Override
    public void start() {
        try {
            preparation.begin();
        } catch (ScatterRefused refused) {
            refuse(refused);
        }
    }

    private void refuse(ScatterRefused refused) {
        client.onRefused(refused.refusal().code());
        fail(refused.refusal().error().response());
    }

    // what it returns

    @Override
    public void writeParameterDescription(ByteBuf out) {
        preparation.writeParameterDescription(out);
    }

    @Override
    public void writeRowDescription(ByteBuf out, boolean ofStatement) {
        preparation.writeRowDescription(out, ofStatement);
    }

    @Override
    public boolean returnsRows() {
        return preparation.returnsRows();
    }

    // the steps

    private void onPrepared(ShardStream shard) {
        if (!preparation.isAnswered()) {
            fail(RouterErrors.shardsDiffer(shard.node(), "no columns").response());
            return;
        }
        try {
            ScatterPlan plan = preparation.onAnswered(() -> client.onParsed(this));
            if (plan != null) {
                run(plan);
            }
        } catch (ScatterRefused refused) {
            refuse(refused);
        } catch (ProtocolViolation violation) {
            fail(RouterErrors.protocolViolation(violation).response());
        }
    }

    private void run(ScatterPlan plan) {
        ShardRun started = new ShardRun(plan, shards.all());
        run = started;
        phase = Phase.STARTING;
        started.start(statement, commit != null, allocator);
    }

    /**
     * A shard is about to return rows, or none at all.
     *
     * @param description of its rows, or null
     */
    private void onBound(ShardStream shard, @Nullable RowDescription description) {
        ShardRun started = known(run);
        String difference = started.onBound(shard, description);
        if (difference != null) {
            fail(RouterErrors.shardsDiffer(shard.node(), difference).response());
        } else if (started.isBound()) {
            phase = Phase.RUNNING;
            client.onStarted(this);
        }
    }

    @Override
    public void onClientWritable() {
        drain();
        // These rows may be as many as the client takes: then no shard is read, and nothing else would flush them.
        client.flush();
    }

    private void drain() {
        ShardRun running = run;
        if (phase != Phase.RUNNING || running == null || draining) {
            return;
        }
        if (isWrite && !running.isExecuted()) {
            // One server returns nothing of a write that fails.
            return;
        }
        draining = true;
        try {
            running.drain(this);
        } catch (ProtocolViolation violation) {
            fail(RouterErrors.backendProtocolViolation(shards.nodes(), violation)
                    .response());
        } catch (MergeFailure failure) {
            fail(failure.error().response());
        } finally {
            draining = false;
        }
        updateReading(running);
        completeIfDone(running);
    }

    private void updateReading(ShardRun running) {
        boolean taken = client.takesRows();
        for (ShardStream shard : shards.all()) {
            shard.setReading(phase != Phase.RUNNING || running.isDone() || taken && running.wants(shard));
        }
    }

    private void completeIfDone(ShardRun running) {
        if (phase != Phase.RUNNING || !running.isDone() || shards.isBusy()) {
            return;
        }
        long count = running.rowCount();
        running.close();
        if (commit != null) {
            commit(commit);
            return;
        }
        releaseAll();
        // A server stops at the limit without knowing whether there is more.
        boolean suspended = !isWrite && statement.rowsMax() > 0 && count == statement.rowsMax();
        client.onComplete(isWrite ? tag() : "SELECT " + count, suspended);
    }

    private String tag() {
        return writtenCount < 0 ? command : command + " " + writtenCount;
    }

    private void commit(ShardCommit end) {
        for (ShardStream shard : shards.all()) {
            if (shard.backend().status() != TransactionStatus.IN_TRANSACTION) {
                // Nothing that was sent ends it.
                fail(RouterErrors.shardsDiffer(shard.node(), "no open transaction")
                        .response());
                return;
            }
        }
        phase = Phase.COMMITTING;
        // The shards' next words are for another holder.
        client.flush();
        List<BackendConnection> backends = new ArrayList<>(shards.size());
        for (ShardStream shard : shards.all()) {
            shard.detach();
            backends.add(shard.backend());
        }
        end.commit(backends, this);
    }

    @Override
    public void onCommitted() {
        releaseAll();
        if (!abandoned) {
            client.onComplete(tag(), false);
        }
    }

    @Override
    public void onAborted(ErrorResponse cause) {
        releaseAll();
        if (!abandoned) {
            client.onFailed(cause);
            client.onOver();
        }
    }

    @Override
    public void onInDoubt(ErrorResponse cause) {
        onAborted(cause);
    }

    @Override
    public boolean isCommitting() {
        return phase == Phase.COMMITTING;
    }

    private void releaseAll() {
        phase = Phase.OVER;
        shards.releaseAll();
    }

    // failing

    private void fail(ErrorResponse error) {
        fail(error, () -> {});
    }

    @Override
    public void fail(ErrorResponse error, Runnable delivered) {
        if (phase == Phase.FAILING || phase == Phase.COMMITTING || phase == Phase.OVER) {
            delivered.run();
            return;
        }
        phase = Phase.FAILING;
        closeRun();
        client.onFailed(error);
        shards.cancel(delivered);
        endIfQuiet();
    }

    private void endIfQuiet() {
        if (phase == Phase.FAILING && !shards.isBusy()) {
            releaseAll();
            client.onOver();
        }
    }

    @Override
    public boolean isFailing() {
        return phase == Phase.FAILING;
    }

    @Override
    public void giveUp() {
        if (phase == Phase.FAILING) {
            releaseAll();
            client.onOver();
        }
    }

    @Override
    public void abandon() {
        abandoned = true;
        if (phase != Phase.OVER && phase != Phase.COMMITTING) {
            closeRun();
            shards.cancel(() -> {});
            releaseAll();
        }
    }

    private void closeRun() {
        if (run != null) {
            run.close();
        }
    }

    // what the shards say

    @Override
    public void onRows(ShardStream shard, ByteBuf buffer, int index, int length) {
        ShardRun running = run;
        if (running != null && (phase == Phase.STARTING || phase == Phase.RUNNING)) {
            running.offer(shard, buffer.retainedSlice(index, length));
        }
    }

    @Override
    public void onMessage(ShardStream shard, byte tag, ByteBuf buffer, int index, int length) {
        if (phase == Phase.FAILING || phase == Phase.OVER) {
            return;
        }
        try {
            read(shard, tag, buffer, index, length);
        } catch (ProtocolViolation violation) {
            fail(RouterErrors.backendProtocolViolation(shard.node(), violation).response());
        }
    }

    private void read(ShardStream shard, byte tag, ByteBuf buffer, int index, int length) {
        switch (tag) {
            case BackendTag.ERROR_RESPONSE -> {
                shard.failed();
                if (phase == Phase.STARTING && shard.isBound()) {
                    // A server, too, describes the rows before the first of them fails.
                    client.onStarted(this);
                }
                fail(told(ErrorResponse.parse(buffer, index, length)));
            }
            case BackendTag.ROW_DESCRIPTION, BackendTag.NO_DATA, BackendTag.PARAMETER_DESCRIPTION -> {
                if (phase == Phase.PREPARING) {
                    preparation.onMessage(tag, buffer, index, length);
                } else {
                    onBound(shard, tag == BackendTag.NO_DATA ? null : new RowDescription().wrap(buffer, index, length));
                }
            }
            case BackendTag.COMMAND_COMPLETE -> {
                if (isWrite) {
                    count(CommandTag.read(buffer, index, length));
                }
                known(run).end(shard);
            }
            case BackendTag.PORTAL_SUSPENDED -> known(run).end(shard);
            case BackendTag.NOTICE_RESPONSE -> {
                // The others say the same.
                if (shard.index() == 0) {
                    client.onNotice(buffer.slice(index, length));
                }
            }
            default -> {
                // ParseComplete and the like: nothing hangs on them
            }
        }
    }

    private void count(CommandTag tag) {
        command = tag.command();
        if (tag.rows() != CommandTag.NO_ROWS) {
            writtenCount = Math.max(0, writtenCount) + tag.rows();
        }
    }

    /** A position within the words for the shards means nothing to the client. */
    private ErrorResponse told(ErrorResponse error) {
        return preparation.isAboutClientsWords() ? error : error.without(ErrorResponse.POSITION);
    }

    @Override
    public void onOversized(ShardStream shard, long messageBytes) {
        fail(RouterErrors.mergedRowTooLong(messageBytes, messageBytesMax).response());
        // The rest of it cannot be read.
        shard.discard("row too long");
        endIfQuiet();
    }

    @Override
    public void onQuiet(ShardStream shard) {
        switch (phase) {
            case PREPARING -> onPrepared(shard);
            case STARTING, RUNNING -> drain();
            case FAILING -> endIfQuiet();
            case COMMITTING, OVER -> {
                // held by another, or given back already
            }
        }
    }

    @Override
    public void onLost(ShardStream shard, ErrorResponse cause) {
        switch (phase) {
            case PREPARING, STARTING -> {
                closeRun();
                shards.cancel(() -> {});
                releaseAll();
                client.onLostUnanswered(shard.node(), cause);
            }
            case RUNNING -> fail(lost(shard.node()).response());
            case FAILING -> endIfQuiet();
            case COMMITTING, OVER -> {
                // held by another, or nothing was asked any more
            }
        }
    }

    private static RouterError lost(String node) {
        return RouterErrors.transactionLost(node);
    }

    @Override
    public void onReadComplete() {
        drain();
        client.flush();
    }

    // where the merged rows go

    @Override
    public void rows(ByteBuf messages) {
        client.onRows(messages);
    }

    @Override
    public boolean isOpen() {
        return phase == Phase.RUNNING && client.takesRows();
    }

    private static <T> T known(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("answer before its question");
        }
        return value;
    }
}
