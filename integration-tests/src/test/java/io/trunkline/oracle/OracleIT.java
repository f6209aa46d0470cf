// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.router.RouterUnderTest;
import io.trunkline.testing.LogGate;
import io.trunkline.topology.Database;
import io.trunkline.topology.Topology;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Random statements on random tables have through the router, on 1, 2, 3 and 7 shards, the answer one PostgreSQL gives, or are refused with a code.
 *
 * <p>Of an answer rows, their order where it is total, tags, columns and their types, SQLSTATE and transaction status are compared, and the rows of all
 * tables after each episode. {@code -Doracle.statements} says how many statements (0 for none), {@code -Doracle.seed} which; 0 draws a seed, which is
 * printed. Each difference is printed when it is found; {@code -Doracle.findings} says after how many the run ends.
 */
@EnabledIfSystemProperty(named = "oracle.statements", matches = "[1-9][0-9]*")
class OracleIT {
    private static final long STATEMENTS = Long.getLong("oracle.statements", 0);
    private static final long SEED =
            Long.getLong("oracle.seed", 0) == 0 ? System.nanoTime() % 1_000_000_000 : Long.getLong("oracle.seed");
    /** One count of shards only; 0 for all. */
    private static final int SHARDS = Integer.getInteger("oracle.shards", 0);
    /** One episode only; negative for all. */
    private static final int EPISODE = Integer.getInteger("oracle.episode", -1);

    /** Differences after which the run ends. */
    private static final int FINDINGS = Integer.getInteger("oracle.findings", 1);

    private static final List<Integer> SHARD_COUNTS = List.of(1, 2, 3, 7);
    /** Then other tables, and a router that remembers nothing. */
    private static final int STATEMENTS_OF_ONE_ROUND = 20_000;

    private static OracleServers servers;

    @RegisterExtension
    final LogGate log = new LogGate();

    @BeforeAll
    static void start() {
        servers = OracleServers.start(SHARD_COUNTS.get(SHARD_COUNTS.size() - 1));
    }

    @AfterAll
    static void stop() {
        servers.close();
    }

    @Test
    void everyAnswerIsThatOfOneServerOrARefusal() throws SQLException {
        System.out.println("oracle: " + STATEMENTS + " statements, seed " + SEED);
        OracleReport report = new OracleReport();
        List<String> findings = new ArrayList<>();
        long start = System.nanoTime();

        for (long seed = SEED; report.statements() < STATEMENTS && findings.size() < FINDINGS; seed++) {
            runRound(seed, report, findings);
            // A long run may be ended before its end.
            report.write(Path.of("target", "oracle.md"));
            if (EPISODE >= 0) {
                break;
            }
        }

        System.out.printf("%s%.1f s%n", report, (System.nanoTime() - start) / 1e9);
        assertThat(findings).isEmpty();
        assertThat(EPISODE >= 0 ? 1 : report.count("equal")).as("answered").isPositive();
    }

    private static void runRound(long seed, OracleReport report, List<String> findings) throws SQLException {
        List<OracleDatabase> databases = new ArrayList<>();
        for (int shardCount : SHARD_COUNTS) {
            if (SHARDS == 0 || SHARDS == shardCount) {
                databases.add(OracleDatabase.create(
                        servers, "o" + shardCount, OracleSchema.of(shardCount, seed * 31 + shardCount)));
            }
        }
        Topology topology = new Topology(
                1,
                databases.stream().map(OracleDatabase::cluster).toList(),
                databases.stream()
                        .map(database -> new Database(database.name(), database.name(), database.name()))
                        .toList());
        try (RouterUnderTest router = servers.router(topology)) {
            long target = Math.min(STATEMENTS, report.statements() + STATEMENTS_OF_ONE_ROUND);
            List<OracleRound> rounds = databases.stream()
                    .map(database ->
                            new OracleRound(new Episode(database, router.port(), database.name()), seed, report))
                    .toList();
            if (EPISODE >= 0) {
                rounds.forEach(round -> round.skipTo(EPISODE));
            }
            do {
                for (OracleRound round : rounds) {
                    Optional<String> finding = round.next();
                    finding.ifPresent(System.out::println);
                    finding.ifPresent(findings::add);
                }
            } while (report.statements() < target && findings.size() < FINDINGS && EPISODE < 0);
        }
        for (OracleDatabase database : databases) {
            database.close();
        }
    }
}
