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
 * @param spread for a {@link Reach#KEYED} INSERT, UPDATE or DELETE that may run on several shards: how, else null
 * @param scatterRefusal for a {@link Reach#KEYED} statement without either: why not, else null. A modification inside EXPLAIN has none of the three
 * @param copy for {@link Reach#COPIED}, and for a {@link Reach#KEYED} COPY that may run on several shards: what it does, else null
 */
public record ShardingShape(
        Reach reach,
        List<KeyCondition> conditions,
        boolean storesKeys,
        @Nullable Refusal refusal,
        @Nullable ScatterShape scatter,
        @Nullable SpreadWrite spread,
        @Nullable Refusal scatterRefusal,
        @Nullable CopyShape copy) {
    public ShardingShape {
        conditions = List.copyOf(conditions);
    }

    /** What is known of a statement that runs on one shard if at all. */
    public ShardingShape(Reach reach, List<KeyCondition> conditions, boolean storesKeys, @Nullable Refusal refusal) {
        this(reach, conditions, storesKeys, refusal, null, null, null, null);
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

    static ShardingShape refused(Refusal refusal) {
        return new ShardingShape(Reach.REFUSED, List.of(), false, refusal);
    }

    ShardingShape scatteredAs(ScatterShape shape) {
        return new ShardingShape(reach, conditions, storesKeys, refusal, shape, null, null, null);
    }

    ShardingShape spreadAs(SpreadWrite write) {
        return new ShardingShape(reach, conditions, storesKeys, refusal, null, write, null, null);
    }

    ShardingShape notScatteredFor(Refusal reason) {
        return new ShardingShape(reach, conditions, storesKeys, refusal, null, null, reason, null);
    }

    static ShardingShape copied(CopyShape copy) {
        return new ShardingShape(Reach.COPIED, List.of(), false, null, null, null, null, copy);
    }

    /** Returns the shape of a COPY of all rows of a sharded table. */
    static ShardingShape copiedOut(KeyCondition rows) {
        return new ShardingShape(Reach.KEYED, List.of(rows), false, null, null, null, null, new CopyShape.Out());
    }

    /** Returns this shape of a query as that of a COPY of its rows. */
    ShardingShape copiedOut() {
        if (reach != Reach.KEYED) {
            return this;
        }
        if (scatter != null && scatter.isConcatenation()) {
            return new ShardingShape(reach, conditions, storesKeys, refusal, null, null, null, new CopyShape.Out());
        }
        Refusal reason = scatterRefusal;
        return notScatteredFor(
                reason == null
                        ? RefusalCode.COPY_ACROSS_SHARDS.because(
                                scatter == null ? "the statement inside writes" : "its rows would have to be merged")
                        : reason);
    }
}
