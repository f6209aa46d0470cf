// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.SharedAcrossLoops;
import io.trunkline.backend.EventLoopClock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The budget under real threads: each loop takes, wants, passes on and gives back at random. */
class ConnectionBudgetStressTest {
    private static final ConnectionBudget.Key KEY = new ConnectionBudget.Key("c", "a", "app", "u", PoolUse.SESSIONS);
    private static final int PLACES = 3;
    private static final int TURNS = 30_000;

    private final ConnectionBudget budget = new ConnectionBudget(PLACES);
    private final AtomicInteger inUse = new AtomicInteger();
    private final AtomicInteger mostInUse = new AtomicInteger();
    private final List<Player> players = new ArrayList<>();

    @AfterEach
    void stopThreads() {
        players.forEach(player -> player.thread.shutdownNow());
    }

    @Test
    @Timeout(60)
    void neverGivesMoreThanItHasAndLosesNothing() throws Exception {
        CountDownLatch done = new CountDownLatch(4);
        for (int i = 0; i < 4; i++) {
            players.add(new Player(i, done));
        }

        players.forEach(Player::play);
        done.await();

        assertThat(mostInUse.get()).isEqualTo(PLACES);
        assertThat(players).allMatch(player -> player.taken > 100);
        assertThat(inUse.get()).isZero();
        assertThat(budget.held(KEY)).isZero();
    }

    @SharedAcrossLoops("only its own thread touches its state")
    private final class Player implements EventLoopClock, ConnectionBudget.Claimant {
        final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
        final Random random;
        final CountDownLatch done;
        final ConnectionBudget.Share share;
        int holding;
        int taken;
        int turns;

        Player(int seed, CountDownLatch done) {
            this.random = new Random(seed);
            this.done = done;
            this.share = budget.join(KEY, PLACES, this, this);
        }

        void play() {
            execute(this::turn);
        }

        private void turn() {
            if (++turns > TURNS) {
                // At once: a thread that runs late must find places, too.
                leave();
                done.countDown();
                return;
            }
            switch (random.nextInt(4)) {
                case 0 -> {
                    if (share.tryTake()) {
                        use();
                    } else {
                        share.want();
                    }
                }
                case 1 -> share.unwant();
                case 2 -> {
                    if (holding > 0) {
                        stopUsing();
                        share.giveBack();
                    }
                }
                default -> offer(ConnectionBudget.Offer.values()[random.nextInt(3)]);
            }
            execute(this::turn);
        }

        private void offer(ConnectionBudget.Offer offer) {
            if (holding > 0 && share.isContended()) {
                stopUsing();
                if (!share.passOn(offer)) {
                    use();
                }
            }
        }

        private void use() {
            holding++;
            taken++;
            int now = inUse.incrementAndGet();
            mostInUse.accumulateAndGet(now, Math::max);
        }

        private void stopUsing() {
            holding--;
            inUse.decrementAndGet();
        }

        private void leave() {
            while (holding > 0) {
                stopUsing();
            }
            share.leave();
        }

        @Override
        public void onPlaceGranted() {
            use();
        }

        @Override
        public void onPlaceWanted() {
            offer(ConnectionBudget.Offer.IDLE);
        }

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public Cancellable schedule(long delayNanos, Runnable task) {
            ScheduledFuture<?> scheduled = thread.schedule(task, delayNanos, TimeUnit.NANOSECONDS);
            return () -> scheduled.cancel(false);
        }

        @Override
        public void execute(Runnable task) {
            thread.execute(task);
        }

        @Override
        public boolean inEventLoop() {
            return true;
        }
    }
}
