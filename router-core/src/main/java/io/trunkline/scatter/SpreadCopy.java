// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.copy.CopyFailure;
import io.trunkline.error.RouterErrors;
import io.trunkline.pool.Lease;
import io.trunkline.twophase.TwoPhaseCommit;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.CommandTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.TransactionStatus;
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
 * <p>It runs in a transaction on each shard, which {@link TwoPhaseCommit} ends. Owns the leases. Confined to one event loop.
 */
public final class SpreadCopy implements RunningStatement, ShardStream.Listener, TwoPhaseCommit.Listener {

    private enum Phase {
        ASKING,
        STARTING,
        COPYING,
        ENDING,
        COMMITTING,
        FAILING,
        OVER
    }

    /** The client as far as its data are concerned. */
    public interface Source {
        /** The shards take data: from now on they may be given. */
        void onDataWanted();

        /** The shards take more again. */
        void onWritable();
    }

    private final CopyInPlan plan;
    private final @Nullable ShardCommit commit;
    private final ScatterClient client;
    private final Source source;
    private final ShardStreams shards;
    private final CopiedData data;
    private final CopyErrors errors = new CopyErrors();
    private final List<CopiedTable.Answer> answers = new ArrayList<>();
    private Phase phase = Phase.ASKING;
    /** The question about the table, and how many shards have been asked. */
    private byte[] asked = {};

    private int askedCount;
    /** Shards that wait for data. */
    private int startedCount;
    /** The client has been told why it failed. */
    private boolean told;
    /** The client's Sync has come, or none is waited for. */
    private boolean synced;
    /** The client left while the transaction was being committed, which goes on. */
    private boolean abandoned;

    private @Nullable CommandTag tag;

    /**
     * Takes over the leases, of one backend of each shard of the cluster in their order.
     *
     * @param commit how it is committed, or null when the backends are in a transaction of the client's that goes on
     * @param rowBytesMax a longer row is an error
     */
    public SpreadCopy(
            CopyInPlan plan,
            @Nullable ShardCommit commit,
            List<Lease> leases,
            ScatterClient client,
            Source source,
            BackendConnector connector,
            int rowBytesMax) {
        this.plan = plan;
        this.commit = commit;
        this.client = client;
        this.source = source;
        this.synced = !plan.waitsForSync();
        this.shards = new ShardStreams(leases, connector, rowBytesMax, commit == null, this);
        this.data = new CopiedData(plan, shards.all(), rowBytesMax);
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
            refuse(refused);
        }
    }

    /** Asks the shards up to a number. Writers of one reference table meet on the first shard, so that they do not wait for each other on others. */
    private void ask(int to) {
        int from = askedCount;
        askedCount = to;
        for (int shard = from; shard < to; shard++) {
            ShardStream one = shards.all().get(shard);
            if (commit != null) {
                one.begin();
            }
            one.query(asked);
        }
    }

    private void refuse(ScatterRefused refused) {
        client.onRefused(refused.refusal().code());
        fail(refused.refusal().error().response(), () -> {});
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
            refuse(refused);
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
                refuse(new ScatterRefused(data.problem()));
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
        return phase == Phase.ASKING || phase == Phase.STARTING;
    }

    /** Returns true while data are expected. */
    public boolean isCopying() {
        return phase == Phase.COPYING;
    }

    /** Returns true between the end of the data and the Sync that follows. */
    public boolean isWaitingForSync() {
        return phase == Phase.ENDING && !synced;
    }

    /** Returns false while a shard does not take more data. */
    public boolean isWritable() {
        return phase != Phase.COPYING || data.isWritable();
    }

    /** Takes CopyData messages, which may begin and end anywhere but within a header; the buffer is borrowed. */
    public void onData(ByteBuf buffer, int index, int length) {
        if (phase != Phase.COPYING) {
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

    /** The Sync behind the data has come: nothing else is in the transaction. */
    public void onSync() {
        synced = true;
        completeIfDone();
    }

    private void completeIfDone() {
        if (phase != Phase.ENDING || !synced || shards.isBusy()) {
            return;
        }
        if (commit == null) {
            releaseAll();
            client.onComplete(tag(), false);
            return;
        }
        for (ShardStream shard : shards.all()) {
            if (shard.backend().status() != TransactionStatus.IN_TRANSACTION) {
                // Nothing that was sent ends it.
                failAll(
                        RouterErrors.copyDiffers(shard.node(), "no open transaction")
                                .response(),
                        0);
                return;
            }
        }
        phase = Phase.COMMITTING;
        List<BackendConnection> backends = new ArrayList<>(shards.size());
        for (ShardStream shard : shards.all()) {
            shard.detach();
            backends.add(shard.backend());
        }
        commit.commit(backends, this);
    }

    private String tag() {
        return tag == null ? "COPY 0" : tag.text();
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

    @Override
    public boolean isCommitting() {
        return phase == Phase.COMMITTING;
    }

    private void releaseAll() {
        phase = Phase.OVER;
        data.close();
        shards.releaseAll();
    }

    // failing

    @Override
    public void fail(ErrorResponse error, Runnable delivered) {
        if (phase == Phase.COMMITTING || phase == Phase.OVER) {
            delivered.run();
            return;
        }
        phase = Phase.FAILING;
        tell(error);
        data.fail();
        shards.cancel(delivered);
        endIfQuiet();
    }

    /** Fails the copy on all shards, and tells the client once each has said whether it has an error of its own. */
    private void failAll(ErrorResponse error, long line) {
        errors.add(error, line);
        onFailing();
    }

    private void onFailing() {
        if (phase != Phase.FAILING && phase != Phase.OVER) {
            phase = Phase.FAILING;
            data.fail();
        }
        endIfQuiet();
    }

    private void tell(@Nullable ErrorResponse error) {
        if (!told && error != null) {
            told = true;
            client.onFailed(error);
        }
    }

    private void endIfQuiet() {
        if (phase == Phase.FAILING && !shards.isBusy()) {
            end();
        }
    }

    private void end() {
        releaseAll();
        tell(errors.first());
        client.onOver();
    }

    @Override
    public boolean isFailing() {
        return phase == Phase.FAILING;
    }

    @Override
    public void giveUp() {
        if (phase == Phase.FAILING) {
            end();
        }
    }

    @Override
    public void abandon() {
        abandoned = true;
        if (phase != Phase.OVER && phase != Phase.COMMITTING) {
            shards.cancel(() -> {});
            releaseAll();
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
                    ErrorResponse error = ErrorResponse.parse(buffer, index, length);
                    errors.add(
                            phase == Phase.ASKING ? error.without(ErrorResponse.POSITION) : error,
                            shard.index(),
                            data.splitter());
                    onFailing();
                }
                case BackendTag.COPY_IN_RESPONSE -> {
                    if (phase == Phase.STARTING) {
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
                    // The others say the same.
                    if (shard.index() == 0 && phase != Phase.FAILING) {
                        client.onNotice(Unpooled.wrappedBuffer(buffer).slice(index, length));
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
        endIfQuiet();
    }

    @Override
    public void onQuiet(ShardStream shard) {
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
            case FAILING -> endIfQuiet();
            case COMMITTING, OVER -> {
                // held by another, or given back already
            }
        }
    }

    @Override
    public void onLost(ShardStream shard, ErrorResponse cause) {
        switch (phase) {
            case ASKING, STARTING -> {
                shards.cancel(() -> {});
                releaseAll();
                client.onLostUnanswered(shard.node(), cause);
            }
            case COPYING, ENDING ->
                failAll(RouterErrors.transactionLost(shard.node()).response(), 0);
            case FAILING -> endIfQuiet();
            case COMMITTING, OVER -> {
                // held by another, or nothing was asked any more
            }
        }
    }

    @Override
    public void onReadComplete() {
        client.flush();
    }

    @Override
    public void onWritable() {
        if (phase == Phase.COPYING && data.isWritable()) {
            source.onWritable();
        }
    }
}
