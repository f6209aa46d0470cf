// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.trunkline.topology.TopologyJson.UnknownFields;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TopologyJsonTest {
    private static final String SMALL = """
            {"revision": 1,
             "clusters": [{"name": "c", "shards": [{"name": "s", "nodes": [{"name": "n", "host": "h"}]}]}],
             "databases": [{"name": "d", "cluster": "c"}]}""";

    @Test
    void readsWhatItWrites() {
        Topology topology = Topologies.sharded(7);

        Topology read = read(new String(TopologyJson.write(topology), StandardCharsets.UTF_8));

        assertThat(read).isEqualTo(topology);
    }

    @Test
    void fillsInDefaults() {
        Topology topology = read(SMALL);

        assertThat(topology.clusters().get(0).shards().get(0).nodes())
                .containsExactly(new Node("n", "h", 5432, NodeRole.AUTO, 1, ""));
        assertThat(topology.databases()).containsExactly(new Database("d", "c", "d"));
    }

    @Test
    void readsKeysWrittenAsNumbers() {
        Topology topology = read(withFunction(
                "int8", "{'kind': 'range', 'ranges': [{'to': 10, 'shard': 's'}, {'from': '10', 'shard': 's'}]}"));

        ShardFunction function =
                topology.clusters().get(0).distributions().get(0).function();
        assertThat(function.shardOf(KeyValue.ofLong(10))).hasValue(0);
    }

    @Test
    void namesTheShardOfASchemaThatTheClusterLacks() {
        String placed = SMALL.replace(
                "\"name\": \"c\",", "\"name\": \"c\", \"schemas\": [{\"name\": \"tenant_a\", \"shard\": \"t\"}, {}],");

        assertThat(problems(placed))
                .containsExactly(
                        "clusters[0].schemas[0].shard: \"t\" (expected: one of s)",
                        "clusters[0].schemas[1].name: missing (expected: a string)",
                        "clusters[0].schemas[1].shard: missing (expected: a string)");
    }

    @Test
    void readsSequencesWithTheirDefaults() {
        Topology topology = read(
                SMALL.replace(
                        "\"name\": \"c\",",
                        "\"name\": \"c\", \"sequences\": [{\"name\": \"ids\"}, {\"name\": \"b\", \"blockSize\": 10, \"start\": 0}],"));

        assertThat(topology.clusters().get(0).sequences())
                .containsExactly(new SharedSequence("ids", 1_000, 1), new SharedSequence("b", 10, 0));
    }

    @Test
    void namesWhatIsWrongWithASequence() {
        String wrong = SMALL.replace(
                "\"name\": \"c\",",
                "\"name\": \"c\", \"sequences\": [{\"blockSize\": 9, \"start\": -1}, {\"name\": \"b\", \"block_size\": \"10\"}],");

        assertThat(problems(wrong))
                .containsExactly(
                        "clusters[0].sequences[0].name: missing (expected: a string)",
                        "clusters[0].sequences[0].blockSize: 9 (expected: 10 to 1000000)",
                        "clusters[0].sequences[0].start: -1 (expected: 0 to 4611686018427387903)",
                        "clusters[0].sequences[1].block_size: unknown field (expected: one of blockSize, name, start)");
    }

    @Test
    void spreadsTheTablesOfADryRunOverShardsThatAreOnlyNamed() {
        Topology topology = read(withDryRun("'p', 'q'"));

        Cluster cluster = topology.clusters().get(0);
        assertThat(cluster.shards()).extracting(Shard::name).containsExactly("s");
        assertThat(cluster.shardedTables()).isEmpty();
        assertThat(cluster.planned().shards()).extracting(Shard::name).containsExactly("p", "q");
        assertThat(cluster.planned().shardedTables()).containsExactly(new ShardedTable("public", "t", "k", "d"));
        assertThat(cluster.planned().schemas()).containsExactly(new PlacedSchema("tenant", 1));
        assertThat(read(new String(TopologyJson.write(topology), StandardCharsets.UTF_8)))
                .isEqualTo(topology);
    }

    @Test
    void namesWhatIsWrongWithADryRun() {
        assertThat(problems(withDryRun("'p'")))
                .contains(
                        "clusters[0].distributions[0].function.values[0].shard: \"q\" (expected: one of the cluster's shards: p)",
                        "clusters[0].schemas[0].shard: \"q\" (expected: one of p)");
        assertThat(problems(SMALL.replace("\"name\": \"c\",", "\"name\": \"c\", \"dryRun\": {\"shards\": [\"p\"]},")))
                .containsExactly("clusters[0].dryRun.shards: 1 names (expected: the names of two shards or more)");
        assertThat(problems(SMALL.replace(
                        "\"name\": \"c\",", "\"name\": \"c\", \"dryRun\": {\"shards\": [\"p\", \"p\"]},")))
                .containsExactly(
                        "clusters[0].dryRun.shards[1]: \"p\" as in clusters[0].dryRun.shards[0] (expected: a name no other shard of the dry run has)");
        assertThat(problems(SMALL.replace("\"name\": \"c\",", "\"name\": \"c\", \"dryRun\": {\"shard\": 4},")))
                .containsExactly(
                        "clusters[0].dryRun.shards: missing (expected: a list)",
                        "clusters[0].dryRun.shard: unknown field (expected: one of shards)");
        assertThat(
                        problems(
                                SMALL.replace(
                                        "\"shards\": [",
                                        "\"dryRun\": {\"shards\": [\"p\", \"q\"]}, \"shards\": [{\"name\": \"r\", \"nodes\": [{\"name\": \"m\", \"host\": \"m\"}]}, ")))
                .containsExactly(
                        "clusters[0].dryRun: beside 2 shards (expected: a dry run beside the one shard that has all rows)");
    }

    private static String withDryRun(String shards) {
        return SMALL.replace("\"name\": \"c\",", """
                "name": "c", "dryRun": {"shards": [%s]},
                "distributions": [{"name": "d", "keyType": "int8", "function": {"kind": "list",
                    "values": [{"keys": [1], "shard": "q"}]}}],
                "shardedTables": [{"name": "t", "keyColumn": "k", "distribution": "d"}],
                "schemas": [{"name": "tenant", "shard": "q"}],""".formatted(shards.replace('\'', '"')));
    }

    @Test
    void toleratesUnknownFieldsForRouters() {
        String newer = SMALL.replace("\"host\"", "\"sshPort\": 22, \"host\"");

        assertThatCode(() -> TopologyJson.read(bytes(newer), UnknownFields.IGNORE))
                .doesNotThrowAnyException();
        assertThat(problems(newer))
                .containsExactly("clusters[0].shards[0].nodes[0].sshPort: unknown field"
                        + " (expected: one of host, name, port, role, weight, zone)");
    }

    @Test
    void reportsAllProblemsAtOnce() {
        String broken = SMALL.replace("\"host\": \"h\"", "\"port\": 70000, \"role\": \"boss\", \"weight\": \"1\"");

        assertThat(problems(broken))
                .containsExactly(
                        "clusters[0].shards[0].nodes[0].host: missing (expected: a string)",
                        "clusters[0].shards[0].nodes[0].port: 70000 (expected: 1 to 65535)",
                        "clusters[0].shards[0].nodes[0].role: \"boss\" (expected: one of primary, replica, auto)",
                        "clusters[0].shards[0].nodes[0].weight: \"1\" (expected: 0 to 1000)");
    }

    static Stream<Arguments> brokenFunctions() {
        String path = "clusters[0].distributions[0]";
        return Stream.of(
                Arguments.of(
                        "int4",
                        "{'kind': 'modulo'}",
                        path + ".function.kind: \"modulo\" (expected: one of hash, range, list)"),
                Arguments.of(
                        "money",
                        "{'kind': 'hash', 'assignments': [{'from': 0, 'to': 1024, 'shard': 's'}]}",
                        path + ".keyType: \"money\" (expected: one of int2, int4, int8, text, varchar, uuid, date,"
                                + " timestamp, timestamptz, numeric)"),
                Arguments.of(
                        "int4",
                        "{'kind': 'hash', 'slots': 16, 'assignments': [{'from': 0, 'to': 8, 'shard': 's'}]}",
                        path + ".function.assignments: slots 8 to 15 have no shard (expected: a shard for each slot)"),
                Arguments.of(
                        "int4",
                        "{'kind': 'hash', 'slots': 16, 'assignments': [{'from': 0, 'to': 8, 'shard': 's'},"
                                + " {'from': 7, 'to': 16, 'shard': 's'}]}",
                        path
                                + ".function.assignments[1].from: slot 7 (expected: a slot that no assignment before has)"),
                Arguments.of(
                        "int4",
                        "{'kind': 'hash', 'slots': 16, 'assignments': [{'from': 0, 'to': 16, 'shard': 't'}]}",
                        path + ".function.assignments[0].shard: \"t\" (expected: one of the cluster's shards: s)"),
                Arguments.of(
                        "int4",
                        "{'kind': 'hash', 'slots': 70000, 'assignments': [{'from': 0, 'to': 1024, 'shard': 's'}]}",
                        path + ".function.slots: 70000 (expected: 1 to 65536)"),
                Arguments.of(
                        "int4",
                        "{'kind': 'range', 'ranges': [{'from': 'ten', 'shard': 's'}]}",
                        path + ".function.ranges[0].from: \"ten\""
                                + " (expected: int4: an integer from -2147483648 to 2147483647)"),
                Arguments.of(
                        "int4",
                        "{'kind': 'range', 'ranges': [{'from': 5, 'to': 5, 'shard': 's'}]}",
                        path + ".function.ranges[0]: [5, 5) (expected: from below to)"),
                Arguments.of(
                        "int4",
                        "{'kind': 'range', 'ranges': [{'from': 5, 'to': 10, 'shard': 's'}, {'to': 6, 'shard': 's'}]}",
                        path + ".function.ranges[1]: [unbounded, 6) (expected: no overlap with [5, 10))"),
                Arguments.of(
                        "timestamptz",
                        "{'kind': 'list', 'values': [{'keys': ['2024-01-01'], 'shard': 's'}]}",
                        path + ".function.values[0].keys[0]: \"2024-01-01\" (expected: timestamptz: an offset from UTC,"
                                + " since the session's TimeZone is not known here)"),
                Arguments.of(
                        "numeric",
                        "{'kind': 'list', 'values': [{'keys': ['1.5', '1.50'], 'shard': 's'}]}",
                        path + ".function.values[0].keys[1]: \"1.50\" (expected: a key that is listed once)"),
                Arguments.of(
                        "text",
                        "{'kind': 'list', 'values': [{'keys': 'de', 'shard': 's'}]}",
                        path + ".function.values[0].keys: \"de\" (expected: a list)"));
    }

    @ParameterizedTest
    @MethodSource("brokenFunctions")
    void namesPlaceValueAndExpectationOfABrokenFunction(String keyType, String function, String expected) {
        List<String> problems = problems(withFunction(keyType, function));

        assertThat(problems).containsExactly(expected);
    }

    @Test
    void refusesAnEncodingThatIsNone() {
        byte[] oddByteOrder = {0, 0, (byte) 0xFF, (byte) 0xFE, '{', 0, 0, 0};

        InvalidTopologyException exception = catchThrowableOfType(
                InvalidTopologyException.class, () -> TopologyJson.read(oddByteOrder, UnknownFields.REJECT));

        assertThat(exception).hasMessageContaining("(expected: JSON in UTF-8)");
    }

    @ParameterizedTest
    @MethodSource("notTopologies")
    void refusesWhatIsNotATopology(String document, String expectedStart) {
        assertThat(problems(document)).first().asString().startsWith(expectedStart);
    }

    static Stream<Arguments> notTopologies() {
        return Stream.of(
                Arguments.of("", "document: empty (expected: an object)"),
                Arguments.of("[]", "document: a JSON array (expected: an object)"),
                Arguments.of("{\n \"revision\": 1,,", "line 2, column"),
                Arguments.of("{} {}", "line 1, column"),
                Arguments.of("{\"revision\": 1, \"revision\": 2}", "line 1, column"),
                Arguments.of(" ".repeat(1_000_001), "document: 1000001 bytes (expected: at most 1000000)"),
                Arguments.of(SMALL.replace("\"revision\": 1", "\"revision\": 1e3"), "revision: 1000.0 (expected: 1 to"),
                Arguments.of(
                        SMALL.replace("\"revision\": 1", "\"revision\": 99999999999999999999"),
                        "revision: 99999999999999999999 (expected: 1 to"));
    }

    private static String withFunction(String keyType, String function) {
        String distributions = "\"distributions\": [{\"name\": \"x\", \"keyType\": \"%s\", \"function\": %s}]"
                .formatted(keyType, function.replace('\'', '"'));
        return SMALL.replace("\"name\": \"c\",", "\"name\": \"c\", " + distributions + ",");
    }

    private static List<String> problems(String document) {
        InvalidTopologyException exception = catchThrowableOfType(InvalidTopologyException.class, () -> read(document));
        return exception.problems().stream().map(Problem::toString).toList();
    }

    private static Topology read(String document) {
        return TopologyJson.read(bytes(document), UnknownFields.REJECT);
    }

    private static byte[] bytes(String document) {
        return document.getBytes(StandardCharsets.UTF_8);
    }
}
