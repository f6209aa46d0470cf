// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.stream.IntStream;

/** Where the conditions of a statement over a {@link TinyJoin} lead: every literal there is 2, and so is the shard of the key 2. */
final class TinyConditions {
    private TinyConditions() {}

    /** Returns true when they lead to shard 2 and no other. */
    static boolean leadToShardTwo(ShardingShape shape) {
        boolean[] shards = new boolean[3];
        shape.conditions().forEach(condition -> or(shards, shardsOf(condition)));
        return shape.reach() == ShardingShape.Reach.KEYED && !shards[0] && !shards[1] && shards[2];
    }

    private static boolean[] shardsOf(KeyCondition condition) {
        boolean[] shards = {true, true, true};
        if (condition instanceof KeyCondition.Equal) {
            return new boolean[] {false, false, true};
        }
        if (condition instanceof KeyCondition.And and) {
            for (KeyCondition part : and.parts()) {
                boolean[] ofPart = shardsOf(part);
                IntStream.range(0, 3).forEach(shard -> shards[shard] &= ofPart[shard]);
            }
        } else if (condition instanceof KeyCondition.Or or) {
            IntStream.range(0, 3).forEach(shard -> shards[shard] = false);
            or.parts().forEach(part -> or(shards, shardsOf(part)));
        }
        return shards;
    }

    private static void or(boolean[] shards, boolean[] others) {
        IntStream.range(0, 3).forEach(shard -> shards[shard] |= others[shard]);
    }
}
