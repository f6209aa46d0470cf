// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.netty.channel.EventLoop;
import io.trunkline.metrics.LoopMetrics;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Measures how late timers of one event loop run, which is how long anything on that loop waits for its turn.
 *
 * <p>Confined to its event loop but for {@link #start}.
 */
final class LoopLag {
    private static final Duration INTERVAL = Duration.ofMillis(500);

    private final EventLoop loop;
    private final LoopMetrics metrics;
    private long dueNanos;

    private LoopLag(EventLoop loop, LoopMetrics metrics) {
        this.loop = loop;
        this.metrics = metrics;
    }

    /** Begins to measure; ends with the loop. */
    static void start(EventLoop loop, LoopMetrics metrics) {
        LoopLag lag = new LoopLag(loop, metrics);
        loop.execute(lag::schedule);
    }

    private void schedule() {
        dueNanos = System.nanoTime() + INTERVAL.toNanos();
        loop.schedule(this::onDue, INTERVAL.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void onDue() {
        metrics.lag(Math.max(0, System.nanoTime() - dueNanos));
        if (!loop.isShuttingDown()) {
            schedule();
        }
    }
}
