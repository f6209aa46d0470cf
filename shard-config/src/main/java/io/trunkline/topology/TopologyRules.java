// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What must hold in every topology, checked over the whole of it; one instance checks one topology. */
final class TopologyRules {
    /** {@code NAMEDATALEN - 1}: PostgreSQL cuts longer identifiers, so no table or column is called so. */
    static final int IDENTIFIER_BYTES_MAX = 63;

    private static final int PORT_MAX = 65_535;

    private final List<Problem> problems = new ArrayList<>();

    private TopologyRules() {}

    static List<Problem> problems(long revision, List<Cluster> clusters, List<Database> databases) {
        TopologyRules rules = new TopologyRules();
        if (revision < 1) {
            rules.report("revision", revision, "1 or more");
        }
        if (clusters.isEmpty()) {
            rules.report("clusters", "empty", "at least one cluster");
        }
        rules.checkClusters(clusters);
        rules.checkDatabases(clusters, databases);
        return rules.problems;
    }

    private void checkClusters(List<Cluster> clusters) {
        Map<String, String> pathOfName = new HashMap<>();
        for (int i = 0; i < clusters.size(); i++) {
            Cluster cluster = clusters.get(i);
            String path = "clusters[" + i + "]";
            checkName(path + ".name", cluster.name());
            checkUnique(pathOfName, cluster.name(), path + ".name", "a name no other cluster has");
            checkShards(path, cluster);
            checkDistributions(path, cluster);
            checkTables(path, cluster);
            checkSchemas(path, cluster);
            checkSequences(path, cluster);
        }
    }

    private void checkShards(String clusterPath, Cluster cluster) {
        if (cluster.shards().isEmpty()) {
            report(clusterPath + ".shards", "empty", "at least one shard");
        }
        Map<String, String> pathOfName = new HashMap<>();
        Map<String, String> pathOfNode = new HashMap<>();
        Map<String, String> pathOfAddress = new HashMap<>();
        for (int i = 0; i < cluster.shards().size(); i++) {
            Shard shard = cluster.shards().get(i);
            String path = clusterPath + ".shards[" + i + "]";
            checkName(path + ".name", shard.name());
            checkUnique(pathOfName, shard.name(), path + ".name", "a name no other shard of the cluster has");
            if (shard.nodes().isEmpty()) {
                report(path + ".nodes", "empty", "at least one node");
            }
            checkPrimaries(path, shard);
            for (int k = 0; k < shard.nodes().size(); k++) {
                Node node = shard.nodes().get(k);
                String nodePath = path + ".nodes[" + k + "]";
                checkNode(nodePath, node);
                checkUnique(pathOfNode, node.name(), nodePath + ".name", "a name no other node of the cluster has");
                // One server in two shards would get the rows of both.
                checkUnique(
                        pathOfAddress,
                        node.host() + ":" + node.port(),
                        nodePath + ".host",
                        "an address no other node of the cluster has");
            }
        }
    }

    private void checkPrimaries(String shardPath, Shard shard) {
        List<String> primaries = shard.nodes().stream()
                .filter(node -> node.role() == NodeRole.PRIMARY)
                .map(Node::name)
                .toList();
        if (primaries.size() > 1) {
            report(
                    shardPath + ".nodes",
                    "the primaries " + String.join(", ", primaries),
                    "at most one with role primary");
        }
        if (!shard.nodes().isEmpty() && shard.nodes().stream().allMatch(node -> node.role() == NodeRole.REPLICA)) {
            report(shardPath + ".nodes", "only replicas", "a node with role primary or auto");
        }
    }

    private void checkNode(String path, Node node) {
        checkName(path + ".name", node.name());
        if (node.host().isBlank() || node.host().chars().anyMatch(c -> Character.isWhitespace(c) || c == '/')) {
            report(path + ".host", quoted(node.host()), "a host name or an address literal");
        }
        if (node.port() < 1 || node.port() > PORT_MAX) {
            report(path + ".port", node.port(), "1 to " + PORT_MAX);
        }
        if (node.weight() < 0 || node.weight() > Node.WEIGHT_MAX) {
            report(path + ".weight", node.weight(), "0 to " + Node.WEIGHT_MAX);
        }
    }

    private void checkDistributions(String clusterPath, Cluster cluster) {
        Map<String, String> pathOfName = new HashMap<>();
        for (int i = 0; i < cluster.distributions().size(); i++) {
            Distribution distribution = cluster.distributions().get(i);
            String path = clusterPath + ".distributions[" + i + "]";
            checkName(path + ".name", distribution.name());
            checkUnique(
                    pathOfName, distribution.name(), path + ".name", "a name no other distribution of the cluster has");
            distribution
                    .function()
                    .shards()
                    .filter(shard -> shard < 0 || shard >= cluster.shards().size())
                    .forEach(shard -> report(
                            path + ".function",
                            "shard " + shard,
                            "a shard from 0 to " + (cluster.shards().size() - 1)));
            checkKeys(path, distribution);
        }
    }

    private void checkKeys(String path, Distribution distribution) {
        KeyType type = distribution.keyType();
        List<KeyValue> keys = new ArrayList<>();
        if (distribution.function() instanceof Ranges ranges) {
            for (Ranges.Range range : ranges.ranges()) {
                addBound(keys, range.from());
                addBound(keys, range.to());
            }
        } else if (distribution.function() instanceof ListValues list) {
            keys.addAll(list.shardOfKey().keySet());
        }
        keys.stream()
                .filter(key -> !type.accepts(key))
                .forEach(key -> report(path + ".function", quoted(key.text()), "a key of type " + type.typeName()));
    }

    private static void addBound(List<KeyValue> keys, Ranges.Bound bound) {
        if (bound instanceof Ranges.Bound.At at) {
            keys.add(at.key());
        }
    }

    private void checkTables(String clusterPath, Cluster cluster) {
        Set<String> distributions = new HashSet<>();
        cluster.distributions().forEach(distribution -> distributions.add(distribution.name()));
        Map<String, String> pathOfTable = new HashMap<>();
        for (int i = 0; i < cluster.shardedTables().size(); i++) {
            ShardedTable table = cluster.shardedTables().get(i);
            String path = clusterPath + ".shardedTables[" + i + "]";
            checkTable(pathOfTable, path, table.schema(), table.name());
            checkIdentifier(path + ".keyColumn", table.keyColumn());
            if (!distributions.contains(table.distribution())) {
                report(
                        path + ".distribution",
                        quoted(table.distribution()),
                        "the name of a distribution of the cluster");
            }
        }
        for (int i = 0; i < cluster.referenceTables().size(); i++) {
            ReferenceTable table = cluster.referenceTables().get(i);
            checkTable(pathOfTable, clusterPath + ".referenceTables[" + i + "]", table.schema(), table.name());
        }
    }

    private void checkTable(Map<String, String> pathOfTable, String path, String schema, String name) {
        checkIdentifier(path + ".schema", schema);
        checkIdentifier(path + ".name", name);
        if (schema.equals("pg_catalog") || schema.equals("information_schema")) {
            report(path + ".schema", quoted(schema), "a schema that is not the system catalogue");
        }
        checkUnique(pathOfTable, schema + "." + name, path + ".name", "a table that is listed once");
    }

    private void checkSchemas(String clusterPath, Cluster cluster) {
        Map<String, String> pathOfTableIn = new HashMap<>();
        for (int i = 0; i < cluster.shardedTables().size(); i++) {
            pathOfTableIn.putIfAbsent(
                    cluster.shardedTables().get(i).schema(), clusterPath + ".shardedTables[" + i + "]");
        }
        for (int i = 0; i < cluster.referenceTables().size(); i++) {
            pathOfTableIn.putIfAbsent(
                    cluster.referenceTables().get(i).schema(), clusterPath + ".referenceTables[" + i + "]");
        }
        Map<String, String> pathOfName = new HashMap<>();
        for (int i = 0; i < cluster.schemas().size(); i++) {
            PlacedSchema schema = cluster.schemas().get(i);
            String path = clusterPath + ".schemas[" + i + "]";
            checkIdentifier(path + ".name", schema.name());
            checkUnique(pathOfName, schema.name(), path + ".name", "a schema that is listed once");
            if (schema.name().startsWith("pg_") || schema.name().equals("information_schema")) {
                report(path + ".name", quoted(schema.name()), "a schema that is not the system's");
            }
            String table = pathOfTableIn.get(schema.name());
            if (table != null) {
                report(
                        path + ".name",
                        quoted(schema.name()) + ", the schema of " + table,
                        "a schema without sharded and reference tables");
            }
            if (schema.shard() < 0 || schema.shard() >= cluster.shards().size()) {
                report(
                        path + ".shard",
                        "shard " + schema.shard(),
                        "a shard from 0 to " + (cluster.shards().size() - 1));
            }
        }
    }

    private void checkSequences(String clusterPath, Cluster cluster) {
        Map<String, String> pathOfName = new HashMap<>();
        for (int i = 0; i < cluster.sequences().size(); i++) {
            SharedSequence sequence = cluster.sequences().get(i);
            String path = clusterPath + ".sequences[" + i + "]";
            if (sequence.name().length() > SharedSequence.NAME_LENGTH_MAX) {
                report(
                        path + ".name",
                        quoted(sequence.name()),
                        "at most " + SharedSequence.NAME_LENGTH_MAX + " characters");
            } else {
                checkName(path + ".name", sequence.name());
            }
            checkUnique(pathOfName, sequence.name(), path + ".name", "a name no other sequence of the cluster has");
            checkRange(
                    path + ".blockSize",
                    sequence.blockSize(),
                    SharedSequence.BLOCK_SIZE_MIN,
                    SharedSequence.BLOCK_SIZE_MAX);
            checkRange(path + ".start", sequence.start(), 0, SharedSequence.START_MAX);
        }
    }

    private void checkRange(String path, long value, long min, long max) {
        if (value < min || value > max) {
            report(path, value, min + " to " + max);
        }
    }

    private void checkDatabases(List<Cluster> clusters, List<Database> databases) {
        Set<String> clusterNames = new HashSet<>();
        clusters.forEach(cluster -> clusterNames.add(cluster.name()));
        Map<String, String> pathOfName = new HashMap<>();
        for (int i = 0; i < databases.size(); i++) {
            Database database = databases.get(i);
            String path = "databases[" + i + "]";
            checkIdentifier(path + ".name", database.name());
            checkUnique(pathOfName, database.name(), path + ".name", "a name no other database has");
            if (!clusterNames.contains(database.cluster())) {
                report(path + ".cluster", quoted(database.cluster()), "the name of a cluster");
            }
            checkIdentifier(path + ".backendName", database.backendName());
        }
    }

    /** Names of ours appear in metrics, logs, znodes and hints, so they are plain. */
    private void checkName(String path, String name) {
        boolean plain = !name.isEmpty()
                && name.length() <= IDENTIFIER_BYTES_MAX
                && name.chars()
                        .allMatch(c -> (c >= 'a' && c <= 'z')
                                || (c >= 'A' && c <= 'Z')
                                || (c >= '0' && c <= '9')
                                || c == '_'
                                || c == '-'
                                || c == '.');
        if (!plain) {
            report(path, quoted(name), "1 to " + IDENTIFIER_BYTES_MAX + " letters, digits, '_', '-' and '.'");
        }
    }

    private void checkIdentifier(String path, String identifier) {
        int bytes = identifier.getBytes(StandardCharsets.UTF_8).length;
        if (bytes < 1 || bytes > IDENTIFIER_BYTES_MAX || identifier.indexOf('\0') >= 0) {
            report(path, quoted(identifier), "an identifier of 1 to " + IDENTIFIER_BYTES_MAX + " bytes");
        }
    }

    private void checkUnique(Map<String, String> pathOfName, String name, String path, String expectation) {
        String earlier = pathOfName.putIfAbsent(name, path);
        if (earlier != null) {
            report(path, quoted(name) + " as in " + earlier, expectation);
        }
    }

    private void report(String path, Object value, String expectation) {
        problems.add(new Problem(path, String.valueOf(value), expectation));
    }

    private static String quoted(String text) {
        return "\"" + text + "\"";
    }
}
