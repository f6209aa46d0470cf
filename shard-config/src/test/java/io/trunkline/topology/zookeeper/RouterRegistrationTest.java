// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import static io.trunkline.topology.zookeeper.ZooKeeperTests.connection;
import static io.trunkline.topology.zookeeper.ZooKeeperTests.end;
import static io.trunkline.topology.zookeeper.ZooKeeperTests.freePort;
import static io.trunkline.topology.zookeeper.ZooKeeperTests.sessionOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.curator.test.TestingServer;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RouterRegistrationTest {
    private static final RouterInfo R1 =
            new RouterInfo("r1", "10.0.0.9:6432", "0.1.0", Instant.parse("2026-01-01T00:00:00Z"));

    @Test
    void showsTheRouterAndTheRevisionItHasApplied() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                RouterRegistration registration = RouterRegistration.start(connection, R1)) {
            awaitRouters(connection, new RouterStatus(R1, 0));

            registration.acknowledge(7);
            awaitRouters(connection, new RouterStatus(R1, 7));
            registration.acknowledge(9);
            registration.acknowledge(8);

            awaitRouters(connection, new RouterStatus(R1, 9));
            assertThat(registration.acknowledged()).hasValue(9);
        }
    }

    /** A watch on one's own znode would answer every write with another one, for ever. */
    @Test
    void writesAnAcknowledgementOnce() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection observer = connection(server.getConnectString());
                ZooKeeperConnection connection = connection(server.getConnectString());
                RouterRegistration registration = RouterRegistration.start(connection, R1)) {
            registration.acknowledge(1);
            registration.acknowledge(2);
            awaitRouters(observer, new RouterStatus(R1, 2));

            int version = ackVersion(observer);

            await().during(Duration.ofMillis(500)).until(() -> ackVersion(observer) == version);
        }
    }

    private static int ackVersion(ZooKeeperConnection connection) throws Exception {
        return connection
                .client()
                .checkExists()
                .forPath("/trunkline/test/acks/r1")
                .getVersion();
    }

    @Test
    void vanishesWhenItIsClosedAndWhenItsConnectionIs() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection observer = connection(server.getConnectString());
                ZooKeeperConnection connection = connection(server.getConnectString())) {
            RouterInfo r2 = new RouterInfo("r2", "", "", Instant.EPOCH);
            RouterRegistration first = RouterRegistration.start(connection, R1);
            first.acknowledge(1);
            RouterRegistration.start(connection, r2).acknowledge(1);
            awaitRouters(observer, new RouterStatus(R1, 1), new RouterStatus(r2, 1));

            first.close();
            awaitRouters(observer, new RouterStatus(r2, 1));
            connection.close();

            awaitRouters(observer);
            assertThat(observer.client().getChildren().forPath("/trunkline/test/acks"))
                    .isEmpty();
        }
    }

    @Test
    void comesBackAfterItsSessionExpired() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection observer = connection(server.getConnectString());
                ZooKeeperConnection connection = connection(server.getConnectString());
                RouterRegistration registration = RouterRegistration.start(connection, R1)) {
            registration.acknowledge(3);
            awaitRouters(observer, new RouterStatus(R1, 3));
            long session = sessionOf(connection);

            end(session, connection, server);

            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                Stat presence = observer.client().checkExists().forPath("/trunkline/test/routers/r1");
                Stat ack = observer.client().checkExists().forPath("/trunkline/test/acks/r1");
                assertThat(presence).isNotNull();
                assertThat(ack).isNotNull();
                assertThat(presence.getEphemeralOwner()).isNotEqualTo(session);
                assertThat(ack.getEphemeralOwner()).isNotEqualTo(session);
            });
            awaitRouters(observer, new RouterStatus(R1, 3));
        }
    }

    @Test
    void takesOverTheZnodeOfItsFormerSelfWhenThatSessionEnds() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection former = connection(server.getConnectString());
                ZooKeeperConnection connection = connection(server.getConnectString())) {
            RouterRegistration.start(former, R1).acknowledge(3);
            awaitRouters(connection, new RouterStatus(R1, 3));
            RouterInfo again = new RouterInfo("r1", "10.0.0.9:6432", "0.2.0", Instant.parse("2026-01-02T00:00:00Z"));
            RouterRegistration.start(connection, again).acknowledge(4);
            await().untilAsserted(() -> assertThat(connection.trouble()).isEmpty());

            former.close();

            awaitRouters(connection, new RouterStatus(again, 4));
        }
    }

    @Test
    void registersWhenZooKeeperComesLate() throws Exception {
        int port = freePort();
        try (ZooKeeperConnection connection = connection("127.0.0.1:" + port);
                RouterRegistration registration = RouterRegistration.start(connection, R1)) {
            registration.acknowledge(2);

            try (TestingServer server = new TestingServer(port)) {
                assertThat(server.getPort()).isEqualTo(port);
                awaitRouters(connection, new RouterStatus(R1, 2));
            }
        }
    }

    @Test
    void tellsTheRevisionThatWasAppliedWhileZooKeeperWasAway() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                RouterRegistration registration = RouterRegistration.start(connection, R1)) {
            registration.acknowledge(2);
            awaitRouters(connection, new RouterStatus(R1, 2));

            server.stop();
            await().untilAsserted(() -> assertThat(connection.trouble()).isPresent());
            registration.acknowledge(3);
            server.restart();

            awaitRouters(connection, new RouterStatus(R1, 3));
        }
    }

    @Test
    void refusesAnIdThatCannotBeAZnode() {
        assertThatThrownBy(() -> new RouterInfo("a/b", "", "", Instant.EPOCH))
                .hasMessageContaining("router id \"a/b\" (expected: letters");
    }

    private static void awaitRouters(ZooKeeperConnection connection, RouterStatus... expected) {
        ZooKeeperTopologyPublisher publisher = new ZooKeeperTopologyPublisher(connection);
        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(publisher.routers()).isEqualTo(List.of(expected)));
    }
}
