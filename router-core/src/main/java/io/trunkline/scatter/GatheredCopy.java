// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.error.RouterErrors;
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
import org.jspecify.annotations.Nullable;

/**
 * One COPY TO STDOUT on several shards: the rows of all of them pass to the client as they come, as those of one COPY.
 *
 * <p>All run the client's own words. What there is once, a header and the mark for the end, is taken from the first shard that has it ({@link CopyFrames}). A shard
 * is not read while the client takes nothing, so nothing is collected here. Owns the leases. Confined to one event loop.
 */
public final class GatheredCopy implements RunningStatement, ShardStream.Listener, StatementEnd.Work {

    private final ScatterStatement statement;
    private final boolean readable;
    private final ScatterClient client;
    private final int rowBytesMax;
    private final ShardStreams shards;
    private final StatementEnd end;
    private @Nullable CopyFrames frames;
    /** Whether the client has been told that rows follow. */
    private boolean started;
    /** Columns that the first shard sends, or -1. */
    private int columnCount = -1;

    private int doneCount;
    private @Nullable CommandTag tag;

    /**
     * Takes over the leases.
     *
     * @param readable whether the statement's text can be read byte by byte
     */
    public GatheredCopy(ScatterStatement statement, boolean readable, LeasedShards leased) {
        this.statement = statement;
        this.readable = readable;
        this.client = leased.client();
        this.rowBytesMax = leased.messageBytesMax();
        this.shards = leased.attach(this);
        this.end = new StatementEnd(shards, client, null, this);
    }

    @Override
    public void start() {
        client.onParsed(this);
        Target.Refused problem = problem();
        if (problem != null) {
            client.onRefused(problem.code());
            end.fail(problem.error().response());
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
    public StatementEnd end() {
        return end;
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
        boolean reading = !isRunning() || client.takesRows();
        for (ShardStream shard : shards.all()) {
            shard.setReading(reading);
        }
    }

    private boolean isRunning() {
        return started && end.isWorking();
    }

    // what the shards say

    @Override
    public void onRows(ShardStream shard, ByteBuf buffer, int index, int length) {
        CopyFrames passing = frames;
        if (isRunning() && passing != null) {
            passing.pass(shard.index(), buffer, index, length, client::onRows);
            if (!client.takesRows()) {
                updateReading();
            }
        }
    }

    @Override
    public void onMessage(ShardStream shard, byte messageTag, ByteBuf buffer, int index, int length) {
        if (!end.isWorking()) {
            return;
        }
        try {
            switch (messageTag) {
                case BackendTag.ERROR_RESPONSE -> {
                    shard.failed();
                    if (!started) {
                        // A server, too, takes its Bind and describes it before it looks at what is copied.
                        client.onStarted(this);
                    }
                    end.fail(ErrorResponse.parse(buffer, index, length));
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
                        client.onNotice(buffer.slice(index, length));
                    }
                }
                default -> {
                    // CopyDone: the end of one shard's rows is none of the client's
                }
            }
        } catch (ProtocolViolation violation) {
            end.fail(RouterErrors.backendProtocolViolation(shard.node(), violation)
                    .response());
        }
    }

    private void onBegun(ShardStream shard, ByteBuf buffer, int index, int length) {
        int count = buffer.getUnsignedShort(index + 6);
        if (columnCount < 0) {
            columnCount = count;
            started = true;
            client.onStarted(this);
            client.onRows(buffer.retainedSlice(index, length));
        } else if (count != columnCount) {
            end.fail(RouterErrors.copyDiffers(shard.node(), "another number of columns")
                    .response());
        }
    }

    @Override
    public void onQuiet(ShardStream shard) {
        if (!end.isWorking()) {
            end.endIfQuiet();
        } else if (!shards.isBusy()) {
            complete(shard);
        }
    }

    private void complete(ShardStream last) {
        CommandTag all = tag;
        if (doneCount < shards.size() || all == null || frames == null) {
            end.fail(RouterErrors.copyDiffers(last.node(), "no rows").response());
            return;
        }
        ByteBuf rest = last.backend().link().allocator().buffer(16);
        frames.writeEnd(rest);
        BackendWriter.copyDone(rest);
        client.onRows(rest);
        end.complete(all.text(), false);
    }

    @Override
    public void onOversized(ShardStream shard, long messageBytes) {
        end.oversized(
                shard, RouterErrors.mergedRowTooLong(messageBytes, rowBytesMax).response());
    }

    @Override
    public void onLost(ShardStream shard, ErrorResponse cause) {
        if (!end.isWorking()) {
            end.endIfQuiet();
        } else if (started) {
            end.fail(RouterErrors.transactionLost(shard.node()).response());
        } else {
            end.lostUnanswered(shard, cause);
        }
    }

    @Override
    public void onReadComplete() {
        client.flush();
    }

    @Override
    public void onFailing() {
        updateReading();
    }
}
