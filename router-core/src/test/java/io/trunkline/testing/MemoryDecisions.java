// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.trunkline.decision.DecisionLog;
import io.trunkline.decision.TransactionId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A log of decisions in memory that can be as slow and as unreliable as the real one. Several routers may share it, as they share ZooKeeper.
 *
 * <p>What is decided stays decided, also when its answer is withheld or lost.
 */
public final class MemoryDecisions implements DecisionLog {
    private final Map<TransactionId, Decision> decided = new HashMap<>();
    private final List<TransactionId> forgotten = new ArrayList<>();
    private final List<Runnable> withheld = new ArrayList<>();
    private boolean withholding;
    private @Nullable String problem;
    private boolean losesAnswers;

    @Override
    public synchronized void decide(TransactionId id, Decision wanted, Listener listener) {
        if (problem != null) {
            if (losesAnswers) {
                decided.putIfAbsent(id, wanted);
            }
            String failure = problem;
            answer(() -> listener.onFailed(failure));
            return;
        }
        decided.putIfAbsent(id, wanted);
        Decision holds = decided.get(id);
        answer(() -> listener.onDecided(holds));
    }

    @Override
    public synchronized void forget(TransactionId id) {
        decided.remove(id);
        forgotten.add(id);
    }

    /** Decides from now on, but tells nobody before {@link #release}. */
    public synchronized void withhold() {
        withholding = true;
    }

    /** Gives the answers that were withheld, and withholds no more. */
    public synchronized void release() {
        withholding = false;
        List<Runnable> answers = List.copyOf(withheld);
        withheld.clear();
        answers.forEach(Runnable::run);
    }

    /** From now on nothing is decided, and everybody is told that it failed. */
    public synchronized void fail(String why) {
        problem = why;
        losesAnswers = false;
    }

    /** From now on it is decided, but everybody is told that it failed. */
    public synchronized void loseAnswers(String why) {
        problem = why;
        losesAnswers = true;
    }

    /** Works again. */
    public synchronized void recover() {
        problem = null;
    }

    /** Returns what holds for a transaction, null when nothing is decided. */
    public synchronized @Nullable Decision decision(TransactionId id) {
        return decided.get(id);
    }

    /** Returns what was forgotten, in order. */
    public synchronized List<TransactionId> forgotten() {
        return List.copyOf(forgotten);
    }

    private void answer(Runnable answer) {
        if (withholding) {
            withheld.add(answer);
        } else {
            answer.run();
        }
    }
}
