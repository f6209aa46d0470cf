// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.testing.Case;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code doctor} on two real shards, of which the second was neglected. */
class DoctorIT {
    private static final HashSlots SLOTS = HashSlots.evenly(HashSlots.SLOTS_DEFAULT, 2);

    private static ShardedCluster shards;

    @BeforeAll
    static void start() {
        shards = ShardedCluster.start(
                2,
                TestTopologies.trusting(PostgresOptions.newest().replicas(0))
                        .setting("max_prepared_transactions", "5"));
        for (PostgresCluster shard : shards.shards()) {
            TestTopologies.prepare(shard);
            run(
                    shard,
                    "create table customers (id int8 primary key, name text)",
                    "create table countries (code text primary key, name text)");
        }
    }

    @AfterAll
    static void stop() {
        shards.close();
    }

    private static void run(PostgresCluster shard, String... sql) {
        shard.primary().executeIn(TestTopologies.DATABASE, sql);
    }

    @Test
    @Case({"H19", "H60"})
    void findsNothingAndThenWhatWasNeglected() throws IOException {
        CommandLine.Outcome before = doctor(topology(2));

        run(
                shards.shard(1),
                "alter table customers add column number serial unique",
                "drop table countries",
                "create table notes (text text)",
                "alter database " + TestTopologies.DATABASE + " set timezone to 'Europe/Vienna'",
                "create extension if not exists pg_trgm");
        CommandLine.Outcome after = doctor(topology(2));

        assertThat(printed(before)).containsExactly("2 asked, 0 errors, 0 warnings");
        assertThat(before.exitCode()).isZero();
        String where = "sharded " + TestTopologies.DATABASE + ": ";
        assertThat(printed(after))
                .contains(
                        "error " + where + "table-differs: public.customers has nothing on s0 and number integer"
                                + " NOT NULL on s1",
                        "error " + where + "table-missing: public.countries is not on s1",
                        "warning " + where + "other-table: public.notes has nothing on s0 and text text on s1",
                        "warning " + where + "sequence: public.customers.number",
                        "warning " + where + "unique: customers_number_key of public.customers (number)")
                .anyMatch(line -> line.startsWith("warning " + where + "extension: pg_trgm is '"))
                .anyMatch(line ->
                        line.startsWith("warning " + where + "setting: TimeZone is 'Europe/Vienna' on s1 and '"))
                .last()
                .asString()
                .startsWith("2 asked, 2 errors, ");
        assertThat(after.exitCode()).isEqualTo(1);
    }

    /** Returns the report without what a newer JVM says of its flags. */
    private static List<String> printed(CommandLine.Outcome outcome) {
        return outcome.lines().stream()
                .filter(line -> !line.isEmpty() && !line.startsWith("WARNING: "))
                .toList();
    }

    private static Topology topology(long revision) {
        return TestTopologies.sharded(
                shards,
                revision,
                List.of(new Distribution("customer", KeyType.INT8, SLOTS)),
                List.of(new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "customers", "id", "customer")),
                List.of(new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "countries")),
                "app");
    }

    private static CommandLine.Outcome doctor(Topology topology) throws IOException {
        Path folder = Files.createDirectories(shards.workspace().resolve("doctor"));
        Files.write(folder.resolve("topology.json"), TopologyJson.write(topology));
        RouterConfiguration configuration = RouterConfiguration.forTests();
        configuration.set("topology.source", "file");
        configuration.set("topology.file", "topology.json");
        Path file = Files.writeString(folder.resolve("trunkline.yaml"), configuration.text());
        return new CommandLine(
                        folder,
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-Dlogback.configurationFile=quiet-logback.xml",
                                "-cp",
                                System.getProperty("java.class.path"),
                                "io.trunkline.server.TrunklineCommand",
                                "doctor",
                                "--config",
                                file.toString()))
                .run(Duration.ofMinutes(2));
    }
}
