// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.trunkline.error.RouterErrors;
import io.trunkline.routing.Target;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.RowDescription;
import org.jspecify.annotations.Nullable;

/**
 * A query over several shards that was left in the middle, or a cursor, being gone on with: by Execute, FETCH or MOVE.
 *
 * <p>Owns the leases. Confined to one event loop.
 */
public final class ResumedQuery
        implements RunningStatement, ShardStream.Listener, StatementEnd.Work, ScatteredRows.Statement {
    private final SuspendedQuery left;
    private final Target.Work.Resume request;
    private final ScatterClient client;
    private final int messageBytesMax;
    private final ShardStreams shards;
    private final StatementEnd end;
    private final ScatteredRows rows;

    /**
     * Takes over the leases, of the shards that the query was begun on, in their order.
     *
     * @param left handed over
     */
    public ResumedQuery(SuspendedQuery left, Target.Work.Resume request, LeasedShards leased) {
        this.left = left;
        this.request = request;
        this.client = leased.client();
        this.messageBytesMax = leased.messageBytesMax();
        this.shards = leased.attach(this);
        this.end = new StatementEnd(shards, client, null, this);
        ShardPortal portal = new ShardPortal(left.portal(), request.rowsMax());
        this.rows = new ScatteredRows(this, shards, end, portal, leased);
    }

    @Override
    public void start() {
        rows.resume(left.run(), left.statement());
    }

    @Override
    public StatementEnd end() {
        return end;
    }

    // what it returns

    @Override
    public void writeParameterDescription(ByteBuf out) {
        throw new IllegalStateException("FETCH and MOVE have no parameters");
    }

    @Override
    public void writeRowDescription(ByteBuf out, boolean ofStatement) {
        left.writeRowDescription(out);
    }

    @Override
    public boolean returnsRows() {
        return request.by() != Target.Work.Resume.By.MOVE;
    }

    @Override
    public void onClientWritable() {
        rows.drain();
        // These rows may be as many as the client takes: then no shard is read, and nothing else would flush them.
        client.flush();
    }

    @Override
    public void onPassed(long count, ScatteredRows.@Nullable Rest rest, boolean paused) {
        boolean executed = request.by() == Target.Work.Resume.By.EXECUTE;
        if (rest != null && (paused || !executed)) {
            // A cursor stays where it is behind its last row.
            client.onSuspended(left.leftAt(rest));
        } else if (rest != null) {
            rest.run().close();
        }
        end.complete((executed ? "SELECT" : request.by().name()) + " " + count, executed && paused);
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
            switch (tag) {
                case BackendTag.ERROR_RESPONSE -> {
                    shard.failed();
                    // A position within the words for the shards means nothing to the client.
                    end.fail(ErrorResponse.parse(buffer, index, length).without(ErrorResponse.POSITION));
                }
                // Of the query that makes rows of groups.
                case BackendTag.ROW_DESCRIPTION ->
                    rows.onBound(shard, new RowDescription().wrap(buffer, index, length));
                case BackendTag.COMMAND_COMPLETE -> rows.onComplete(shard);
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
        } catch (ProtocolViolation violation) {
            end.fail(RouterErrors.backendProtocolViolation(shard.node(), violation)
                    .response());
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
        if (end.isWorking()) {
            rows.drain();
        } else {
            end.endIfQuiet();
        }
    }

    @Override
    public void onLost(ShardStream shard, ErrorResponse cause) {
        if (end.isWorking()) {
            end.fail(RouterErrors.transactionLost(shard.node()).response());
        } else {
            end.endIfQuiet();
        }
    }

    @Override
    public void onReadComplete() {
        rows.drain();
        client.flush();
    }
}
