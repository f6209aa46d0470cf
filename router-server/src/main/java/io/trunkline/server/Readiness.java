// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.SharedAcrossLoops;
import io.trunkline.server.admin.AdminPage;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologySource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The page {@code /ready}: whether clients should be sent here, and if not, why. */
@SharedAcrossLoops("one volatile phase")
final class Readiness {
    /** How far the router is. */
    enum Phase {
        STARTING,
        LISTENING,
        STOPPING
    }

    private final TopologySource source;
    private final NodeBoard board;
    private volatile Phase phase = Phase.STARTING;

    Readiness(TopologySource source, NodeBoard board) {
        this.source = source;
        this.board = board;
    }

    void become(Phase next) {
        phase = next;
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
            case STARTING -> missing.add("not listening yet");
            case STOPPING -> missing.add("stopping");
            case LISTENING -> {}
        }
        Optional<Topology> topology = source.current();
        if (topology.isEmpty()) {
            missing.add("no topology: " + source.trouble().orElse("not read yet"));
        }
        topology.ifPresent(known -> known.clusters().forEach(cluster -> addUnprobed(cluster, missing)));
        return missing;
    }

    private void addUnprobed(Cluster cluster, List<String> missing) {
        for (int shard = 0; shard < cluster.shards().size(); shard++) {
            if (board.status(cluster.name(), shard).isEmpty()) {
                missing.add("shard " + cluster.shards().get(shard).name() + " of cluster " + cluster.name()
                        + " has not been probed yet");
            }
        }
    }
}
