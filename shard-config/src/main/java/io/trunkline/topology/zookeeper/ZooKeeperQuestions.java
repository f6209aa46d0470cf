// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The questions to ZooKeeper of one kind that are under way.
 *
 * <p>Owns a thread, on which requests are sent and callbacks come. Whoever asks is never made to wait: what ZooKeeper does not answer within the
 * time limit has failed, with unknown outcome.
 */
final class ZooKeeperQuestions {
    /** How soon ZooKeeper is asked again after the connection was lost, or while there is none. */
    static final Duration RETRY_PAUSE = Duration.ofMillis(100);

    private static final Logger LOG = LoggerFactory.getLogger(ZooKeeperQuestions.class);

    private final String kind;
    private final ZooKeeperConnection connection;
    private final Duration limit;
    private final int underWayMax;
    private final Semaphore places;
    private final ScheduledThreadPoolExecutor thread;
    /** What Curator calls back on; an answer after the end is dropped, as whoever waited for it was told of the end. */
    private final Executor answers;

    /** Confined to the thread. */
    private final Set<ZooKeeperQuestion> underWay = new LinkedHashSet<>();

    private boolean closed;

    /**
     * Starts the thread.
     *
     * @param kind its name, and what the questions are about
     * @param limit how long ZooKeeper may take to answer, connections that are lost and come back included
     * @param underWayMax how many may be under way at a time; more fail at once
     */
    ZooKeeperQuestions(String kind, ZooKeeperConnection connection, Duration limit, int underWayMax) {
        this.kind = kind;
        this.connection = connection;
        this.limit = limit;
        this.underWayMax = underWayMax;
        places = new Semaphore(underWayMax);
        thread = new ScheduledThreadPoolExecutor(1, task -> {
            Thread worker = new Thread(task, kind);
            worker.setDaemon(true);
            return worker;
        });
        thread.setRemoveOnCancelPolicy(true);
        answers = task -> {
            try {
                thread.execute(task);
            } catch (RejectedExecutionException ended) {
                LOG.debug("answer after the end", ended);
            }
        };
    }

    /** Asks; from any thread. */
    void ask(ZooKeeperQuestion question) {
        if (!places.tryAcquire()) {
            question.tellFailed("more than " + underWayMax + " " + kind + " are under way");
            return;
        }
        try {
            thread.execute(() -> {
                underWay.add(question);
                if (closed) {
                    question.fail("the router stops");
                } else {
                    question.begin(limit);
                }
            });
        } catch (RejectedExecutionException ended) {
            LOG.debug("question after the end", ended);
            places.release();
            question.tellFailed("the router stops");
        }
    }

    /** Fails what is under way, and everything that comes later. */
    void close() {
        answers.execute(() -> {
            closed = true;
            List.copyOf(underWay).forEach(question -> question.fail("the router stops"));
        });
        thread.shutdown();
    }

    // for questions, on the thread

    /** Gives the place of a question to another. */
    void ended(ZooKeeperQuestion question) {
        underWay.remove(question);
        places.release();
    }

    Runnable schedule(Duration pause, Runnable task) {
        try {
            var scheduled = thread.schedule(task, pause.toNanos(), TimeUnit.NANOSECONDS);
            return () -> scheduled.cancel(false);
        } catch (RejectedExecutionException ended) {
            // close() has been called: its task is in the queue, and fails the question.
            LOG.debug("no timer after the end", ended);
            return () -> {};
        }
    }

    ZooKeeperConnection connection() {
        return connection;
    }

    Executor answers() {
        return answers;
    }
}
