// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import io.trunkline.decision.DecisionLog.Decision;
import io.trunkline.decision.DecisionLog.Listener;
import io.trunkline.decision.TransactionId;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.zookeeper.KeeperException.Code;

/**
 * One router's wish that a transaction be decided: creates the znode, or reads the one that is there.
 *
 * <pre>
 *   CREATE ── created ───────────▶ the wanted decision holds
 *     ▲ │ └── exists ─▶ READ ────▶ the decision that is read holds: another's, or one's own whose answer was lost
 *     └─┘ connection lost
 * </pre>
 */
final class DecisionRequest extends ZooKeeperQuestion {
    private final Decision wanted;
    private final Listener listener;
    private final String cluster;
    private final String name;

    DecisionRequest(ZooKeeperQuestions questions, TransactionId id, Decision wanted, Listener listener) {
        super(questions);
        this.wanted = wanted;
        this.listener = listener;
        this.cluster = id.cluster();
        this.name = id.text();
    }

    @Override
    void ask() {
        send(
                callback -> connection()
                        .client()
                        .create()
                        .creatingParentsIfNeeded()
                        .inBackground(callback)
                        .forPath(path(), data(wanted)),
                this::onCreated);
    }

    private void onCreated(CuratorEvent event, Code code) {
        switch (code) {
            case OK -> end(() -> listener.onDecided(wanted));
            case NODEEXISTS -> read();
            default -> onFailure(code);
        }
    }

    private void read() {
        send(callback -> connection().client().getData().inBackground(callback).forPath(path()), this::onRead);
    }

    private void onRead(CuratorEvent event, Code code) {
        switch (code) {
            case OK -> onData(event.getData());
            // Creating it again would be a second decision.
            case NONODE -> fail("the decision was forgotten while it was read");
            default -> onFailure(code);
        }
    }

    private void onData(byte[] found) {
        for (Decision decision : Decision.values()) {
            if (Arrays.equals(found, data(decision))) {
                end(() -> listener.onDecided(decision));
                return;
            }
        }
        fail("znode " + path() + " holds neither commit nor abort");
    }

    private String path() {
        return connection().path().decision(cluster, name);
    }

    @Override
    void tellFailed(String problem) {
        listener.onFailed(problem);
    }

    /** Returns what stands in the znode. */
    static byte[] data(Decision decision) {
        String word = switch (decision) {
            case COMMIT -> "commit";
            case ABORT -> "abort";
        };
        return word.getBytes(StandardCharsets.US_ASCII);
    }
}
