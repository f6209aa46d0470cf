// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.CommandTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.RowDescription;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One query or write on several shards, from the moment all of its backends are leased until all of them have been given back.
 *
 * <pre>
 *   PREPARING ── planned ──▶ STARTING ── every shard has bound it ──▶ RUNNING ── its {@link ScatteredRows} passed on ──▶ its end
 * </pre>
 *
 * <p>The first shard is asked what the client's own words return ({@link ScatterPreparation}): the answer, or the error, is exactly what one server would
 * give. From that the {@link ScatterPlanner} makes the words for the shards, which all run them at once ({@link ShardRun}). A write runs in a transaction on
 * each shard, which {@link StatementEnd} commits.
 *
 * <p>Owns the leases. Confined to one event loop.
 */
public final class ScatteredQuery
        implements RunningStatement, ShardStream.Listener, StatementEnd.Work, ScatteredRows.Statement {

    private enum Phase {
        PREPARING,
        STARTING,
        RUNNING
    }

    private final ScatterStatement statement;
    private final boolean isWrite;
    /** Whether each shard opens a transaction for it. */
    private final boolean begins;

    private final ScatterClient client;
    private final int messageBytesMax;
    private final ShardStreams shards;
    private final ScatterPreparation preparation;
    private final StatementEnd end;
    private final ScatteredRows rows;

    private Phase phase = Phase.PREPARING;
    /** What CommandComplete says of a write: the command, and the rows of all shards together. */
    private String command = "SELECT";

    private long writtenCount = CommandTag.NO_ROWS;

    private ScatteredQuery(
            ScatterStatement statement,
            Supplier<ScatterPlanner> planning,
            boolean isWrite,
            @Nullable ShardCommit commit,
            LeasedShards leased,
            ShardPortal portal) {
        this.statement = statement;
        this.isWrite = isWrite;
        this.begins = commit != null;
        this.client = leased.client();
        this.messageBytesMax = leased.messageBytesMax();
        this.shards = leased.attach(this);
        this.preparation = new ScatterPreparation(statement, planning, shards.first());
        this.end = new StatementEnd(shards, client, commit, this);
        this.rows = new ScatteredRows(this, shards, end, portal, leased);
    }

    /**
     * Takes over the leases, of one backend of each shard that may have rows.
     *
     * @param portal what it is run by when it may be left before its end, which needs a transaction of the client's; else null
     */
    public static ScatteredQuery read(ScatterRead read, @Nullable ShardPortal portal, LeasedShards leased) {
        return new ScatteredQuery(
                read.statement(),
                () -> ScatterPlanner.of(read, leased.memoryBytesMax()),
                false,
                null,
                leased,
                portal == null ? ShardPortal.UNNAMED : portal);
    }

    /**
     * Takes over the leases, of one backend of each shard of the write, in its order.
     *
     * @param commit how it is committed, or null when the backends are in a transaction of the client's that goes on
     */
    public static ScatteredQuery write(ShardWrite write, @Nullable ShardCommit commit, LeasedShards leased) {
        return new ScatteredQuery(
                write.statement(), () -> ScatterPlanner.of(write), true, commit, leased, ShardPortal.UNNAMED);
    }

    @Override
    public void start() {
        try {
            preparation.begin();
        } catch (ScatterRefused refused) {
            end.refuse(refused);
        }
    }

    @Override
    public StatementEnd end() {
        return end;
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
            end.fail(RouterErrors.shardsDiffer(shard.node(), "no columns").response());
            return;
        }
        try {
            ScatterPlan plan = preparation.onAnswered(() -> client.onParsed(this));
            if (plan != null) {
                phase = Phase.STARTING;
                rows.run(plan, statement, begins);
            }
        } catch (ScatterRefused refused) {
            end.refuse(refused);
        } catch (ProtocolViolation violation) {
            end.fail(RouterErrors.protocolViolation(violation).response());
        }
    }

    /**
     * A shard is about to return rows, or none at all.
     *
     * @param description of its rows, or null
     */
    private void onBound(ShardStream shard, @Nullable RowDescription description) {
        if (rows.onBound(shard, description) && phase == Phase.STARTING && rows.isBound()) {
            phase = Phase.RUNNING;
            rows.flow();
            client.onStarted(this);
        }
    }

    @Override
    public void onClientWritable() {
        rows.drain();
        // These rows may be as many as the client takes: then no shard is read, and nothing else would flush them.
        client.flush();
    }

    @Override
    public boolean mayPass() {
        // One server returns nothing of a write that fails.
        return !isWrite || rows.isExecuted();
    }

    @Override
    public void onPassed(long count, ScatteredRows.@Nullable Rest rest, boolean paused) {
        if (isWrite) {
            end.complete(writtenCount < 0 ? command : command + " " + writtenCount, false);
            return;
        }
        if (rest != null && paused) {
            client.onSuspended(SuspendedQuery.of(statement, preparation.described(), rest));
        } else if (rest != null) {
            rest.run().close();
        }
        // A server stops at the limit without knowing whether there is more.
        boolean suspended = paused || statement.rowsMax() > 0 && count == statement.rowsMax();
        end.complete("SELECT " + count, suspended);
    }

    @Override
    public void close() {
        rows.close();
    }

    // what the shards say

    @Override
    public void onRows(ShardStream shard, ByteBuf buffer, int index, int length) {
        rows.onRows(shard, buffer, index, length);
    }

    @Override
    public void onMessage(ShardStream shard, byte tag, ByteBuf buffer, int index, int length) {
        if (!end.isWorking()) {
            return;
        }
        try {
            read(shard, tag, buffer, index, length);
        } catch (ProtocolViolation violation) {
            end.fail(RouterErrors.backendProtocolViolation(shard.node(), violation)
                    .response());
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
                end.fail(aboutClientsWords(ErrorResponse.parse(buffer, index, length)));
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
                rows.onComplete(shard);
            }
            case BackendTag.PORTAL_SUSPENDED -> rows.onSuspended(shard);
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
    private ErrorResponse aboutClientsWords(ErrorResponse error) {
        return preparation.isAboutClientsWords() ? error : error.without(ErrorResponse.POSITION);
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
        } else if (phase == Phase.PREPARING) {
            onPrepared(shard);
        } else {
            rows.drain();
        }
    }

    @Override
    public void onLost(ShardStream shard, ErrorResponse cause) {
        if (!end.isWorking()) {
            end.endIfQuiet();
        } else if (phase == Phase.RUNNING) {
            end.fail(RouterErrors.transactionLost(shard.node()).response());
        } else {
            end.lostUnanswered(shard, cause);
        }
    }

    @Override
    public void onReadComplete() {
        rows.drain();
        client.flush();
    }
}
