// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import java.time.Duration;

/**
 * How to reach ZooKeeper and where in it the topology is.
 *
 * @param connect servers as ZooKeeper writes them: {@code zk1:2181,zk2:2181,zk3:2181/chroot}
 * @param path the base path, see {@link ClusterPath}
 * @param credentials {@code user:password} of the digest scheme; empty for none. With credentials, znodes are created for
 *     their owner only
 * @param sessionTimeout after which ZooKeeper forgets a client it does not hear of; the server keeps it between 2 and 20 ticks
 * @param connectionTimeout how long a command waits for a connection; the router never waits
 */
public record ZooKeeperSettings(
        String connect, String path, String credentials, Duration sessionTimeout, Duration connectionTimeout) {
    /** The session timeout unless said otherwise. */
    public static final Duration SESSION_TIMEOUT_DEFAULT = Duration.ofSeconds(6);

    /** The connection timeout unless said otherwise. */
    public static final Duration CONNECTION_TIMEOUT_DEFAULT = Duration.ofSeconds(5);

    /** Checks what can be checked without a connection. */
    public ZooKeeperSettings {
        if (connect.isBlank()) {
            throw new IllegalArgumentException("ZooKeeper servers are empty (expected: host:port,host:port)");
        }
        new ClusterPath(path);
    }

    /** Returns the settings with no credentials and the default timeouts. */
    public static ZooKeeperSettings of(String connect, String path) {
        return new ZooKeeperSettings(connect, path, "", SESSION_TIMEOUT_DEFAULT, CONNECTION_TIMEOUT_DEFAULT);
    }

    /** Returns everything but the credentials. */
    @Override
    public String toString() {
        return "ZooKeeperSettings[connect=" + connect + ", path=" + path + "]";
    }
}
