// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.backend.BackendConnection;
import io.trunkline.decision.DecisionLog;
import io.trunkline.decision.TransactionId;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.twophase.TwoPhaseCommit;
import io.trunkline.twophase.TwoPhaseCommit.Participant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * How the transaction of a write is committed on its shards.
 *
 * @param id its name
 * @param shards the indexes of the shards in the cluster
 * @param decisions where it is decided
 * @param metrics where it is counted
 * @param loop runs tasks on the session's event loop
 */
public record ShardCommit(
        TransactionId id, List<Integer> shards, DecisionLog decisions, RouterMetrics metrics, Executor loop) {
    /** Copies the list. */
    public ShardCommit {
        shards = List.copyOf(shards);
    }

    void commit(List<BackendConnection> backends, TwoPhaseCommit.Listener listener) {
        List<Participant> participants = new ArrayList<>(backends.size());
        for (int i = 0; i < backends.size(); i++) {
            participants.add(new Participant(shards.get(i), backends.get(i)));
        }
        new TwoPhaseCommit(id, participants, decisions, metrics, loop, listener).start();
    }
}
