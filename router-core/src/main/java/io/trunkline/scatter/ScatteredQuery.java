// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.trunkline.backend.BackendConnector;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.merge.MergeFailure;
import io.trunkline.merge.MergedRows;
import io.trunkline.merge.RowSink;
import io.trunkline.pool.Lease;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ParameterDescription;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.RowDescription;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One query on several shards, from the moment all of its backends are leased until all of them have been given back.
 *
 * <pre>
 *   DESCRIBING ──▶ (PREPARING) ──▶ STARTING ── every shard has bound it ──▶ RUNNING ── all rows passed on ──▶ OVER
 *        └──────────────┴──────────────┴──────── an error ────────────────────┴──▶ FAILING ── all quiet ──────▶ OVER
 * </pre>
 *
 * <p>The first shard is asked what the client's own words return: the answer, or the error, is exactly what one server would give. From that the
 * {@link ScatterPlanner} makes the words for the shards, which all run them at once. A shard whose rows are not wanted yet is not read, so what
 * lies here is bounded by the shards' socket buffers. The first error ends the query: the other shards are cancelled, and what they send is dropped.
 *
 * <p>Owns the leases. Confined to one event loop.
 */
public final class ScatteredQuery implements ShardStream.Listener, RowSink {

    /** Who asked; hears everything on the event loop. */
    public interface Client {
        /** The text has been understood by a server: of an extended query, its Parse has succeeded. */
        void onParsed(ScatteredQuery query);

        /** Every shard has begun: rows follow, and no other error than one that a running query may meet. */
        void onStarted(ScatteredQuery query);

        /** Rows, as whole DataRow messages; consumed. */
        void onRows(ByteBuf rows);

        /** A notice of the first shard, whole; borrowed. */
        void onNotice(ByteBuf notice);

        /** Returns false while no rows are taken. */
        boolean takesRows();

        /**
         * All rows were passed on, and all backends given back.
         *
         * @param rows how many
         * @param suspended whether the limit of Execute was reached
         */
        void onComplete(long rows, boolean suspended);

        /** The query cannot be answered exactly; {@link #onFailed} follows. */
        void onRefused(String code);

        /** The query failed; {@link #onOver} follows. */
        void onFailed(ErrorResponse error);

        /** After a failure all backends have been given back. */
        void onOver();

        /** A backend was lost while nothing of the answer had been passed on: all have been given back, and the query may be tried again. */
        void onLostUnanswered(String node, ErrorResponse cause);

        /** All bytes that were there have been read: a good moment to flush. */
        void flush();
    }

    private enum Phase {
        DESCRIBING,
        PREPARING,
        STARTING,
        RUNNING,
        FAILING,
        OVER
    }

    private final ScatterStatement statement;
    private final long memoryBytesMax;
    private final Client client;
    private final ByteBufAllocator allocator;
    private final int messageBytesMax;
    private final List<ShardStream> shards = new ArrayList<>();
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

    /**
     * Takes over the leases, of one backend of each shard that may have rows.
     *
     * @param messageBytesMax a longer row is an error
     * @param memoryBytesMax most bytes of groups kept at a time
     */
    public ScatteredQuery(
            ScatterStatement statement,
            List<Lease> leases,
            Client client,
            BackendConnector connector,
            ByteBufAllocator allocator,
            int messageBytesMax,
            long memoryBytesMax) {
        this.statement = statement;
        this.memoryBytesMax = memoryBytesMax;
        this.client = client;
        this.allocator = allocator;
        this.messageBytesMax = messageBytesMax;
        this.parameterTypes = statement.parameterTypes();
        for (Lease lease : leases) {
            shards.add(new ShardStream(shards.size(), lease, connector, messageBytesMax, this));
        }
    }

    /** Begins; the client may hear the end from inside this call. */
    public void start() {
        try {
            planner = new ScatterPlanner(statement, memoryBytesMax);
            shards.get(0).describe(statement.sql(), parameterTypes);
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

    /** Returns the node of each shard, for people to read. */
    public String nodes() {
        StringBuilder nodes = new StringBuilder();
        for (ShardStream shard : shards) {
            nodes.append(nodes.length() == 0 ? "" : ",").append(shard.node());
        }
        return nodes.toString();
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
                shards.get(0).describe(parts.getBytes(StandardCharsets.UTF_8), parameterTypes);
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
            for (ShardStream shard : shards) {
                shard.run(made.sql(), made.parameterTypes(), bind, statement.rowsMax());
            }
        } finally {
            bind.release();
        }
    }

    private void onBound(ShardStream shard, ByteBuf buffer, int index, int length) {
        shard.bound();
        String difference = known(plan).difference(new RowDescription().wrap(buffer, index, length));
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
            fail(RouterErrors.backendProtocolViolation(nodes(), violation).response());
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
        for (ShardStream shard : shards) {
            shard.setReading(phase != Phase.RUNNING || rows.isDone() || taken && rows.wants(shard.index()));
        }
    }

    private void completeIfDone() {
        MergedRows rows = merge;
        if (phase != Phase.RUNNING || rows == null || !rows.isDone() || isBusy()) {
            return;
        }
        long count = rows.rowCount();
        rows.close();
        releaseAll();
        // A server stops at the limit without knowing whether there is more.
        client.onComplete(count, statement.rowsMax() > 0 && count == statement.rowsMax());
    }

    private boolean isBusy() {
        for (ShardStream shard : shards) {
            if (shard.isBusy()) {
                return true;
            }
        }
        return false;
    }

    private void releaseAll() {
        phase = Phase.OVER;
        for (ShardStream shard : shards) {
            if (shard.isBusy()) {
                shard.discard("not answered");
            } else {
                shard.release();
            }
        }
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
        if (phase == Phase.FAILING || phase == Phase.OVER) {
            delivered.run();
            return;
        }
        phase = Phase.FAILING;
        closeMerge();
        client.onFailed(error);
        cancelBusy(delivered);
        endIfQuiet();
    }

    private void cancelBusy(Runnable delivered) {
        List<ShardStream> busy = shards.stream().filter(ShardStream::isRunning).toList();
        if (busy.isEmpty()) {
            delivered.run();
            return;
        }
        int[] open = {busy.size()};
        for (ShardStream shard : busy) {
            shard.setReading(true);
            shard.cancel(() -> {
                if (--open[0] == 0) {
                    delivered.run();
                }
            });
        }
    }

    private void endIfQuiet() {
        if (phase == Phase.FAILING && !isBusy()) {
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
        if (phase != Phase.OVER) {
            closeMerge();
            cancelBusy(() -> {});
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
                    onBound(shard, buffer, index, length);
                } else {
                    latest = Described.of(parameterTypes, buffer, index, length);
                }
            }
            case BackendTag.COMMAND_COMPLETE, BackendTag.PORTAL_SUSPENDED ->
                known(merge).end(shard.index());
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
            case OVER -> {
                // given back already
            }
        }
    }

    @Override
    public void onLost(ShardStream shard, ErrorResponse cause) {
        switch (phase) {
            case DESCRIBING, PREPARING, STARTING -> {
                closeMerge();
                cancelBusy(() -> {});
                releaseAll();
                client.onLostUnanswered(shard.node(), cause);
            }
            case RUNNING -> fail(lost(shard.node()).response());
            case FAILING -> endIfQuiet();
            case OVER -> {
                // nothing was asked any more
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
