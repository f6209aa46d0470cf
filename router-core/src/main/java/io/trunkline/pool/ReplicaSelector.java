// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the replica that serves the next read: the one with the fewest leased backends per weight, and among equals the one that is due
 * by weight.
 *
 * <p>Reads stay in the preferred zone while it has a candidate. Among idle replicas the busy count says nothing, so each choice moves a
 * replica's stride forward by the inverse of its weight and the least stride is due: weights 2 and 1 serve reads in the ratio 2 to 1 even
 * when reads come one by one.
 */
final class ReplicaSelector {
    private static final long STRIDE_OF_WEIGHT_ONE = 1L << 20;

    /** What the choice depends on. */
    interface Candidate {
        /** Returns the relative share of reads, 1 or more. */
        int weight();

        String zone();

        /** Returns how many backends are leased or being opened. */
        int busy();

        /** Returns what {@link #strideAfter} gave when the candidate was last chosen. */
        long stride();
    }

    private final String preferredZone;

    ReplicaSelector(String preferredZone) {
        this.preferredZone = preferredZone;
    }

    /** Returns the stride of a candidate that has just been chosen. */
    static long strideAfter(Candidate chosen) {
        return chosen.stride() + STRIDE_OF_WEIGHT_ONE / Math.max(1, chosen.weight());
    }

    /** Returns the stride for a newcomer, so that it does not get every read until it has caught up with the others. */
    static long strideAmong(List<? extends Candidate> others) {
        long stride = 0;
        for (Candidate other : others) {
            stride = Math.max(stride, other.stride());
        }
        return stride;
    }

    /** Returns the best of the candidates that satisfy a condition, or null when none does. */
    <C extends Candidate> @Nullable C choose(List<C> candidates, Predicate<? super C> condition) {
        C best = null;
        for (int i = 0; i < candidates.size(); i++) {
            C candidate = candidates.get(i);
            if (condition.test(candidate) && (best == null || isBetter(candidate, best))) {
                best = candidate;
            }
        }
        return best;
    }

    private boolean isBetter(Candidate one, Candidate other) {
        boolean near = isNear(one);
        if (near != isNear(other)) {
            return near;
        }
        // busy / weight compared without division
        long oneLoad = (long) one.busy() * other.weight();
        long otherLoad = (long) other.busy() * one.weight();
        return oneLoad != otherLoad ? oneLoad < otherLoad : one.stride() < other.stride();
    }

    private boolean isNear(Candidate candidate) {
        return !preferredZone.isEmpty() && preferredZone.equals(candidate.zone());
    }
}
