// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sequence;

import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.block.NumberBlocks;
import io.trunkline.block.SequenceId;
import io.trunkline.block.WantedBlock;
import io.trunkline.metrics.RouterMetrics.BlockOutcome;
import io.trunkline.topology.SharedSequence;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One look at all shards, and the blocks that are brought to them then.
 *
 * <pre>
 * LOOKING ── all have answered, or the time is up ──▶ FILLING ── each block is added or is not, or the time is up ──▶ ended
 * </pre>
 *
 * <p>A shard that does not answer keeps the others from nothing but the first block of a ZooKeeper session. Confined to one event loop.
 */
final class SupplyRound {
    /** How long shards may take to answer before those that have are supplied. */
    static final Duration LOOK_LIMIT = Duration.ofSeconds(1);

    /** How long blocks may take before the next look comes; they may come later, and no others are asked for until then. */
    static final Duration FILL_LIMIT = Duration.ofSeconds(2);

    /** Hears of what goes on. */
    interface Listener {
        /** Something went wrong: of a shard, or of one sequence on it. */
        void onProblem(String shard, @Nullable String sequence, String problem);

        /** The round is over, but for blocks that take long; called once, unless it is closed. */
        void onEnd();
    }

    private final SupplyContext context;
    private final String database;
    private final List<SharedSequence> sequences;
    private final Collection<ShardSupply> shards;
    private final Listener listener;
    private final Set<ShardSupply> looking = new HashSet<>();
    private @Nullable Cancellable deadline;
    private boolean sawAll = true;
    private boolean filling;
    private int owed;
    private boolean ended;
    private boolean closed;

    SupplyRound(
            SupplyContext context,
            String database,
            List<SharedSequence> sequences,
            Collection<ShardSupply> shards,
            Listener listener) {
        this.context = context;
        this.database = database;
        this.sequences = sequences;
        this.shards = shards;
        this.listener = listener;
    }

    void begin() {
        List<String> names = sequences.stream().map(SharedSequence::name).toList();
        looking.addAll(shards);
        deadline = context.clock().schedule(LOOK_LIMIT.toNanos(), this::fill);
        for (ShardSupply shard : shards) {
            shard.look(names, problem -> looked(shard, problem));
        }
    }

    /** Ends without a word. */
    void close() {
        closed = true;
        if (deadline != null) {
            deadline.cancel();
        }
    }

    private void looked(ShardSupply shard, @Nullable String problem) {
        if (closed) {
            return;
        }
        if (problem != null && shard.hasPrimary()) {
            listener.onProblem(shard.shard(), null, problem);
        }
        if (filling) {
            return;
        }
        looking.remove(shard);
        sawAll &= problem == null;
        if (looking.isEmpty()) {
            fill();
        }
    }

    private void fill() {
        if (closed || filling) {
            return;
        }
        filling = true;
        if (deadline != null) {
            deadline.cancel();
        }
        sawAll &= looking.isEmpty();
        deadline = context.clock().schedule(FILL_LIMIT.toNanos(), this::end);
        // Held until all are begun with: one may end at once.
        owed = 1;
        for (SharedSequence sequence : sequences) {
            fill(sequence);
        }
        settled();
    }

    private void fill(SharedSequence sequence) {
        OptionalLong beyond = sawAll ? OptionalLong.of(beyond(sequence.name())) : OptionalLong.empty();
        for (ShardSupply shard : shards) {
            SequenceState state = shard.state(sequence.name());
            if (state != null && !state.isInstalled()) {
                listener.onProblem(
                        shard.shard(),
                        sequence.name(),
                        "it is not installed in the database (expected: after trunkline ids install)");
            }
            int blocks = shard.blocks(sequence);
            if (blocks > 0) {
                owed++;
                shard.awaits(sequence.name());
                allocate(shard, sequence, new WantedBlock(sequence.start(), sequence.blockSize(), blocks, beyond));
            }
        }
    }

    private long beyond(String name) {
        long beyond = WantedBlock.NOTHING_HELD;
        for (ShardSupply shard : shards) {
            SequenceState state = shard.state(name);
            if (state != null) {
                beyond = Math.max(beyond, state.endNumber());
            }
        }
        return beyond;
    }

    private void allocate(ShardSupply shard, SharedSequence sequence, WantedBlock wanted) {
        SequenceId id = new SequenceId(context.cluster(), database, sequence.name());
        context.blocks().allocate(id, wanted, new NumberBlocks.Listener() {
            @Override
            public void onAllocated(long start) {
                context.clock().execute(() -> add(shard, sequence.name(), start, wanted.size()));
            }

            @Override
            public void onFailed(String problem) {
                context.clock().execute(() -> {
                    if (!closed) {
                        problem(shard, sequence.name(), BlockOutcome.FAILED, problem);
                        settled(shard, sequence.name());
                    }
                });
            }
        });
    }

    private void add(ShardSupply shard, String sequence, long start, long size) {
        if (closed) {
            return;
        }
        shard.add(sequence, start, size, problem -> {
            if (closed) {
                return;
            }
            if (problem == null) {
                context.metrics().sequenceBlock(BlockOutcome.ADDED);
            } else {
                problem(shard, sequence, BlockOutcome.WASTED, problem);
            }
            settled(shard, sequence);
        });
    }

    private void problem(ShardSupply shard, String sequence, BlockOutcome outcome, String problem) {
        context.metrics().sequenceBlock(outcome);
        listener.onProblem(shard.shard(), sequence, problem);
    }

    private void settled(ShardSupply shard, String sequence) {
        shard.settled(sequence);
        settled();
    }

    private void settled() {
        owed--;
        if (owed == 0) {
            end();
        }
    }

    private void end() {
        if (closed || ended) {
            return;
        }
        ended = true;
        if (deadline != null) {
            deadline.cancel();
        }
        listener.onEnd();
    }
}
