// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.merge.MergedRows;
import io.trunkline.merge.RowSink;
import io.trunkline.wire.RowDescription;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One plan being run by its shards at once, and their rows becoming one stream.
 *
 * <p>A shard whose rows are not wanted yet is not read, so what lies here is bounded by the shards' socket buffers. Used by one statement at a
 * time; confined to its event loop.
 */
final class ShardRun {
    private final ScatterPlan plan;
    private final MergedRows rows;
    private List<ShardStream> shards;
    /** Shards that have bound the statement. */
    private int boundCount;
    /** Whether the shards have been asked for rows. */
    private boolean asked;
    /** Shards that have sent a row or their end. */
    private final BitSet executed = new BitSet();

    /** Prepares to run a plan on shards that are numbered from 0. */
    ShardRun(ScatterPlan plan, List<ShardStream> shards) {
        this.plan = plan;
        this.shards = shards;
        this.rows = plan.rows().apply(shards.size());
    }

    /**
     * Sends the statement to all.
     *
     * @param groups values for parameters behind those of the client, handed over, or null
     * @param begins whether each of them opens a transaction first
     * @param portal what it is run by
     */
    void start(
            ScatterStatement statement,
            @Nullable CollectedGroups groups,
            boolean begins,
            ShardPortal portal,
            ByteBufAllocator allocator) {
        asked = true;
        ByteBuf bind = plan.bind(statement, groups, portal, allocator);
        int rowsMax = portal.isKept() ? limit(portal) : plan.rowsMax();
        try {
            for (ShardStream shard : shards) {
                if (begins) {
                    shard.begin();
                }
                shard.run(plan.sql().apply(shard.index()), plan.parameterTypes(), bind, portal.name(), rowsMax);
            }
        } finally {
            bind.release();
        }
    }

    /** Opens portals on all shards, and asks for no rows yet. */
    void open(ScatterStatement statement, String portal, ByteBufAllocator allocator) {
        ByteBuf bind = plan.bind(statement, null, new ShardPortal(portal, 0), allocator);
        try {
            for (ShardStream shard : shards) {
                shard.open(plan.sql().apply(shard.index()), plan.parameterTypes(), bind, portal);
            }
        } finally {
            bind.release();
        }
    }

    /** Returns true once the shards have been asked for rows. */
    boolean isAsked() {
        return asked;
    }

    /** Asks all shards for all of their rows. */
    void askForAll(String portal) {
        asked = true;
        shards.forEach(shard -> shard.runOn(portal, 0));
    }

    /**
     * Goes on where it was left.
     *
     * @param all the shards of the query, attached anew
     */
    void attach(List<ShardStream> all) {
        shards = shards.stream().map(shard -> all.get(shard.index())).toList();
    }

    /** Has shards send more whose rows are all used up. */
    void askForMore(ShardPortal portal) {
        asked = true;
        for (ShardStream shard : shards) {
            if (!shard.isBusy() && rows.lacks(shard.index())) {
                shard.runOn(portal.name(), limit(portal));
            }
        }
    }

    /** What needs all rows to give the first is not asked for in pieces. */
    private int limit(ShardPortal portal) {
        return rows.needsAll() ? 0 : portal.rowsMax();
    }

    /** Lets the client have so many rows more, 0 for all. */
    void allow(int rowsMax) {
        rows.allow(rowsMax == 0 ? Long.MAX_VALUE : rowsMax);
    }

    /** Returns true when the client has got as many rows as it was to. */
    boolean isPaused() {
        return rows.isPaused();
    }

    /** Returns how many bytes are held of rows, and of what was made of them. */
    long keptBytes() {
        return rows.keptBytes();
    }

    /**
     * A shard is about to return rows, or none at all.
     *
     * @param description of its rows, or null
     * @return how its columns differ from those of the plan, or null
     */
    @Nullable
    String onBound(ShardStream shard, @Nullable RowDescription description) {
        shard.bound();
        boundCount++;
        return description == null ? plan.columns().isEmpty() ? null : "no columns" : plan.difference(description);
    }

    /** Returns true once every shard is about to return rows. */
    boolean isBound() {
        return boundCount == shards.size();
    }

    /** Returns those that run it. */
    List<ShardStream> shards() {
        return shards;
    }

    /** Returns true once every shard has sent a row or its end: a write has been done on all, for a server writes everything before it returns any of it. */
    boolean isExecuted() {
        return executed.cardinality() == shards.size();
    }

    /** Takes rows of a shard, whole messages; consumed. */
    void offer(ShardStream shard, ByteBuf messages) {
        executed.set(shard.index());
        rows.offer(shard.index(), messages);
        if (!wants(shard)) {
            shard.setReading(false);
        }
    }

    /** The shard has sent its last row. */
    void end(ShardStream shard) {
        executed.set(shard.index());
        rows.end(shard.index());
    }

    /** Returns false while rows of a shard lie here in plenty: it should not be read. */
    boolean wants(ShardStream shard) {
        return rows.wants(shard.index());
    }

    /** Passes on rows while possible. */
    void drain(RowSink sink) {
        rows.drain(sink);
    }

    /** Returns what is to be done with the rows before the client gets them, or null. */
    @Nullable
    GroupFinish finish() {
        return plan.finish();
    }

    /** Returns true when all rows have been passed on, or as many as there may be. */
    boolean isDone() {
        return rows.isDone();
    }

    /** Returns how many rows have been passed on. */
    long rowCount() {
        return rows.rowCount();
    }

    /** Releases what was not passed on. */
    void close() {
        rows.close();
    }
}
