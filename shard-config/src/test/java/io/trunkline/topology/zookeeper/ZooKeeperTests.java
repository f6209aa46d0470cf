// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.apache.curator.test.TestingServer;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;

/** What the tests of this package share. */
final class ZooKeeperTests {
    private ZooKeeperTests() {}

    /** A connection with short timeouts, below {@code /trunkline/test}. */
    static ZooKeeperConnection connection(String connect) {
        return ZooKeeperConnection.open(
                new ZooKeeperSettings(connect, "/trunkline/test", "", Duration.ofSeconds(4), Duration.ofSeconds(5)));
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** Ends the session on the server: a second handle joins it and closes it, and the first learns that it has expired. */
    static void end(long session, ZooKeeperConnection connection, TestingServer server) throws Exception {
        byte[] password =
                connection.client().getZookeeperClient().getZooKeeper().getSessionPasswd();
        CountDownLatch joined = new CountDownLatch(1);
        ZooKeeper second = new ZooKeeper(
                server.getConnectString(),
                4000,
                event -> {
                    if (event.getState() == KeeperState.SyncConnected) {
                        joined.countDown();
                    }
                },
                session,
                password);
        joined.await();
        second.close();
    }

    static long sessionOf(ZooKeeperConnection connection) throws Exception {
        return connection.client().getZookeeperClient().getZooKeeper().getSessionId();
    }
}
