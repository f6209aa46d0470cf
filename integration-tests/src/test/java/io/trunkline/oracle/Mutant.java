// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.List;

/** A way to be a bad router: what becomes of one exchange between a client and a good one. One per connection; stateful. */
interface Mutant {
    /** The good router, and what else a bad one could do. */
    interface Router {
        /** Sends frames to the good router and returns what it answers, up to ReadyForQuery. */
        List<Frame> ask(List<Frame> request);

        /** Runs a text on one shard directly and returns what that answers. */
        List<Frame> askShard(int shard, String sql);

        int shardCount();
    }

    /** Returns the answer to a request: frames up to a Query or Sync, those included. */
    List<Frame> answer(List<Frame> request, Router router);
}
