// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import io.trunkline.decision.DecisionLog;
import io.trunkline.decision.KeptDecisions;
import io.trunkline.decision.TransactionId;
import java.time.Duration;
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

    private static final Logger LOG = LoggerFactory.getLogger(ZooKeeperDecisions.class);

    private final ZooKeeperConnection connection;
    private final ZooKeeperQuestions questions;

    private ZooKeeperDecisions(ZooKeeperConnection connection, Duration limit) {
        this.connection = connection;
        this.questions = new ZooKeeperQuestions("decisions", connection, limit, UNDER_WAY_MAX);
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
        questions.ask(new DecisionRequest(questions, id, wanted, listener));
    }

    @Override
    public void forget(TransactionId id) {
        questions.answers().execute(() -> {
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
        questions.ask(new DecisionListing(questions, cluster, age, listener));
    }

    /** Fails what is under way, and everything that comes later. */
    @Override
    public void close() {
        questions.close();
    }
}
