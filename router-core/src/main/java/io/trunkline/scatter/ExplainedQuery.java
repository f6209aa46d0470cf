// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.DataRow;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ParameterDescription;
import io.trunkline.wire.ProtocolViolation;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One EXPLAIN of a query over several shards: what is sent to them, how their rows become one answer, and the plan of each.
 *
 * <pre>
 *   DESCRIBING ── EXPLAIN described ──▶ PREPARING ── query planned ──▶ RUNNING ── explained by one shard after the other ──▶ its end
 * </pre>
 *
 * <p>The first shard is asked about the client's own words, then about the query as if it were to be run ({@link ScatterPreparation}). What is explained are the words that would be sent. One shard is
 * asked after the other, so their lines pass as they come. Owns the leases. Confined to one event loop.
 */
public final class ExplainedQuery implements RunningStatement, ShardStream.Listener, StatementEnd.Work {

    private enum Phase {
        DESCRIBING,
        PREPARING,
        RUNNING
    }

    private final ScatterStatement statement;
    private final String head;
    private final List<String> shardNames;
    private final ScatterClient client;
    private final ByteBufAllocator allocator;
    private final int lineBytesMax;
    private final ShardStreams shards;
    private final StatementEnd end;
    private final ScatterPreparation preparation;
    private final DataRow line = new DataRow();
    private Phase phase = Phase.DESCRIBING;
    private int[] parameterTypes;
    private @Nullable Described described;
    private @Nullable ScatterPlan plan;
    /** How many shards have been explained. */
    private int doneCount;
    /** Lines of the shard that is being explained, and all that the client was sent. */
    private int shardLineCount;

    private long lineCount;

    /**
     * Takes over the leases, of one backend of each shard of the query.
     *
     * @param statement the client's own words
     * @param head of these, what stands before the query
     * @param read the query
     * @param shardNames of the shards, in their order
     */
    public ExplainedQuery(
            ScatterStatement statement, String head, ScatterRead read, List<String> shardNames, LeasedShards leased) {
        this.statement = statement;
        this.head = head;
        this.shardNames = List.copyOf(shardNames);
        this.client = leased.client();
        this.allocator = leased.allocator();
        this.lineBytesMax = leased.messageBytesMax();
        this.parameterTypes = statement.parameterTypes();
        this.shards = leased.attach(this);
        this.end = new StatementEnd(shards, client, null, this);
        this.preparation = new ScatterPreparation(
                read.statement(), () -> ScatterPlanner.of(read, leased.memoryBytesMax()), shards.first());
    }

    @Override
    public void start() {
        shards.first().describe(statement.sql(), parameterTypes);
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
        known(described).write(out, ofStatement ? column -> 0 : statement::format);
    }

    @Override
    public boolean returnsRows() {
        return true;
    }

    @Override
    public void onClientWritable() {
        updateReading();
        client.flush();
    }

    private void updateReading() {
        if (phase == Phase.RUNNING && end.isWorking()) {
            shards.all().get(doneCount).setReading(client.takesRows());
        }
    }

    // the steps

    private void onDescribed() {
        if (described == null) {
            end.fail(RouterErrors.shardsDiffer(shards.first().node(), "no columns")
                    .response());
            return;
        }
        client.onParsed(this);
        phase = Phase.PREPARING;
        preparation.begin();
    }

    private void onPrepared() {
        ScatterPlan made = preparation.onAnswered(() -> {});
        if (made != null) {
            plan = made;
            phase = Phase.RUNNING;
            explainNext();
        }
    }

    private void explainNext() {
        if (doneCount == shards.size() || isAtLimit()) {
            end.complete("EXPLAIN", isAtLimit());
            return;
        }
        ScatterPlan explained = known(plan);
        shardLineCount = 0;
        String words = head + " " + new String(explained.sql().apply(doneCount), StandardCharsets.UTF_8);
        ByteBuf bind = explained.bindOfText(statement, allocator);
        try {
            shards.all()
                    .get(doneCount)
                    .run(words.getBytes(StandardCharsets.UTF_8), explained.parameterTypes(), bind, 0);
        } finally {
            bind.release();
        }
    }

    /** A server, too, stops at the limit of Execute without knowing whether there is more. */
    private boolean isAtLimit() {
        return statement.rowsMax() > 0 && lineCount == statement.rowsMax();
    }

    private void onBound() {
        if (doneCount == 0) {
            client.onStarted(this);
            ScatterPlan explained = known(plan);
            send(preparation.label() + " over " + shards.size() + " shards");
            send("  Shard Query: " + oneLine(new String(explained.sql().apply(0), StandardCharsets.UTF_8)));
            GroupFinish finish = explained.finish();
            if (finish != null) {
                send("  Final Query on node " + shards.first().node() + ": " + oneLine(finish.sql()));
            }
        }
        send("  ->  Shard " + shardNames.get(doneCount) + " on node "
                + shards.all().get(doneCount).node());
    }

    private static String oneLine(String sql) {
        return sql.replaceAll("\\s*\\R\\s*", " ");
    }

    private void send(String text) {
        if (!isAtLimit()) {
            lineCount++;
            ByteBuf out = allocator.buffer(128);
            BackendWriter.dataRow(out, List.of(text));
            client.onRows(out);
        }
    }

    // what the shards say

    @Override
    public void onRows(ShardStream shard, ByteBuf buffer, int index, int length) {
        if (phase != Phase.RUNNING || !end.isWorking()) {
            return;
        }
        int limit = index + length;
        int position = index;
        while (position < limit) {
            int bytes = 1 + buffer.getInt(position + 1);
            line.wrap(buffer, position, bytes);
            // As a server shows a node below another one.
            send((shardLineCount++ == 0 ? "        ->  " : "            ") + line.text(0));
            position += bytes;
        }
        updateReading();
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
                    end.fail(phase == Phase.DESCRIBING ? error : error.without(ErrorResponse.POSITION));
                }
                case BackendTag.PARAMETER_DESCRIPTION, BackendTag.ROW_DESCRIPTION, BackendTag.NO_DATA ->
                    onDescription(tag, buffer, index, length);
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

    private void onDescription(byte tag, ByteBuf buffer, int index, int length) {
        switch (phase) {
            case DESCRIBING -> {
                if (tag == BackendTag.PARAMETER_DESCRIPTION) {
                    parameterTypes = new ParameterDescription()
                            .wrap(buffer, index, length)
                            .types();
                } else if (tag == BackendTag.ROW_DESCRIPTION) {
                    described = Described.of(parameterTypes, buffer, index, length);
                }
            }
            case PREPARING -> preparation.onMessage(tag, buffer, index, length);
            case RUNNING -> onBound();
        }
    }

    @Override
    public void onOversized(ShardStream shard, long messageBytes) {
        end.oversized(
                shard, RouterErrors.mergedRowTooLong(messageBytes, lineBytesMax).response());
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
                case RUNNING -> {
                    doneCount++;
                    explainNext();
                }
            }
        } catch (ScatterRefused refused) {
            end.refuse(refused);
        } catch (ProtocolViolation violation) {
            end.fail(RouterErrors.protocolViolation(violation).response());
        }
    }

    @Override
    public void onLost(ShardStream shard, ErrorResponse cause) {
        if (!end.isWorking()) {
            end.endIfQuiet();
        } else if (lineCount == 0) {
            end.lostUnanswered(shard, cause);
        } else {
            end.fail(RouterErrors.transactionLost(shard.node()).response());
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
