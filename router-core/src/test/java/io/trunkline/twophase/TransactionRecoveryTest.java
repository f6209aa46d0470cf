// SPDX-License-Identifier: Apache-2.0
package io.trunkline.twophase;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.decision.DecisionLog;
import io.trunkline.decision.DecisionLog.Decision;
import io.trunkline.decision.KeptDecisions;
import io.trunkline.decision.TransactionId;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.FakeConnector;
import io.trunkline.testing.LyingServer;
import io.trunkline.testing.MemoryDecisions;
import io.trunkline.testing.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TransactionRecoveryTest {
    private static final String INSTANCE = "0123456789abcdef0123456789abcdef";
    private static final Duration INTERVAL = Duration.ofSeconds(10);
    private static final Duration ROUND = Duration.ofSeconds(11);

    private final VirtualClock time = new VirtualClock();
    private final EventLoopClock loop = time.newLoop();
    private final FakeConnector connector = new FakeConnector(loop, FakeConnector.newNodes());
    private final MemoryDecisions log = new MemoryDecisions();
    private final List<TransactionId> old = new ArrayList<>();
    private final TransactionId id = new TransactionId("main", INSTANCE, 7);
    /** What stands prepared, by node: name and row. */
    private final Map<String, Map<String, List<@Nullable String>>> prepared = new TreeMap<>();

    private boolean bHasPrimary = true;
    private boolean inRecovery;

    @Test
    void rollsBackWhatNobodyDecided() {
        prepare("a", id.participant(0), "31", "t");
        prepare("b", id.participant(1), "31", "t");

        run(ROUND);

        assertThat(log.decision(id)).isEqualTo(Decision.ABORT);
        assertThat(ended("a")).containsExactly("ROLLBACK PREPARED '" + id.participant(0) + "'");
        assertThat(ended("b")).containsExactly("ROLLBACK PREPARED '" + id.participant(1) + "'");
    }

    @Test
    void commitsWhatWasDecidedSo() {
        log.decide(id, Decision.COMMIT, new Ignored());
        prepare("b", id.participant(1), "31", "t");

        run(ROUND);

        assertThat(log.decision(id)).isEqualTo(Decision.COMMIT);
        assertThat(ended("b")).containsExactly("COMMIT PREPARED '" + id.participant(1) + "'");
    }

    @Test
    void leavesAloneWhatIsYoungOrNotOfThisClusterOrOfAnotherDatabase() {
        prepare("a", id.participant(0), "29", "t");
        prepare("a", new TransactionId("main_b", INSTANCE, 1).participant(0), "3000", "t");
        prepare("a", "trunkline_main_of_somebody_else", "3000", "t");
        prepare("a", new TransactionId("main", INSTANCE, 2).participant(0), "3000", "f");

        run(ROUND.multipliedBy(3));

        assertThat(ended("a")).isEmpty();
        assertThat(log.decision(id)).isNull();
    }

    @Test
    void triesAgainInTheNextRoundWhenItCouldNotBeDecided() {
        prepare("a", id.participant(0), "31", "t");
        log.fail("ZooKeeper is away");
        TransactionRecovery recovery = start();
        time.advance(ROUND);
        assertThat(ended("a")).isEmpty();

        log.recover();
        time.advance(ROUND);

        assertThat(ended("a")).hasSize(1);
        recovery.close();
    }

    @Test
    void carriesOutNothingBeforeItIsDecidedAndNothingOnceItIsClosed() {
        prepare("a", id.participant(0), "31", "t");
        log.withhold();
        TransactionRecovery recovery = start();
        time.advance(Duration.ofMinutes(1));
        assertThat(ended("a")).isEmpty();

        recovery.close();
        log.release();
        time.advance(ROUND);

        assertThat(ended("a")).isEmpty();
        assertThat(connector.node("a").open()).isEmpty();
    }

    @Test
    void triesAgainWhenTheNodeDiesInBetween() {
        prepare("a", id.participant(0), "31", "t");
        log.withhold();
        TransactionRecovery recovery = start();
        time.advance(ROUND);
        connector.node("a").breakConnections();
        log.release();
        time.advance(Duration.ofSeconds(1));
        assertThat(ended("a")).isEmpty();

        time.advance(ROUND);

        assertThat(ended("a")).hasSize(1);
        recovery.close();
    }

    @Test
    void forgetsOldDecisionsOfWhichNoShardHasAParticipant() {
        TransactionId done = new TransactionId("main", INSTANCE, 8);
        old.add(id);
        old.add(done);
        // Of another database, so that it can only be seen.
        prepare("b", id.participant(1), "4000", "f");

        run(ROUND);

        assertThat(log.forgotten()).containsExactly(done);
    }

    @Test
    void forgetsNothingWhenAShardHasNoPrimary() {
        old.add(id);
        bHasPrimary = false;

        run(ROUND.multipliedBy(3));

        assertThat(log.forgotten()).isEmpty();
    }

    @Test
    void forgetsNothingWhenThePrimaryIsAStandbyBehindItsName() {
        old.add(id);
        inRecovery = true;

        run(ROUND.multipliedBy(3));

        assertThat(log.forgotten()).isEmpty();
    }

    @Test
    void forgetsNothingWhenAShardKeepsSilent() {
        old.add(id);
        connector.node("b").fallSilent();

        run(ROUND.multipliedBy(3));

        assertThat(log.forgotten()).isEmpty();
    }

    @Test
    void forgetsNothingWhenThereIsMoreThanCanBeRead() {
        old.add(id);
        for (int i = 0; i < PreparedParticipant.ROWS_MAX; i++) {
            prepare("a", new TransactionId("main", INSTANCE, 100 + i).participant(0), "1", "t");
        }

        run(ROUND);

        assertThat(log.forgotten()).isEmpty();
    }

    @Test
    void asksForNamesOfItsOwnClusterOnly() {
        String query = PreparedParticipant.query("main");

        assertThat(query)
                .contains("starts_with(gid, 'trunkline_main_')")
                .contains("substr(gid, 16) OPERATOR(pg_catalog.~) '^[0-9a-f]{32}_[0-9]+_[0-9]+$'");
    }

    @Property(tries = 60)
    void endsTheRoundWhateverANodeSays(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        ByteBufLeaks.during(() -> {
            TransactionRecovery recovery = new TransactionRecovery(
                    new RecoveryContext(
                            "main",
                            loop,
                            LyingServer.connector(
                                    loop,
                                    random,
                                    2 + random.nextInt(4),
                                    sql -> sql.equals(PreparedParticipant.IN_RECOVERY)
                                            ? List.of(List.of("f"))
                                            : List.of()),
                            log,
                            kept(),
                            RouterMetrics.NONE,
                            INTERVAL,
                            Duration.ofSeconds(30)),
                    () -> List.of(shard("liar", true)));
            old.add(id);
            recovery.start();
            time.advance(Duration.ofMinutes(20));
            recovery.close();

            // In the end the server is honest and has nothing: so the decision is not needed.
            assertThat(log.forgotten()).contains(id);
        });
    }

    private void run(Duration duration) {
        TransactionRecovery recovery = start();
        time.advance(duration);
        recovery.close();
    }

    private TransactionRecovery start() {
        connector.node("a").answer(sql -> answer("a", sql));
        connector.node("b").answer(sql -> answer("b", sql));
        TransactionRecovery recovery = new TransactionRecovery(
                new RecoveryContext(
                        "main", loop, connector, log, kept(), RouterMetrics.NONE, INTERVAL, Duration.ofSeconds(30)),
                () -> List.of(shard("a", true), shard("b", bHasPrimary)));
        recovery.start();
        return recovery;
    }

    private KeptDecisions kept() {
        return (cluster, age, listener) -> listener.onListed(List.copyOf(old));
    }

    private static ShardDatabases shard(String name, boolean hasPrimary) {
        return new ShardDatabases(
                name, hasPrimary ? List.of(new BackendTarget("main", name, name, 5432, "d", "u")) : List.of());
    }

    private void prepare(String node, String gid, String age, String isHere) {
        prepared.computeIfAbsent(node, name -> new TreeMap<>()).put(gid, List.of(gid, age, isHere));
    }

    private List<List<@Nullable String>> answer(String node, String sql) {
        Map<String, List<@Nullable String>> rows = prepared.computeIfAbsent(node, name -> new TreeMap<>());
        if (sql.equals(PreparedParticipant.IN_RECOVERY)) {
            return List.of(List.of(inRecovery ? "t" : "f"));
        }
        if (sql.startsWith("SELECT")) {
            return List.copyOf(rows.values());
        }
        rows.remove(sql.substring(sql.indexOf('\'') + 1, sql.lastIndexOf('\'')));
        return List.of();
    }

    private List<String> ended(String node) {
        return connector.node(node).queries().stream()
                .filter(sql -> !sql.startsWith("SELECT"))
                .toList();
    }

    private static final class Ignored implements DecisionLog.Listener {
        @Override
        public void onDecided(Decision decision) {}

        @Override
        public void onFailed(String problem) {}
    }
}
