// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.router.FireCluster.Victim;
import io.trunkline.router.FireLedger.Fate;
import io.trunkline.router.FireLedger.Transfer;
import io.trunkline.router.TrapProxy.Moment;
import io.trunkline.router.TrapProxy.Trap;
import io.trunkline.testing.Case;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Transfers between shards while routers, shards and ZooKeeper are killed: each is in the end on all of its shards or on none, and as its client was told.
 *
 * <p>{@code -Dfire.seconds} says for how long it is killed at random, {@code -Dfire.seed} what is drawn; 0 draws a seed, which is printed.
 */
class TwoPhaseFireIT {
    private static final int SECONDS = Integer.getInteger("fire.seconds", 0);
    private static final int CLIENTS = 6;
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String PREPARE = "PREPARE TRANSACTION '";
    private static final String COMMIT = "COMMIT PREPARED '";

    /** The shard whose part is stopped, and the one whose part is not. */
    private static final int STOPPED = 1;

    private static final int OTHER = 0;

    /** What each kill may leave in the log of decisions: what clients had under way, and try while ZooKeeper is away. */
    private static final int DECISIONS_LEFT_MAX = 3 * CLIENTS;

    private static FireCluster cluster;
    private static FireLedger ledger;
    /** So that a test is blamed for its own only. */
    private static final Set<String> SEEN_CONTRADICTIONS = new HashSet<>();

    @BeforeAll
    static void start() throws Exception {
        cluster = FireCluster.start();
        ledger = new FireLedger();
        awaitServing();
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @AfterEach
    void restartAll() {
        cluster.restartAll();
        awaitServing();
    }

    @Test
    @Case({"H39", "H42", "H43"})
    void everyTransferIsOnAllOfItsShardsOrOnNoneWhoeverDies() throws Exception {
        long given = Long.getLong("fire.seed", 0);
        long seed = given == 0 ? System.nanoTime() : given;
        System.out.println("fire: " + SECONDS + " s, seed " + seed);
        Random seeds = new Random(seed);
        Map<Fate, Long> before = counts();
        int decisionsBefore = cluster.decisions();
        long recoveredBefore = cluster.recovered();
        FireAttacker attacker = new FireAttacker(cluster, seeds.nextLong());
        Map<String, AtomicLong> errors = new ConcurrentSkipListMap<>();
        List<FireClient> clients = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            FireClient client = new FireClient(cluster, ledger, errors, seeds.nextLong(), i % 2 == 0);
            clients.add(client);
            threads.add(new Thread(client, "fire-" + i));
        }
        Thread trouble = new Thread(attacker, "fire-attacker");
        trouble.start();
        threads.forEach(Thread::start);
        Thread.sleep(Duration.ofSeconds(SECONDS).toMillis());
        attacker.stop();
        trouble.join(2 * LIMIT.toMillis());
        long acknowledged = ledger.count(Fate.ACKNOWLEDGED);
        await().atMost(LIMIT).until(() -> ledger.count(Fate.ACKNOWLEDGED) > acknowledged + CLIENTS);
        clients.forEach(FireClient::stop);
        for (Thread thread : threads) {
            thread.join(LIMIT.toMillis());
        }
        awaitNothingPrepared();
        int decisions = cluster.decisions() - decisionsBefore;
        Map<Fate, Long> counts = counts();
        counts.replaceAll((fate, count) -> count - before.get(fate));
        System.out.printf(
                "fire: killed %s; transfers %s; errors %s; parts recovered %d; decisions kept %d%n",
                attacker, counts, errors, cluster.recovered() - recoveredBefore, decisions);

        assertThat(attacker.failure()).isNull();
        assertThat(clients.stream()
                        .map(FireClient::failure)
                        .filter(Objects::nonNull)
                        .toList())
                .isEmpty();
        assertThat(threads).noneMatch(Thread::isAlive);
        assertThat(contradictions()).isEmpty();
        assertThat(decisions).isLessThanOrEqualTo(DECISIONS_LEFT_MAX * attacker.kills());
    }

    private static Map<Fate, Long> counts() {
        Map<Fate, Long> counts = new EnumMap<>(Fate.class);
        for (Fate fate : Fate.values()) {
            counts.put(fate, ledger.count(fate));
        }
        return counts;
    }

    /** Where the commit of a transaction over two shards is stopped. */
    private enum Step {
        /** One shard is prepared, the other has not been told to. */
        BETWEEN_PREPARES,
        /** Both are prepared, and the router does not know of one. */
        BEFORE_DECISION,
        /** It is decided, and no shard has been told. */
        BEFORE_COMMITS,
        /** One shard has committed, the other has not been told. */
        BETWEEN_COMMITS,
        /** Both have committed, and the router does not know of one. */
        BEFORE_LAST_ANSWER;

        boolean isDecided() {
            return compareTo(BEFORE_COMMITS) >= 0;
        }

        /** Sets the traps: that of the stopped shard, then that of the other one. */
        private List<Trap> traps() {
            TrapProxy stopped = cluster.proxy(STOPPED);
            TrapProxy other = cluster.proxy(OTHER);
            return switch (this) {
                case BETWEEN_PREPARES ->
                    List.of(stopped.set(PREPARE, Moment.BEFORE_COMMAND), other.set(PREPARE, Moment.AFTER_ANSWER));
                case BEFORE_DECISION ->
                    List.of(stopped.set(PREPARE, Moment.BEFORE_ANSWER), other.set(PREPARE, Moment.AFTER_ANSWER));
                case BEFORE_COMMITS ->
                    List.of(stopped.set(COMMIT, Moment.BEFORE_COMMAND), other.set(COMMIT, Moment.BEFORE_COMMAND));
                case BETWEEN_COMMITS ->
                    List.of(stopped.set(COMMIT, Moment.BEFORE_COMMAND), other.set(COMMIT, Moment.AFTER_ANSWER));
                case BEFORE_LAST_ANSWER ->
                    List.of(stopped.set(COMMIT, Moment.BEFORE_ANSWER), other.set(COMMIT, Moment.AFTER_ANSWER));
            };
        }
    }

    /** Who is killed then. */
    private enum Target {
        ROUTER,
        STOPPED_SHARD,
        OTHER_SHARD,
        ZOOKEEPER;

        private Victim victim(int router) {
            return switch (this) {
                case ROUTER -> cluster.router(router);
                case STOPPED_SHARD -> cluster.shard(STOPPED);
                case OTHER_SHARD -> cluster.shard(OTHER);
                case ZOOKEEPER -> cluster.zooKeeper();
            };
        }

        /** What is under way to or from who was killed is lost; the rest goes on. */
        private void endTraps(List<Trap> traps) {
            switch (this) {
                case ROUTER -> traps.forEach(Trap::drop);
                case STOPPED_SHARD -> {
                    traps.get(0).drop();
                    traps.get(1).release();
                }
                case OTHER_SHARD -> {
                    traps.get(1).drop();
                    traps.get(0).release();
                }
                case ZOOKEEPER -> traps.forEach(Trap::release);
            }
        }

        private Fate toldAt(Step step) {
            return switch (this) {
                case ROUTER -> Fate.UNKNOWN;
                case STOPPED_SHARD -> step.isDecided() ? Fate.ACKNOWLEDGED : Fate.FAILED;
                // It had prepared its part, and keeps that.
                case OTHER_SHARD -> Fate.ACKNOWLEDGED;
                case ZOOKEEPER -> step.isDecided() ? Fate.ACKNOWLEDGED : Fate.UNKNOWN;
            };
        }
    }

    private static Stream<Arguments> kills() {
        return Arrays.stream(Step.values())
                .flatMap(step -> Arrays.stream(Target.values()).map(target -> Arguments.of(step, target)));
    }

    @ParameterizedTest
    @MethodSource("kills")
    @Case({"H39", "H42"})
    void aKillAtEachStepLeavesAllOrNothing(Step step, Target target) throws Exception {
        int router = step.ordinal() % FireCluster.ROUTERS;
        Victim victim = target.victim(router);
        Transfer transfer = ledger.begin(amounts(0, 1));
        Fate told;
        try (WireClient client = cluster.connect(router)) {
            open(client, transfer);
            List<Trap> traps = step.traps();
            client.send(ClientMessage.query("commit"));
            for (Trap trap : traps) {
                trap.awaitCaught(LIMIT);
            }

            victim.kill();

            target.endTraps(traps);
            told = told(client);
            ledger.end(transfer, told);
        }
        if (target != Target.ROUTER) {
            victim.restart();
        }
        // A router that was killed stays away: the other one ends what it has left.
        awaitNothingPrepared();
        assertThat(told).isEqualTo(target.toldAt(step));
        if (target == Target.ROUTER) {
            assertThat(isThere(transfer)).isEqualTo(step.isDecided());
        }
        assertThat(contradictions()).isEmpty();
    }

    /** What a network held back comes when the transaction has long been aborted. */
    @Test
    @Case({"H39", "H42"})
    void aPrepareThatComesAfterTheAbortIsRolledBack() throws Exception {
        Transfer transfer = ledger.begin(amounts(0, 1));
        try (WireClient client = cluster.connect(0)) {
            open(client, transfer);
            List<Trap> traps = Step.BETWEEN_PREPARES.traps();
            client.send(ClientMessage.query("commit"));
            for (Trap trap : traps) {
                trap.awaitCaught(LIMIT);
            }
            cluster.router(0).kill();
            await().atMost(LIMIT).until(() -> cluster.prepared(OTHER) == 0);

            traps.get(0).release();

            await().atMost(LIMIT).pollInterval(Duration.ofMillis(20)).until(() -> cluster.prepared(STOPPED) == 1);
            assertThat(told(client)).isEqualTo(Fate.UNKNOWN);
        }
        awaitNothingPrepared();
        assertThat(isThere(transfer)).isFalse();
        assertThat(contradictions()).isEmpty();
    }

    private static Fate told(WireClient client) {
        try {
            return FireClient.fate(client.receiveUntilReady(), true);
        } catch (UncheckedIOException lost) {
            return Fate.UNKNOWN;
        }
    }

    private static TreeMap<Long, Integer> amounts(int... shards) {
        TreeMap<Long, Integer> amounts = new TreeMap<>();
        for (int shard : shards) {
            amounts.put(cluster.account(shard, shard), shard == 0 ? 1 - shards.length : 1);
        }
        return amounts;
    }

    /** Brings a transaction to the shards of a transfer, the stopped one last. */
    private static void open(WireClient client, Transfer transfer) {
        assertThat(FireClient.isFine(client.query("begin"))).isTrue();
        for (String sql : FireStatements.each(transfer)) {
            assertThat(FireClient.isFine(client.query(sql))).as(sql).isTrue();
        }
    }

    /** Waits until either router commits on all shards. */
    private static void awaitServing() {
        for (int i = 0; i < FireCluster.ROUTERS; i++) {
            int router = i;
            await().atMost(LIMIT).ignoreExceptions().until(() -> {
                Transfer transfer = ledger.begin(amounts(0, 1, 2));
                try (WireClient client = cluster.connect(router)) {
                    List<String> statements = new ArrayList<>(List.of("begin"));
                    statements.addAll(FireStatements.each(transfer));
                    statements.forEach(client::query);
                    ledger.end(transfer, FireClient.fate(client.query("commit"), true));
                }
                return isThere(transfer);
            });
        }
    }

    private static void awaitNothingPrepared() {
        await().atMost(LIMIT).untilAsserted(() -> {
            for (int shard = 0; shard < FireCluster.SHARDS; shard++) {
                assertThat(cluster.prepared(shard))
                        .as("prepared on shard " + shard)
                        .isZero();
            }
        });
    }

    private static boolean isThere(Transfer transfer) throws SQLException {
        return cluster.rows().stream().anyMatch(row -> row.transfer() == transfer.number());
    }

    /** Returns what no test has been told yet. */
    private static List<String> contradictions() throws SQLException {
        return ledger.contradictions(cluster.rows(), cluster.balances(), FireCluster.INITIAL_BALANCE).stream()
                .filter(SEEN_CONTRADICTIONS::add)
                .toList();
    }
}
