// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.router.SoakLedger.Fate;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Many clients do everything at once through few backends, while clients and backends die at random: nobody waits for ever, nobody gets a wrong
 * answer, and what was acknowledged is there in the end and nothing else.
 *
 * <p>{@code -Dsoak.seconds} says for how long, {@code -Dsoak.seed} what is drawn; 0 draws a seed, which is printed.
 */
@EnabledIfSystemProperty(named = "soak.seconds", matches = "[1-9][0-9]*")
class SoakIT {
    private static final int SECONDS = Integer.getInteger("soak.seconds", 0);
    private static final int CLIENTS = 24;
    private static final int POOL = 6;
    private static final long RESIDENT_MAX_BYTES = 300L << 20;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Test
    void nobodyGetsAWrongAnswerWhoeverDies() throws Exception {
        long given = Long.getLong("soak.seed", 0);
        long seed = given == 0 ? System.nanoTime() : given;
        System.out.println("soak: " + SECONDS + " s, seed " + seed);
        Random seeds = new Random(seed);
        try (PostgresCluster cluster = PostgresCluster.start(
                TestTopologies.trusting(PostgresOptions.newest().replicas(1)))) {
            TestTopologies.prepare(cluster);
            cluster.primary()
                    .executeIn(
                            TestTopologies.DATABASE,
                            "create table ledger (id int8 primary key, client int)",
                            "grant all on ledger to public");
            cluster.awaitReplay();
            RouterConfiguration configuration = RouterConfiguration.forTests();
            configuration.set("defaults.pool_size", Integer.toString(POOL));
            configuration.set("defaults.read_policy", "prefer-replica");
            configuration.set("defaults.lease_wait_timeout", "60s");
            configuration.set("defaults.failover_wait", "60s");
            try (SmallRouter router = SmallRouter.start(cluster, configuration)) {
                soak(cluster, router, seeds);
            }
        }
    }

    private static void soak(PostgresCluster cluster, SmallRouter router, Random seeds) throws Exception {
        SoakLedger ledger = new SoakLedger();
        SoakChaos chaos = new SoakChaos(cluster, seeds.nextLong());
        List<SoakClient> clients = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            SoakClient client = new SoakClient(i, router.port(), ledger, chaos, seeds.nextLong());
            clients.add(client);
            threads.add(new Thread(client, "soak-" + i));
        }
        Thread trouble = new Thread(chaos, "soak-chaos");
        trouble.start();
        threads.forEach(Thread::start);
        long end = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
        while (System.nanoTime() < end
                && router.isRunning()
                && clients.stream().allMatch(client -> client.failure() == null)) {
            Thread.sleep(200);
        }
        chaos.stop();
        trouble.join(LIMIT.toMillis());
        clients.forEach(SoakClient::stop);
        for (Thread thread : threads) {
            thread.join(2 * LIMIT.toMillis());
        }
        report(clients, ledger, chaos, router);

        assertThat(router.isRunning()).isTrue();
        assertThat(clients.stream()
                        .map(SoakClient::failure)
                        .filter(Objects::nonNull)
                        .toList())
                .isEmpty();
        assertThat(threads).noneMatch(Thread::isAlive);
        assertThat(ledger.contradictions(table(cluster.primary()))).isEmpty();
        assertThat(ledger.count(Fate.COMMITTED)).isPositive();
        nothingIsLeft(cluster, router);
    }

    private static void report(List<SoakClient> clients, SoakLedger ledger, SoakChaos chaos, SmallRouter router) {
        System.out.printf(
                "soak: %d steps, %d interrupted; %s; rows: %d committed, %d not, %d unknown; resident %d MB%n",
                clients.stream().mapToLong(SoakClient::done).sum(),
                clients.stream().mapToLong(SoakClient::interrupted).sum(),
                chaos,
                ledger.count(Fate.COMMITTED),
                ledger.count(Fate.FAILED),
                ledger.count(Fate.UNKNOWN),
                router.residentBytes() >> 20);
    }

    private static Set<Long> table(PostgresServer server) throws SQLException {
        Set<Long> ids = new HashSet<>();
        try (Connection connection = server.connect(TestTopologies.DATABASE);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select id from ledger")) {
            while (rows.next()) {
                ids.add(rows.getLong(1));
            }
        }
        return ids;
    }

    private static void nothingIsLeft(PostgresCluster cluster, SmallRouter router) {
        await().atMost(LIMIT).untilAsserted(() -> {
            List<String> metrics = router.metrics();
            assertThat(SmallRouter.sum(metrics, "trunkline_sessions{")).isZero();
            assertThat(SmallRouter.sum(metrics, "trunkline_pinned_sessions{")).isZero();
            assertThat(SmallRouter.sum(metrics, "trunkline_desynchronizations_total"))
                    .isZero();
            assertThat(metrics.stream()
                            .filter(line -> line.startsWith("trunkline_backends{")
                                    && (line.contains("leased") || line.contains("resetting")))
                            .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                            .sum())
                    .isZero();
        });
        for (PostgresServer server : cluster.servers()) {
            // A server notices a moment later that a backend of a client that died was closed.
            await().atMost(LIMIT).untilAsserted(() -> {
                assertThat(asked(server, "select count(*) from pg_locks where locktype = 'advisory'"))
                        .isEqualTo("0");
                assertThat(asked(
                                server,
                                "select count(*) from pg_stat_activity where usename = '" + RouterUnderTest.TRUSTED_USER
                                        + "' and state <> 'idle'"))
                        .isEqualTo("0");
            });
        }
        assertThat(router.residentBytes()).isLessThan(RESIDENT_MAX_BYTES);
        assertThat(router.complaints()).isEmpty();
    }

    private static String asked(PostgresServer server, String sql) {
        try (Connection connection = server.connect(TestTopologies.DATABASE);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
