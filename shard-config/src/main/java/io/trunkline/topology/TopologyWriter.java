// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** From the records to the JSON tree, the counterpart of {@link TopologyReader}. */
final class TopologyWriter {
    private final JsonNodeFactory nodes;

    private TopologyWriter(JsonNodeFactory nodes) {
        this.nodes = nodes;
    }

    static ObjectNode write(Topology topology, JsonNodeFactory nodes) {
        return new TopologyWriter(nodes).topology(topology);
    }

    private ObjectNode topology(Topology topology) {
        ObjectNode object = nodes.objectNode().put("revision", topology.revision());
        ArrayNode clusters = object.putArray("clusters");
        topology.clusters().forEach(cluster -> clusters.add(cluster(cluster)));
        ArrayNode databases = object.putArray("databases");
        for (Database database : topology.databases()) {
            databases
                    .addObject()
                    .put("name", database.name())
                    .put("cluster", database.cluster())
                    .put("backendName", database.backendName());
        }
        return object;
    }

    private ObjectNode cluster(Cluster cluster) {
        ObjectNode object = nodes.objectNode().put("name", cluster.name());
        ArrayNode shards = object.putArray("shards");
        for (Shard shard : cluster.shards()) {
            ArrayNode members = shards.addObject().put("name", shard.name()).putArray("nodes");
            shard.nodes().forEach(node -> members.add(node(node)));
        }
        ArrayNode distributions = object.putArray("distributions");
        for (Distribution distribution : cluster.distributions()) {
            distributions
                    .addObject()
                    .put("name", distribution.name())
                    .put("keyType", distribution.keyType().typeName())
                    .set("function", function(cluster, distribution.function()));
        }
        ArrayNode shardedTables = object.putArray("shardedTables");
        for (ShardedTable table : cluster.shardedTables()) {
            shardedTables
                    .addObject()
                    .put("schema", table.schema())
                    .put("name", table.name())
                    .put("keyColumn", table.keyColumn())
                    .put("distribution", table.distribution());
        }
        ArrayNode referenceTables = object.putArray("referenceTables");
        for (ReferenceTable table : cluster.referenceTables()) {
            referenceTables.addObject().put("schema", table.schema()).put("name", table.name());
        }
        if (!cluster.schemas().isEmpty()) {
            ArrayNode schemas = object.putArray("schemas");
            for (PlacedSchema schema : cluster.schemas()) {
                schemas.addObject().put("name", schema.name()).put("shard", shardName(cluster, schema.shard()));
            }
        }
        if (!cluster.sequences().isEmpty()) {
            ArrayNode sequences = object.putArray("sequences");
            for (SharedSequence sequence : cluster.sequences()) {
                sequences
                        .addObject()
                        .put("name", sequence.name())
                        .put("blockSize", sequence.blockSize())
                        .put("start", sequence.start());
            }
        }
        return object;
    }

    private ObjectNode node(Node node) {
        return nodes.objectNode()
                .put("name", node.name())
                .put("host", node.host())
                .put("port", node.port())
                .put("role", node.role().name().toLowerCase(Locale.ROOT))
                .put("weight", node.weight())
                .put("zone", node.zone());
    }

    private ObjectNode function(Cluster cluster, ShardFunction function) {
        ObjectNode object = nodes.objectNode();
        if (function instanceof HashSlots hash) {
            object.put("kind", ShardFunctionReader.HASH).put("slots", hash.slots());
            ArrayNode assignments = object.putArray("assignments");
            for (HashSlots.Assignment run : hash.assignments()) {
                assignments
                        .addObject()
                        .put("from", run.from())
                        .put("to", run.to())
                        .put("shard", shardName(cluster, run.shard()));
            }
        } else if (function instanceof Ranges ranges) {
            ArrayNode list = object.put("kind", ShardFunctionReader.RANGE).putArray("ranges");
            for (Ranges.Range range : ranges.ranges()) {
                ObjectNode entry = list.addObject();
                putBound(entry, "from", range.from());
                putBound(entry, "to", range.to());
                entry.put("shard", shardName(cluster, range.shard()));
            }
        } else if (function instanceof ListValues values) {
            ArrayNode list = object.put("kind", ShardFunctionReader.LIST).putArray("values");
            Map<Integer, TreeSet<KeyValue>> keysOfShard = new TreeMap<>();
            values.shardOfKey()
                    .forEach((key, shard) -> keysOfShard
                            .computeIfAbsent(shard, absent -> new TreeSet<>(Comparator.naturalOrder()))
                            .add(key));
            keysOfShard.forEach((shard, keys) -> {
                ObjectNode entry = list.addObject();
                ArrayNode texts = entry.putArray("keys");
                keys.forEach(key -> texts.add(key.text()));
                entry.put("shard", shardName(cluster, shard));
            });
        }
        return object;
    }

    private static void putBound(ObjectNode entry, String field, Ranges.Bound bound) {
        if (bound instanceof Ranges.Bound.At at) {
            entry.put(field, at.key().text());
        }
    }

    private static String shardName(Cluster cluster, int shard) {
        return cluster.shards().get(shard).name();
    }
}
