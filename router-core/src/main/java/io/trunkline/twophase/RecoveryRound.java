// SPDX-License-Identifier: Apache-2.0
package io.trunkline.twophase;

import io.trunkline.backend.BackendTarget;
import io.trunkline.decision.TransactionId;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One look at all shards of a cluster: the shards at the same time, the databases of a shard one after the other, so that no server gets
 * more than one connection of it.
 */
final class RecoveryRound {
    private final RecoveryContext context;
    private final List<ShardDatabases> shards;
    private final Consumer<@Nullable Set<TransactionId>> listener;
    private final Set<TransactionId> seen = new HashSet<>();
    private final Set<ParticipantVisit> underWay = new HashSet<>();
    private int shardsOwed;
    private boolean sawAll = true;

    /**
     * Creates a round.
     *
     * @param listener takes the transactions that have a participant somewhere, or null when that is not known of all shards; called once
     */
    RecoveryRound(
            RecoveryContext context, List<ShardDatabases> shards, Consumer<@Nullable Set<TransactionId>> listener) {
        this.context = context;
        this.shards = shards;
        this.listener = listener;
        this.shardsOwed = shards.size();
    }

    void begin() {
        for (ShardDatabases shard : shards) {
            if (shard.primary().isEmpty()) {
                sawAll = false;
                shardEnded();
            } else {
                new ShardWalk(shard).next();
            }
        }
    }

    /** Ends without a word. */
    void close() {
        underWay.forEach(ParticipantVisit::close);
    }

    private void shardEnded() {
        shardsOwed--;
        if (shardsOwed == 0) {
            listener.accept(sawAll ? seen : null);
        }
    }

    /** The databases of one shard, one after the other. */
    private final class ShardWalk {
        private final ShardDatabases shard;
        private int database;
        private long oldestSeconds;
        private boolean sawEach = true;

        ShardWalk(ShardDatabases shard) {
            this.shard = shard;
        }

        void next() {
            if (database == shard.primary().size()) {
                if (sawEach) {
                    context.metrics().oldestPrepared(context.cluster(), shard.shard(), oldestSeconds);
                }
                sawAll &= sawEach;
                shardEnded();
                return;
            }
            BackendTarget target = shard.primary().get(database++);
            ParticipantVisit visit = new ParticipantVisit(context, target, this::onSeen);
            underWay.add(visit);
            visit.begin();
        }

        private void onSeen(ParticipantVisit visit, List<PreparedParticipant> participants, boolean isComplete) {
            underWay.remove(visit);
            sawEach &= isComplete;
            for (PreparedParticipant participant : participants) {
                seen.add(participant.id());
                oldestSeconds = Math.max(oldestSeconds, participant.ageSeconds());
            }
            next();
        }
    }
}
