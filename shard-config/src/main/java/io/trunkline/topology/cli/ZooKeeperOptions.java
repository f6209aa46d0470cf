// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.cli;

import io.trunkline.topology.zookeeper.ZooKeeperConnection;
import io.trunkline.topology.zookeeper.ZooKeeperSettings;
import io.trunkline.topology.zookeeper.ZooKeeperTopologyPublisher;
import java.io.IOException;
import java.time.Duration;
import picocli.CommandLine.Option;

/** The options of every command that speaks to ZooKeeper. */
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ZooKeeperOptions {
    /** The variable credentials come from: options of a process are visible to every user of the machine. */
    static final String CREDENTIALS_VARIABLE = "TRUNKLINE_ZOOKEEPER_AUTH";

    @Option(
            names = "--zookeeper",
            paramLabel = "CONNECT",
            required = true,
            description = "ZooKeeper's servers: host:port,host:port[/chroot]. Credentials user:password of the digest"
                    + " scheme come from the variable " + CREDENTIALS_VARIABLE + ".")
    private String connect;

    @Option(
            names = "--path",
            paramLabel = "PATH",
            required = true,
            description = "Base path of the cluster, such as /trunkline/production.")
    private String path;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "5",
            description = "How long to wait for ZooKeeper (default: ${DEFAULT-VALUE}).")
    private int timeoutSeconds;

    /** What a command does with a publisher. */
    interface Conversation {
        Outcome hold(ZooKeeperTopologyPublisher publisher) throws IOException;
    }

    /** Connects, holds the conversation, disconnects. */
    Outcome connected(Conversation conversation) throws IOException {
        try (ZooKeeperConnection connection = ZooKeeperConnection.open(settings())) {
            return conversation.hold(new ZooKeeperTopologyPublisher(connection));
        }
    }

    /** Returns the base path, for messages. */
    String path() {
        return path;
    }

    private ZooKeeperSettings settings() {
        if (timeoutSeconds < 1) {
            throw new CommandFailure(
                    Outcome.NOT_UNDERSTOOD, "--timeout is " + timeoutSeconds + " (expected: 1 or more)");
        }
        String credentials = System.getenv().getOrDefault(CREDENTIALS_VARIABLE, "");
        Duration timeout = Duration.ofSeconds(timeoutSeconds);
        try {
            return new ZooKeeperSettings(
                    connect, path, credentials, ZooKeeperSettings.SESSION_TIMEOUT_DEFAULT, timeout);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(Outcome.NOT_UNDERSTOOD, String.valueOf(e.getMessage()));
        }
    }
}
