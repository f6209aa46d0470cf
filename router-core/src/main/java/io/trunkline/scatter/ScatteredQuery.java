// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.merge.MergeFailure;
import io.trunkline.merge.MergedRows;
import io.trunkline.merge.RowSink;
import io.trunkline.pool.Lease;
import io.trunkline.twophase.TwoPhaseCommit;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.CommandTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ParameterDescription;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.RowDescription;
import io.trunkline.wire.TransactionStatus;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One query on several shards, from the moment all of its backends are leased until all of them have been given back.
 *
 * <pre>
 *   DESCRIBING ──▶ (PREPARING) ──▶ STARTING ── every shard has bound it ──▶ RUNNING ── all rows passed on ──▶ OVER
 *        └──────────────┴──────────────┴──────── an error ────────────────────┴──▶ FAILING ── all quiet ──────▶ OVER
 *   a write: RUNNING ── done on every shard ──▶ COMMITTING ── committed or aborted everywhere ──▶ OVER
 * </pre>
 *
 * <p>The first shard is asked what the client's own words return: the answer, or the error, is exactly what one server would give. From that the
 * {@link ScatterPlanner} makes the words for the shards, which all run them at once. A shard whose rows are not wanted yet is not read, so what
 * lies here is bounded by the shards' socket buffers. The first error ends the query: the other shards are cancelled, and what they send is dropped.
 *
 * <p>A write runs in a transaction on each shard, which {@link TwoPhaseCommit} ends.
 *
 * <p>Owns the leases. Confined to one event loop.
 */
public final class ScatteredQuery implements ShardStream.Listener, RowSink, TwoPhaseCommit.Listener {

    private enum Phase {
        DESCRIBING,
        PREPARING,
        STARTING,
        RUNNING,
        COMMITTING,
        FAILING,
        OVER
    }

    private final ScatterStatement statement;
    private final Supplier<ScatterPlanner> planning;
    private final boolean isWrite;
    /** How it is committed, or null for a read, and within a transaction of the client's. */
    private final @Nullable ShardCommit commit;

    private final ScatterClient client;
    private final ByteBufAllocator allocator;
    private final int messageBytesMax;
    private final ShardStreams shards;
    private @Nullable ScatterPlanner planner;
    private Phase phase = Phase.DESCRIBING;
    private int[] parameterTypes;
    /** What the client's own words return. */
    private @Nullable Described described;
    /** What was described last; not looked at yet. */
    private @Nullable Described latest;

    private @Nullable ScatterPlan plan;
    private @Nullable MergedRows merge;
    /** Shards that have bound the query. */
    private int startedCount;

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
        this.planning = planning;
        this.isWrite = isWrite;
        this.commit = commit;
        this.client = client;
        this.allocator = allocator;
        this.messageBytesMax = messageBytesMax;
        this.parameterTypes = statement.parameterTypes();
        this.shards = new ShardStreams(leases, connector, messageBytesMax, within, this);
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

    /** Begins; the client may hear the end from inside this call. */
    public void start() {
        try {
            planner = planning.get();
            shards.first().describe(statement.sql(), parameterTypes);
        } catch (ScatterRefused refused) {
            refuse(refused);
        }
    }

    private void refuse(ScatterRefused refused) {
        client.onRefused(refused.refusal().code());
        fail(refused.refusal().error().response());
    }

    // what it returns

    /** Appends the ParameterDescription of the client's statement; once parsed. */
    public void writeParameterDescription(ByteBuf out) {
        BackendWriter.parameterDescription(out, parameterTypes);
    }

    /**
     * Appends the RowDescription of the client's statement; once parsed.
     *
     * @param ofStatement whether a statement is described, whose formats are not known, or else its portal
     */
    public void writeRowDescription(ByteBuf out, boolean ofStatement) {
        IntUnaryOperator formats = ofStatement ? column -> 0 : statement::format;
        known(described).write(out, formats);
    }

    /** Returns true when the client's statement returns rows; once parsed. */
    public boolean returnsRows() {
        return !known(described).isNoData();
    }

    // the steps

    private void onDescribed(Described answer) {
        ScatterPlanner steps = known(planner);
        if (phase == Phase.DESCRIBING) {
            described = answer;
            parameterTypes = answer.parameterTypes();
            client.onParsed(this);
            steps.described(answer);
            String parts = steps.parts();
            if (parts != null) {
                phase = Phase.PREPARING;
                shards.first().describe(parts.getBytes(StandardCharsets.UTF_8), parameterTypes);
                return;
            }
        } else {
            steps.partsDescribed(answer);
        }
        run(steps.plan());
    }

    private void run(ScatterPlan made) {
        ByteBuf bind = allocator.buffer(256);
        try {
            made.writeBind(bind, statement);
            plan = made;
            merge = made.rows().apply(shards.size());
            phase = Phase.STARTING;
            for (ShardStream shard : shards.all()) {
                if (commit != null) {
                    shard.begin();
                }
                byte[] sql = made.sql().apply(shard.index());
                shard.run(sql, made.parameterTypes(), bind, isWrite ? 0 : statement.rowsMax());
            }
        } finally {
            bind.release();
        }
    }

    /**
     * A shard is about to return rows.
     *
     * @param difference how their columns differ from those of the plan, or null
     */
    private void onBound(ShardStream shard, @Nullable String difference) {
        shard.bound();
        if (difference != null) {
            fail(RouterErrors.shardsDiffer(shard.node(), difference).response());
            return;
        }
        if (++startedCount == shards.size()) {
            phase = Phase.RUNNING;
            client.onStarted(this);
        }
    }

    /** The client takes rows again. */
    public void onClientWritable() {
        drain();
        // These rows may be as many as the client takes: then no shard is read, and nothing else would flush them.
        client.flush();
    }

    private void drain() {
        MergedRows rows = merge;
        if (phase != Phase.RUNNING || rows == null || draining) {
            return;
        }
        draining = true;
        try {
            rows.drain(this);
        } catch (ProtocolViolation violation) {
            fail(RouterErrors.backendProtocolViolation(shards.nodes(), violation)
                    .response());
        } catch (MergeFailure failure) {
            fail(failure.error().response());
        } finally {
            draining = false;
        }
        updateReading(rows);
        completeIfDone();
    }

    private void updateReading(MergedRows rows) {
        boolean taken = client.takesRows();
        for (ShardStream shard : shards.all()) {
            shard.setReading(phase != Phase.RUNNING || rows.isDone() || taken && rows.wants(shard.index()));
        }
    }

    private void completeIfDone() {
        MergedRows rows = merge;
        if (phase != Phase.RUNNING || rows == null || !rows.isDone() || shards.isBusy()) {
            return;
        }
        long count = rows.rowCount();
        rows.close();
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

    /** Returns true while what the client asks or any clock says comes too late: the outcome is being decided. */
    public boolean isCommitting() {
        return phase == Phase.COMMITTING;
    }

    private void releaseAll() {
        phase = Phase.OVER;
        shards.releaseAll();
    }

    // failing

    /** Ends the query by an error of the router's, such as a timeout. */
    public void fail(ErrorResponse error) {
        fail(error, () -> {});
    }

    /**
     * As the other.
     *
     * @param delivered runs when the nodes have been asked to cancel what runs, or cannot be asked
     */
    public void fail(ErrorResponse error, Runnable delivered) {
        if (phase == Phase.FAILING || phase == Phase.COMMITTING || phase == Phase.OVER) {
            delivered.run();
            return;
        }
        phase = Phase.FAILING;
        closeMerge();
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

    /** Returns true after a failure, until the backends are given back. */
    public boolean isFailing() {
        return phase == Phase.FAILING;
    }

    /** The nodes have not answered after a failure in time: gives up the backends. */
    public void giveUp() {
        if (phase == Phase.FAILING) {
            releaseAll();
            client.onOver();
        }
    }

    /** The client is gone: ends everything, and tells nobody. */
    public void abandon() {
        abandoned = true;
        if (phase != Phase.OVER && phase != Phase.COMMITTING) {
            closeMerge();
            shards.cancel(() -> {});
            releaseAll();
        }
    }

    private void closeMerge() {
        if (merge != null) {
            merge.close();
        }
    }

    // what the shards say

    @Override
    public void onRows(ShardStream shard, ByteBuf buffer, int index, int length) {
        MergedRows rows = merge;
        if (rows == null || phase != Phase.STARTING && phase != Phase.RUNNING) {
            return;
        }
        rows.offer(shard.index(), buffer.retainedSlice(index, length));
        if (!rows.wants(shard.index())) {
            shard.setReading(false);
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
            case BackendTag.PARAMETER_DESCRIPTION ->
                parameterTypes =
                        new ParameterDescription().wrap(buffer, index, length).types();
            case BackendTag.ROW_DESCRIPTION -> {
                if (phase == Phase.STARTING) {
                    onBound(shard, known(plan).difference(new RowDescription().wrap(buffer, index, length)));
                } else {
                    latest = Described.of(parameterTypes, buffer, index, length);
                }
            }
            case BackendTag.NO_DATA -> {
                if (phase == Phase.STARTING) {
                    onBound(shard, known(plan).columns().isEmpty() ? null : "no columns");
                } else {
                    latest = Described.noData(parameterTypes);
                }
            }
            case BackendTag.COMMAND_COMPLETE -> {
                if (isWrite) {
                    count(CommandTag.read(buffer, index, length));
                }
                known(merge).end(shard.index());
            }
            case BackendTag.PORTAL_SUSPENDED -> known(merge).end(shard.index());
            case BackendTag.NOTICE_RESPONSE -> {
                // The others say the same.
                if (shard.index() == 0) {
                    client.onNotice(Unpooled.wrappedBuffer(buffer).slice(index, length));
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
        return phase == Phase.DESCRIBING ? error : error.without(ErrorResponse.POSITION);
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
            case DESCRIBING, PREPARING -> {
                Described answer = latest;
                latest = null;
                try {
                    if (answer == null) {
                        fail(RouterErrors.shardsDiffer(shard.node(), "no columns")
                                .response());
                    } else {
                        onDescribed(answer);
                    }
                } catch (ScatterRefused refused) {
                    refuse(refused);
                } catch (ProtocolViolation violation) {
                    fail(RouterErrors.protocolViolation(violation).response());
                }
            }
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
            case DESCRIBING, PREPARING, STARTING -> {
                closeMerge();
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
