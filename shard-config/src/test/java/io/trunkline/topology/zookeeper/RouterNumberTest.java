// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import static io.trunkline.topology.zookeeper.ZooKeeperTests.connection;
import static io.trunkline.topology.zookeeper.ZooKeeperTests.end;
import static io.trunkline.topology.zookeeper.ZooKeeperTests.sessionOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.curator.test.TestingServer;
import org.apache.zookeeper.CreateMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RouterNumberTest {
    private static final int NUMBER_MAX = 3;

    /** Remembers what a router heard. */
    private static final class Heard implements RouterNumber.Listener {
        private final List<Integer> numbers = new CopyOnWriteArrayList<>();
        private volatile Map<Integer, String> addresses = Map.of();

        @Override
        public void onNumber(int number) {
            numbers.add(number);
        }

        @Override
        public void onAddresses(Map<Integer, String> byNumber) {
            addresses = Map.copyOf(byNumber);
        }
    }

    @Test
    void routersThatTryTheSameNumberGetDifferentOnesAndKnowOneAnother() throws Exception {
        List<AutoCloseable> open = new ArrayList<>();
        try (TestingServer server = new TestingServer()) {
            List<Heard> routers = List.of(new Heard(), new Heard(), new Heard());

            for (Heard router : routers) {
                ZooKeeperConnection connection = connection(server.getConnectString());
                open.add(connection);
                open.add(start(connection, "r" + routers.indexOf(router), 2, router));
            }

            eventually(() -> assertThat(routers).allSatisfy(router -> {
                assertThat(router.numbers).hasSize(1);
                assertThat(router.addresses.values()).containsExactlyInAnyOrder("r0:1", "r1:1", "r2:1");
            }));
            assertThat(routers.stream().map(router -> router.numbers.get(0))).containsExactlyInAnyOrder(1, 2, 3);
            assertThat(routers.get(0).addresses.get(routers.get(1).numbers.get(0)))
                    .isEqualTo("r1:1");
        } finally {
            close(open);
        }
    }

    @Test
    void keepsItsNumberWhenItsSessionEnds() throws Exception {
        Heard router = new Heard();
        Heard other = new Heard();
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection observer = connection(server.getConnectString());
                ZooKeeperConnection connection = connection(server.getConnectString());
                RouterNumber watching = start(observer, "r2", 1, other);
                RouterNumber number = start(connection, "r1", 2, router)) {
            assertThat(watching).isNotEqualTo(number);
            eventually(() -> assertThat(other.addresses).containsEntry(2, "r1:1"));
            long session = sessionOf(connection);

            end(session, connection, server);

            eventually(() -> {
                assertThat(observer.client()
                                .checkExists()
                                .forPath("/trunkline/test/numbers/2")
                                .getEphemeralOwner())
                        .isNotEqualTo(session);
                assertThat(other.addresses).containsEntry(2, "r1:1");
            });
            assertThat(router.numbers).containsExactly(2);
        }
    }

    @Test
    void takesAnotherNumberWhenItsOwnWasTakenWhileItHadNoSession() throws Exception {
        Heard router = new Heard();
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection observer = connection(server.getConnectString());
                ZooKeeperConnection connection = connection(server.getConnectString());
                RouterNumber number = start(connection, "r1", 2, router)) {
            assertThat(number).isNotNull();
            eventually(() -> assertThat(router.numbers).containsExactly(2));
            observer.client().delete().forPath("/trunkline/test/numbers/2");
            observer.client()
                    .create()
                    .withMode(CreateMode.EPHEMERAL)
                    .forPath("/trunkline/test/numbers/2", RouterJson.writeNumber("r2", "r2:1", "another"));

            end(sessionOf(connection), connection, server);

            eventually(() -> assertThat(router.numbers).containsExactly(2, 3));
            eventually(() -> assertThat(router.addresses).containsOnly(Map.entry(2, "r2:1"), Map.entry(3, "r1:1")));
        }
    }

    @Test
    void givesItsNumberBackAndLeavesThatOfAnother() throws Exception {
        Heard first = new Heard();
        Heard second = new Heard();
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperConnection others = connection(server.getConnectString())) {
            RouterNumber leaving = start(connection, "r1", 2, first);
            eventually(() -> assertThat(first.numbers).containsExactly(2));
            RouterNumber staying = start(others, "r2", 2, second);
            eventually(() -> assertThat(second.addresses).containsOnlyKeys(2, 3));

            leaving.close();

            eventually(() -> assertThat(second.addresses).containsOnlyKeys(3));
            staying.close();
        }
    }

    private static RouterNumber start(ZooKeeperConnection connection, String id, int first, Heard heard) {
        return RouterNumber.start(connection, id, id + ":1", first, NUMBER_MAX, heard);
    }

    private static void eventually(org.awaitility.core.ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().untilAsserted(assertion);
    }

    private static void close(List<AutoCloseable> open) throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }
}
