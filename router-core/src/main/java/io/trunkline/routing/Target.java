// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.error.RouterError;
import io.trunkline.sql.ScatterShape;

/** Where one statement, or a whole batch, may run. */
public sealed interface Target {
    /** Stands for "whichever shard": the session takes its transaction's, else the one it used last, else the first. */
    int ANY_SHARD = -1;

    /**
     * It runs on one shard.
     *
     * @param shard index into the cluster's shards, or {@link #ANY_SHARD}
     * @param role which of its nodes
     * @param shardReason why this shard
     * @param roleReason why this role
     */
    record At(int shard, RoleNeed role, Reason shardReason, Reason roleReason) implements Target {
        /** Returns the shard, or the given one when any will do. */
        public int shardOr(int other) {
            return shard == ANY_SHARD ? other : shard;
        }
    }

    /**
     * It reads rows of several shards, which are merged into one answer.
     *
     * @param shards those that may have rows, at least two
     * @param at which of their nodes, and why
     * @param shape what its text makes of the rows
     * @param texts how the text values it returns are ordered
     */
    record Scatter(ShardSet shards, At at, ScatterShape shape, TextOrder texts) implements Target {
        /** Stands for the shards where one has a name. */
        public static final String SHARD_LABEL = "several";
    }

    /**
     * It does not run; nothing has been sent.
     *
     * @param code the stable refusal code, such as TL0201; also in the error's detail
     * @param error what the client gets
     */
    record Refused(String code, RouterError error) implements Target {}

    /**
     * The shard key is a parameter whose type is not known. Describe the statement on any shard, hidden from the client, and ask again with
     * the types from ParameterDescription.
     */
    enum NeedsParameterTypes implements Target {
        /** The one instance. */
        INSTANCE
    }
}
