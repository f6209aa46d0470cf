// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import io.trunkline.topology.TopologyChange.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The differences between two topologies, told by names: the order of lists and the revision do not count.
 *
 * <p>Each topology is turned into an outline, a line per thing that can change; the outlines are compared. Only hash slots are
 * compared by themselves, since they change in runs.
 */
public final class TopologyDiff {
    private TopologyDiff() {}

    /** Returns the changes that lead from one topology to the other: first what is gone or different, then what is new. */
    public static List<TopologyChange> between(Topology before, Topology after) {
        Map<String, String> from = outline(before);
        Map<String, String> to = outline(after);
        List<TopologyChange> changes = new ArrayList<>();
        from.forEach((subject, text) -> {
            String now = to.get(subject);
            if (now == null) {
                changes.add(new TopologyChange(Kind.REMOVED, subject, text, ""));
            } else if (!now.equals(text)) {
                changes.add(new TopologyChange(Kind.CHANGED, subject, text, now));
            }
        });
        addSlotMoves(changes, before, after);
        to.forEach((subject, text) -> {
            if (!from.containsKey(subject)) {
                changes.add(new TopologyChange(Kind.ADDED, subject, "", text));
            }
        });
        return changes;
    }

    private static Map<String, String> outline(Topology topology) {
        Map<String, String> outline = new LinkedHashMap<>();
        for (Cluster cluster : topology.clusters()) {
            String subject = "cluster " + cluster.name();
            outline.put(subject, "");
            addShards(outline, subject, cluster);
            addDistributions(outline, subject, cluster);
            for (ShardedTable table : cluster.shardedTables()) {
                outline.put(
                        subject + ", table " + table.schema() + "." + table.name(),
                        "sharded by " + table.keyColumn() + ", distribution " + table.distribution());
            }
            for (ReferenceTable table : cluster.referenceTables()) {
                outline.put(subject + ", table " + table.schema() + "." + table.name(), "reference");
            }
            for (PlacedSchema schema : cluster.schemas()) {
                outline.put(subject + ", schema " + schema.name(), shardName(cluster, schema.shard()));
            }
            for (SharedSequence sequence : cluster.sequences()) {
                outline.put(
                        subject + ", sequence " + sequence.name(),
                        "blocks of " + sequence.blockSize() + ", from " + sequence.start());
            }
        }
        for (Database database : topology.databases()) {
            outline.put(
                    "database " + database.name(),
                    "cluster " + database.cluster() + ", backend name " + database.backendName());
        }
        return outline;
    }

    private static void addShards(Map<String, String> outline, String clusterSubject, Cluster cluster) {
        for (Shard shard : cluster.shards()) {
            String subject = clusterSubject + ", shard " + shard.name();
            outline.put(subject, "");
            for (Node node : shard.nodes()) {
                outline.put(
                        subject + ", node " + node.name(),
                        node.host() + ":" + node.port() + " role "
                                + node.role().name().toLowerCase(Locale.ROOT) + " weight " + node.weight()
                                + (node.zone().isEmpty() ? "" : " zone " + node.zone()));
            }
        }
    }

    private static void addDistributions(Map<String, String> outline, String clusterSubject, Cluster cluster) {
        for (Distribution distribution : cluster.distributions()) {
            String subject = clusterSubject + ", distribution " + distribution.name();
            String type = distribution.keyType().typeName();
            if (distribution.function() instanceof HashSlots hash) {
                outline.put(subject, type + ", hash of " + hash.slots() + " slots");
            } else if (distribution.function() instanceof Ranges ranges) {
                outline.put(subject, type + ", ranges");
                for (Ranges.Range range : ranges.ranges()) {
                    outline.put(subject + ", range " + range.text(), shardName(cluster, range.shard()));
                }
            } else if (distribution.function() instanceof ListValues values) {
                outline.put(subject, type + ", list");
                values.shardOfKey().keySet().stream()
                        .sorted()
                        .forEach(key -> outline.put(
                                subject + ", key " + key.text(),
                                shardName(cluster, values.shardOf(key).orElseThrow())));
            }
        }
    }

    private static void addSlotMoves(List<TopologyChange> changes, Topology before, Topology after) {
        for (Cluster from : before.clusters()) {
            for (Distribution distribution : from.distributions()) {
                after.cluster(from.name())
                        .ifPresent(to -> to.distribution(distribution.name())
                                .ifPresent(same -> addSlotMoves(changes, from, distribution, to, same)));
            }
        }
    }

    private static void addSlotMoves(
            List<TopologyChange> changes, Cluster from, Distribution was, Cluster to, Distribution is) {
        if (!(was.function() instanceof HashSlots before)
                || !(is.function() instanceof HashSlots after)
                || before.slots() != after.slots()) {
            return;
        }
        String subject = "cluster " + from.name() + ", distribution " + was.name() + ", slots ";
        int start = 0;
        for (int slot = 1; slot <= before.slots(); slot++) {
            boolean runGoesOn = slot < before.slots()
                    && before.shardOfSlot(slot) == before.shardOfSlot(start)
                    && after.shardOfSlot(slot) == after.shardOfSlot(start);
            if (!runGoesOn) {
                String old = shardName(from, before.shardOfSlot(start));
                String now = shardName(to, after.shardOfSlot(start));
                if (!old.equals(now)) {
                    changes.add(new TopologyChange(Kind.CHANGED, subject + start + " to " + (slot - 1), old, now));
                }
                start = slot;
            }
        }
    }

    private static String shardName(Cluster cluster, int shard) {
        return cluster.shards().get(shard).name();
    }
}
