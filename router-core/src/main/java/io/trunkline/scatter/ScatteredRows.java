// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.error.RouterErrors;
import io.trunkline.merge.MergeFailure;
import io.trunkline.merge.RowSink;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.RowDescription;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one query on their way from its shards to the client, until there are no more, or the client has as many as it wants for now.
 *
 * <pre>
 *   RUNNING ── all rows passed on ──▶ its end
 *   groups:  RUNNING ── all combined, and sent to one shard ──▶ FINISHING ── all rows passed on ──▶ its end
 * </pre>
 *
 * <p>Owns the {@link ShardRun}. Used by one statement; confined to its event loop.
 */
final class ScatteredRows implements RowSink {

    /** The statement whose rows these are. */
    interface Statement {
        /** Returns false while no row may be passed on, though shards send some. */
        default boolean mayPass() {
            return true;
        }

        /**
         * All rows have been passed on, or as many as the client wanted.
         *
         * @param count how many
         * @param rest what may be gone on with, handed over; null when the shards have run it by a portal that ends
         * @param paused whether there may be more rows
         */
        void onPassed(long count, @Nullable Rest rest, boolean paused);
    }

    /**
     * What is left of a query.
     *
     * @param portal the name of its portals on the shards
     */
    record Rest(ShardRun run, String portal) {}

    private final Statement statement;
    private final ShardStreams shards;
    private final ScatterClient client;
    private final ByteBufAllocator allocator;
    private final StatementEnd end;
    /** Most bytes of rows that may lie here when it is left. */
    private final long memoryBytesMax;

    private ShardPortal portal;
    /** The parameters of the client's, for the query that finishes groups. */
    private @Nullable ScatterStatement words;

    private @Nullable ShardRun run;
    /** Where rows of the run go that are not the client's yet, or null. */
    private @Nullable CollectedGroups groups;

    /** Whether groups are collected by the portals that are left and come back to. */
    private boolean collectsByPortal;

    private boolean flowing;
    private boolean draining;
    /** How many rows were passed on before it was left. */
    private long formerCount;

    /**
     * Prepares for rows.
     *
     * @param portal what the shards run it by
     */
    ScatteredRows(Statement statement, ShardStreams shards, StatementEnd end, ShardPortal portal, LeasedShards leased) {
        this.statement = statement;
        this.shards = shards;
        this.client = leased.client();
        this.allocator = leased.allocator();
        this.end = end;
        this.portal = portal;
        this.memoryBytesMax = leased.memoryBytesMax();
    }

    // how it begins

    /**
     * Has all shards run a plan; {@link #flow} says when rows may pass.
     *
     * @param begins whether each shard opens a transaction for it
     */
    void run(ScatterPlan plan, ScatterStatement clientsWords, boolean begins) {
        ShardRun started = new ShardRun(plan, shards.all());
        run = started;
        words = clientsWords;
        collect(started);
        if (portal.isKept() && groups == null) {
            started.allow(portal.rowsMax());
        }
        // Groups that the router combines are all needed before the client gets a row.
        started.start(clientsWords, null, begins, groups == null ? portal : ShardPortal.UNNAMED, allocator);
    }

    /** Every shard is about to return rows. */
    void flow() {
        flowing = true;
    }

    /** Goes on with a query that was left; its shards are attached anew. */
    void resume(ShardRun left, ScatterStatement clientsWords) {
        run = left;
        words = clientsWords;
        flowing = true;
        left.attach(shards.all());
        formerCount = left.rowCount();
        if (!left.isAsked()) {
            collect(left);
        }
        if (groups == null) {
            left.allow(portal.rowsMax());
            drain();
        } else {
            collectsByPortal = true;
            left.askForAll(portal.name());
        }
    }

    private void collect(ShardRun collected) {
        GroupFinish finish = collected.finish();
        groups = finish == null ? null : new CollectedGroups(finish, allocator);
    }

    // what the shards say

    /** Takes rows of a shard, whole messages; borrowed. */
    void onRows(ShardStream shard, ByteBuf buffer, int index, int length) {
        ShardRun running = run;
        if (running != null) {
            running.offer(shard, buffer.retainedSlice(index, length));
            if (running.isPaused() && running.keptBytes() > memoryBytesMax) {
                end.fail(RouterErrors.suspendedRowsMemory(memoryBytesMax).response());
            }
        }
    }

    /**
     * A shard is about to return rows, or none at all.
     *
     * @param description of its rows, or null
     * @return false when they are of other columns than those of the plan: then it has failed
     */
    boolean onBound(ShardStream shard, @Nullable RowDescription description) {
        String difference = known(run).onBound(shard, description);
        if (difference != null) {
            end.fail(RouterErrors.shardsDiffer(shard.node(), difference).response());
        }
        return difference == null;
    }

    /** Returns true once every shard is about to return rows. */
    boolean isBound() {
        return known(run).isBound();
    }

    /** A shard has sent its last row. */
    void onComplete(ShardStream shard) {
        known(run).end(shard);
    }

    /** A shard has sent as many rows as it was asked for. */
    void onSuspended(ShardStream shard) {
        if (!asksForMore()) {
            known(run).end(shard);
        }
    }

    /** Returns true once every shard has sent a row or its end. */
    boolean isExecuted() {
        return run != null && run.isExecuted();
    }

    /** Returns true when a shard that has sent as many rows as it was asked for may be asked for more. */
    private boolean asksForMore() {
        return portal.isKept() && groups == null;
    }

    // what becomes of them

    /** Passes on what can be. */
    void drain() {
        ShardRun running = run;
        if (running == null || !isRunning() || draining || !statement.mayPass()) {
            return;
        }
        draining = true;
        try {
            running.drain(groups == null ? this : groups);
        } catch (ProtocolViolation violation) {
            end.fail(RouterErrors.backendProtocolViolation(shards.nodes(), violation)
                    .response());
        } catch (MergeFailure failure) {
            end.fail(failure.error().response());
        } finally {
            draining = false;
        }
        if (isRunning() && asksForMore() && !running.isPaused() && !running.isDone()) {
            running.askForMore(portal);
        }
        updateReading(running);
        completeIfDone(running);
    }

    private void updateReading(ShardRun running) {
        boolean taken = groups != null || client.takesRows();
        // Nothing may be on its way to here when it is left.
        boolean all = !isRunning() || running.isDone() || running.isPaused();
        for (ShardStream shard : running.shards()) {
            shard.setReading(all || taken && running.wants(shard));
        }
    }

    private void completeIfDone(ShardRun running) {
        if (!isRunning() || !(running.isDone() || running.isPaused()) || shards.isBusy()) {
            return;
        }
        GroupFinish finish = running.finish();
        if (finish != null && !running.isPaused()) {
            running.close();
            finish(finish);
            return;
        }
        boolean paused = running.isPaused();
        Rest rest = portal.isKept() ? new Rest(running, portal.name()) : null;
        if (rest != null) {
            run = null;
        }
        statement.onPassed(running.rowCount() - formerCount, rest, paused);
    }

    /** All groups are here: the first shard makes the client's rows of them. */
    private void finish(GroupFinish finish) {
        ShardRun finishing = new ShardRun(finish.plan(), List.of(shards.first()));
        run = finishing;
        formerCount = 0;
        CollectedGroups collected = groups;
        groups = null;
        if (portal.isKept()) {
            portal = collectsByPortal ? portal.ofFinish() : portal;
            finishing.allow(portal.rowsMax());
        }
        try {
            finishing.start(known(words), collected, false, portal, allocator);
        } finally {
            if (collected != null) {
                collected.release();
            }
        }
    }

    /** Releases what was not passed on. */
    void close() {
        if (run != null) {
            run.close();
            run = null;
        }
        if (groups != null) {
            groups.release();
            groups = null;
        }
    }

    private boolean isRunning() {
        return end.isWorking() && flowing;
    }

    @Override
    public void rows(ByteBuf messages) {
        client.onRows(messages);
    }

    @Override
    public boolean isOpen() {
        return isRunning() && client.takesRows();
    }

    private static <T> T known(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("answer before its question");
        }
        return value;
    }
}
