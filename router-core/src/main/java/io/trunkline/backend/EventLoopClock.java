// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

/**
 * Time and turn of one event loop: what the pools and probes need of it, so that tests can put virtual time in its place.
 *
 * <p>Implemented by the transport over Netty's event loop. All methods but {@link #execute} are called on the event loop.
 */
public interface EventLoopClock {

    /** A task that has been scheduled. */
    interface Cancellable {
        /** Keeps the task from running if it has not begun. Idempotent. */
        void cancel();
    }

    /** Returns a monotonic time in nanoseconds, comparable between the event loops of this process. */
    long nanoTime();

    /** Runs a task on this event loop once the delay has passed; a delay of 0 or less means the next turn. */
    Cancellable schedule(long delayNanos, Runnable task);

    /** Runs a task on this event loop in one of its next turns; callable from any thread. */
    void execute(Runnable task);

    /** Returns true when called on this event loop. */
    boolean inEventLoop();
}
