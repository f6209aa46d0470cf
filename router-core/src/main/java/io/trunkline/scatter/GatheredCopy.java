// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.backend.BackendConnector;
import io.trunkline.error.RouterErrors;
import io.trunkline.pool.Lease;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.routing.Target;
import io.trunkline.sql.CopyOptions;
import io.trunkline.sql.CopyStatement;
import io.trunkline.sql.Refusal;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.CommandTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.SqlState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One COPY TO STDOUT on several shards: the rows of all of them pass to the client as they come, as those of one COPY.
 *
 * <p>All run the client's own words. What there is once, a header and the mark for the end, is taken from the first shard that has it ({@link CopyFrames}). A shard
 * is not read while the client takes nothing, so nothing is collected here. Owns the leases. Confined to one event loop.
 */
public final class GatheredCopy implements RunningStatement, ShardStream.Listener {

    private enum Phase {
        STARTING,
        RUNNING,
        FAILING,
        OVER
    }

    private final ScatterStatement statement;
    private final boolean readable;
    private final ScatterClient client;
    private final int rowBytesMax;
    private final ShardStreams shards;
    private @Nullable CopyFrames frames;
    private Phase phase = Phase.STARTING;
    /** Columns that the first shard sends, or -1. */
    private int columnCount = -1;

    private int doneCount;
    private @Nullable CommandTag tag;

    /**
     * Takes over the leases.
     *
     * @param readable whether the statement's text can be read byte by byte
     * @param within whether they are in a transaction of the client's that goes on
     * @param rowBytesMax a longer row is an error
     */
    public GatheredCopy(
            ScatterStatement statement,
            boolean readable,
            boolean within,
            List<Lease> leases,
            ScatterClient client,
            BackendConnector connector,
            int rowBytesMax) {
        this.statement = statement;
        this.readable = readable;
        this.client = client;
        this.rowBytesMax = rowBytesMax;
        this.shards = new ShardStreams(leases, connector, rowBytesMax, within, this);
    }

    @Override
    public void start() {
        client.onParsed(this);
        Target.Refused problem = problem();
        if (problem != null) {
            client.onRefused(problem.code());
            fail(problem.error().response(), () -> {});
            return;
        }
        for (ShardStream shard : shards.all()) {
            // All of the client's text, so that a position in an error is right.
            shard.query(statement.sql());
        }
    }

    private Target.@Nullable Refused problem() {
        if (!readable) {
            return RouteRefusal.SCATTER_ENCODING.because("bytes of its characters may look like ASCII");
        }
        CopyStatement.Reading reading = CopyStatement.read(
                Unpooled.wrappedBuffer(statement.sql()),
                statement.start(),
                statement.end(),
                statement.standardConformingStrings());
        Refusal refusal = reading.refusal();
        CopyStatement read = reading.statement();
        if (refusal != null || read == null) {
            return refusal == null
                    ? RouteRefusal.UNREADABLE.because("its options cannot be read")
                    : new Target.Refused(
                            refusal.code().code(),
                            RouterErrors.refused(
                                    SqlState.FEATURE_NOT_SUPPORTED,
                                    refusal.message(),
                                    refusal.detail(),
                                    refusal.hint()));
        }
        CopyOptions options = read.options();
        frames = new CopyFrames(options.format() == CopyOptions.Format.BINARY, options.header(), shards.size());
        return null;
    }

    @Override
    public void writeParameterDescription(ByteBuf out) {
        BackendWriter.parameterDescription(out);
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
        updateReading();
    }

    private void updateReading() {
        boolean reading = phase != Phase.RUNNING || client.takesRows();
        for (ShardStream shard : shards.all()) {
            shard.setReading(reading);
        }
    }

    // what the shards say

    @Override
    public void onRows(ShardStream shard, ByteBuf buffer, int index, int length) {
        CopyFrames passing = frames;
        if (phase == Phase.RUNNING && passing != null) {
            passing.pass(shard.index(), buffer, index, length, client::onRows);
            if (!client.takesRows()) {
                updateReading();
            }
        }
    }

    @Override
    public void onMessage(ShardStream shard, byte messageTag, ByteBuf buffer, int index, int length) {
        if (phase == Phase.FAILING || phase == Phase.OVER) {
            return;
        }
        try {
            switch (messageTag) {
                case BackendTag.ERROR_RESPONSE -> {
                    shard.failed();
                    fail(ErrorResponse.parse(buffer, index, length), () -> {});
                }
                case BackendTag.COPY_OUT_RESPONSE -> onBegun(shard, buffer, index, length);
                case BackendTag.COMMAND_COMPLETE -> {
                    CommandTag own = CommandTag.read(buffer, index, length);
                    tag = tag == null ? own : tag.plus(own);
                    doneCount++;
                }
                case BackendTag.NOTICE_RESPONSE -> {
                    // The others say the same.
                    if (shard.index() == 0) {
                        client.onNotice(Unpooled.wrappedBuffer(buffer).slice(index, length));
                    }
                }
                default -> {
                    // CopyDone: the end of one shard's rows is none of the client's
                }
            }
        } catch (ProtocolViolation violation) {
            fail(RouterErrors.backendProtocolViolation(shard.node(), violation).response(), () -> {});
        }
    }

    private void onBegun(ShardStream shard, ByteBuf buffer, int index, int length) {
        int count = buffer.getUnsignedShort(index + 6);
        if (columnCount < 0) {
            columnCount = count;
            phase = Phase.RUNNING;
            client.onStarted(this);
            client.onRows(buffer.retainedSlice(index, length));
        } else if (count != columnCount) {
            fail(
                    RouterErrors.copyDiffers(shard.node(), "another number of columns")
                            .response(),
                    () -> {});
        }
    }

    @Override
    public void onQuiet(ShardStream shard) {
        if (phase == Phase.FAILING) {
            endIfQuiet();
        } else if (phase != Phase.OVER && !shards.isBusy()) {
            complete(shard);
        }
    }

    private void complete(ShardStream last) {
        CommandTag all = tag;
        if (doneCount < shards.size() || all == null || frames == null) {
            fail(RouterErrors.copyDiffers(last.node(), "no rows").response(), () -> {});
            return;
        }
        ByteBuf end = last.backend().link().allocator().buffer(16);
        frames.writeEnd(end);
        BackendWriter.copyDone(end);
        client.onRows(end);
        releaseAll();
        client.onComplete(all.text(), false);
    }

    @Override
    public void onOversized(ShardStream shard, long messageBytes) {
        fail(RouterErrors.mergedRowTooLong(messageBytes, rowBytesMax).response(), () -> {});
        // The rest of it cannot be read.
        shard.discard("row too long");
        endIfQuiet();
    }

    @Override
    public void onLost(ShardStream shard, ErrorResponse cause) {
        switch (phase) {
            case STARTING -> {
                shards.cancel(() -> {});
                releaseAll();
                client.onLostUnanswered(shard.node(), cause);
            }
            case RUNNING -> fail(RouterErrors.transactionLost(shard.node()).response(), () -> {});
            case FAILING -> endIfQuiet();
            case OVER -> {
                // nothing was asked any more
            }
        }
    }

    @Override
    public void onReadComplete() {
        client.flush();
    }

    // the end

    @Override
    public boolean isCommitting() {
        return false;
    }

    @Override
    public void fail(ErrorResponse error, Runnable delivered) {
        if (phase == Phase.FAILING || phase == Phase.OVER) {
            delivered.run();
            return;
        }
        phase = Phase.FAILING;
        client.onFailed(error);
        updateReading();
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
        if (phase != Phase.OVER) {
            shards.cancel(() -> {});
            releaseAll();
        }
    }

    private void releaseAll() {
        phase = Phase.OVER;
        shards.releaseAll();
    }
}
