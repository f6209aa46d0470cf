// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import static io.trunkline.topology.zookeeper.ZooKeeperTests.connection;
import static io.trunkline.topology.zookeeper.ZooKeeperTests.freePort;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.topology.InvalidTopologyException;
import io.trunkline.topology.Topologies;
import io.trunkline.topology.Topology;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ZooKeeperTopologyPublisherTest {
    private TestingServer server;
    private ZooKeeperConnection connection;
    private ZooKeeperTopologyPublisher publisher;

    @BeforeEach
    void start() throws Exception {
        server = new TestingServer();
        connection = connection(server.getConnectString());
        publisher = new ZooKeeperTopologyPublisher(connection);
    }

    @AfterEach
    void stop() throws Exception {
        connection.close();
        server.close();
    }

    @Test
    void publishesAndKeepsTheHistory() throws Exception {
        publisher.publish(Topologies.plain(1), OptionalLong.of(0));
        publisher.publish(Topologies.sharded(2), OptionalLong.of(1));
        publisher.publish(Topologies.plain(10), OptionalLong.empty());

        assertThat(publisher.published()).hasValue(Topologies.plain(10));
        assertThat(publisher.history()).extracting(PublishedRevision::revision).containsExactly(1L, 2L, 10L);
        assertThat(publisher.document(2)).isEqualTo(Topologies.sharded(2));
    }

    @Test
    void refusesWhenAnotherRevisionIsPublishedThanExpected() throws Exception {
        publisher.publish(Topologies.plain(3), OptionalLong.of(0));

        assertThatThrownBy(() -> publisher.publish(Topologies.plain(4), OptionalLong.of(2)))
                .isInstanceOf(RevisionConflictException.class)
                .hasMessage("revision 3 is published (expected: 2)");
        assertThatThrownBy(() -> publisher.publish(Topologies.plain(3), OptionalLong.empty()))
                .isInstanceOf(RevisionConflictException.class)
                .hasMessage("revision: 3 (expected: more than 3, which is published)");
        assertThat(publisher.published()).hasValue(Topologies.plain(3));
    }

    @Test
    void letsOneOfManyPublishersWin() throws Exception {
        publisher.publish(Topologies.plain(1), OptionalLong.of(0));
        int publishers = 4;
        CyclicBarrier together = new CyclicBarrier(publishers);
        ExecutorService threads = Executors.newFixedThreadPool(publishers);

        List<Callable<Boolean>> attempts = IntStream.range(0, publishers)
                .mapToObj(weight -> (Callable<Boolean>) () -> {
                    try (ZooKeeperConnection own = connection(server.getConnectString())) {
                        together.await();
                        new ZooKeeperTopologyPublisher(own).publish(Topologies.plain(2, weight), OptionalLong.of(1));
                        return true;
                    } catch (RevisionConflictException e) {
                        return false;
                    }
                })
                .toList();
        List<Future<Boolean>> outcomes = threads.invokeAll(attempts);
        threads.shutdown();

        List<Integer> winners = IntStream.range(0, publishers)
                .filter(weight -> won(outcomes.get(weight)))
                .boxed()
                .toList();
        assertThat(winners).hasSize(1);
        assertThat(publisher.published()).hasValue(Topologies.plain(2, winners.get(0)));
    }

    @Test
    void bringsAnOldDocumentBackUnderANewRevision() throws Exception {
        publisher.publish(Topologies.sharded(1), OptionalLong.of(0));
        publisher.publish(Topologies.plain(2), OptionalLong.of(1));

        long revision = publisher.rollback(1, OptionalLong.of(2));

        assertThat(revision).isEqualTo(3);
        assertThat(publisher.published()).hasValue(Topologies.sharded(3));
        assertThat(publisher.history()).extracting(PublishedRevision::revision).containsExactly(1L, 2L, 3L);
    }

    @Test
    void refusesToBringBackWhatIsNotInTheHistory() throws Exception {
        publisher.publish(Topologies.plain(2), OptionalLong.of(0));

        assertThatThrownBy(() -> publisher.rollback(1, OptionalLong.empty()))
                .isInstanceOf(UnknownRevisionException.class)
                .hasMessage("revision 1 is not in the history (expected: one of [2])");
    }

    @Test
    void replacesABrokenDocumentAndContinuesTheRevisionsOfTheHistory() throws Exception {
        publisher.publish(Topologies.plain(6), OptionalLong.of(0));
        connection.client().setData().forPath("/trunkline/test/topology", new byte[] {'{'});

        assertThatThrownBy(() -> publisher.published()).isInstanceOf(InvalidTopologyException.class);
        assertThatThrownBy(() -> publisher.publish(Topologies.plain(6), OptionalLong.empty()))
                .isInstanceOf(RevisionConflictException.class);
        publisher.publish(Topologies.plain(7), OptionalLong.of(6));

        assertThat(publisher.published()).hasValue(Topologies.plain(7));
        assertThat(publisher.document(6)).isEqualTo(Topologies.plain(6));
    }

    @Test
    void completesTheHistoryOfAPublisherThatDiedHalfway() throws Exception {
        publisher.publish(Topologies.plain(1), OptionalLong.of(0));
        connection.client().delete().forPath("/trunkline/test/history/1");

        publisher.publish(Topologies.plain(2), OptionalLong.of(1));

        assertThat(publisher.document(1)).isEqualTo(Topologies.plain(1));
    }

    @Test
    void keepsTheNewestOfTheHistory() throws Exception {
        int published = ZooKeeperTopologyPublisher.HISTORY_REVISIONS_MAX + 2;
        for (long revision = 1; revision <= published; revision++) {
            publisher.publish(Topologies.plain(revision), OptionalLong.of(revision - 1));
        }

        assertThat(publisher.history())
                .extracting(PublishedRevision::revision)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(3, published).boxed().toList());
    }

    @Test
    void publishesADocumentOfNearlyTheLargestSize() throws Exception {
        Topology large = Topologies.large(1);

        publisher.publish(large, OptionalLong.of(0));

        assertThat(publisher.history().get(0).documentBytes()).isBetween(800_000, 1_000_000);
        assertThat(publisher.published()).hasValue(large);
    }

    @Test
    void reportsWithinItsTimeoutThatZooKeeperDoesNotAnswer() throws Exception {
        ZooKeeperSettings settings = new ZooKeeperSettings(
                "127.0.0.1:" + freePort(), "/trunkline/test", "", Duration.ofSeconds(4), Duration.ofMillis(300));
        try (ZooKeeperConnection nowhere = ZooKeeperConnection.open(settings)) {

            assertThatThrownBy(() -> new ZooKeeperTopologyPublisher(nowhere).published())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("does not answer within 300 ms");
        }
    }

    @Test
    void keepsZnodesToThoseWhoHaveTheCredentials() throws Exception {
        ZooKeeperSettings settings = new ZooKeeperSettings(
                server.getConnectString(),
                "/trunkline/locked",
                "ops:secret",
                Duration.ofSeconds(4),
                Duration.ofSeconds(5));
        try (ZooKeeperConnection owner = ZooKeeperConnection.open(settings)) {
            new ZooKeeperTopologyPublisher(owner).publish(Topologies.plain(1), OptionalLong.of(0));
        }
        ZooKeeperSettings stranger = ZooKeeperSettings.of(server.getConnectString(), "/trunkline/locked");
        try (ZooKeeperConnection other = ZooKeeperConnection.open(stranger)) {

            assertThatThrownBy(() -> new ZooKeeperTopologyPublisher(other).published())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("NoAuth");
        }
        assertThat(settings.toString()).doesNotContain("secret");
    }

    private static boolean won(Future<Boolean> outcome) {
        try {
            return outcome.get();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
