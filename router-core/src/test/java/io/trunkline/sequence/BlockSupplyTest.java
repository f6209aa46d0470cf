// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sequence;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.block.NumberBlocks;
import io.trunkline.block.SequenceId;
import io.trunkline.block.WantedBlock;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.FakeConnector;
import io.trunkline.testing.LyingServer;
import io.trunkline.testing.VirtualClock;
import io.trunkline.topology.SharedSequence;
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

/** Two shards with one sequence of blocks of 10, looked at each second. */
class BlockSupplyTest {
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private final VirtualClock time = new VirtualClock();
    private final EventLoopClock loop = time.newLoop();
    private final FakeConnector connector = new FakeConnector(loop, FakeConnector.newNodes());
    private final MemoryBlocks blocks = new MemoryBlocks();
    private final Map<String, Shard> shards = new TreeMap<>(Map.of("a", new Shard(), "b", new Shard()));
    private List<SharedSequence> sequences = List.of(new SharedSequence("ids", 10, 1));
    private boolean bHasPrimary = true;
    private String bNode = "b";

    /** What the functions on a shard do. */
    private static final class Shard {
        private boolean isInstalled = true;
        private boolean inRecovery;
        private long nextCount;
        private long endCount;
        private long endNumber = Long.MIN_VALUE;

        private List<List<@Nullable String>> answer(String sql) {
            if (sql.contains("sequence_state")) {
                List<@Nullable String> row = new ArrayList<>();
                row.add(inRecovery ? "t" : "f");
                row.add("ids");
                row.add(isInstalled ? Long.toString(nextCount) : null);
                row.add(endNumber == Long.MIN_VALUE ? null : Long.toString(endCount));
                row.add(endNumber == Long.MIN_VALUE ? null : Long.toString(endNumber));
                return List.of(row);
            }
            String[] words = sql.split("[(,) ]+");
            long start = Long.parseLong(words[3]);
            if (start < endNumber) {
                return List.of(List.of("f"));
            }
            endCount = Math.max(endCount, nextCount) + Long.parseLong(words[4]);
            endNumber = start + Long.parseLong(words[4]);
            return List.of(List.of("t"));
        }
    }

    /** A counter that can fail. */
    private static final class MemoryBlocks implements NumberBlocks {
        private final List<WantedBlock> asked = new ArrayList<>();
        private long next = 1;
        private @Nullable String problem;
        private boolean silent;
        private Runnable allocating = () -> {};

        @Override
        public void allocate(SequenceId sequence, WantedBlock wanted, Listener listener) {
            assertThat(sequence).isEqualTo(new SequenceId("main", "app", "ids"));
            asked.add(wanted);
            allocating.run();
            if (silent) {
                return;
            }
            if (problem != null) {
                listener.onFailed(problem);
                return;
            }
            long start = next;
            next += wanted.size();
            listener.onAllocated(start);
        }
    }

    private BlockSupply start() {
        shards.forEach((name, shard) -> connector.node(name).answer(shard::answer));
        BlockSupply supply = new BlockSupply(
                new SupplyContext("main", loop, connector, blocks, RouterMetrics.NONE, INTERVAL),
                "app",
                () -> List.of(primary("a", "a", true), primary("b", bNode, bHasPrimary)),
                () -> sequences);
        supply.start();
        // Twice: where nothing is left, the second look comes soon.
        time.advance(Duration.ofMillis(250));
        return supply;
    }

    private static ShardPrimary primary(String name, String node, boolean isKnown) {
        return new ShardPrimary(name, isKnown ? new BackendTarget("main", node, node, 5432, "app", "u") : null);
    }

    private static List<Long> beyond(List<WantedBlock> asked) {
        return asked.stream().map(wanted -> wanted.beyond().orElse(-1)).toList();
    }

    private Shard shard(String name) {
        return java.util.Objects.requireNonNull(shards.get(name));
    }

    @Test
    void givesEachShardFourBlocksAndWhatItUses() {
        BlockSupply supply = start();
        assertThat(shard("a").endCount).isEqualTo(40);
        assertThat(shard("b").endCount).isEqualTo(40);
        assertThat(beyond(blocks.asked)).containsOnly(WantedBlock.NOTHING_HELD);

        shard("a").nextCount = 12;
        time.advance(INTERVAL.multipliedBy(2));

        assertThat(shard("a").endCount).isEqualTo(50);
        assertThat(shard("b").endCount).isEqualTo(40);
        assertThat(blocks.asked).hasSize(3);
        assertThat(blocks.asked.get(2).beyond()).hasValue(81);
        assertThat(connector.node("a").attempts()).isEqualTo(1);
        supply.close();
        assertThat(connector.node("a").open()).isEmpty();
    }

    @Test
    void looksAgainSoonAfterABurst() {
        BlockSupply supply = start();

        shard("a").nextCount = 40;
        time.advance(Duration.ofMillis(900));
        long after = shard("a").endCount;
        shard("a").nextCount = after;
        time.advance(Duration.ofMillis(100));

        assertThat(after).isGreaterThanOrEqualTo(40 + 140);
        assertThat(shard("a").endCount).isGreaterThanOrEqualTo(after + 400);
        supply.close();
    }

    @Test
    void suppliesTheOtherShardsWhileOneIsAwayButComparesNothing() {
        bHasPrimary = false;
        BlockSupply supply = start();

        assertThat(shard("a").endCount).isEqualTo(40);
        assertThat(beyond(blocks.asked)).containsExactly(-1L);
        bHasPrimary = true;
        time.advance(INTERVAL.multipliedBy(2));

        assertThat(shard("b").endCount).isEqualTo(40);
        assertThat(beyond(blocks.asked)).containsExactly(-1L, 41L);
        supply.close();
    }

    @Test
    void suppliesTheOtherShardsWhileOneKeepsSilent() {
        connector.node("b").fallSilent();
        BlockSupply supply = start();
        time.advance(Duration.ofSeconds(5));

        assertThat(shard("a").endCount).isEqualTo(40);
        assertThat(beyond(blocks.asked)).containsExactly(-1L);
        supply.close();
    }

    @Test
    void suppliesTheNewPrimaryWhereTheOldOneFellSilentOverABlock() {
        blocks.allocating = () -> connector.node("b").fallSilent();
        BlockSupply supply = start();
        time.advance(Duration.ofSeconds(3));
        assertThat(shard("b").endCount).isZero();
        blocks.allocating = () -> {};
        bNode = "promoted";
        connector.node("promoted").answer(shard("b")::answer);
        time.advance(INTERVAL.multipliedBy(2));

        assertThat(shard("b").endCount).isEqualTo(40);
        supply.close();
    }

    @Test
    void givesNothingToAReplicaAndToAShardThatCannotCount() {
        shard("a").inRecovery = true;
        shard("b").isInstalled = false;
        BlockSupply supply = start();
        time.advance(INTERVAL.multipliedBy(3));

        assertThat(blocks.asked).isEmpty();
        shard("b").isInstalled = true;
        time.advance(INTERVAL);
        assertThat(shard("b").endCount).isEqualTo(40);
        supply.close();
    }

    @Test
    void comparesWithWhatAShardHoldsThatCannotCount() {
        shard("b").isInstalled = false;
        shard("b").endNumber = 900;
        BlockSupply supply = start();

        assertThat(beyond(blocks.asked)).containsExactly(900L);
        supply.close();
    }

    @Test
    void triesAgainWhenThereIsNoBlockAndWhenItWasNotStored() {
        blocks.problem = "ZooKeeper is away";
        BlockSupply supply = start();
        assertThat(shard("a").endCount).isZero();
        blocks.problem = null;
        // Another router was faster, with greater numbers.
        shard("a").endNumber = 30;

        time.advance(INTERVAL);

        assertThat(shard("a").endCount).isEqualTo(40);
        assertThat(shard("a").endNumber).isGreaterThan(70);
        supply.close();
    }

    @Test
    void asksForOneBlockAtATimeWhileTheCounterKeepsSilent() {
        blocks.silent = true;
        BlockSupply supply = start();
        time.advance(Duration.ofMinutes(1));

        assertThat(blocks.asked).hasSize(2);
        supply.close();
    }

    @Test
    void opensNothingWithoutSequencesAndClosesWithTheLastOne() {
        List<SharedSequence> some = sequences;
        sequences = List.of();
        BlockSupply supply = start();
        assertThat(connector.node("a").attempts()).isZero();

        sequences = some;
        time.advance(INTERVAL);
        assertThat(connector.node("a").open()).hasSize(1);

        sequences = List.of();
        time.advance(INTERVAL.multipliedBy(2));
        assertThat(connector.node("a").open()).isEmpty();
        supply.close();
    }

    @Property(tries = 60)
    void goesOnWhateverANodeSays(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        ByteBufLeaks.during(() -> {
            Shard honest = new Shard();
            BlockSupply supply = new BlockSupply(
                    new SupplyContext(
                            "main",
                            loop,
                            LyingServer.connector(loop, random, 2 + random.nextInt(4), honest::answer),
                            blocks,
                            RouterMetrics.NONE,
                            INTERVAL),
                    "app",
                    () -> List.of(primary("liar", "liar", true)),
                    () -> sequences);
            supply.start();
            time.advance(Duration.ofMinutes(5));
            supply.close();

            // In the end the server is honest.
            assertThat(honest.endCount).isGreaterThanOrEqualTo(40);
        });
    }
}
