// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What sharding must know of one statement, whatever the values in it. Immutable; cached by fingerprint, search path and topology revision.
 *
 * @param reach which shards the statement concerns
 * @param conditions for {@link Reach#KEYED}: one for each sharded table, or group of tables joined by key; all of them must lead to one and the same shard,
 *     else the statement is refused
 * @param storesKeys for {@link Reach#KEYED}: whether some of the conditions are about rows that are inserted, at the top or in WITH. A NULL, or a key no
 *     shard holds, then is not one that matches nothing but a row without a place
 * @param refusal for {@link Reach#REFUSED} why, else null
 * @param scatter for a {@link Reach#KEYED} query that may run on every shard: how its rows make up the answer, else null
 * @param spread for a {@link Reach#KEYED} or {@link Reach#REFERENCE_WRITE} INSERT, UPDATE or DELETE that may run on several shards: how, else null.
 *     For {@link Reach#EVERY_SHARD} how the command is run
 * @param mentions for {@link Reach#KEYED}: what it names
 * @param scatterRefusal for such a statement without either: why not, else null. A modification inside EXPLAIN or COPY has none of the three
 * @param copy for {@link Reach#COPIED}, and for a {@link Reach#KEYED} COPY that may run on several shards: what it does, else null
 * @param home where the session lives by its search path, else null
 * @param presumed what must hold for its names to mean the tables they seem to
 */
public record ShardingShape(
        Reach reach,
        List<KeyCondition> conditions,
        boolean storesKeys,
        @Nullable Refusal refusal,
        @Nullable ScatterShape scatter,
        @Nullable SpreadWrite spread,
        @Nullable Refusal scatterRefusal,
        Mentions mentions,
        @Nullable CopyShape copy,
        @Nullable PathHome home,
        Presumed presumed) {
    public ShardingShape {
        conditions = List.copyOf(conditions);
    }

    /** What is known of a statement that runs on one shard if at all. */
    public ShardingShape(Reach reach, List<KeyCondition> conditions, boolean storesKeys, @Nullable Refusal refusal) {
        this(reach, conditions, storesKeys, refusal, null, null, null, Mentions.NONE, null, null, Presumed.NOTHING);
    }

    /** Returns the shard whose schemas the statement, or the session it runs in, is about; {@link TableDirectory#NO_SHARD} when there is none. */
    public int placedShard() {
        for (KeyCondition condition : conditions) {
            if (condition instanceof KeyCondition.OnShard placed) {
                return placed.shard();
            }
        }
        return home == null || reach == Reach.KEYED ? TableDirectory.NO_SHARD : home.shard();
    }

    /** Which shards a statement concerns. */
    public enum Reach {
        /** No relation at all: any shard will do. */
        NO_TABLE,
        /** Only the system catalogue: any shard, but the same one for the whole session. */
        CATALOG,
        /** Reads reference tables, maybe the catalogue: any shard. */
        REFERENCE_READ,
        /** Writes a reference table: all shards. */
        REFERENCE_WRITE,
        /** A command about what every shard has: all shards. */
        EVERY_SHARD,
        /** Sharded tables, by key. */
        KEYED,
        /** Rows that come from the client, each for the shard of its own key or for all. */
        COPIED,
        /** Cannot be run as it stands. */
        REFUSED
    }

    static ShardingShape of(Reach reach) {
        return new ShardingShape(reach, List.of(), false, null);
    }

    static ShardingShape keyed(List<KeyCondition> conditions, boolean storesKeys) {
        return new ShardingShape(Reach.KEYED, conditions, storesKeys, null);
    }

    /** Returns what is known of a statement that runs on no shard. */
    public static ShardingShape refused(Refusal refusal) {
        return new ShardingShape(Reach.REFUSED, List.of(), false, refusal);
    }

    ShardingShape mentioning(Mentions names) {
        return new ShardingShape(
                reach, conditions, storesKeys, refusal, scatter, spread, scatterRefusal, names, copy, home, presumed);
    }

    ShardingShape scatteredAs(ScatterShape shape) {
        return new ShardingShape(
                reach, conditions, storesKeys, refusal, shape, null, null, mentions, copy, home, presumed);
    }

    ShardingShape spreadAs(SpreadWrite write) {
        return new ShardingShape(
                reach, conditions, storesKeys, refusal, null, write, null, mentions, copy, home, presumed);
    }

    ShardingShape notScatteredFor(Refusal reason) {
        return new ShardingShape(
                reach, conditions, storesKeys, refusal, null, null, reason, mentions, copy, home, presumed);
    }

    /** Returns this with what the search path says. */
    ShardingShape under(@Nullable PathHome pathHome, Presumed presumption) {
        return new ShardingShape(
                reach,
                conditions,
                storesKeys,
                refusal,
                scatter,
                spread,
                scatterRefusal,
                mentions,
                copy,
                pathHome,
                presumption);
    }

    static ShardingShape copied(CopyShape copy) {
        return new ShardingShape(Reach.COPIED, List.of(), false, null).copying(copy);
    }

    /** Returns the shape of a COPY of all rows of a sharded table. */
    static ShardingShape copiedOut(KeyCondition rows) {
        return new ShardingShape(Reach.KEYED, List.of(rows), false, null).copying(new CopyShape.Out());
    }

    private ShardingShape copying(CopyShape what) {
        return new ShardingShape(
                reach, conditions, storesKeys, refusal, null, null, null, mentions, what, home, presumed);
    }

    /** Returns this shape of a query as that of a COPY of its rows. */
    ShardingShape copiedOut() {
        if (reach != Reach.KEYED) {
            return this;
        }
        if (scatter != null && scatter.isConcatenation()) {
            return copying(new CopyShape.Out());
        }
        Refusal reason = scatterRefusal;
        return notScatteredFor(
                reason == null
                        ? RefusalCode.COPY_ACROSS_SHARDS.because(
                                scatter == null ? "the statement inside writes" : "its rows would have to be merged")
                        : reason);
    }
}
