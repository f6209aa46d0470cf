// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * An application sees the same through the router as on a direct connection, in several drivers and languages.
 *
 * <p>Each suite runs directly first. What it writes down through each route must be the same, line by line, but for what
 * {@code drivers/differences.txt} lists.
 */
@EnabledIfSystemProperty(named = "drivers.run", matches = "true")
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class DriverSuitesIT {
    private static final Path SCHEMA = Path.of("drivers", "schema.sql");
    private static final KnownDifferences KNOWN = KnownDifferences.read(Path.of("drivers", "differences.txt"));

    private static final List<DriverSuite> SUITES = List.of(
            new PgjdbcSuite("simple"),
            new PgjdbcSuite("extended"),
            new PgjdbcSuite("extendedForPrepared"),
            new PgjdbcSuite("extendedCacheEverything"),
            DriverProgram.python("psycopg"),
            DriverProgram.python("asyncpg"),
            DriverProgram.node("node-postgres"),
            DriverProgram.go("pgx"),
            DriverProgram.cargo("tokio-postgres"));

    /** A router of its own for each: databases that stand for the same one on the node would share a pool. */
    private static final List<Route> ROUTES = List.of(
            new Route("transaction", 4, 2),
            new Route("transaction", 4, 1),
            new Route("transaction", 1, 1),
            new Route("session", 16, 2),
            new Route("session", 1, 1));

    /** Why a suite does not run here, of those that were made ready. */
    private static final Map<DriverSuite, Optional<String>> REASONS = new HashMap<>();

    private static final List<String> REPORT = new ArrayList<>();

    private static PostgresCluster cluster;
    private static Map<Route, RouterUnderTest> routers;
    private static Map<DriverSuite, Transcript> direct;

    @Parameter
    int major;

    /** A way through the router. */
    record Route(String poolMode, int poolSize, int eventLoops) {
        String label() {
            return poolMode + "-pool" + poolSize + "-loops" + eventLoops;
        }

        @Override
        public String toString() {
            return label();
        }
    }

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        cluster = TestTopologies.start(PostgresOptions.major(major).replicas(0));
        routers = new HashMap<>();
        direct = new HashMap<>();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        REPORT.forEach(System.out::println);
        REPORT.clear();
        routers.values().forEach(RouterUnderTest::close);
        cluster.close();
    }

    static Stream<Arguments> suitesAndRoutes() {
        return SUITES.stream().flatMap(suite -> ROUTES.stream().map(route -> Arguments.of(suite, route)));
    }

    @ParameterizedTest
    @MethodSource("suitesAndRoutes")
    void seesTheSameAsOnADirectConnection(DriverSuite suite, Route route) throws IOException {
        Optional<String> reason = REASONS.computeIfAbsent(suite, DriverSuitesIT::prepare);
        assumeTrue(reason.isEmpty(), () -> suite.name() + " is skipped: " + reason.orElseThrow());
        Transcript expected = directly(suite);

        Transcript routed = through(suite, route);

        Map<String, String> differences =
                (route.poolSize() == 1 ? expected.oneAtATime() : expected).differences(routed);
        REPORT.add("PostgreSQL " + major + ", " + suite.name() + ", " + route.label() + ": "
                + routed.checks().size() + " checks, other than direct: " + differences.keySet());
        Set<String> possible = KNOWN.possible(suite.name(), route.label());
        assertThat(differences.entrySet().stream()
                        .filter(difference -> !possible.contains(difference.getKey()))
                        .map(difference -> difference.getKey() + "\n" + difference.getValue()))
                .as("checks that see something else, direct (-) and routed (+)")
                .isEmpty();
        assertThat(KNOWN.certain(suite.name(), route.label()))
                .as("differences that are listed and, of those, the ones there are")
                .isSubsetOf(differences.keySet());
    }

    /** Prints the reason too, since reports of classes with parameters leave out what is skipped. */
    private static Optional<String> prepare(DriverSuite suite) {
        Optional<String> reason = suite.prepare();
        reason.ifPresent(why -> System.out.println(suite.name() + " is skipped: " + why));
        return reason;
    }

    private Transcript directly(DriverSuite suite) throws IOException {
        Transcript known = direct.get(suite);
        if (known == null) {
            known = run(
                    suite,
                    new DriverSuite.Target(
                            major + "-direct", cluster.primary().port(), TestTopologies.DATABASE, false));
            direct.put(suite, known);
        }
        assertThat(known.broken()).as("what is broken without a router").isEmpty();
        return known;
    }

    private Transcript through(DriverSuite suite, Route route) throws IOException {
        RouterUnderTest router = routers.computeIfAbsent(route, DriverSuitesIT::startRouter);
        return run(
                suite,
                new DriverSuite.Target(
                        major + "-" + route.label(), router.port(), TestTopologies.DATABASE, route.poolSize() == 1));
    }

    private static RouterUnderTest startRouter(Route route) {
        return RouterUnderTest.with(cluster.workspace(), TestTopologies.single(cluster, 1, TestTopologies.DATABASE))
                .set("defaults.pool_mode", route.poolMode())
                .set("defaults.pool_size", Integer.toString(route.poolSize()))
                .set("event_loops", Integer.toString(route.eventLoops()))
                .start();
    }

    private static Transcript run(DriverSuite suite, DriverSuite.Target target) throws IOException {
        cluster.primary().executeIn(TestTopologies.DATABASE, Files.readString(SCHEMA));
        return suite.run(target);
    }
}
