// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.backend.BackendConnection;
import io.trunkline.error.RouterErrors;
import io.trunkline.twophase.TwoPhaseCommit;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.TransactionStatus;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a statement on several shards comes to its end, whatever it does before.
 *
 * <pre>
 *   WORKING ── done on every shard ──▶ COMMITTING ── committed or aborted everywhere ──▶ OVER
 *      │  └── all rows passed on, or within a transaction of the client's ─────────────▶ OVER
 *      └── an error ──▶ FAILING ── all shards quiet ───────────────────────────────────▶ OVER
 * </pre>
 *
 * <p>The first error ends the statement: the other shards are cancelled, and what they still send is dropped. Gives back the leases. Confined to one event loop.
 */
public final class StatementEnd implements TwoPhaseCommit.Listener {

    private enum Stage {
        WORKING,
        COMMITTING,
        FAILING,
        OVER
    }

    /** The statement, as far as it has more to end than its leases. */
    interface Work {
        /** Returns what the client is told of an error. */
        default ErrorResponse told(ErrorResponse error) {
            return error;
        }

        /** It has failed: nothing more is wanted of the shards. */
        default void onFailing() {
            close();
        }

        /** Nothing is needed any more of what is held; may be told again. */
        default void close() {}
    }

    private final ShardStreams shards;
    private final ScatterClient client;
    private final @Nullable ShardCommit commit;
    private final Work work;
    private Stage stage = Stage.WORKING;
    /** The client has been told why it failed. */
    private boolean told;
    /** Why it failed, for a client that is to hear it when all shards are quiet. */
    private @Nullable ErrorResponse cause;
    /** The client left while the transaction was being committed, which goes on. */
    private boolean abandoned;
    /** What CommandComplete is going to say. */
    private String tag = "";

    /**
     * Takes over the leases.
     *
     * @param commit how it is committed, or null for a read, and within a transaction of the client's
     */
    StatementEnd(ShardStreams shards, ScatterClient client, @Nullable ShardCommit commit, Work work) {
        this.shards = shards;
        this.client = client;
        this.commit = commit;
        this.work = work;
    }

    /** Returns true until it is done or fails. */
    boolean isWorking() {
        return stage == Stage.WORKING;
    }

    /** Returns true while what the client asks or any clock says comes too late: the outcome is being decided. */
    public boolean isCommitting() {
        return stage == Stage.COMMITTING;
    }

    /** Returns true after a failure, until the backends are given back. */
    public boolean isFailing() {
        return stage == Stage.FAILING;
    }

    // done

    /**
     * It is done on every shard: commits it, where it is committed by itself, and tells the client.
     *
     * @param suspended whether the limit of Execute was reached
     */
    void complete(String commandTag, boolean suspended) {
        ShardCommit end = commit;
        if (end == null) {
            releaseAll();
            client.onComplete(commandTag, suspended);
            return;
        }
        for (ShardStream shard : shards.all()) {
            if (shard.backend().status() != TransactionStatus.IN_TRANSACTION) {
                // Nothing that was sent ends it.
                fail(RouterErrors.shardsDiffer(shard.node(), "no open transaction")
                        .response());
                return;
            }
        }
        work.close();
        stage = Stage.COMMITTING;
        tag = commandTag;
        // The shards' next words are for another holder.
        client.flush();
        List<BackendConnection> backends = new ArrayList<>(shards.size());
        for (ShardStream shard : shards.all()) {
            shard.detach();
            backends.add(shard.backend());
        }
        end.commit(backends, this);
    }

    @Override
    public void onCommitted() {
        releaseAll();
        if (!abandoned) {
            client.onComplete(tag, false);
        }
    }

    @Override
    public void onAborted(ErrorResponse error) {
        releaseAll();
        if (!abandoned) {
            client.onFailed(error);
            client.onOver();
        }
    }

    @Override
    public void onInDoubt(ErrorResponse error) {
        onAborted(error);
    }

    // failed

    /** It cannot be done exactly. */
    void refuse(ScatterRefused refused) {
        client.onRefused(refused.refusal().code());
        fail(refused.refusal().error().response());
    }

    /** Ends it by an error. */
    void fail(ErrorResponse error) {
        fail(error, () -> {});
    }

    /**
     * Ends it by an error of the router's, such as a timeout.
     *
     * @param delivered runs when the nodes have been asked to cancel what runs, or cannot be asked
     */
    public void fail(ErrorResponse error, Runnable delivered) {
        if (stage == Stage.COMMITTING || stage == Stage.OVER || told) {
            delivered.run();
            return;
        }
        startFailing();
        tell(error);
        shards.cancel(delivered);
        endIfQuiet();
    }

    /**
     * Has it fail once every shard has come to an end of its own; nothing is cancelled.
     *
     * @param error what the client is then told; a later call replaces it
     */
    void failWhenQuiet(ErrorResponse error) {
        if (stage == Stage.WORKING || stage == Stage.FAILING) {
            cause = error;
            startFailing();
            endIfQuiet();
        }
    }

    private void startFailing() {
        if (stage == Stage.WORKING) {
            stage = Stage.FAILING;
            work.onFailing();
            // What still comes is dropped. The failed shard, too, may not be read now, for its rows were many.
            shards.read();
        }
    }

    private void tell(@Nullable ErrorResponse error) {
        if (!told && error != null) {
            told = true;
            client.onFailed(work.told(error));
        }
    }

    /** A shard is quiet: if it has failed, and all are, that is the end. */
    void endIfQuiet() {
        if (stage == Stage.FAILING && !shards.isBusy()) {
            endFailed();
        }
    }

    private void endFailed() {
        releaseAll();
        tell(cause);
        client.onOver();
    }

    /** A message of a shard is longer than may be kept, so the rest of it cannot be read. */
    void oversized(ShardStream shard, ErrorResponse error) {
        fail(error);
        shard.discard("message too long");
        endIfQuiet();
    }

    /** A backend was lost before the client was told anything that another one could contradict: all are given back. */
    void lostUnanswered(ShardStream shard, ErrorResponse error) {
        work.close();
        shards.cancel(() -> {});
        releaseAll();
        client.onLostUnanswered(shard.node(), error);
    }

    /** The nodes have not answered after a failure in time: gives up the backends. */
    public void giveUp() {
        if (stage == Stage.FAILING) {
            endFailed();
        }
    }

    /** The client is gone: ends everything, and tells nobody. */
    public void abandon() {
        abandoned = true;
        if (stage == Stage.WORKING || stage == Stage.FAILING) {
            work.close();
            shards.cancel(() -> {});
            releaseAll();
        }
    }

    private void releaseAll() {
        stage = Stage.OVER;
        work.close();
        shards.releaseAll();
    }
}
