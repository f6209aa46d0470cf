// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TopologyDiffTest {
    private static final Cluster OLD = Topologies.sharded(1).clusters().get(0);

    @Test
    void findsNothingBetweenEqualContents() {
        assertThat(TopologyDiff.between(Topologies.sharded(1), Topologies.sharded(2)))
                .isEmpty();
    }

    @Test
    void namesNodesThatChangedCameAndWent() {
        List<Node> nodes = List.of(
                new Node("s1-a", "10.9.9.9", 5433, NodeRole.PRIMARY, 1, "z"),
                new Node("s1-b", "10.9.9.8", 5432, NodeRole.REPLICA, 2, ""));
        List<Shard> shards = List.of(new Shard("s1", nodes), OLD.shards().get(1));

        assertThat(lines(new Cluster(
                        "orders",
                        shards,
                        OLD.distributions(),
                        OLD.shardedTables(),
                        List.of(),
                        OLD.schemas(),
                        OLD.sequences())))
                .containsExactly(
                        "~ cluster orders, shard s1, node s1-a: 10.0.1.1:5432 role auto weight 1"
                                + " -> 10.9.9.9:5433 role primary weight 1 zone z",
                        "- cluster orders, table public.countries: reference",
                        "+ cluster orders, shard s1, node s1-b: 10.9.9.8:5432 role replica weight 2");
    }

    @Test
    void tellsSlotMovesInRuns() {
        int[] slots = new int[1024];
        Arrays.fill(slots, 256, 768, 1);
        Arrays.fill(slots, 768, 1024, 2);
        Shard third = new Shard("s3", List.of(new Node("s3-a", "10.0.3.1", 5432, NodeRole.AUTO, 1, "")));
        List<Shard> shards = List.of(OLD.shards().get(0), OLD.shards().get(1), third);
        List<Distribution> distributions = List.of(
                new Distribution("by_customer", KeyType.INT8, new HashSlots(1024, slots)),
                OLD.distributions().get(1),
                OLD.distributions().get(2));

        assertThat(lines(new Cluster(
                        "orders",
                        shards,
                        distributions,
                        OLD.shardedTables(),
                        OLD.referenceTables(),
                        OLD.schemas(),
                        OLD.sequences())))
                .containsExactly(
                        "~ cluster orders, distribution by_customer, slots 256 to 511: s1 -> s2",
                        "~ cluster orders, distribution by_customer, slots 768 to 1023: s2 -> s3",
                        "+ cluster orders, shard s3",
                        "+ cluster orders, shard s3, node s3-a: 10.0.3.1:5432 role auto weight 1");
    }

    @Test
    void tellsMovesOfRangesAndKeys() {
        List<Distribution> distributions = List.of(
                OLD.distributions().get(0),
                new Distribution(
                        "by_day",
                        KeyType.DATE,
                        new Ranges(List.of(new Ranges.Range(Ranges.Bound.unbounded(), Ranges.Bound.unbounded(), 0)))),
                new Distribution("by_country", KeyType.TEXT, new ListValues(Map.of(KeyValue.ofText("de"), 1))));

        assertThat(lines(new Cluster(
                        "orders",
                        OLD.shards(),
                        distributions,
                        OLD.shardedTables(),
                        OLD.referenceTables(),
                        OLD.schemas(),
                        OLD.sequences())))
                .containsExactly(
                        "- cluster orders, distribution by_day, range [unbounded, 2024-01-01): s1",
                        "- cluster orders, distribution by_day, range [2024-01-01, unbounded): s2",
                        "~ cluster orders, distribution by_country, key de: s1 -> s2",
                        "- cluster orders, distribution by_country, key fr: s2",
                        "+ cluster orders, distribution by_day, range [unbounded, unbounded): s1");
    }

    @Test
    void showsSequences() {
        Cluster changed = new Cluster(
                "orders",
                OLD.shards(),
                OLD.distributions(),
                OLD.shardedTables(),
                OLD.referenceTables(),
                OLD.schemas(),
                List.of(new SharedSequence("orders_id", 500, 1), new SharedSequence("more", 10, 7)));

        assertThat(lines(changed))
                .containsExactly(
                        "~ cluster orders, sequence orders_id: blocks of 1000, from 1 -> blocks of 500, from 1",
                        "+ cluster orders, sequence more: blocks of 10, from 7");
    }

    @Test
    void showsSchemasThatMove() {
        Cluster moved = new Cluster(
                "orders",
                OLD.shards(),
                OLD.distributions(),
                OLD.shardedTables(),
                OLD.referenceTables(),
                List.of(new PlacedSchema("tenant_a", 1), new PlacedSchema("tenant_c", 0)),
                OLD.sequences());

        assertThat(lines(moved))
                .containsExactly(
                        "~ cluster orders, schema tenant_a: s1 -> s2",
                        "- cluster orders, schema tenant_b: s2",
                        "+ cluster orders, schema tenant_c: s1");
    }

    @Test
    void ignoresTheOrderOfShards() {
        List<Shard> shards = List.of(OLD.shards().get(1), OLD.shards().get(0));
        int[] slots = new int[1024];
        Arrays.fill(slots, 0, 512, 1);
        List<Distribution> hash = List.of(new Distribution("by_customer", KeyType.INT8, new HashSlots(1024, slots)));
        Cluster before =
                new Cluster("orders", OLD.shards(), List.of(OLD.distributions().get(0)), List.of(), List.of());
        Cluster after = new Cluster("orders", shards, hash, List.of(), List.of());

        List<TopologyChange> changes = TopologyDiff.between(
                new Topology(1, Collections.singletonList(before), List.of()),
                new Topology(2, Collections.singletonList(after), List.of()));

        assertThat(changes).isEmpty();
    }

    private static List<String> lines(Cluster changed) {
        Topology before = Topologies.sharded(1);
        Topology after = new Topology(2, List.of(changed), before.databases());
        return TopologyDiff.between(before, after).stream()
                .map(TopologyChange::toString)
                .toList();
    }
}
