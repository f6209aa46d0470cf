// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import io.trunkline.decision.KeptDecisions;
import io.trunkline.decision.TransactionId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.zookeeper.KeeperException.Code;

/**
 * One look at the decisions on a cluster's transactions that are old enough.
 *
 * <p>Counts them before it lists them: ZooKeeper ends the connection over an answer beyond {@code jute.maxbuffer}, a megabyte unless it is
 * configured otherwise.
 */
final class DecisionListing extends ZooKeeperQuestion {
    /** How many names of the longest kind fit into an answer. */
    static final int LISTED_MAX = 7_000;

    /** How many of them are looked at for their age; others at the next time, as they are drawn by lot. */
    static final int LOOKED_AT_MAX = 200;

    private final String cluster;
    private final long ageMillis;
    private final KeptDecisions.Listener listener;
    private final List<TransactionId> found = new ArrayList<>();
    private int answersOwed;

    DecisionListing(ZooKeeperQuestions questions, String cluster, Duration age, KeptDecisions.Listener listener) {
        super(questions);
        this.cluster = cluster;
        this.ageMillis = age.toMillis();
        this.listener = listener;
    }

    @Override
    void ask() {
        found.clear();
        String parent = connection().path().decisions(cluster);
        send(
                callback -> connection()
                        .client()
                        .checkExists()
                        .inBackground(callback)
                        .forPath(parent),
                (event, code) -> {
                    switch (code) {
                        case OK -> onCounted(event, parent);
                        case NONODE -> answer();
                        default -> onFailure(code);
                    }
                });
    }

    private void onCounted(CuratorEvent event, String parent) {
        int count = event.getStat().getNumChildren();
        if (count > LISTED_MAX) {
            fail(count + " decisions are kept under " + parent + ", more than can be listed (" + LISTED_MAX + ")");
            return;
        }
        send(
                callback -> connection()
                        .client()
                        .getChildren()
                        .inBackground(callback)
                        .forPath(parent),
                (listed, code) -> {
                    if (code == Code.OK) {
                        onListed(listed.getChildren());
                    } else {
                        onFailure(code);
                    }
                });
    }

    private void onListed(List<String> children) {
        List<TransactionId> ids = new ArrayList<>();
        for (String child : children) {
            // Only participants can be read back; that of shard 0 stands for all.
            TransactionId id = TransactionId.parse(child + "_0");
            if (id != null && id.cluster().equals(cluster)) {
                ids.add(id);
            }
        }
        Collections.shuffle(ids);
        List<TransactionId> lookedAt = ids.subList(0, Math.min(LOOKED_AT_MAX, ids.size()));
        answersOwed = lookedAt.size();
        if (lookedAt.isEmpty()) {
            answer();
        }
        for (TransactionId id : lookedAt) {
            send(
                    callback -> connection()
                            .client()
                            .checkExists()
                            .inBackground(callback)
                            .forPath(connection().path().decision(cluster, id.text())),
                    (event, code) -> onAge(id, event, code));
        }
    }

    private void onAge(TransactionId id, CuratorEvent event, Code code) {
        if (code == Code.OK && System.currentTimeMillis() - event.getStat().getCtime() >= ageMillis) {
            found.add(id);
        }
        // One that is gone or could not be looked at is not old enough.
        answersOwed--;
        if (answersOwed == 0) {
            answer();
        }
    }

    private void answer() {
        List<TransactionId> ids = List.copyOf(found);
        end(() -> listener.onListed(ids));
    }

    @Override
    void tellFailed(String problem) {
        listener.onFailed(problem);
    }
}
