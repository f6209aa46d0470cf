// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import java.util.random.RandomGenerator;

/** The pauses between failing attempts to reach one node: doubling from a least to a longest, each shortened by up to half at random. */
final class Backoff {
    private final long minNanos;
    private final long maxNanos;
    private final RandomGenerator random;
    private int failures;
    private long retryAtNanos;

    Backoff(PoolSettings.Connect settings, RandomGenerator random) {
        this.minNanos = settings.backoffMin().toNanos();
        this.maxNanos = settings.backoffMax().toNanos();
        this.random = random;
    }

    /** Notes a failure; those of attempts that ran at the same time count once. Returns the pause from now on, in nanoseconds. */
    long onFailure(long nowNanos) {
        if (isPausing(nowNanos)) {
            return retryAtNanos - nowNanos;
        }
        // 2^30 times the least pause is beyond any longest pause
        long pause = Math.min(maxNanos, minNanos << Math.min(failures, 30) & Long.MAX_VALUE);
        if (pause < minNanos) {
            pause = maxNanos;
        }
        failures++;
        long jittered = pause - random.nextLong(pause / 2 + 1);
        retryAtNanos = nowNanos + jittered;
        return jittered;
    }

    void onSuccess() {
        failures = 0;
    }

    /** Returns true when no attempt should begin yet. */
    boolean isPausing(long nowNanos) {
        return failures > 0 && nowNanos - retryAtNanos < 0;
    }

    /** Returns true when the last attempt failed. */
    boolean isFailing() {
        return failures > 0;
    }
}
