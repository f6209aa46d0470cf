// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import com.fasterxml.jackson.databind.JsonNode;
import io.trunkline.topology.TopologyJson.UnknownFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** From the JSON tree to the records; what the fields mean is told in {@code shard-config/README.md}. */
final class TopologyReader {
    private static final int PORT_MAX = 65_535;

    private TopologyReader() {}

    static Topology read(JsonNode root, UnknownFields unknownFields) {
        List<Problem> problems = new ArrayList<>();
        Contents contents = JsonObject.read(root, "", unknownFields, problems, TopologyReader::contents);
        // The rules come second: what was read from a document with holes would only break them in confusing ways.
        InvalidTopologyException.throwIfAny(problems);
        return new Topology(contents.revision, contents.clusters, contents.databases);
    }

    private record Contents(long revision, List<Cluster> clusters, List<Database> databases) {}

    private static Contents contents(JsonObject object) {
        return new Contents(
                object.number("revision", 1, Long.MAX_VALUE),
                object.list("clusters", TopologyReader::cluster),
                object.optionalList("databases", TopologyReader::database));
    }

    private static Cluster cluster(JsonObject object) {
        String name = object.text("name");
        List<Shard> shards = object.list("shards", TopologyReader::shard);
        List<String> shardNames = shards.stream().map(Shard::name).toList();
        List<Distribution> distributions =
                object.optionalList("distributions", distribution -> distribution(distribution, shardNames)).stream()
                        .flatMap(Optional::stream)
                        .toList();
        return new Cluster(
                name,
                shards,
                distributions,
                object.optionalList("shardedTables", TopologyReader::shardedTable),
                object.optionalList("referenceTables", TopologyReader::referenceTable),
                object.optionalList("schemas", schema -> placedSchema(schema, shardNames)).stream()
                        .flatMap(Optional::stream)
                        .toList(),
                object.optionalList("sequences", TopologyReader::sequence));
    }

    private static Shard shard(JsonObject object) {
        return new Shard(object.text("name"), object.list("nodes", TopologyReader::node));
    }

    private static Node node(JsonObject object) {
        return new Node(
                object.text("name"),
                object.text("host"),
                (int) object.number("port", 1, PORT_MAX, Node.PORT_DEFAULT),
                object.constant("role", NodeRole.class, NodeRole.AUTO),
                (int) object.number("weight", 0, Node.WEIGHT_MAX, Node.WEIGHT_DEFAULT),
                object.text("zone", ""));
    }

    private static Optional<Distribution> distribution(JsonObject object, List<String> shardNames) {
        String name = object.text("name");
        String typeName = object.text("keyType");
        Optional<KeyType> type = KeyType.ofTypeName(typeName);
        if (type.isEmpty() && !typeName.isEmpty()) {
            object.report("keyType", "\"" + typeName + "\"", "one of " + KeyType.typeNames());
        }
        // Without a type the function's keys cannot be read; reading them as text finds the problems that do not depend
        // on it.
        KeyType readAs = type.orElse(KeyType.TEXT);
        return object.object("function", function -> ShardFunctionReader.read(function, readAs, shardNames))
                .flatMap(function -> function)
                .map(function -> new Distribution(name, readAs, function));
    }

    private static ShardedTable shardedTable(JsonObject object) {
        return new ShardedTable(
                object.text("schema", ShardedTable.SCHEMA_DEFAULT),
                object.text("name"),
                object.text("keyColumn"),
                object.text("distribution"));
    }

    private static ReferenceTable referenceTable(JsonObject object) {
        return new ReferenceTable(object.text("schema", ShardedTable.SCHEMA_DEFAULT), object.text("name"));
    }

    private static Optional<PlacedSchema> placedSchema(JsonObject object, List<String> shardNames) {
        String name = object.text("name");
        String shard = object.text("shard");
        int index = shardNames.indexOf(shard);
        if (index < 0 && !shard.isEmpty()) {
            object.report("shard", "\"" + shard + "\"", "one of " + String.join(", ", shardNames));
        }
        return index < 0 ? Optional.empty() : Optional.of(new PlacedSchema(name, index));
    }

    private static SharedSequence sequence(JsonObject object) {
        return new SharedSequence(
                object.text("name"),
                (int) object.number(
                        "blockSize",
                        SharedSequence.BLOCK_SIZE_MIN,
                        SharedSequence.BLOCK_SIZE_MAX,
                        SharedSequence.BLOCK_SIZE_DEFAULT),
                object.number("start", 0, SharedSequence.START_MAX, SharedSequence.START_DEFAULT));
    }

    private static Database database(JsonObject object) {
        String name = object.text("name");
        return new Database(name, object.text("cluster"), object.text("backendName", name));
    }
}
