// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import io.trunkline.router.FireCluster.Victim;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Kills whatever a cluster consists of, one or two of it at a time, at random, and starts it again. */
final class FireAttacker implements Runnable {
    private static final int PAUSE_MILLIS_MAX = 2_000;
    private static final int DEAD_MILLIS_MAX = 2_500;
    private static final int TWO_ONE_IN = 4;

    private final List<Victim> victims;
    private final Random random;
    private final Map<String, Integer> kills = new TreeMap<>();
    private volatile boolean stopped;
    private volatile @Nullable Throwable failure;

    FireAttacker(FireCluster cluster, long seed) {
        this.victims = cluster.victims();
        this.random = new Random(seed);
    }

    /** Ends it after everything runs again. */
    void stop() {
        stopped = true;
    }

    @Nullable
    Throwable failure() {
        return failure;
    }

    @Override
    public void run() {
        try {
            while (!stopped) {
                Thread.sleep(random.nextInt(PAUSE_MILLIS_MAX));
                attack();
            }
        } catch (InterruptedException | RuntimeException e) {
            failure = e;
        }
    }

    private void attack() throws InterruptedException {
        int count = random.nextInt(TWO_ONE_IN) == 0 ? 2 : 1;
        List<Victim> dying = IntStream.generate(() -> random.nextInt(victims.size()))
                .distinct()
                .limit(count)
                .mapToObj(victims::get)
                .toList();
        for (Victim victim : dying) {
            victim.kill();
            kills.merge(victim.toString(), 1, Integer::sum);
        }
        Thread.sleep(random.nextInt(DEAD_MILLIS_MAX));
        dying.stream().sorted(Comparator.comparing(victims::indexOf)).forEach(Victim::restart);
    }

    /** Returns how often somebody was killed; once it has ended. */
    int kills() {
        return kills.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** Returns how often who was killed; once it has ended. */
    @Override
    public String toString() {
        return kills.toString();
    }
}
