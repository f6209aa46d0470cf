// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.FixtureException;
import io.trunkline.fixture.PostgresBinaries;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.testing.Case;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What a client can tell of the roles of nodes, which is nothing; and what needs one and the same node. */
class RolesOfNodesIT {
    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final Pattern MAJOR = Pattern.compile("\\(PostgreSQL\\) (\\d+)\\.");

    private static PostgresCluster cluster(PostgresOptions options) {
        PostgresCluster cluster = TestTopologies.start(options);
        cluster.primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        "create table t as select i from generate_series(1, 1000) i",
                        "create table u as select i from generate_series(1, 1000) i",
                        "grant all on t, u to public");
        cluster.awaitReplay();
        return cluster;
    }

    private static RouterUnderTest.Builder router(PostgresCluster cluster) {
        return RouterUnderTest.with(cluster.workspace(), TestTopologies.singleWithoutRoles(cluster, 1, "app"))
                .set("defaults.read_policy", "prefer-replica")
                .set("defaults.read_after_write", "0s")
                .set("event_loops", "1");
    }

    /** Probes have their turn only when the test is over; a backend that reports its promotion is what tells. */
    @Test
    @Case("N24")
    void N24_aPromotionIsNoticedByWhatABackendReportsAndKeptFromClients() {
        try (PostgresCluster cluster = cluster(PostgresOptions.newest().replicas(1));
                RouterUnderTest router =
                        router(cluster).set("probes.interval", "10min").start();
                WireClient reads = WireClient.connect(router.port(), "app");
                WireClient writes = WireClient.connect(router.port(), "app")) {
            PostgresServer old = cluster.primary();
            PostgresServer next = cluster.replica();
            awaitReadFrom(reads, next);
            assertThat(reads.parameter("in_hot_standby")).isEqualTo("off");
            assertThat(writes.ask("insert into t values (0) returning i")).isEqualTo("0");
            assertThat(route(writes)).contains("node=" + old.name());
            cluster.awaitReplay();

            cluster.promote(next);
            List<ServerMessage> first = reads.query("select count(*) from t");

            assertThat(first).noneMatch(message -> message.type() == 'S').noneMatch(message -> message.type() == 'E');
            await().atMost(LIMIT).untilAsserted(() -> {
                assertThat(writes.ask("insert into t values (1) returning i")).isEqualTo("1");
                assertThat(route(writes)).contains("node=" + next.name());
            });
            for (WireClient client : List.of(reads, writes)) {
                assertThat(client.query("select count(*) from t")).noneMatch(message -> message.type() == 'S');
                assertThat(client.ask("show transaction_read_only")).isEqualTo("off");
                assertThat(client.parameter("in_hot_standby")).isEqualTo("off");
                assertThat(client.parameter("default_transaction_read_only")).isEqualTo("off");
            }
        }
    }

    @Test
    @Case("T10")
    void T10_aSnapshotIsExportedAndUsedOnOneNode() {
        try (PostgresCluster cluster = cluster(PostgresOptions.newest().replicas(1));
                RouterUnderTest router = router(cluster).start();
                WireClient exporting = WireClient.connect(router.port(), "app");
                WireClient using = WireClient.connect(router.port(), "app");
                WireClient writing = WireClient.connect(router.port(), "app")) {
            awaitReadFrom(using, cluster.replica());
            for (String begin : List.of(
                    "begin isolation level repeatable read",
                    "begin isolation level repeatable read, read only",
                    "begin isolation level repeatable read /* trunkline: role=primary */")) {
                exporting.query(begin);
                String snapshot = exporting.ask("select pg_export_snapshot()");
                String before = exporting.ask("select count(*) from t");
                writing.query("insert into t values (2)");
                cluster.awaitReplay();

                using.query(begin);
                assertThat(using.query("set transaction snapshot '" + snapshot + "'")
                                .toString())
                        .as(begin)
                        .isEqualTo("[CommandComplete SET, ReadyForQuery T]");
                assertThat(using.ask("select count(*) from t")).isEqualTo(before);
                using.query("commit");
                exporting.query("commit");
                assertThat(using.ask("select count(*) from t")).isNotEqualTo(before);
            }
        }
    }

    @Test
    @Case("T10")
    void T10_pgDumpDumpsByFourJobs() throws Exception {
        Path folder = Path.of("").toAbsolutePath();
        CommandLine.Outcome version = new CommandLine(folder, List.of("pg_dump", "--version")).run(LIMIT);
        Matcher major = MAJOR.matcher(String.join("\n", version.lines()));
        assumeThat(version.isSuccess() && major.find())
                .as("pg_dump is installed")
                .isTrue();
        try (PostgresCluster cluster = cluster(optionsOf(Integer.parseInt(major.group(1))));
                RouterUnderTest router =
                        router(cluster).set("defaults.pool_size", "8").start();
                WireClient reads = WireClient.connect(router.port(), "app")) {
            awaitReadFrom(reads, cluster.replica());
            Path archive = cluster.workspace().resolve("dump");

            CommandLine.Outcome outcome = new CommandLine(
                            folder, List.of("pg_dump", "--format=directory", "--jobs=4", "--file=" + archive))
                    .connectingTo(router.port(), "app")
                    .run(LIMIT);

            assertThat(outcome.isSuccess()).as(outcome.end()).isTrue();
            CommandLine.Outcome script = new CommandLine(folder, List.of("pg_restore", "--file=-", archive.toString()))
                    .with("PGOPTIONS", "")
                    .run(LIMIT);
            assertThat(script.lines().stream()
                            .filter(line -> line.matches("\\d+"))
                            .count())
                    .isEqualTo(2_000);
        }
    }

    private static PostgresOptions optionsOf(int major) {
        try {
            PostgresBinaries.of(major);
        } catch (FixtureException e) {
            assumeThat(false).as(String.valueOf(e.getMessage())).isTrue();
        }
        return PostgresOptions.major(major).replicas(1);
    }

    private static void awaitReadFrom(WireClient client, PostgresServer replica) {
        await().atMost(LIMIT).until(() -> {
            client.query("select count(*) from t");
            return route(client).contains("node=" + replica.name());
        });
    }

    private static String route(WireClient client) {
        return String.valueOf(client.ask("show trunkline.route"));
    }
}
