// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.CommandTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ParameterDescription;
import io.trunkline.wire.ProtocolViolation;
import org.jspecify.annotations.Nullable;

/**
 * One command that PostgreSQL refuses in a transaction, on one shard after the other: VACUUM, CREATE INDEX CONCURRENTLY and their like.
 *
 * <p>It may end between two shards. Then the error says on which of them it was done. Owns the leases. Confined to one event loop.
 */
public final class SeparateCommand implements RunningStatement, ShardStream.Listener, StatementEnd.Work {

    private enum Phase {
        DESCRIBING,
        RUNNING
    }

    private final ScatterStatement statement;
    private final ScatterClient client;
    private final ShardStreams shards;
    private final StatementEnd end;
    private Phase phase = Phase.DESCRIBING;
    private int[] parameterTypes;
    /** On how many shards it is done. */
    private int doneCount;

    private @Nullable CommandTag tag;

    /** Takes over the leases, of one backend of every shard in the order of the shards. */
    public SeparateCommand(ScatterStatement statement, LeasedShards leased) {
        this.statement = statement;
        this.client = leased.client();
        this.parameterTypes = statement.parameterTypes();
        this.shards = leased.attach(this);
        this.end = new StatementEnd(shards, client, null, this);
    }

    @Override
    public void start() {
        shards.first().describe(statement.sql(), parameterTypes);
    }

    @Override
    public void writeParameterDescription(ByteBuf out) {
        BackendWriter.parameterDescription(out, parameterTypes);
    }

    @Override
    public void writeRowDescription(ByteBuf out, boolean ofStatement) {
        Described.noData(parameterTypes).write(out, column -> 0);
    }

    @Override
    public boolean returnsRows() {
        return false;
    }

    @Override
    public void onClientWritable() {
        client.flush();
    }

    @Override
    public StatementEnd end() {
        return end;
    }

    private void runNext() {
        if (doneCount == shards.size()) {
            end.complete(tag == null ? "" : tag.text(), false);
            return;
        }
        ByteBuf bind = Unpooled.buffer(64);
        try {
            RepeatedStatement.writeBind(bind, statement, Described.noData(parameterTypes), formats -> 0);
            shards.all().get(doneCount).run(statement.sql(), parameterTypes, bind, 0);
        } finally {
            bind.release();
        }
    }

    @Override
    public void onQuiet(ShardStream shard) {
        if (!end.isWorking()) {
            end.endIfQuiet();
            return;
        }
        switch (phase) {
            case DESCRIBING -> {
                phase = Phase.RUNNING;
                client.onParsed(this);
                client.onStarted(this);
                runNext();
            }
            case RUNNING -> {
                doneCount++;
                runNext();
            }
        }
    }

    @Override
    public void onMessage(ShardStream shard, byte message, ByteBuf buffer, int index, int length) {
        if (!end.isWorking()) {
            return;
        }
        try {
            read(shard, message, buffer, index, length);
        } catch (ProtocolViolation violation) {
            end.fail(RouterErrors.backendProtocolViolation(shard.node(), violation)
                    .response());
        }
    }

    private void read(ShardStream shard, byte message, ByteBuf buffer, int index, int length) {
        switch (message) {
            case BackendTag.ERROR_RESPONSE -> {
                shard.failed();
                end.fail(ErrorResponse.parse(buffer, index, length));
            }
            case BackendTag.PARAMETER_DESCRIPTION ->
                parameterTypes =
                        new ParameterDescription().wrap(buffer, index, length).types();
            case BackendTag.COMMAND_COMPLETE -> {
                if (tag == null) {
                    tag = CommandTag.read(buffer, index, length);
                }
            }
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
    }

    @Override
    public void onRows(ShardStream shard, ByteBuf buffer, int index, int length) {
        // No command of this kind has rows.
    }

    @Override
    public void onOversized(ShardStream shard, long messageBytes) {
        end.oversized(
                shard,
                RouterErrors.mergedRowTooLong(messageBytes, (int) messageBytes).response());
    }

    @Override
    public void onReadComplete() {
        client.flush();
    }

    @Override
    public void onLost(ShardStream shard, ErrorResponse cause) {
        if (!end.isWorking()) {
            end.endIfQuiet();
        } else if (phase == Phase.DESCRIBING) {
            end.lostUnanswered(shard, cause);
        } else {
            end.fail(RouterErrors.commitInDoubt(shard.node()).response());
        }
    }

    @Override
    public ErrorResponse told(ErrorResponse error) {
        return doneCount > 0 ? withShards(error) : error;
    }

    /** Adds on which shards it was done, to what the server says. */
    private ErrorResponse withShards(ErrorResponse error) {
        StringBuilder done = new StringBuilder();
        for (ShardStream shard : shards.all().subList(0, doneCount)) {
            done.append(done.length() == 0 ? "" : ", ").append(shard.node());
        }
        String detail = error.detail() == null ? "" : error.detail() + "\n";
        return error.with(
                        ErrorResponse.DETAIL,
                        detail + "It was done on " + done + ", and failed on "
                                + shards.all().get(doneCount).node() + "; the shards behind were not asked.")
                .with(
                        ErrorResponse.HINT,
                        "Send it again where it does no harm, such as with IF NOT EXISTS or IF EXISTS, or on the shards that are left: "
                                + "/* trunkline: shard=... */. An index that is left invalid must be dropped there first.");
    }
}
