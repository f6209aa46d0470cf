// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import io.trunkline.block.NumberBlocks;
import io.trunkline.block.SequenceId;
import io.trunkline.block.WantedBlock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * The counters of sequences in ZooKeeper: a persistent znode for each with the next free number, set by the version that was read. So each number is
 * given to one router, whether the answer arrives or not.
 *
 * <p>A counter is compared with what the shards hold once in each session: within one, ZooKeeper's data does not go back, and lost data is a session's
 * end. Who creates the znode anew has compared, too.
 *
 * <p>Owns the thread {@code blocks}. Bounded by {@link #UNDER_WAY_MAX}.
 */
public final class ZooKeeperBlocks implements NumberBlocks, AutoCloseable {
    /** How many requests for blocks may be under way at a time; more fail at once. */
    public static final int UNDER_WAY_MAX = 10_000;

    private final ZooKeeperQuestions questions;
    /** By sequence, the session in which its counter was last compared with the shards; confined to the thread. */
    private final Map<SequenceId, Long> compared = new HashMap<>();

    private ZooKeeperBlocks(ZooKeeperConnection connection, Duration limit) {
        this.questions = new ZooKeeperQuestions("blocks", connection, limit, UNDER_WAY_MAX);
    }

    /**
     * Returns the counters of a connection, which stays the caller's and has to be closed after this.
     *
     * @param limit how long ZooKeeper may take to answer, connections that are lost and come back included
     */
    public static ZooKeeperBlocks on(ZooKeeperConnection connection, Duration limit) {
        return new ZooKeeperBlocks(connection, limit);
    }

    @Override
    public void allocate(SequenceId sequence, WantedBlock wanted, Listener listener) {
        questions.ask(new BlockRequest(this, questions, sequence, wanted, listener));
    }

    /** Fails what is under way, and everything that comes later. */
    @Override
    public void close() {
        questions.close();
    }

    // for requests, on the thread

    boolean wasCompared(SequenceId sequence, long session) {
        Long last = compared.get(sequence);
        return last != null && last == session;
    }

    void compared(SequenceId sequence, long session) {
        compared.put(sequence, session);
    }
}
