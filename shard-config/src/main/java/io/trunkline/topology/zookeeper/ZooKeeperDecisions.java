// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import io.trunkline.decision.DecisionLog;
import io.trunkline.decision.KeptDecisions;
import io.trunkline.decision.TransactionId;
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
 * The log of decisions in ZooKeeper: one persistent znode for each, created once and never written again.
 *
 * <p>ZooKeeper lets one of several creators win and tells the others that the znode exists; they read it and obey. So a decision holds from
 * the moment the first creation is committed by a majority of the ensemble, whether its answer arrives or not.
 *
 * <p>Owns the thread {@code decisions}, on which requests are sent and callbacks come. A caller is never made to wait: what ZooKeeper does
 * not answer within the time limit has failed for the caller, with unknown outcome. Bounded by {@link #UNDER_WAY_MAX}.
 */
public final class ZooKeeperDecisions implements DecisionLog, KeptDecisions, AutoCloseable {
    /** How many decisions may be under way at a time; more fail at once. */
    public static final int UNDER_WAY_MAX = 10_000;

    /** How soon ZooKeeper is asked again after the connection was lost, or while there is none. */
    static final Duration RETRY_PAUSE = Duration.ofMillis(100);

    private static final Logger LOG = LoggerFactory.getLogger(ZooKeeperDecisions.class);

    private final ZooKeeperConnection connection;
    private final Duration limit;
    private final Semaphore places = new Semaphore(UNDER_WAY_MAX);
    private final ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(1, task -> {
        Thread worker = new Thread(task, "decisions");
        worker.setDaemon(true);
        return worker;
    });
    /** What Curator calls back on; an answer after the end is dropped, as whoever waited for it was told of the end. */
    private final Executor answers = task -> {
        try {
            thread.execute(task);
        } catch (RejectedExecutionException ended) {
            LOG.debug("answer after the end", ended);
        }
    };

    /** Confined to the thread. */
    private final Set<ZooKeeperQuestion> underWay = new LinkedHashSet<>();

    private boolean closed;

    private ZooKeeperDecisions(ZooKeeperConnection connection, Duration limit) {
        this.connection = connection;
        this.limit = limit;
        thread.setRemoveOnCancelPolicy(true);
    }

    /**
     * Returns the log of a connection, which stays the caller's and has to be closed after this.
     *
     * @param limit how long ZooKeeper may take to answer, connections that are lost and come back included
     */
    public static ZooKeeperDecisions on(ZooKeeperConnection connection, Duration limit) {
        return new ZooKeeperDecisions(connection, limit);
    }

    @Override
    public void decide(TransactionId id, Decision wanted, DecisionLog.Listener listener) {
        ask(new DecisionRequest(this, id, wanted, listener));
    }

    @Override
    public void forget(TransactionId id) {
        answers.execute(() -> {
            // Without a connection the request would wait in a queue without end; recovery forgets what was not
            // forgotten here.
            if (!connection.isConnected()) {
                return;
            }
            String path = connection.path().decision(id.cluster(), id.text());
            try {
                connection.client().delete().quietly().inBackground().forPath(path);
            } catch (Exception e) {
                LOG.debug("ZooKeeper did not delete {}", path, e);
            }
        });
    }

    @Override
    public void list(String cluster, Duration age, KeptDecisions.Listener listener) {
        ask(new DecisionListing(this, cluster, age, listener));
    }

    /** Fails what is under way, and everything that comes later. */
    @Override
    public void close() {
        answers.execute(() -> {
            closed = true;
            List.copyOf(underWay).forEach(question -> question.fail("the router stops"));
        });
        thread.shutdown();
    }

    private void ask(ZooKeeperQuestion question) {
        if (!places.tryAcquire()) {
            question.tellFailed("more than " + UNDER_WAY_MAX + " decisions are under way");
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
