// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.trunkline.backend.EventLoopClock;
import java.time.Duration;
import java.util.PriorityQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Time that moves only when a test says so, and the event loops that live in it.
 *
 * <p>Tasks run in the order of their time, those of one time in the order in which they were scheduled, all on the test's thread. Code between
 * two tasks, that is the test itself, counts as being on every loop.
 */
public final class VirtualClock {
    private record Task(long atNanos, long number, Loop loop, Runnable action) {}

    private final PriorityQueue<Task> tasks = new PriorityQueue<>((a, b) -> {
        int byTime = Long.compare(a.atNanos - b.atNanos, 0);
        return byTime != 0 ? byTime : Long.compare(a.number, b.number);
    });
    /** Begins near the overflow, as {@link System#nanoTime} may. */
    private long nowNanos = Long.MAX_VALUE - Duration.ofSeconds(30).toNanos();

    private long scheduled;
    private @Nullable Loop current;
    private final Thread owner = Thread.currentThread();
    private final BlockingQueue<Task> fromOtherThreads = new LinkedBlockingQueue<>();

    /** Returns a new event loop in this time. */
    public EventLoopClock newLoop() {
        return new Loop();
    }

    /** Runs what is due now, without moving time. */
    public void runDue() {
        advance(Duration.ZERO);
    }

    /** Moves time forward and runs what becomes due on the way. */
    public void advance(Duration by) {
        long until = nowNanos + by.toNanos();
        for (Task next = tasks.peek(); next != null && next.atNanos - until <= 0; next = tasks.peek()) {
            tasks.remove();
            if (next.atNanos - nowNanos > 0) {
                nowNanos = next.atNanos;
            }
            Loop before = current;
            current = next.loop;
            try {
                next.action.run();
            } finally {
                current = before;
            }
        }
        nowNanos = until;
    }

    /** Waits for a task that another thread gives to a loop, then it is due; false when none comes within so many real milliseconds. */
    public boolean awaitOtherThreads(long millis) {
        try {
            Task task = fromOtherThreads.poll(millis, TimeUnit.MILLISECONDS);
            if (task == null) {
                return false;
            }
            task.loop.execute(task.action);
            return true;
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    /** Returns the present time of all loops. */
    public long nanoTime() {
        return nowNanos;
    }

    private final class Loop implements EventLoopClock {
        @Override
        public long nanoTime() {
            return nowNanos;
        }

        @Override
        public Cancellable schedule(long delayNanos, Runnable task) {
            Task scheduledTask = new Task(nowNanos + Math.max(0, delayNanos), scheduled++, this, task);
            tasks.add(scheduledTask);
            return () -> tasks.removeIf(waiting -> waiting == scheduledTask);
        }

        @Override
        public void execute(Runnable task) {
            if (Thread.currentThread() == owner) {
                tasks.add(new Task(nowNanos, scheduled++, this, task));
            } else {
                fromOtherThreads.add(new Task(0, 0, this, task));
            }
        }

        @Override
        public boolean inEventLoop() {
            return current == null || current == this;
        }
    }
}
