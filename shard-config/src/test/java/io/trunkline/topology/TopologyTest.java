// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class TopologyTest {
    private static final Cluster GOOD = Topologies.sharded(1).clusters().get(0);
    private static final Node NODE = new Node("n", "h", 5432, NodeRole.AUTO, 1, "");

    @Test
    void findsByName() {
        Topology topology = Topologies.sharded(1);

        assertThat(topology.cluster("orders")).hasValue(GOOD);
        assertThat(topology.cluster("none")).isEmpty();
        assertThat(topology.database("app")).hasValue(new Database("app", "orders", "app_prod"));
        assertThat(GOOD.shardIndex("s2")).hasValue(1);
        assertThat(GOOD.shardIndex("s3")).isEmpty();
        assertThat(GOOD.distribution("by_day").map(Distribution::keyType)).hasValue(KeyType.DATE);
    }

    @Test
    void comparesContentWithoutRegardToTheRevision() {
        assertThat(Topologies.plain(1).sameContentAs(Topologies.plain(2))).isTrue();
        assertThat(Topologies.plain(1).sameContentAs(Topologies.plain(1, 9))).isFalse();
        assertThat(Topologies.plain(1).withRevision(2)).isEqualTo(Topologies.plain(2));
    }

    @Test
    void refusesADocumentWithoutClusters() {
        assertThat(problems(0, List.of(), List.of()))
                .containsExactly(
                        "revision: 0 (expected: 1 or more)", "clusters: empty (expected: at least one cluster)");
    }

    @Test
    void refusesNamesThatOccurTwice() {
        Shard shard = new Shard("s", List.of(NODE, NODE));
        Cluster cluster = new Cluster("c", List.of(shard, shard), List.of(), List.of(), List.of());

        assertThat(problems(1, List.of(cluster, cluster), List.of()))
                .contains(
                        "clusters[0].shards[1].name: \"s\" as in clusters[0].shards[0].name"
                                + " (expected: a name no other shard of the cluster has)",
                        "clusters[0].shards[0].nodes[1].name: \"n\" as in clusters[0].shards[0].nodes[0].name"
                                + " (expected: a name no other node of the cluster has)",
                        "clusters[0].shards[0].nodes[1].host: \"h:5432\" as in clusters[0].shards[0].nodes[0].host"
                                + " (expected: an address no other node of the cluster has)",
                        "clusters[1].name: \"c\" as in clusters[0].name (expected: a name no other cluster has)");
    }

    @Test
    void refusesNodesThatCannotBe() {
        Shard shard = new Shard(
                "s",
                List.of(
                        new Node("a b", " ", 0, NodeRole.PRIMARY, -1, ""),
                        new Node("b", "h/x", 65536, NodeRole.PRIMARY, 1001, "")));

        assertThat(problems(1, List.of(new Cluster("c", List.of(shard), List.of(), List.of(), List.of())), List.of()))
                .containsExactly(
                        "clusters[0].shards[0].nodes: the primaries a b, b (expected: at most one with role primary)",
                        "clusters[0].shards[0].nodes[0].name: \"a b\""
                                + " (expected: 1 to 63 letters, digits, '_', '-' and '.')",
                        "clusters[0].shards[0].nodes[0].host: \" \" (expected: a host name or an address literal)",
                        "clusters[0].shards[0].nodes[0].port: 0 (expected: 1 to 65535)",
                        "clusters[0].shards[0].nodes[0].weight: -1 (expected: 0 to 1000)",
                        "clusters[0].shards[0].nodes[1].host: \"h/x\" (expected: a host name or an address literal)",
                        "clusters[0].shards[0].nodes[1].port: 65536 (expected: 1 to 65535)",
                        "clusters[0].shards[0].nodes[1].weight: 1001 (expected: 0 to 1000)");
    }

    @Test
    void refusesShardsWithoutANodeThatCouldBePrimary() {
        Shard replicas = new Shard("r", List.of(new Node("n", "h", 1, NodeRole.REPLICA, 1, "")));
        Cluster cluster =
                new Cluster("c", List.of(replicas, new Shard("e", List.of())), List.of(), List.of(), List.of());

        assertThat(problems(1, List.of(cluster), List.of()))
                .containsExactly(
                        "clusters[0].shards[0].nodes: only replicas (expected: a node with role primary or auto)",
                        "clusters[0].shards[1].nodes: empty (expected: at least one node)");
    }

    @Test
    void refusesFunctionsThatPointOutsideTheClusterOrItsType() {
        List<Distribution> distributions = List.of(
                new Distribution("wide", KeyType.INT4, HashSlots.evenly(4, 3)),
                new Distribution("typed", KeyType.INT4, new ListValues(Map.of(KeyValue.ofText("x"), 0))));

        assertThat(clusterProblems(
                        good -> new Cluster(good.name(), good.shards(), distributions, List.of(), List.of())))
                .containsExactly(
                        "clusters[0].distributions[0].function: shard 2 (expected: a shard from 0 to 1)",
                        "clusters[0].distributions[1].function: \"x\" (expected: a key of type int4)");
    }

    @Test
    void refusesTablesThatAreAmbiguousUnknownOrSystemTables() {
        List<ShardedTable> sharded = List.of(
                new ShardedTable("public", "a", "id", "by_customer"),
                new ShardedTable("pg_catalog", "pg_class", "", "by_moon"));
        List<ReferenceTable> reference =
                List.of(new ReferenceTable("public", "a"), new ReferenceTable("", "x".repeat(64)));

        assertThat(clusterProblems(
                        good -> new Cluster(good.name(), good.shards(), good.distributions(), sharded, reference)))
                .containsExactly(
                        "clusters[0].shardedTables[1].schema: \"pg_catalog\""
                                + " (expected: a schema that is not the system catalogue)",
                        "clusters[0].shardedTables[1].keyColumn: \"\" (expected: an identifier of 1 to 63 bytes)",
                        "clusters[0].shardedTables[1].distribution: \"by_moon\""
                                + " (expected: the name of a distribution of the cluster)",
                        "clusters[0].referenceTables[0].name: \"public.a\" as in clusters[0].shardedTables[0].name"
                                + " (expected: a table that is listed once)",
                        "clusters[0].referenceTables[1].schema: \"\" (expected: an identifier of 1 to 63 bytes)",
                        "clusters[0].referenceTables[1].name: \"" + "x".repeat(64)
                                + "\" (expected: an identifier of 1 to 63 bytes)");
    }

    @Test
    void refusesSchemasThatHoldOtherTablesOrAreNobodysOrEverybodys() {
        List<PlacedSchema> schemas = List.of(
                new PlacedSchema("tenant_a", 0),
                new PlacedSchema("tenant_a", 1),
                new PlacedSchema("public", 0),
                new PlacedSchema("pg_toast", 0),
                new PlacedSchema("", 2));

        assertThat(clusterProblems(good -> new Cluster(
                        good.name(),
                        good.shards(),
                        good.distributions(),
                        good.shardedTables(),
                        good.referenceTables(),
                        schemas)))
                .containsExactly(
                        "clusters[0].schemas[1].name: \"tenant_a\" as in clusters[0].schemas[0].name"
                                + " (expected: a schema that is listed once)",
                        "clusters[0].schemas[2].name: \"public\", the schema of clusters[0].shardedTables[0]"
                                + " (expected: a schema without sharded and reference tables)",
                        "clusters[0].schemas[3].name: \"pg_toast\" (expected: a schema that is not the system's)",
                        "clusters[0].schemas[4].name: \"\" (expected: an identifier of 1 to 63 bytes)",
                        "clusters[0].schemas[4].shard: shard 2 (expected: a shard from 0 to 1)");
    }

    @Test
    void refusesSequencesOfOneNameOrWithNamesOfOtherLettersOrTooSmallBlocks() {
        List<SharedSequence> sequences = List.of(
                new SharedSequence("orders_id", 10, 1),
                new SharedSequence("orders_id", 1_000_001, -1),
                new SharedSequence("it's", 10, 1),
                new SharedSequence("n".repeat(51), 10, 1));

        assertThat(clusterProblems(good -> new Cluster(
                        good.name(),
                        good.shards(),
                        good.distributions(),
                        good.shardedTables(),
                        good.referenceTables(),
                        good.schemas(),
                        sequences)))
                .containsExactly(
                        "clusters[0].sequences[1].name: \"orders_id\" as in clusters[0].sequences[0].name"
                                + " (expected: a name no other sequence of the cluster has)",
                        "clusters[0].sequences[1].blockSize: 1000001 (expected: 10 to 1000000)",
                        "clusters[0].sequences[1].start: -1 (expected: 0 to 4611686018427387903)",
                        "clusters[0].sequences[2].name: \"it's\""
                                + " (expected: 1 to 63 letters, digits, '_', '-' and '.')",
                        "clusters[0].sequences[3].name: \"" + "n".repeat(51) + "\" (expected: at most 50 characters)");
    }

    @Test
    void refusesDatabasesOfUnknownClustersOrTheSameName() {
        List<Database> databases = List.of(new Database("d", "orders", "d"), new Database("d", "moon", ""));

        assertThat(problems(1, List.of(GOOD), databases))
                .containsExactly(
                        "databases[1].name: \"d\" as in databases[0].name (expected: a name no other database has)",
                        "databases[1].cluster: \"moon\" (expected: the name of a cluster)",
                        "databases[1].backendName: \"\" (expected: an identifier of 1 to 63 bytes)");
    }

    private static List<String> clusterProblems(UnaryOperator<Cluster> change) {
        return problems(1, List.of(change.apply(GOOD)), List.of());
    }

    private static List<String> problems(long revision, List<Cluster> clusters, List<Database> databases) {
        InvalidTopologyException exception =
                catchThrowableOfType(InvalidTopologyException.class, () -> new Topology(revision, clusters, databases));
        return exception.problems().stream().map(Problem::toString).toList();
    }
}
