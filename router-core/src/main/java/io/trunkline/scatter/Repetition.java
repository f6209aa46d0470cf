// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.trunkline.error.RouterError;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link RepeatedStatement} says to its shards: to the first one before all others. Shards are numbered among those of the statement.
 *
 * <p>Owned by its statement, and confined to its event loop.
 */
interface Repetition {
    /** Returns what is asked of every shard in the statement's transaction, before anything else: locks, then what decides whether it may run. */
    String question(boolean ofFirst);

    /**
     * Takes a shard's rows, the first one's before all others.
     *
     * @throws ScatterRefused when it may not run
     * @throws ShardsDiffer when that shard is not as the first one is
     */
    void answered(int shard, List<List<@Nullable String>> rows);

    /** Returns the statement for the first shard. */
    byte[] first();

    /** Returns true when that is what the client sent, so that a position in it means something there. */
    default boolean isClientsText() {
        return false;
    }

    /** Appends the formats in which the first shard is to return columns that the client does not see; they stand before the client's. Returns how many. */
    int writeHiddenFormats(ByteBuf out);

    /**
     * Takes a row of the first shard, and returns the client's part of it.
     *
     * @param buffer has a whole DataRow at the index; borrowed
     * @param length of all of it
     * @return a whole DataRow that the caller owns, or null when the client sees none
     * @throws Failed when it keeps too much
     */
    @Nullable
    ByteBuf row(ByteBuf buffer, int index, int length);

    /** Says the next part of it to another shard; returns false when all has been said. */
    boolean repeat(ShardStream shard);

    /**
     * Takes a row of another shard.
     *
     * @param buffer as in {@link #row}
     * @throws ShardsDiffer when it is not that of the first
     */
    void repeatedRow(int shard, ByteBuf buffer, int index, int length);

    /** Releases what it keeps. Idempotent. */
    void close();

    /** A shard is not, or does not do, what the first one is or does. */
    final class ShardsDiffer extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** Says how, as a clause. */
        ShardsDiffer(String how) {
            super(how, null, false, false);
        }

        String how() {
            return String.valueOf(getMessage());
        }
    }

    /** It cannot go on although no shard did anything wrong. */
    final class Failed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final transient RouterError error;

        Failed(RouterError error) {
            super(error.response().message(), null, false, false);
            this.error = error;
        }

        RouterError error() {
            return error;
        }
    }
}
