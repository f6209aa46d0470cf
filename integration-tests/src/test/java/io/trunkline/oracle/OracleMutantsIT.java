// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.router.RouterUnderTest;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * That the oracle would notice a bad router: one whose topology is not that of the data, or that does something wrong with statements or answers, see
 * {@link Mutants}.
 */
@EnabledIfSystemProperty(named = "oracle.statements", matches = "[1-9][0-9]*")
class OracleMutantsIT {
    private static final long SEED = 1;
    private static final int SHARDS = 3;
    /** Of 30 steps each. */
    private static final int EPISODES_MAX = 40;

    private static OracleServers servers;
    private static OracleDatabase database;
    private static RouterUnderTest router;

    @BeforeAll
    static void start() throws SQLException {
        servers = OracleServers.start(SHARDS);
        database = OracleDatabase.create(servers, "o3", OracleSchema.of(SHARDS, SEED));
        Map<String, Cluster> lies = lies(database.cluster());
        List<Cluster> clusters = new ArrayList<>(List.of(database.cluster()));
        List<Database> databases = new ArrayList<>(List.of(new Database("o3", "o3", "o3")));
        lies.forEach((name, cluster) -> {
            clusters.add(cluster);
            databases.add(new Database(cluster.name(), cluster.name(), "o3"));
        });
        router = servers.router(new Topology(1, clusters, databases));
    }

    @AfterAll
    static void stop() throws SQLException {
        router.close();
        database.close();
        servers.close();
    }

    /** Returns descriptions of the same shards that are not true, by what is wrong. */
    private static Map<String, Cluster> lies(Cluster truth) {
        Map<String, Cluster> lies = new LinkedHashMap<>();
        lies.put("routes by another map of slots", lie(truth, "rotated", slots -> (slots + 1) % SHARDS));
        lies.put("routes to the first shard only", lie(truth, "first", slots -> 0));
        lies.put("gives one slot of each shard to another", oneSlotElsewhere(truth));
        ShardedTable table = truth.shardedTables().get(0);
        lies.put(
                "takes a sharded table for a reference table",
                new Cluster(
                        "whole",
                        truth.shards(),
                        truth.distributions(),
                        truth.shardedTables().subList(1, truth.shardedTables().size()),
                        Stream.concat(
                                        truth.referenceTables().stream(),
                                        Stream.of(new ReferenceTable(table.schema(), table.name())))
                                .toList()));
        lies.put(
                "takes another column for the key",
                new Cluster(
                        "column",
                        truth.shards(),
                        Stream.concat(
                                        truth.distributions().stream(),
                                        Stream.of(new Distribution("by_n", KeyType.INT4, HashSlots.evenly(16, SHARDS))))
                                .toList(),
                        Stream.concat(
                                        Stream.of(
                                                new ShardedTable(table.schema(), table.name(), Column.NUMBER, "by_n")),
                                        truth.shardedTables().stream().skip(1))
                                .toList(),
                        truth.referenceTables()));
        return lies;
    }

    private static Cluster lie(Cluster truth, String name, java.util.function.IntUnaryOperator shard) {
        return withSlots(truth, name, slots -> {
            int[] map = new int[slots.slots()];
            for (int slot = 0; slot < map.length; slot++) {
                map[slot] = shard.applyAsInt(slots.shardOfSlot(slot));
            }
            return map;
        });
    }

    private static Cluster oneSlotElsewhere(Cluster truth) {
        return withSlots(truth, "slot", slots -> {
            int[] map = new int[slots.slots()];
            for (int slot = 0; slot < map.length; slot++) {
                map[slot] = slot < SHARDS ? (slots.shardOfSlot(slot) + 1) % SHARDS : slots.shardOfSlot(slot);
            }
            return map;
        });
    }

    private static Cluster withSlots(Cluster truth, String name, java.util.function.Function<HashSlots, int[]> map) {
        return new Cluster(
                name,
                truth.shards(),
                truth.distributions().stream()
                        .map(distribution -> new Distribution(
                                distribution.name(),
                                distribution.keyType(),
                                new HashSlots(((HashSlots) distribution.function()).slots(), map.apply((HashSlots)
                                        distribution.function()))))
                        .toList(),
                truth.shardedTables(),
                truth.referenceTables());
    }

    static Stream<String> mutants() {
        return Mutants.all().keySet().stream();
    }

    static Stream<String> topologies() {
        return lies(database.cluster()).keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("topologies")
    void aRouterWithAWrongTopologyIsNoticed(String what) throws SQLException {
        String name = lies(database.cluster()).get(what).name();

        assertNoticed(what, new Episode(database, router.port(), name));
    }

    @ParameterizedTest
    @MethodSource("mutants")
    void aBadRouterIsNoticed(String what) throws SQLException, IOException {
        Supplier<Mutant> mutant = Mutants.all().get(what);

        try (BadRouter bad = BadRouter.start(router.port(), database, mutant)) {
            assertNoticed(what, new Episode(database, bad.port(), "o3"));
        }
    }

    private static void assertNoticed(String what, Episode episode) throws SQLException {
        OracleReport report = new OracleReport();
        OracleRound round = new OracleRound(episode, SEED, report);
        long start = System.nanoTime();
        for (int i = 0; i < EPISODES_MAX; i++) {
            if (round.nextFinds()) {
                System.out.println("noticed after " + report.statements() + " statements, "
                        + (System.nanoTime() - start) / 1_000_000 + " ms: " + what);
                return;
            }
        }
        throw new AssertionError("not noticed in " + report.statements() + " statements: " + what);
    }

    @Test
    void whatPassesEverythingOnIsNotNoticed() throws SQLException, IOException {
        try (BadRouter good =
                BadRouter.start(router.port(), database, () -> (request, honest) -> honest.ask(request))) {
            OracleRound round = new OracleRound(new Episode(database, good.port(), "o3"), SEED, new OracleReport());
            for (int i = 0; i < 3; i++) {
                assertThat(round.next()).isEmpty();
            }
        }
    }

    @Test
    void aDifferenceIsShownByOneStepAndHowToRepeatIt() throws SQLException, IOException {
        Supplier<Mutant> mutant = Mutants.all().get("acknowledges writes it undoes");
        try (BadRouter bad = BadRouter.start(router.port(), database, mutant)) {
            OracleRound round = new OracleRound(new Episode(database, bad.port(), "o3"), SEED, new OracleReport());

            Optional<String> finding = round.next();
            for (int i = 1; finding.isEmpty() && i < EPISODES_MAX; i++) {
                finding = round.next();
            }

            String text = finding.orElseThrow();
            System.out.println(text);
            assertThat(text.lines().filter(line -> line.matches("  (simple|extended|[A-Z]).*")))
                    .hasSize(1);
            assertThat(text).contains("rows in the end", "-Doracle.seed=" + SEED, "-Doracle.shards=3");
        }
    }

    @Test
    void theSameSeedGivesTheSameSteps() {
        OracleSchema schema = OracleSchema.of(SHARDS, 5);

        List<Step> steps = new StatementGenerator(schema, new Random(7)).steps(200);

        assertThat(new StatementGenerator(OracleSchema.of(SHARDS, 5), new Random(7))
                        .steps(200)
                        .toString())
                .isEqualTo(steps.toString());
        assertThat(new StatementGenerator(schema, new Random(8)).steps(200).toString())
                .isNotEqualTo(steps.toString());
    }
}
