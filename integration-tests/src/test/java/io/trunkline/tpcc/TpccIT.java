// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.tpcc.TpccTransaction.Profile;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The application of this package on shards: it runs as it does on one server, nothing of it is refused, and it leaves the same rows behind.
 *
 * <p>{@code -Dtpcc.seconds}, {@code -Dtpcc.shards} (numbers of shards with commas), {@code -Dtpcc.warehouses}, {@code -Dtpcc.terminals}, {@code
 * -Dtpcc.full=true} (the specification's number of rows) and {@code -Dtpcc.seed} say how long and large it is; what became of the transactions is printed.
 */
class TpccIT {
    private static final int SECONDS = Integer.getInteger("tpcc.seconds", 4);
    private static final int WAREHOUSES = Integer.getInteger("tpcc.warehouses", 2);
    private static final int TERMINALS = Integer.getInteger("tpcc.terminals", 6);
    private static final boolean FULL = Boolean.getBoolean("tpcc.full");
    private static final long SEED =
            Long.getLong("tpcc.seed", 1) == 0 ? new Random().nextInt(1_000_000) : Long.getLong("tpcc.seed", 1);
    private static final List<Integer> SHARDS = Stream.of(
                    System.getProperty("tpcc.shards", "2").split(",", -1))
            .map(Integer::valueOf)
            .toList();

    /** What each of the terminals does that have their turns; of as many warehouses as leave none of four shards empty. */
    private static final int COMPARED_TRANSACTIONS = 70;

    private static final Cardinalities COMPARED = Cardinalities.scaledDown(6);
    private static final List<Integer> COMPARED_SHARDS = List.of(2, 4);
    private static final Clock STANDING = Clock.fixed(Instant.parse("2026-11-27T12:00:00Z"), ZoneOffset.UTC);

    private static TpccServers servers;

    @BeforeAll
    static void start() {
        int most = Stream.concat(SHARDS.stream(), COMPARED_SHARDS.stream())
                .mapToInt(Integer::intValue)
                .max()
                .orElseThrow();
        servers = TpccServers.start(most, TERMINALS);
        System.out.println("TPC-C: -Dtpcc.seed=" + SEED);
    }

    @AfterAll
    static void stop() {
        servers.close();
    }

    /** By one terminal at a time, whose clock stands still, everything that is random is the same. */
    @Test
    void leavesTheSameRowsOnOneServerAndOnShards() throws Exception {
        Map<String, List<String>> expected;
        try (TpccDatabase one = servers.onOneServer()) {
            runAlone(one);
            expected = one.rows();
        }

        for (int shardCount : COMPARED_SHARDS) {
            try (TpccDatabase shards = servers.onShards(shardCount, 1)) {
                runAlone(shards);

                Map<String, List<String>> found = shards.rows();
                for (Map.Entry<String, List<String>> table : found.entrySet()) {
                    // Each server has all items.
                    String name = table.getKey().replaceFirst("server \\d+", "server 0");
                    assertThat(table.getValue())
                            .as(table.getKey() + " of " + shardCount + " shards")
                            .isEqualTo(expected.get(name));
                }
                assertThat(shards.misplaced()).isEmpty();
                assertThat(shards.ordersOverShards()).isPositive();
            }
        }
    }

    private static void runAlone(TpccDatabase database) throws Exception {
        database.load(SEED, COMPARED, LocalDateTime.now(STANDING));
        TpccTally tally = new TpccTally();
        for (int number = 0; number < COMPARED.warehouses(); number++) {
            AtomicInteger left = new AtomicInteger(COMPARED_TRANSACTIONS);
            try (TpccSession session = new TpccSession(database.connect(), STANDING)) {
                new Terminal(number, SEED, COMPARED, tally).run(session, () -> left.getAndDecrement() > 0);
            }
        }
        assertThat(tally.errors()).isEmpty();
        assertThat(tally.committedCount() + tally.rolledBackCount())
                .isEqualTo(COMPARED_TRANSACTIONS * COMPARED.warehouses());
    }

    /** 1 stands for one server without a router. */
    static Stream<Integer> shardCounts() {
        return Stream.concat(Stream.of(1), SHARDS.stream());
    }

    @ParameterizedTest
    @MethodSource("shardCounts")
    void manyTerminalsLeaveTheTablesConsistent(int shardCount) throws Exception {
        Cardinalities cardinalities = FULL ? Cardinalities.full(WAREHOUSES) : Cardinalities.scaledDown(WAREHOUSES);
        try (TpccDatabase database =
                shardCount == 1 ? servers.onOneServer() : servers.onShards(shardCount, TERMINALS)) {
            database.load(SEED, cardinalities, LocalDateTime.now());
            assertThat(database.violations(cardinalities)).isEmpty();
            List<String> troublesBefore = database.troubles();
            int twoPhaseBefore = database.twoPhaseCommits();

            TpccTally tally = run(database, cardinalities);

            int twoPhase = database.twoPhaseCommits() - twoPhaseBefore;
            int orders = database.ordersOverShards();
            int payments = database.paymentsOverShards();
            System.out.printf(
                    "TPC-C over %s: %s, %d new orders in a minute; in two phases %d, among them %d new orders and %d payments%n",
                    shardCount == 1 ? "one server" : shardCount + " shards",
                    tally,
                    tally.committedCount(Profile.NEW_ORDER) * 60 / SECONDS,
                    twoPhase,
                    orders,
                    payments);
            assertThat(tally.errors()).isEmpty();
            for (Profile profile : Profile.values()) {
                assertThat(tally.committedCount(profile)).as(profile.name()).isPositive();
            }
            assertThat(database.violationsOnServers(cardinalities)).isEmpty();
            assertThat(database.violations(cardinalities)).isEmpty();
            assertThat(database.troubles()).isEqualTo(troublesBefore);
            assertThat(database.misplaced()).isEmpty();
            assertThat(servers.preparedCount()).isZero();
            assertThat(twoPhase).isEqualTo(orders + payments);
            if (shardCount > 1) {
                assertThat(orders).isPositive();
                assertThat(payments).isPositive();
            }
        }
    }

    private static TpccTally run(TpccDatabase database, Cardinalities cardinalities) throws Exception {
        TpccTally tally = new TpccTally();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        BooleanSupplier goesOn = () -> System.nanoTime() - end < 0;
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < TERMINALS; number++) {
            Terminal terminal = new Terminal(number, SEED, cardinalities, tally);
            TpccSession session = new TpccSession(database.connect(), Clock.systemUTC());
            Thread thread = new Thread(
                    () -> {
                        try (session) {
                            terminal.run(session, goesOn);
                        } catch (SQLException e) {
                            throw new IllegalStateException(e);
                        }
                    },
                    "terminal " + number);
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join(Duration.ofSeconds(SECONDS + 120).toMillis());
            assertThat(thread.isAlive()).as(thread.getName()).isFalse();
        }
        return tally;
    }
}
