// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.trunkline.copy.CopyFailure;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.CommandTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ProtocolViolation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One COPY FROM STDIN on all shards, from the moment all of its backends are leased until all of them have been given back.
 *
 * <pre>
 *   ASKING ── what the table is like ──▶ STARTING ── all wait for data ──▶ COPYING ── CopyDone ──▶ ENDING ── done on all ──▶ COMMITTING ──▶ OVER
 *      └────────────────────────────────────┴──────── an error ────────────────┴─────────────────────┴──▶ FAILING ── all quiet ──▶ OVER
 * </pre>
 *
 * <p>The shards are asked for the columns of their table, and must agree. Then all run the client's own words, and {@link CopiedData} has each row go to the shard of
 * its key. When one has an error the copy is failed on the others behind the data that they were sent, so that an error of an earlier line is found, too: the
 * client is told that of the earliest.
 *
 * <p>It runs in a transaction on each shard, which {@link StatementEnd} commits. Owns the leases. Confined to one event loop.
 */
public final class SpreadCopy implements RunningStatement, ShardStream.Listener, StatementEnd.Work {

    private enum Phase {
        ASKING,
        STARTING,
        COPYING,
        ENDING
    }

    /** The client as far as its data are concerned. */
    public interface Source {
        /** The shards take data: from now on they may be given. */
        void onDataWanted();

        /** The shards take more again. */
        void onWritable();
    }

    private final CopyInPlan plan;
    /** Whether each shard opens a transaction for it. */
    private final boolean begins;

    private final ScatterClient client;
    private final Source source;
    private final ShardStreams shards;
    private final StatementEnd end;
    private final CopiedData data;
    private final CopyErrors errors = new CopyErrors();
    private final List<CopiedTable.Answer> answers = new ArrayList<>();
    private Phase phase = Phase.ASKING;
    /** The question about the table, and how many shards have been asked. */
    private byte[] asked = {};

    private int askedCount;
    /** Shards that wait for data. */
    private int startedCount;
    /** The client's Sync has come, or none is waited for. */
    private boolean synced;

    private @Nullable CommandTag tag;
    /** What a message of another kind fails the copy with. */
    private @Nullable ErrorResponse unexpected;

    /**
     * Takes over the leases, of one backend of each shard of the cluster in their order.
     *
     * @param commit how it is committed, or null when the backends are in a transaction of the client's that goes on
     */
    public SpreadCopy(CopyInPlan plan, @Nullable ShardCommit commit, LeasedShards leased, Source source) {
        this.plan = plan;
        this.begins = commit != null;
        this.client = leased.client();
        this.source = source;
        this.synced = !plan.waitsForSync();
        this.shards = leased.attach(this);
        this.data = new CopiedData(plan, shards.all(), leased.messageBytesMax());
        this.end = new StatementEnd(shards, client, commit, this);
    }

    @Override
    public void start() {
        // What is known to be a COPY is a statement that a server parses.
        client.onParsed(this);
        try {
            byte[] question = data.question();
            for (int shard = 0; shard < shards.size(); shard++) {
                answers.add(new CopiedTable.Answer());
            }
            asked = question;
            ask(data.isForAll() ? 1 : shards.size());
        } catch (ScatterRefused refused) {
            end.refuse(refused);
        }
    }

    /** Asks the shards up to a number. Writers of one reference table meet on the first shard, so that they do not wait for each other on others. */
    private void ask(int to) {
        int from = askedCount;
        askedCount = to;
        for (int shard = from; shard < to; shard++) {
            ShardStream one = shards.all().get(shard);
            if (begins) {
                one.begin();
            }
            one.query(asked);
        }
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
        // It is sent a few messages.
    }

    // the steps

    private void onAsked() {
        try {
            if (askedCount < shards.size()) {
                ask(shards.size());
                return;
            }
            data.onAnswers(answers);
            run();
        } catch (ScatterRefused refused) {
            end.refuse(refused);
        }
    }

    private void run() {
        phase = Phase.STARTING;
        for (ShardStream shard : shards.all()) {
            // All of the client's text, so that a position in an error is right.
            shard.query(plan.statement().sql());
        }
    }

    private void onWaitsForData(ShardStream shard, ByteBuf buffer, int index, int length) {
        String difference = data.differenceOf(buffer, index);
        if (difference != null) {
            failAll(RouterErrors.copyDiffers(shard.node(), difference).response(), Long.MAX_VALUE);
        } else if (++startedCount == shards.size()) {
            if (data.problem() != null) {
                end.refuse(new ScatterRefused(data.problem()));
                return;
            }
            phase = Phase.COPYING;
            client.onStarted(this);
            client.onRows(buffer.retainedSlice(index, length));
            client.flush();
            source.onDataWanted();
        }
    }

    // what the client sends

    /** Returns true until data are expected. */
    public boolean isBeginning() {
        return end.isWorking() && (phase == Phase.ASKING || phase == Phase.STARTING);
    }

    /** Returns true while data are expected. */
    public boolean isCopying() {
        return end.isWorking() && phase == Phase.COPYING;
    }

    /** Returns true between the end of the data and the Sync that follows. */
    public boolean isWaitingForSync() {
        return end.isWorking() && phase == Phase.ENDING && !synced;
    }

    /** Returns false while a shard does not take more data. */
    public boolean isWritable() {
        return !isCopying() || data.isWritable();
    }

    /** Takes CopyData messages, which may begin and end anywhere but within a header; the buffer is borrowed. */
    public void onData(ByteBuf buffer, int index, int length) {
        if (!isCopying()) {
            return;
        }
        try {
            data.take(buffer, index, length);
        } catch (CopyFailure failure) {
            onFailure(failure);
        }
    }

    private void onFailure(CopyFailure failure) {
        if (failure.refusalCode() != null) {
            client.onRefused(failure.refusalCode());
        }
        failAll(failure.error().response(), data.line());
    }

    /** The client's data end. */
    public void onDone() {
        try {
            data.end();
            phase = Phase.ENDING;
            data.done();
        } catch (CopyFailure failure) {
            onFailure(failure);
        }
    }

    /** The client fails the copy. */
    public void onFail(String reason) {
        failAll(RouterErrors.copyFailed(reason).response(), Long.MAX_VALUE);
    }

    /** A message of another kind has come in the middle of the data: told unless those before it had an error of their own. */
    public void onUnexpected(ErrorResponse error) {
        unexpected = error;
        failAll();
    }

    /** The Sync behind the data has come: nothing else is in the transaction. */
    public void onSync() {
        synced = true;
        completeIfDone();
    }

    private void completeIfDone() {
        if (end.isWorking() && phase == Phase.ENDING && synced && !shards.isBusy()) {
            end.complete(tag == null ? "COPY 0" : tag.text(), false);
        }
    }

    // failing

    @Override
    public void onFailing() {
        data.fail();
    }

    @Override
    public void close() {
        data.close();
    }

    /** Fails the copy on all shards, and tells the client once each has said whether it has an error of its own. */
    private void failAll(ErrorResponse error, long line) {
        errors.add(error, line);
        failAll();
    }

    private void failAll() {
        ErrorResponse first = errors.first() == null ? unexpected : errors.first();
        if (first != null) {
            end.failWhenQuiet(first);
        }
    }

    // what the shards say

    @Override
    public void onRows(ShardStream shard, ByteBuf buffer, int index, int length) {
        if (phase == Phase.ASKING) {
            answers.get(shard.index()).add(buffer, index, length);
        }
    }

    @Override
    public void onMessage(ShardStream shard, byte messageTag, ByteBuf buffer, int index, int length) {
        try {
            switch (messageTag) {
                case BackendTag.ERROR_RESPONSE -> {
                    shard.failed();
                    if (end.isWorking() && isBeginning()) {
                        // A server, too, takes its Bind and describes it before it looks at what is copied.
                        client.onStarted(this);
                    }
                    ErrorResponse error = ErrorResponse.parse(buffer, index, length);
                    errors.add(
                            phase == Phase.ASKING ? error.without(ErrorResponse.POSITION) : error,
                            shard.index(),
                            data.splitter());
                    failAll();
                }
                case BackendTag.COPY_IN_RESPONSE -> {
                    if (phase == Phase.STARTING && end.isWorking()) {
                        onWaitsForData(shard, buffer, index, length);
                    } else {
                        data.fail(shard.index());
                    }
                }
                case BackendTag.COMMAND_COMPLETE -> {
                    if (phase == Phase.ENDING) {
                        count(shard, CommandTag.read(buffer, index, length));
                    }
                }
                case BackendTag.NOTICE_RESPONSE -> {
                    if (end.isWorking() && (shard.index() == 0 || isAboutOwnRows())) {
                        client.onNotice(buffer.slice(index, length));
                    }
                }
                default -> {
                    // RowDescription: nothing hangs on it
                }
            }
        } catch (ProtocolViolation violation) {
            failAll(
                    RouterErrors.backendProtocolViolation(shard.node(), violation)
                            .response(),
                    0);
        }
    }

    /** Returns true when what a shard says may be about rows that only it has; else all say the same. */
    private boolean isAboutOwnRows() {
        return data.splitter() != null && (phase == Phase.COPYING || phase == Phase.ENDING);
    }

    private void count(ShardStream shard, CommandTag own) {
        CommandTag others = tag;
        if (others == null) {
            tag = own;
        } else if (data.splitter() != null) {
            tag = others.plus(own);
        } else if (!others.equals(own)) {
            failAll(
                    RouterErrors.copyDiffers(shard.node(), "another number of rows")
                            .response(),
                    0);
        }
    }

    @Override
    public void onOversized(ShardStream shard, long messageBytes) {
        failAll(
                RouterErrors.copyDiffers(shard.node(), "an answer that is too long")
                        .response(),
                0);
        shard.discard("answer too long");
        end.endIfQuiet();
    }

    @Override
    public void onQuiet(ShardStream shard) {
        if (!end.isWorking()) {
            end.endIfQuiet();
            return;
        }
        switch (phase) {
            case ASKING -> {
                if (!shards.isBusy()) {
                    onAsked();
                }
            }
            case STARTING, COPYING ->
                failAll(
                        RouterErrors.copyDiffers(shard.node(), "no request for data")
                                .response(),
                        0);
            case ENDING -> completeIfDone();
        }
    }

    @Override
    public void onLost(ShardStream shard, ErrorResponse cause) {
        if (!end.isWorking()) {
            end.endIfQuiet();
            return;
        }
        switch (phase) {
            case ASKING, STARTING -> end.lostUnanswered(shard, cause);
            case COPYING, ENDING ->
                failAll(RouterErrors.transactionLost(shard.node()).response(), 0);
        }
    }

    @Override
    public void onReadComplete() {
        client.flush();
    }

    @Override
    public void onWritable() {
        if (isWritable()) {
            source.onWritable();
        }
    }
}
