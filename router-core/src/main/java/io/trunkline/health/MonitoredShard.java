// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

import io.trunkline.backend.BackendTarget;
import io.trunkline.health.ShardAssessment.Report;
import io.trunkline.metrics.NodeMetrics;
import io.trunkline.topology.Node;
import io.trunkline.topology.Shard;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One shard under a {@link ClusterMonitor}: its probes, the decision made from them, and what was last told of it. */
final class MonitoredShard implements NodeProbe.Listener {
    private static final Logger log = LoggerFactory.getLogger(MonitoredShard.class);

    /** What makes a node of the topology the same one after a revision. */
    private record Address(String name, String host, int port) {
        static Address of(Node node) {
            return new Address(node.name(), node.host(), node.port());
        }
    }

    private record Watched(Node node, NodeProbe probe, NodeMetrics metrics) {}

    /** The node and timeline that were last primary. */
    private record Reign(Address address, int timeline) {}

    private final ClusterMonitor monitor;
    private final String name;
    private boolean known;
    private Map<Address, Watched> watched = new LinkedHashMap<>();
    private ShardAssessment assessment;
    private List<NodeStatus> told = List.of();
    private @Nullable Reign reign;
    private long epoch;
    private String problem = "";
    private String remark = "";
    private boolean hasPrimary;
    private boolean changingNodes;

    MonitoredShard(ClusterMonitor monitor, String name) {
        this.monitor = monitor;
        this.name = name;
        this.assessment = new ShardAssessment(monitor.settings());
    }

    /** Takes the shard as the topology describes it now: probes what is new, leaves what is gone, and decides anew. */
    void onTopology(Shard shard) {
        boolean isNew = !known;
        if (isNew) {
            known = true;
            epoch = monitor.nextEpoch();
        }
        Map<Address, Watched> kept = new LinkedHashMap<>(watched);
        kept.keySet().retainAll(shard.nodes().stream().map(Address::of).toList());
        // Before another is made: a node that moves keeps its name, and so has its metrics under the same one.
        watched.values().stream().filter(one -> !kept.containsValue(one)).forEach(MonitoredShard::forget);
        Map<Address, Watched> now = new LinkedHashMap<>();
        List<NodeProbe> added = new ArrayList<>();
        for (Node node : shard.nodes()) {
            Watched before = kept.get(Address.of(node));
            if (before != null) {
                now.put(Address.of(node), new Watched(node, before.probe, before.metrics));
            } else {
                NodeProbe probe = newProbe(node);
                added.add(probe);
                now.put(
                        Address.of(node),
                        new Watched(node, probe, monitor.metrics().node(monitor.cluster(), name, node.name())));
            }
        }
        if (added.size() == now.size()) {
            // nothing of the former shard is left, so its timelines and identifier say nothing of this one
            assessment = new ShardAssessment(monitor.settings());
        }
        watched = now;
        changingNodes = true;
        added.forEach(NodeProbe::start);
        changingNodes = false;
        assess(isNew);
    }

    private NodeProbe newProbe(Node node) {
        HealthSettings settings = monitor.settings();
        BackendTarget target = new BackendTarget(
                monitor.cluster(), node.name(), node.host(), node.port(), settings.database(), settings.user());
        return new NodeProbe(monitor.clock(), monitor.connector(), settings, target, this);
    }

    private static void forget(Watched gone) {
        gone.probe.close();
        gone.metrics.removed();
    }

    @Override
    public void onProbed(NodeProbe probe) {
        if (!changingNodes) {
            assess(false);
        }
    }

    @Override
    public long pauseNanos(NodeProbe probe) {
        HealthSettings settings = monitor.settings();
        boolean urgent = !hasPrimary || probe.isFailing();
        return (urgent ? settings.urgentInterval() : settings.probeInterval()).toNanos();
    }

    /** Probes a node at once if it belongs to this shard. */
    void suspect(String node) {
        for (Watched one : watched.values()) {
            if (one.node.name().equals(node)) {
                one.probe.suspect();
            }
        }
    }

    private void assess(boolean tellAnyway) {
        List<Report> reports = new ArrayList<>(watched.size());
        for (Watched one : watched.values()) {
            NodeProbe probe = one.probe;
            reports.add(new Report(one.node, probe.reach(), probe.observation(), probe.successesInRow()));
        }
        ShardAssessment.Verdict verdict = assessment.assess(reports);
        measure(verdict.nodes());
        logFindings(verdict);
        if (tellAnyway || !isAsTold(verdict.nodes())) {
            tell(verdict.nodes());
        }
    }

    private void measure(List<NodeStatus> nodes) {
        int i = 0;
        for (Watched one : watched.values()) {
            NodeStatus status = nodes.get(i++);
            one.metrics.state(NodeMetrics.NodeState.valueOf(status.state().name()));
            one.metrics.replicaLag(status.lagBytes());
        }
    }

    private void logFindings(ShardAssessment.Verdict verdict) {
        if (!verdict.problem().equals(problem)) {
            problem = verdict.problem();
            if (!problem.isEmpty()) {
                log.atError()
                        .addKeyValue("cluster", monitor.cluster())
                        .addKeyValue("shard", name)
                        .log("shard needs repair: {}", problem);
            }
        }
        if (!verdict.remark().equals(remark)) {
            remark = verdict.remark();
            if (!remark.isEmpty()) {
                log.atInfo()
                        .addKeyValue("cluster", monitor.cluster())
                        .addKeyValue("shard", name)
                        .log("{}", remark);
            }
        }
    }

    /** Returns true when nothing but the lag differs from what was told last; the lag changes with every probe. */
    private boolean isAsTold(List<NodeStatus> nodes) {
        if (nodes.size() != told.size()) {
            return false;
        }
        for (int i = 0; i < nodes.size(); i++) {
            NodeStatus now = nodes.get(i);
            NodeStatus before = told.get(i);
            if (!now.node().equals(before.node())
                    || now.state() != before.state()
                    || now.timeline() != before.timeline()) {
                return false;
            }
        }
        return true;
    }

    private void tell(List<NodeStatus> nodes) {
        logChanges(nodes);
        told = nodes;
        boolean hadPrimary = hasPrimary;
        hasPrimary = false;
        for (NodeStatus status : nodes) {
            if (status.state() == NodeStatus.State.PRIMARY) {
                hasPrimary = true;
                Reign now = new Reign(Address.of(status.node()), status.timeline());
                if (!now.equals(reign)) {
                    reign = now;
                    epoch = monitor.nextEpoch();
                }
            }
        }
        if (hadPrimary && !hasPrimary) {
            // whoever is promoted should be found at once, not at its next turn
            watched.values().forEach(one -> one.probe.suspect());
        }
        monitor.tell(new ShardStatus(name, nodes, epoch));
    }

    private void logChanges(List<NodeStatus> nodes) {
        for (NodeStatus now : nodes) {
            NodeStatus.State before = told.stream()
                    .filter(status -> status.node().name().equals(now.node().name()))
                    .map(NodeStatus::state)
                    .findFirst()
                    .orElse(NodeStatus.State.UNKNOWN);
            if (before != now.state()) {
                log.atInfo()
                        .addKeyValue("cluster", monitor.cluster())
                        .addKeyValue("shard", name)
                        .addKeyValue("node", now.node().name())
                        .log("node is {} on timeline {}, was {}", now.state(), now.timeline(), before);
            }
        }
    }

    /** Ends all probes; the shard left the topology. */
    void close() {
        watched.values().forEach(MonitoredShard::forget);
        watched = Map.of();
    }
}
