// SPDX-License-Identifier: Apache-2.0
package io.trunkline.hostile;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What all hostile peers of one run have done so far, and what the router did wrong. Used by many threads. */
final class Tally {
    /** Failures beyond these are only the first ones again. */
    private static final int FAILURES_MAX = 20;

    private final long framesWanted;
    private final LongAdder answered = new LongAdder();
    private final LongAdder cut = new LongAdder();
    private final LongAdder fromNode = new LongAdder();
    private final LongAdder ruptures = new LongAdder();
    private final LongAdder connections = new LongAdder();
    private final AtomicInteger marks = new AtomicInteger();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();

    Tally(long framesWanted) {
        this.framesWanted = framesWanted;
    }

    Canary nextCanary() {
        connections.increment();
        return new Canary(marks.incrementAndGet());
    }

    /** The client's frames went through the router to the last one: what was sent behind them was answered. */
    void answered(int frames) {
        answered.add(frames);
    }

    /** The router ended the connection within these frames, or the client did. */
    void cut(int frames) {
        cut.add(frames);
    }

    /** The router read so many frames of a node: it asked for more behind them. */
    void fromNode(int frames) {
        fromNode.add(frames);
    }

    /** A node said something after which, on this connection, it may say what it likes. */
    void rupture() {
        fromNode.increment();
        ruptures.increment();
    }

    void fail(String what) {
        if (failures.size() < FAILURES_MAX) {
            failures.add(what);
        }
    }

    /** Returns how many frames count: those known to have been read, and one for each connection that ended early. */
    long frames() {
        return answered.sum() + fromNode.sum();
    }

    /** Returns the part of all frames that came from the nodes. */
    double nodeShare() {
        return frames() == 0 ? 0 : (double) fromNode.sum() / frames();
    }

    boolean isDone() {
        return frames() >= framesWanted || !failures.isEmpty();
    }

    List<String> failures() {
        return List.copyOf(failures);
    }

    @Override
    public String toString() {
        return ("%,d frames of clients read to the end, %,d more on connections that ended among them, %,d frames of the nodes (%.0f %%),"
                        + " %,d of them out of step, %,d connections")
                .formatted(
                        answered.sum(),
                        cut.sum(),
                        fromNode.sum(),
                        100 * nodeShare(),
                        ruptures.sum(),
                        connections.sum());
    }
}
