// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.SharedAcrossLoops;
import io.trunkline.server.admin.AdminPage;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Shard;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologySource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The page {@code /ready}: whether clients should be sent here, and if not, why. */
@SharedAcrossLoops("volatile references to immutable or thread-safe values; the phase is changed under a lock")
final class Readiness {
    /** How far the router is. */
    private enum Phase {
        STARTING,
        ACCEPTING,
        STOPPING
    }

    private final NodeBoard board;
    private volatile @Nullable TopologySource source;
    private volatile Phase phase = Phase.STARTING;

    Readiness(NodeBoard board) {
        this.board = board;
    }

    /** The topology is read from here. */
    void onSource(TopologySource opened) {
        source = opened;
    }

    /** Clients are let in. */
    synchronized void onAccepting() {
        if (phase == Phase.STARTING) {
            phase = Phase.ACCEPTING;
        }
    }

    /** No more clients are let in. */
    synchronized void onStopping() {
        phase = Phase.STOPPING;
    }

    /** Returns the page as it is now: 200, or 503 with a line for each thing that is missing. */
    AdminPage page() {
        List<String> missing = missing();
        return missing.isEmpty()
                ? AdminPage.text("ready\n")
                : AdminPage.problem(503, String.join("\n", missing) + "\n");
    }

    private List<String> missing() {
        List<String> missing = new ArrayList<>();
        switch (phase) {
            case STARTING -> missing.add("not accepting clients yet");
            case STOPPING -> missing.add("stopping");
            case ACCEPTING -> {}
        }
        TopologySource opened = source;
        if (opened == null) {
            missing.add("no topology: not read yet");
            return missing;
        }
        Optional<Topology> topology = opened.current();
        if (topology.isEmpty()) {
            missing.add("no topology: " + opened.trouble().orElse("not read yet"));
        }
        topology.ifPresent(known -> known.clusters().forEach(cluster -> addUnprobed(cluster, missing)));
        return missing;
    }

    private void addUnprobed(Cluster cluster, List<String> missing) {
        for (Shard shard : cluster.shards()) {
            if (board.status(cluster.name(), shard.name()).isEmpty()) {
                missing.add("shard " + shard.name() + " of cluster " + cluster.name() + " has not been probed yet");
            }
        }
    }
}
