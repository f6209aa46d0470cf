// SPDX-License-Identifier: Apache-2.0
package io.trunkline.twophase;

import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.decision.KeptDecisions;
import io.trunkline.decision.TransactionId;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finishes what is left of one cluster's transactions over several shards, round after round.
 *
 * <p>A router that ends between PREPARE TRANSACTION and COMMIT PREPARED leaves participants behind that hold their locks until somebody ends
 * them. Every router looks for such: it asks the log to abort each transaction, and then does what the log says. If the log has a
 * commit, that is carried out; if it had nothing, it now has an abort, which the router that prepared will find if it lives after all. So
 * nobody needs to know whether it does, and several routers may do the same at once.
 *
 * <p>A round: list the decisions that are old, look at the primary of every shard, end what has to be ended, and forget the old decisions of
 * which no shard has a participant. Only a round that has seen all shards forgets. In this order, because a commit is decided after all
 * participants are prepared: a decision that was there before the look, and of which the look finds none, has none.
 *
 * <p>Other programs' transactions and those of other clusters are not touched: {@link TransactionId#parse} tells. Confined to one event loop.
 */
public final class TransactionRecovery {
    /**
     * How old a decision has to be to be forgotten by recovery. A router that prepared, saw its participants rolled back by another and wakes
     * up only after that time could decide anew, and would tell its client of a commit that did not happen.
     */
    public static final Duration KEPT_AT_LEAST = Duration.ofHours(1);

    private static final Logger LOG = LoggerFactory.getLogger(TransactionRecovery.class);

    private final RecoveryContext context;
    private final Supplier<List<ShardDatabases>> shards;
    private Set<String> measured = Set.of();
    private @Nullable Cancellable timer;
    private @Nullable RecoveryRound round;
    private boolean closed;

    /**
     * Creates a recovery; call {@link #start} on the event loop next.
     *
     * @param shards all shards of the cluster as they are now
     */
    public TransactionRecovery(RecoveryContext context, Supplier<List<ShardDatabases>> shards) {
        this.context = context;
        this.shards = shards;
    }

    /** Begins with the first round after an interval. */
    public void start() {
        assert context.clock().inEventLoop();
        schedule();
    }

    /** Stops; what has been sent is carried out by the servers. */
    public void close() {
        assert context.clock().inEventLoop();
        closed = true;
        if (timer != null) {
            timer.cancel();
        }
        if (round != null) {
            round.close();
        }
        measure(List.of());
    }

    private void schedule() {
        if (!closed) {
            timer = context.clock().schedule(context.interval().toNanos(), this::begin);
        }
    }

    private void begin() {
        context.kept().list(context.cluster(), KEPT_AT_LEAST, new KeptDecisions.Listener() {
            @Override
            public void onListed(List<TransactionId> decided) {
                context.clock().execute(() -> visit(decided));
            }

            @Override
            public void onFailed(String problem) {
                // Participants can be looked at without it, and the next round may list.
                LOG.atInfo()
                        .addKeyValue("cluster", context.cluster())
                        .addKeyValue("problem", problem)
                        .log("decisions could not be listed, none is forgotten");
                context.clock().execute(() -> visit(List.of()));
            }
        });
    }

    private void visit(List<TransactionId> decided) {
        if (closed) {
            return;
        }
        List<ShardDatabases> asked = shards.get();
        measure(asked);
        if (asked.isEmpty()) {
            schedule();
            return;
        }
        RecoveryRound begun = new RecoveryRound(context, asked, seen -> end(decided, seen));
        round = begun;
        begun.begin();
    }

    /** Ends a round with the transactions that have participants, null when not all shards have been seen. */
    private void end(List<TransactionId> decided, @Nullable Set<TransactionId> seen) {
        round = null;
        if (seen != null) {
            decided.stream().filter(id -> !seen.contains(id)).forEach(context.log()::forget);
        }
        schedule();
    }

    /** Takes the measurements of shards that are gone back. */
    private void measure(List<ShardDatabases> asked) {
        Set<String> names = new HashSet<>();
        asked.forEach(shard -> names.add(shard.shard()));
        for (String name : measured) {
            if (!names.contains(name)) {
                context.metrics().preparedForgotten(context.cluster(), name);
            }
        }
        measured = names;
    }
}
