// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ParameterDescription;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.RowDescription;
import org.jspecify.annotations.Nullable;

/**
 * A {@code DECLARE ... CURSOR} over several shards, from the moment all of its backends are leased until all of them have been given back.
 *
 * <pre>
 *   DESCRIBING ── the client's own words ──▶ PREPARING ── planned ──▶ BINDING ── the parameters are taken ──▶ OPENING ── every shard has bound it ──▶ its end
 *                                                 └────────── planned, and there are no parameters ───────────▶ OPENING
 * </pre>
 *
 * <p>A server takes the parameters with the Bind, and plans the query when the DECLARE is executed: an error of either has its own place among the answers.
 * Shards plan the query when it is bound, so the first one is given the parameters of the client's own words before.
 *
 * <p>Each shard opens a portal, with the snapshot that the cursor has from then on, and is asked for no rows. Owns the leases. Confined to one event loop.
 */
public final class DeclaredCursor implements RunningStatement, ShardStream.Listener, StatementEnd.Work {
    private enum Phase {
        DESCRIBING,
        PREPARING,
        BINDING,
        OPENING
    }

    private final ScatterStatement words;
    private final ScatterStatement query;
    private final String portal;
    private final @Nullable RouterError problem;
    private final ScatterClient client;
    private final ByteBufAllocator allocator;
    private final int messageBytesMax;
    private final ShardStreams shards;
    private final ScatterPreparation preparation;
    private final StatementEnd end;

    private Phase phase = Phase.DESCRIBING;
    private int[] parameterTypes;
    private @Nullable ShardRun run;

    /**
     * Takes over the leases, of one backend of each shard that may have rows.
     *
     * @param words the client's own
     * @param read the query of the cursor
     * @param portal the name of its portals on the shards
     * @param problem what is said of it once its words have been understood, where it cannot be declared; else null
     */
    public DeclaredCursor(
            ScatterStatement words,
            ScatterRead read,
            String portal,
            @Nullable RouterError problem,
            LeasedShards leased) {
        this.words = words;
        this.query = read.statement();
        this.portal = portal;
        this.problem = problem;
        this.client = leased.client();
        this.allocator = leased.allocator();
        this.messageBytesMax = leased.messageBytesMax();
        this.parameterTypes = words.parameterTypes();
        this.shards = leased.attach(this);
        this.end = new StatementEnd(shards, client, null, this);
        this.preparation =
                new ScatterPreparation(query, () -> ScatterPlanner.of(read, leased.memoryBytesMax()), shards.first());
    }

    @Override
    public void start() {
        shards.first().describe(words.sql(), parameterTypes);
    }

    @Override
    public StatementEnd end() {
        return end;
    }

    // what it returns

    @Override
    public void writeParameterDescription(ByteBuf out) {
        BackendWriter.parameterDescription(out, parameterTypes);
    }

    @Override
    public void writeRowDescription(ByteBuf out, boolean ofStatement) {
        BackendWriter.noData(out);
    }

    @Override
    public boolean returnsRows() {
        return false;
    }

    @Override
    public void onClientWritable() {
        client.flush();
    }

    // the steps

    private void onDescribed() {
        client.onParsed(this);
        if (problem != null) {
            client.onStarted(this);
            end.fail(problem.response());
            return;
        }
        phase = Phase.PREPARING;
        preparation.begin();
    }

    private void onPrepared() {
        ScatterPlan plan = preparation.onAnswered(() -> {});
        if (plan == null) {
            return;
        }
        run = new ShardRun(plan, shards.all());
        if (words.parameterCount() == 0) {
            open();
            return;
        }
        phase = Phase.BINDING;
        ByteBuf bind = plan.bindOfText(query, allocator);
        try {
            shards.first().open(words.sql(), parameterTypes, bind, "");
        } finally {
            bind.release();
        }
    }

    private void open() {
        phase = Phase.OPENING;
        client.onStarted(this);
        known(run).open(query, portal, allocator);
    }

    private void onBound(ShardStream shard, @Nullable RowDescription description) {
        String difference = known(run).onBound(shard, description);
        if (difference != null) {
            end.fail(RouterErrors.shardsDiffer(shard.node(), difference).response());
        }
    }

    private void completeIfOpen() {
        ShardRun opened = known(run);
        if (opened.isBound() && !shards.isBusy()) {
            run = null;
            client.onSuspended(
                    SuspendedQuery.of(query, preparation.described(), new ScatteredRows.Rest(opened, portal)));
            end.complete("DECLARE CURSOR", false);
        }
    }

    @Override
    public void close() {
        if (run != null) {
            run.close();
            run = null;
        }
    }

    // what the shards say

    @Override
    public void onRows(ShardStream shard, ByteBuf buffer, int index, int length) {
        end.fail(
                RouterErrors.shardsDiffer(shard.node(), "rows nobody asked for").response());
    }

    @Override
    public void onMessage(ShardStream shard, byte tag, ByteBuf buffer, int index, int length) {
        if (!end.isWorking()) {
            return;
        }
        try {
            switch (tag) {
                case BackendTag.ERROR_RESPONSE -> {
                    shard.failed();
                    ErrorResponse error = ErrorResponse.parse(buffer, index, length);
                    // A position within other words means nothing to the client.
                    end.fail(
                            phase == Phase.DESCRIBING || phase == Phase.BINDING
                                    ? error
                                    : error.without(ErrorResponse.POSITION));
                }
                case BackendTag.PARAMETER_DESCRIPTION, BackendTag.ROW_DESCRIPTION, BackendTag.NO_DATA ->
                    onDescription(shard, tag, buffer, index, length);
                case BackendTag.NOTICE_RESPONSE -> {
                    // The others say the same.
                    if (shard == shards.first()) {
                        client.onNotice(buffer.slice(index, length));
                    }
                }
                default -> {
                    // ParseComplete and the like: nothing hangs on them
                }
            }
        } catch (ProtocolViolation violation) {
            end.fail(RouterErrors.backendProtocolViolation(shard.node(), violation)
                    .response());
        }
    }

    private void onDescription(ShardStream shard, byte tag, ByteBuf buffer, int index, int length) {
        switch (phase) {
            case DESCRIBING -> {
                if (tag == BackendTag.PARAMETER_DESCRIPTION) {
                    parameterTypes = new ParameterDescription()
                            .wrap(buffer, index, length)
                            .types();
                }
            }
            case PREPARING -> preparation.onMessage(tag, buffer, index, length);
            case BINDING -> {
                // NoData, of the DECLARE
            }
            case OPENING ->
                onBound(shard, tag == BackendTag.NO_DATA ? null : new RowDescription().wrap(buffer, index, length));
        }
    }

    @Override
    public void onOversized(ShardStream shard, long messageBytes) {
        end.oversized(
                shard,
                RouterErrors.mergedRowTooLong(messageBytes, messageBytesMax).response());
    }

    @Override
    public void onQuiet(ShardStream shard) {
        if (!end.isWorking()) {
            end.endIfQuiet();
            return;
        }
        try {
            switch (phase) {
                case DESCRIBING -> onDescribed();
                case PREPARING -> onPrepared();
                case BINDING -> open();
                case OPENING -> completeIfOpen();
            }
        } catch (ScatterRefused refused) {
            end.refuse(refused);
        } catch (ProtocolViolation violation) {
            end.fail(RouterErrors.protocolViolation(violation).response());
        }
    }

    @Override
    public void onLost(ShardStream shard, ErrorResponse cause) {
        if (end.isWorking()) {
            end.lostUnanswered(shard, cause);
        } else {
            end.endIfQuiet();
        }
    }

    @Override
    public void onReadComplete() {
        client.flush();
    }

    private static <T> T known(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("answer before its question");
        }
        return value;
    }
}
