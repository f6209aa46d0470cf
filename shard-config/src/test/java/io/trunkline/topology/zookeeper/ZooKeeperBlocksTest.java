// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import static io.trunkline.topology.zookeeper.ZooKeeperTests.connection;
import static io.trunkline.topology.zookeeper.ZooKeeperTests.end;
import static io.trunkline.topology.zookeeper.ZooKeeperTests.sessionOf;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.block.NumberBlocks;
import io.trunkline.block.SequenceId;
import io.trunkline.block.WantedBlock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ZooKeeperBlocksTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final SequenceId IDS = new SequenceId("main", "app/1", "ids");
    private static final String ZNODE = "/trunkline/test/sequences/main/db-app%2F1/seq-ids";

    private static final OptionalLong UNKNOWN = OptionalLong.empty();
    private static final OptionalLong NOTHING = OptionalLong.of(WantedBlock.NOTHING_HELD);

    /** Remembers every word it was told. */
    private static final class Heard implements NumberBlocks.Listener {
        private final List<Object> words = new CopyOnWriteArrayList<>();

        @Override
        public void onAllocated(long start) {
            words.add(start);
        }

        @Override
        public void onFailed(String problem) {
            words.add(problem);
        }

        Object word() {
            await().atMost(Duration.ofSeconds(60)).until(() -> !words.isEmpty());
            return words.get(0);
        }
    }

    private static Heard ask(NumberBlocks blocks, int count, OptionalLong beyond) {
        Heard heard = new Heard();
        blocks.allocate(IDS, new WantedBlock(1, 10, count, beyond), heard);
        return heard;
    }

    private static String znode(ZooKeeperConnection connection) throws Exception {
        return new String(connection.client().getData().forPath(ZNODE), US_ASCII);
    }

    @Test
    void givesEachNumberToOneOfTwoRouters() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection one = connection(server.getConnectString());
                ZooKeeperConnection other = connection(server.getConnectString());
                ZooKeeperBlocks first = ZooKeeperBlocks.on(one, LIMIT);
                ZooKeeperBlocks second = ZooKeeperBlocks.on(other, LIMIT)) {
            List<Heard> heard = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                heard.add(ask(i % 2 == 0 ? first : second, 1, NOTHING));
            }

            Set<Object> starts = new HashSet<>();
            heard.forEach(each -> starts.add(each.word()));

            assertThat(starts)
                    .hasSize(60)
                    .allSatisfy(start -> assertThat((long) start % 10).isEqualTo(1));
            assertThat(znode(one)).isEqualTo("601");
        }
    }

    @Test
    void givesSeveralBlocksInOnePiece() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperBlocks blocks = ZooKeeperBlocks.on(connection, LIMIT)) {
            assertThat(ask(blocks, 7, NOTHING).word()).isEqualTo(1L);

            assertThat(ask(blocks, 1, NOTHING).word()).isEqualTo(71L);
        }
    }

    @Test
    void comparesItselfWithTheShardsBeforeTheFirstBlockOfASession() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperConnection another = connection(server.getConnectString());
                ZooKeeperBlocks blocks = ZooKeeperBlocks.on(connection, LIMIT);
                ZooKeeperBlocks others = ZooKeeperBlocks.on(another, LIMIT)) {
            assertThat(ask(blocks, 1, UNKNOWN).word())
                    .isEqualTo("there is no counter, and not all shards could be asked what they hold");
            assertThat(ask(blocks, 1, NOTHING).word()).isEqualTo(1L);
            // Now it knows, and one shard that is away keeps nobody.
            assertThat(ask(blocks, 1, UNKNOWN).word()).isEqualTo(11L);

            assertThat(ask(others, 1, UNKNOWN).word())
                    .isEqualTo(
                            "the counter may have been lost or put back, and not all shards could be asked what they hold");
            end(sessionOf(connection), connection, server);
            assertThat(ask(blocks, 1, UNKNOWN).word())
                    .isEqualTo(
                            "the counter may have been lost or put back, and not all shards could be asked what they hold");
            long start = (long) ask(blocks, 1, OptionalLong.of(21)).word();

            // The new session may be lost once more while its client settles: numbers whose answer is lost are
            // nobody's.
            assertThat(start)
                    .isBetween(21L, 91L)
                    .satisfies(each -> assertThat(each % 10).isEqualTo(1));
            assertThat(znode(another)).isEqualTo(Long.toString(start + 10));
        }
    }

    @Test
    void goesFarBeyondTheShardsWhenTheCounterWasLostOrPutBack() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperBlocks blocks = ZooKeeperBlocks.on(connection, LIMIT)) {
            assertThat(ask(blocks, 1, OptionalLong.of(5_001)).word()).isEqualTo(105_001L);
            connection.client().setData().forPath(ZNODE, "42".getBytes(US_ASCII));

            assertThat(ask(blocks, 1, OptionalLong.of(105_011)).word()).isEqualTo(205_011L);

            connection.client().delete().forPath(ZNODE);
            assertThat(ask(blocks, 1, UNKNOWN).word())
                    .isEqualTo("there is no counter, and not all shards could be asked what they hold");
        }
    }

    @Test
    void givesNoNumberTwiceWhenAnswersAreLost() throws Exception {
        try (TestingServer server = new TestingServer();
                Detour detour = new Detour(server.getPort());
                ZooKeeperConnection observer = connection(server.getConnectString());
                ZooKeeperConnection connection = connection(detour.connect());
                ZooKeeperBlocks blocks = ZooKeeperBlocks.on(connection, LIMIT)) {
            assertThat(ask(blocks, 1, NOTHING).word()).isEqualTo(1L);
            detour.loseAnswers();

            Heard heard = ask(blocks, 1, NOTHING);
            detour.cut();

            // Had it got so far: 11 was given to nobody.
            assertThat((long) heard.word()).isIn(11L, 21L);
            assertThat(Long.parseLong(znode(observer))).isEqualTo((long) heard.word() + 10);
        }
    }

    @Test
    void failsWhenNumbersAreUsedUpAndWhenTheZnodeIsNotItsOwn() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperBlocks blocks = ZooKeeperBlocks.on(connection, LIMIT)) {
            ask(blocks, 1, NOTHING).word();
            connection
                    .client()
                    .setData()
                    .forPath(ZNODE, Long.toString(Long.MAX_VALUE - 9).getBytes(US_ASCII));
            assertThat(ask(blocks, 1, NOTHING).word())
                    .isEqualTo("the sequence has no more numbers: the next one would be 9223372036854775798");

            connection.client().setData().forPath(ZNODE, "commit".getBytes(US_ASCII));
            assertThat(ask(blocks, 1, NOTHING).word()).isEqualTo("znode " + ZNODE + " holds no number");
        }
    }

    @Test
    void failsAfterTheLimitWhileZooKeeperIsAway() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperBlocks blocks = ZooKeeperBlocks.on(connection, Duration.ofMillis(300))) {
            ask(blocks, 1, NOTHING).word();
            server.stop();

            Heard heard = ask(blocks, 1, NOTHING);

            assertThat(heard.word()).isEqualTo("ZooKeeper did not answer within 300 ms");
        }
    }
}
