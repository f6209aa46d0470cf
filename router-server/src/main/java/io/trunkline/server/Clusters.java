// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.SharedAcrossLoops;
import io.trunkline.pool.NodeSuspicion;
import io.trunkline.session.DryRunReport;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Topology;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * All clusters this router has operated since its start.
 *
 * <p>{@link #onTopology} is called in order of revision.
 */
@SharedAcrossLoops("a concurrent map, and a flag under a lock; the values take care of themselves")
final class Clusters implements NodeSuspicion {
    private final Function<String, OperatedCluster> opener;
    private final Map<String, OperatedCluster> clusters = new ConcurrentHashMap<>();
    private boolean closed;

    /**
     * Creates an empty set.
     *
     * @param opener makes a cluster by name; called once for each
     */
    Clusters(Function<String, OperatedCluster> opener) {
        this.opener = opener;
    }

    /**
     * Takes a newer topology.
     *
     * @param applied runs once every worker decides by it
     */
    synchronized void onTopology(Topology topology, Runnable applied) {
        if (closed) {
            return;
        }
        Set<String> names = new HashSet<>(clusters.keySet());
        topology.clusters().stream().map(Cluster::name).forEach(names::add);
        if (names.isEmpty()) {
            applied.run();
            return;
        }
        AtomicInteger missing = new AtomicInteger(names.size());
        for (String name : names) {
            clusters.computeIfAbsent(name, opener).onTopology(topology, () -> {
                if (missing.decrementAndGet() == 0) {
                    applied.run();
                }
            });
        }
    }

    @Override
    public void suspect(String cluster, String node) {
        OperatedCluster known = clusters.get(cluster);
        if (known != null) {
            known.suspect(node);
        }
    }

    /** Returns what was decided in dry runs, by cluster. */
    Map<String, DryRunReport> dryRuns() {
        Map<String, DryRunReport> reports = new TreeMap<>();
        clusters.forEach((name, cluster) -> cluster.dryRun().ifPresent(report -> reports.put(name, report)));
        return reports;
    }

    /** Definitions were changed through this router. */
    void definitionsChanged() {
        clusters.values().forEach(OperatedCluster::definitionsChanged);
    }

    /** Ends them all; topologies that come later are ignored. */
    synchronized void close() {
        closed = true;
        List.copyOf(clusters.values()).forEach(OperatedCluster::close);
    }
}
