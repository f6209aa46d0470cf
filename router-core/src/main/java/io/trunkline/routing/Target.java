// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.error.RouterError;
import io.trunkline.sql.CopyShape;
import io.trunkline.sql.CopyWrite;
import io.trunkline.sql.EveryShardCommand;
import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.SpreadWrite;

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
     * It runs on several shards at once.
     *
     * @param shards those that may have rows, at least two
     * @param at which of their nodes, and why
     * @param work what is done there
     */
    record Scatter(ShardSet shards, At at, Work work) implements Target {
        /** Stands for the shards where one has a name. */
        public static final String SHARD_LABEL = "several";

        /** Returns true when it writes, and so must be committed on all shards or on none. */
        public boolean isWrite() {
            return work.isCommitted();
        }
    }

    /** What is done on several shards. */
    sealed interface Work {
        /** Returns true when it is committed on all shards or on none. */
        default boolean isCommitted() {
            return true;
        }

        /** Returns true when it changes nothing anywhere. */
        default boolean isRead() {
            return this instanceof Read
                    || this instanceof Explain
                    || this instanceof Declare
                    || this instanceof Resume
                    || this instanceof CopyOut;
        }

        /**
         * Rows are read and merged into one answer.
         *
         * @param shape what its text makes of the rows
         * @param texts how the text values it returns are ordered
         */
        record Read(ScatterShape shape, TextOrder texts) implements Work {
            @Override
            public boolean isCommitted() {
                return false;
            }
        }

        /**
         * The plans of a read are shown.
         *
         * @param read what would be done
         */
        record Explain(Read read) implements Work {
            @Override
            public boolean isCommitted() {
                return false;
            }
        }

        /**
         * A cursor is made for a read.
         *
         * @param read what is done when it is fetched from
         */
        record Declare(Read read) implements Work {
            @Override
            public boolean isCommitted() {
                return false;
            }
        }

        /**
         * A portal or cursor over several shards is gone on with.
         *
         * @param portal what the client calls it
         * @param rowsMax how many rows at most, 0 for all that are left
         * @param by what the client goes on with it by
         */
        record Resume(String portal, int rowsMax, By by) implements Work {
            /** The requests that go on with a portal. */
            public enum By {
                /** An Execute of the portal. */
                EXECUTE,
                /** {@code FETCH}. */
                FETCH,
                /** {@code MOVE}, which returns no rows. */
                MOVE
            }

            @Override
            public boolean isCommitted() {
                return false;
            }
        }

        /**
         * Rows are written in one transaction.
         *
         * @param write how the text is run there
         * @param rowShards of an INSERT whose rows are spread, the shard of each; else empty
         */
        record Write(SpreadWrite write, int[] rowShards) implements Work {}

        /**
         * A table that every shard has whole is written: on the first shard, then on the others.
         *
         * @param write how the copies are kept equal
         */
        record Copies(CopyWrite write) implements Work {}

        /** A command that runs on every shard in the same words. */
        record Command(EveryShardCommand command) implements Work {
            @Override
            public boolean isCommitted() {
                return command.form() != EveryShardCommand.Form.SEPARATELY;
            }
        }

        /**
         * Rows of the client's are divided among the shards, in one transaction.
         *
         * @param copy which table they are for
         */
        record CopyIn(CopyShape copy) implements Work {}

        /** Rows of each shard are sent as they are, one shard's beside the other's. */
        record CopyOut() implements Work {
            @Override
            public boolean isCommitted() {
                return false;
            }
        }
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
