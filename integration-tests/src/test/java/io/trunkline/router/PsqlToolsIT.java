// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.trunkline.fixture.FixtureException;
import io.trunkline.fixture.PostgresBinaries;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * PostgreSQL's own tools, those on the path, print the same and leave the same behind through the router as on a direct connection.
 *
 * <p>The server is of the tools' major version: pg_dump refuses a newer one.
 */
@EnabledIfSystemProperty(named = "drivers.run", matches = "true")
class PsqlToolsIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Path FOLDER = Path.of("drivers").toAbsolutePath();
    private static final Pattern VERSION = Pattern.compile("\\(PostgreSQL\\) (\\d+)\\.");
    /** Numbers of objects and processes, which differ from run to run. */
    private static final Pattern NUMBER = Pattern.compile("(?<=['(])\\d{5,}(?=[')])|(?<=PID )\\d+");

    private static final String BALANCES =
            "select md5(string_agg(aid || ' ' || abalance, ',' order by aid)) || (select count(*) from pgbench_history)"
                    + " from pgbench_accounts";

    private static PostgresCluster cluster;
    private static List<RouterUnderTest> routers;

    /** Where a tool connects to. */
    private enum Way {
        DIRECT,
        TRANSACTION,
        TRANSACTION_ONE_BACKEND,
        SESSION;

        int port() {
            return this == DIRECT
                    ? cluster.primary().port()
                    : routers.get(ordinal() - 1).port();
        }
    }

    @BeforeAll
    static void start() {
        cluster = TestTopologies.start(PostgresOptions.major(majorOfTools()).replicas(0));
        routers = List.of(router("transaction", "4"), router("transaction", "1"), router("session", "8"));
    }

    private static int majorOfTools() {
        int major = 0;
        for (String tool : List.of("psql", "pgbench", "pg_dump", "pg_restore")) {
            CommandLine.Outcome outcome = new CommandLine(FOLDER, List.of(tool, "--version")).run(LIMIT);
            Matcher version = VERSION.matcher(String.join("\n", outcome.lines()));
            if (!outcome.isSuccess() || !version.find()) {
                skip("there is no " + tool + " that can be used");
            }
            major = Integer.parseInt(version.group(1));
        }
        try {
            PostgresBinaries.of(major);
        } catch (FixtureException e) {
            skip(String.valueOf(e.getMessage()));
        }
        return major;
    }

    /** Prints the reason too, since reports leave out a class that did not begin. */
    private static void skip(String reason) {
        System.out.println("PostgreSQL's own tools are skipped: " + reason);
        abort(reason);
    }

    private static RouterUnderTest router(String poolMode, String poolSize) {
        return RouterUnderTest.with(cluster.workspace(), TestTopologies.single(cluster, 1, TestTopologies.DATABASE))
                .set("defaults.pool_mode", poolMode)
                .set("defaults.pool_size", poolSize)
                .start();
    }

    @AfterAll
    static void stop() {
        if (routers != null) {
            routers.forEach(RouterUnderTest::close);
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    @BeforeEach
    void makeSchema() throws IOException {
        cluster.primary().executeIn(TestTopologies.DATABASE, Files.readString(FOLDER.resolve("schema.sql")));
    }

    private static CommandLine.Outcome run(Way way, String... words) {
        return new CommandLine(FOLDER, List.of(words))
                .connectingTo(way.port(), TestTopologies.DATABASE)
                .run(LIMIT);
    }

    private static List<String> succeed(Way way, String... words) {
        CommandLine.Outcome outcome = run(way, words);
        assertThat(outcome.exitCode())
                .as("%s through %s printed%n%s", String.join(" ", words), way, outcome.end())
                .isZero();
        return outcome.lines();
    }

    // psql

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "DIRECT")
    void psqlPrintsTheSame(Way way) throws IOException {
        List<String> direct = psql(Way.DIRECT);
        makeSchema();

        List<String> routed = psql(way);

        assertThat(routed).isEqualTo(direct);
    }

    private static List<String> psql(Way way) {
        return succeed(way, "psql", "--no-psqlrc", "--file", "psql/features.sql").stream()
                .map(line -> NUMBER.matcher(line).replaceAll("N"))
                .toList();
    }

    // pgbench

    static Stream<List<String>> pgbenchRuns() {
        List<List<String>> runs = new ArrayList<>();
        for (String protocol : List.of("simple", "extended", "prepared")) {
            runs.add(List.of("--protocol", protocol));
            runs.add(List.of("--protocol", protocol, "--no-vacuum", "--builtin", "simple-update"));
            if (!protocol.equals("simple")) {
                runs.add(List.of("--protocol", protocol, "--no-vacuum", "--file", "psql/pipeline.sql"));
                runs.add(List.of("--protocol", protocol, "--no-vacuum", "--file", "psql/pipeline-transaction.sql"));
            }
        }
        return runs.stream();
    }

    /** With one client and one seed all that is random is the same. */
    @ParameterizedTest
    @MethodSource("pgbenchRuns")
    void pgbenchLeavesTheSameBehind(List<String> options) {
        List<String> direct = pgbench(Way.DIRECT, options);

        for (Way way : List.of(Way.TRANSACTION, Way.TRANSACTION_ONE_BACKEND, Way.SESSION)) {
            assertThat(pgbench(way, options)).as(way.name()).isEqualTo(direct);
        }
    }

    private static List<String> pgbench(Way way, List<String> options) {
        succeed(way, "pgbench", "--initialize", "--quiet", "--scale=1");
        List<String> words = new ArrayList<>(
                List.of("pgbench", "--client=1", "--transactions=200", "--random-seed=1", "--report-per-command"));
        words.addAll(options);
        CommandLine.Outcome outcome = run(way, words.toArray(new String[0]));
        List<String> seen = new ArrayList<>(outcome.lines().stream()
                .filter(line -> line.startsWith("number of") || line.contains("error"))
                .toList());
        seen.add("exit code " + outcome.exitCode());
        seen.addAll(succeed(Way.DIRECT, "psql", "--no-psqlrc", "--tuples-only", "--command", BALANCES));
        return seen;
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "DIRECT")
    void pgbenchOfManyClientsLosesNothing(Way way) {
        succeed(way, "pgbench", "--initialize", "--quiet", "--scale=1");

        for (String script : List.of("psql/pipeline.sql", "psql/pipeline-transaction.sql")) {
            succeed(
                    way,
                    "pgbench",
                    "--no-vacuum",
                    "--client=6",
                    "--jobs=2",
                    "--transactions=150",
                    "--protocol=extended",
                    "--max-tries=20",
                    "--file=" + script);
        }

        assertThat(succeed(
                        Way.DIRECT,
                        "psql",
                        "--no-psqlrc",
                        "--tuples-only",
                        "--no-align",
                        "--command",
                        "select sum(abalance), (select count(*) from pgbench_history) from pgbench_accounts"))
                .contains("1800|1800");
    }

    // pg_dump and pg_restore

    @Test
    void pgDumpWritesTheSame() {
        fill();
        List<String> direct = dump(Way.DIRECT);

        for (Way way : List.of(Way.TRANSACTION, Way.TRANSACTION_ONE_BACKEND, Way.SESSION)) {
            assertThat(dump(way)).as(way.name()).isEqualTo(direct);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    void pgRestoreBringsBackWhatPgDumpWrote(String jobs) {
        fill();
        List<String> before = dump(Way.DIRECT);

        for (Way way : List.of(Way.TRANSACTION, Way.SESSION)) {
            String archive =
                    cluster.workspace().resolve("dump-" + way + "-" + jobs).toString();
            succeed(way, "pg_dump", "--format=directory", "--jobs=" + jobs, "--schema=suite", "--file=" + archive);
            succeed(
                    way,
                    "pg_restore",
                    "--clean",
                    "--if-exists",
                    "--jobs=" + jobs,
                    "--dbname=" + TestTopologies.DATABASE,
                    archive);

            assertThat(dump(Way.DIRECT)).as(way.name()).isEqualTo(before);
        }
    }

    private static void fill() {
        cluster.primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        "insert into suite.words select i, 'word ' || i, i from generate_series(1, 20000) i",
                        "insert into suite.parents select generate_series(1, 100)",
                        "insert into suite.children select generate_series(1, 100)",
                        "insert into suite.large select i, convert_to(repeat(md5(i::text), 50000), 'utf8')"
                                + " from generate_series(1, 4) i");
    }

    /** Returns a dump as text, without what is random in it. */
    private static List<String> dump(Way way) {
        return succeed(way, "pg_dump", "--schema=suite").stream()
                .filter(line -> !line.startsWith("\\restrict") && !line.startsWith("\\unrestrict"))
                .toList();
    }
}
