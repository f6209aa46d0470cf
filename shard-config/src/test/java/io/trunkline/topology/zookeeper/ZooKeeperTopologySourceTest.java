// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import static io.trunkline.topology.zookeeper.ZooKeeperTests.connection;
import static io.trunkline.topology.zookeeper.ZooKeeperTests.freePort;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.topology.Topologies;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologySnapshot;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingCluster;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ZooKeeperTopologySourceTest {
    @TempDir
    Path directory;

    @Test
    void handsOutEachRevisionInOrder() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperTopologySource source = ZooKeeperTopologySource.start(connection)) {
            ZooKeeperTopologyPublisher publisher = new ZooKeeperTopologyPublisher(connection);
            List<Topology> seen = new CopyOnWriteArrayList<>();
            source.subscribe(seen::add);

            publisher.publish(Topologies.plain(1), OptionalLong.of(0));
            awaitRevision(source, 1);
            publisher.publish(Topologies.plain(2), OptionalLong.of(1));
            awaitRevision(source, 2);

            await().untilAsserted(() -> assertThat(seen).containsExactly(Topologies.plain(1), Topologies.plain(2)));
            assertThat(source.trouble()).isEmpty();
        }
    }

    @Test
    void saysWhatIsMissingBeforeTheFirstPublication() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperTopologySource source = ZooKeeperTopologySource.start(connection)) {

            await().untilAsserted(
                            () -> assertThat(source.trouble()).hasValue("/trunkline/test/topology does not exist"));
            assertThat(source.current()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "{\"revision\": 3, \"clusters\": []}"})
    void keepsTheLastGoodDocumentWhenTheNextIsBroken(String broken) throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperTopologySource source = ZooKeeperTopologySource.start(connection)) {
            ZooKeeperTopologyPublisher publisher = new ZooKeeperTopologyPublisher(connection);
            publisher.publish(Topologies.plain(2), OptionalLong.empty());
            awaitRevision(source, 2);

            connection.client().setData().forPath("/trunkline/test/topology", broken.getBytes(StandardCharsets.UTF_8));

            await().untilAsserted(
                            () -> assertThat(source.trouble().orElse("")).startsWith("/trunkline/test/topology: "));
            assertThat(source.current()).hasValue(Topologies.plain(2));
            publisher.publish(Topologies.plain(3), OptionalLong.of(2));
            awaitRevision(source, 3);
            assertThat(source.trouble()).isEmpty();
        }
    }

    @Test
    void keepsTheLastGoodDocumentWhenTheZnodeIsDeletedAndRefusesAnOlderOne() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperTopologySource source = ZooKeeperTopologySource.start(connection)) {
            ZooKeeperTopologyPublisher publisher = new ZooKeeperTopologyPublisher(connection);
            publisher.publish(Topologies.plain(5), OptionalLong.empty());
            awaitRevision(source, 5);

            connection.client().delete().deletingChildrenIfNeeded().forPath("/trunkline/test");
            await().untilAsserted(() -> assertThat(source.trouble()).isPresent());
            publisher.publish(Topologies.plain(1), OptionalLong.of(0));

            await().untilAsserted(() ->
                    assertThat(source.trouble()).hasValue("revision 1 is older than revision 5, which is in use"));
            assertThat(source.current()).hasValue(Topologies.plain(5));
        }
    }

    @Test
    void keepsServingWhileZooKeeperIsAwayAndCatchesUpAfterwards() throws Exception {
        InstanceSpec spec = InstanceSpec.newInstanceSpec();
        try (TestingServer server = new TestingServer(spec, true);
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperTopologySource source = ZooKeeperTopologySource.start(connection)) {
            ZooKeeperTopologyPublisher publisher = new ZooKeeperTopologyPublisher(connection);
            publisher.publish(Topologies.plain(1), OptionalLong.empty());
            awaitRevision(source, 1);

            server.stop();
            await().untilAsserted(
                            () -> assertThat(source.trouble().orElse("")).startsWith("not connected to ZooKeeper"));
            Topology whileAway = source.current().orElseThrow();
            server.restart();
            await().untilAsserted(() -> assertThat(source.trouble()).isEmpty());
            publisher.publish(Topologies.plain(2), OptionalLong.of(1));

            assertThat(whileAway).isEqualTo(Topologies.plain(1));
            awaitRevision(source, 2);
        }
    }

    @Test
    void survivesTheLossOfOneServerOfAnEnsemble() throws Exception {
        try (TestingCluster cluster = new TestingCluster(3)) {
            cluster.start();
            try (ZooKeeperConnection connection = connection(cluster.getConnectString());
                    ZooKeeperTopologySource source = ZooKeeperTopologySource.start(connection)) {
                ZooKeeperTopologyPublisher publisher = new ZooKeeperTopologyPublisher(connection);
                publisher.publish(Topologies.plain(1), OptionalLong.empty());
                awaitRevision(source, 1);

                cluster.killServer(cluster.findConnectionInstance(
                        connection.client().getZookeeperClient().getZooKeeper()));
                await().untilAsserted(() -> publisher.publish(Topologies.plain(2), OptionalLong.of(1)));

                awaitRevision(source, 2);
            }
        }
    }

    @Test
    void startsFromTheSnapshotWhenZooKeeperIsAwayAndUpdatesItWhenItComes() throws Exception {
        int port = freePort();
        Path file = directory.resolve("topology.json");
        new TopologySnapshot(file).write(Topologies.plain(4));
        long startedAt = System.nanoTime();
        try (ZooKeeperConnection connection = connection("127.0.0.1:" + port);
                ZooKeeperTopologySource source =
                        ZooKeeperTopologySource.start(connection, new TopologySnapshot(file))) {
            long startMillis = (System.nanoTime() - startedAt) / 1_000_000;

            Topology atStart = source.current().orElseThrow();
            String trouble = source.trouble().orElseThrow();
            try (TestingServer server = new TestingServer(port)) {
                ZooKeeperTopologyPublisher publisher = new ZooKeeperTopologyPublisher(connection);
                await().untilAsserted(() -> publisher.publish(Topologies.plain(5), OptionalLong.empty()));

                awaitRevision(source, 5);
                assertThat(server.getPort()).isEqualTo(port);
            }
            assertThat(atStart).isEqualTo(Topologies.plain(4));
            assertThat(trouble).isEqualTo("not connected to ZooKeeper at 127.0.0.1:" + port);
            // Far less than the connection timeout: nothing was waited for.
            assertThat(startMillis).isLessThan(5000);
            await().untilAsserted(
                            () -> assertThat(new TopologySnapshot(file).read()).hasValue(Topologies.plain(5)));
        }
    }

    @Test
    void startsWithoutNameResolution() {
        try (ZooKeeperConnection connection = connection("no-such-host.invalid:2181");
                ZooKeeperTopologySource source = ZooKeeperTopologySource.start(connection)) {

            assertThat(source.current()).isEmpty();
            assertThat(source.trouble()).isPresent();
        }
    }

    private static void awaitRevision(ZooKeeperTopologySource source, long revision) {
        await().atMost(java.time.Duration.ofSeconds(30))
                .untilAsserted(() ->
                        assertThat(source.current().map(Topology::revision)).hasValue(revision));
    }
}
