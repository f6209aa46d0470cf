// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;

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
}
