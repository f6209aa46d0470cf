// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

import io.trunkline.health.NodeProbe.Reach;
import io.trunkline.health.NodeStatus.State;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides from probes and the topology what each node of one shard is good for. No I/O and no clock, so it can be told any story in a test.
 *
 * <p><b>The primary.</b> A node that takes writes, on a timeline not below the highest ever seen in this shard: PostgreSQL begins a new
 * timeline with every promotion, so a lower one is a primary that was replaced and does not know it. Where the topology declares a primary, it
 * is that node or none: while it is still in recovery, writes are held. Where it declares none, it is the one {@code AUTO} node on the highest
 * timeline; two on the same timeline are a broken shard, and none is taken. The first is taken when each node was heard of: one that is full, and so
 * alive, may be the one on a higher timeline.
 *
 * <p><b>Readable replicas.</b> In recovery, on the primary's timeline, within the lag limit, and either streaming or at the primary's position:
 * a standby cut off from an idle primary has lost nothing, one cut off from a busy primary falls behind and shows it at the next probe. While
 * the shard has no primary, replicas within the limit of its last position stay readable, because nothing newer can be read anywhere. None is read
 * before each node was heard of once: until then the one may be missing that tells how far behind they are.
 *
 * <p><b>The right server.</b> All nodes of a shard must report one system identifier, the one of the first primary; an address that was given
 * to another server answers with another.
 */
final class ShardAssessment {

    /**
     * What is known of a node.
     *
     * @param node the node as the topology describes it
     * @param reach what probes have shown
     * @param observation the last answer; null when there is none or the node is unreachable
     * @param successesInRow probes in a row that were answered
     */
    record Report(Node node, Reach reach, @Nullable Observation observation, int successesInRow) {}

    /**
     * The decision.
     *
     * @param nodes one status per report, in order
     * @param problem what a person must repair, empty when there is nothing
     * @param remark what is unusual and may pass, such as a promotion the topology does not know yet; empty when there is nothing
     */
    record Verdict(List<NodeStatus> nodes, String problem, String remark) {}

    private record Reference(Observation of, long primaryPosition) {}

    /** Stands for an identifier not known; initdb never gives it. */
    private static final long NO_IDENTIFIER = 0;

    private final HealthSettings settings;

    /** The identifier of the first primary. */
    private long systemIdentifier = NO_IDENTIFIER;

    private int highestTimeline;
    private boolean primaryEverKnown;
    /** Each node was heard of at one time; those that came later do not matter to it. */
    private boolean allEverHeardOf;

    /** What the primary was last known to have written, and on which timeline. */
    private long primaryPosition;

    private int primaryTimeline;

    /** What the primary had written when each replica was last observed. */
    private final Map<String, Reference> references = new HashMap<>();
    /** Whether each node was readable when it was last judged. */
    private final Map<String, Boolean> readable = new HashMap<>();

    ShardAssessment(HealthSettings settings) {
        this.settings = settings;
    }

    /** Judges the nodes of the shard from the latest reports. */
    Verdict assess(List<Report> reports) {
        List<String> problems = new ArrayList<>();
        List<String> remarks = new ArrayList<>();
        long identifier = identifierOf(reports);
        noteStrangers(reports, identifier, problems);
        for (Report report : reports) {
            Observation observation = report.observation;
            if (observation != null && observation.systemIdentifier() == identifier) {
                highestTimeline = Math.max(highestTimeline, observation.timeline());
            }
        }
        Report primary = choosePrimary(reports, identifier, problems, remarks);
        if (primary != null && primary.observation != null) {
            if (!primaryEverKnown) {
                // Those were compared with nothing.
                references.clear();
            }
            primaryEverKnown = true;
            systemIdentifier = identifier;
            primaryPosition = primary.observation.position();
            primaryTimeline = primary.observation.timeline();
        }
        allEverHeardOf |= reports.stream().noneMatch(report -> report.reach == Reach.UNKNOWN);
        List<NodeStatus> statuses = new ArrayList<>(reports.size());
        for (Report report : reports) {
            statuses.add(
                    allEverHeardOf || report.observation == null
                            ? statusOf(report, identifier, primary)
                            : new NodeStatus(report.node, State.UNKNOWN, 0, -1));
        }
        return new Verdict(List.copyOf(statuses), String.join("; ", problems), String.join("; ", remarks));
    }

    // the right server

    /** Returns the identifier nodes must have: that of the first primary, else of the declared one, else what all agree on. */
    private long identifierOf(List<Report> reports) {
        if (systemIdentifier != NO_IDENTIFIER) {
            return systemIdentifier;
        }
        long agreed = NO_IDENTIFIER;
        boolean disagree = false;
        for (Report report : reports) {
            Observation observation = report.observation;
            if (observation == null) {
                continue;
            }
            if (report.node.role() == NodeRole.PRIMARY) {
                return observation.systemIdentifier();
            }
            disagree |= agreed != NO_IDENTIFIER && agreed != observation.systemIdentifier();
            agreed = observation.systemIdentifier();
        }
        return disagree ? NO_IDENTIFIER : agreed;
    }

    private static void noteStrangers(List<Report> reports, long identifier, List<String> problems) {
        for (Report report : reports) {
            Observation observation = report.observation;
            if (observation != null && observation.systemIdentifier() != identifier) {
                problems.add("node " + report.node.name() + " is another server: system identifier "
                        + observation.systemIdentifier() + " (expected: "
                        + (identifier == NO_IDENTIFIER ? "one for all nodes of the shard" : identifier) + ")");
            }
        }
    }

    // the primary

    private @Nullable Report choosePrimary(
            List<Report> reports, long identifier, List<String> problems, List<String> remarks) {
        List<Report> writable = new ArrayList<>();
        Report declared = null;
        boolean allHeardOf = true;
        for (Report report : reports) {
            allHeardOf &= report.reach != Reach.UNKNOWN && report.reach != Reach.FULL;
            if (report.node.role() == NodeRole.PRIMARY) {
                declared = report;
            }
            Observation observation = report.observation;
            if (observation == null || observation.inRecovery() || observation.systemIdentifier() != identifier) {
                continue;
            }
            if (observation.timeline() < highestTimeline) {
                problems.add("node " + report.node.name() + " takes writes on timeline " + observation.timeline()
                        + ", which was left for timeline " + highestTimeline);
            } else {
                writable.add(report);
            }
        }
        if (!primaryEverKnown && !allHeardOf) {
            // a node not heard of yet may be on a higher timeline
            return null;
        }
        List<Report> candidates = new ArrayList<>();
        for (Report report : writable) {
            boolean eligible = declared == null ? report.node.role() == NodeRole.AUTO : report == declared;
            if (eligible) {
                candidates.add(report);
            } else {
                remarks.add("node " + report.node.name()
                        + " takes writes, but the topology does not let it be the primary");
            }
        }
        if (candidates.size() > 1) {
            problems.add("nodes " + names(candidates)
                    + " take writes on the same timeline; none is used until the topology declares the primary");
        }
        return candidates.size() == 1 ? candidates.get(0) : null;
    }

    private static String names(List<Report> reports) {
        return String.join(
                " and ", reports.stream().map(report -> report.node.name()).toList());
    }

    // each node

    private NodeStatus statusOf(Report report, long identifier, @Nullable Report primary) {
        Observation observation = report.observation;
        String name = report.node.name();
        if (observation == null) {
            references.remove(name);
            if (report.reach == Reach.UNKNOWN || report.reach == Reach.FULL) {
                return new NodeStatus(report.node, State.UNKNOWN, 0, -1);
            }
            readable.put(name, false);
            return new NodeStatus(report.node, State.UNUSABLE, 0, -1);
        }
        if (report == primary) {
            readable.put(name, false);
            return new NodeStatus(report.node, State.PRIMARY, observation.timeline(), 0);
        }
        if (!observation.inRecovery() || observation.systemIdentifier() != identifier) {
            readable.put(name, false);
            return new NodeStatus(report.node, State.UNUSABLE, observation.timeline(), -1);
        }
        long lag = lag(name, observation);
        boolean serves = serves(report, observation, lag, primary != null);
        readable.put(name, serves);
        return new NodeStatus(
                report.node,
                serves ? State.READABLE_REPLICA : State.LAGGING_REPLICA,
                observation.timeline(),
                primaryEverKnown ? lag : -1);
    }

    private boolean serves(Report report, Observation observation, long lag, boolean hasPrimary) {
        // a replica that did not serve must be clearly well before it serves again
        boolean returning = Boolean.FALSE.equals(readable.get(report.node.name()));
        long limit = returning ? settings.replicaLagMaxBytes() / 2 : settings.replicaLagMaxBytes();
        boolean following = hasPrimary
                ? observation.timeline() == primaryTimeline && (observation.receiving() || lag == 0)
                : observation.timeline() >= primaryTimeline;
        return following
                && lag <= limit
                && observation.position() != 0
                && (!returning || report.successesInRow >= settings.recoveryThreshold());
    }

    /**
     * Returns how far a replica was behind what the primary was known to have written when the replica was observed. The primary's position is
     * up to one probe interval older than the replica's, so that a busy primary does not make every replica look late.
     */
    private long lag(String name, Observation observation) {
        Reference reference = references.get(name);
        if (reference == null || reference.of != observation) {
            reference = new Reference(observation, primaryPosition);
            references.put(name, reference);
        }
        return Lsn.behind(observation.position(), reference.primaryPosition);
    }
}
