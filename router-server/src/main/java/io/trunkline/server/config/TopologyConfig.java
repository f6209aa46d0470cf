// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Where the topology document comes from. */
public record TopologyConfig(
        @Setting(value = "file watches a file; zookeeper watches a znode.", byDefault = "file")
        Source source,

        @Setting(value = "The topology document when source is file.", byDefault = "topology.json")
        Path file,

        @Setting(value = "How often the file is looked at for a change.", byDefault = "1s", range = "100ms..1h")
        Duration fileInterval,

        @Setting("ZooKeeper's connect string such as zk1:2181,zk2:2181; needed when source is zookeeper.") @Nullable
        String connect,

        @Setting(value = "The znode under which the router's topology lives.", byDefault = "/trunkline")
        String path,

        @Setting(
                value = "Time without contact after which ZooKeeper ends the router's session and its registration.",
                byDefault = "6s",
                range = "1s..10min")
        Duration sessionTimeout,

        @Setting("user:password of ZooKeeper's digest scheme; znodes are then created for their owner only.") @Nullable
        Secret credentials,

        @Setting(
                "The name under which this router registers in ZooKeeper, the same after a restart; host name and port when it is not set.")
        @Nullable
        String routerId,

        @Setting("File that keeps the last good document, so that the router can start while ZooKeeper is away.")
        @Nullable
        Path snapshot)
        implements Validated {

    /** The kinds of source. */
    public enum Source {
        FILE,
        ZOOKEEPER
    }

    @Override
    public void validate(Problems problems) {
        if (source == Source.ZOOKEEPER && connect == null) {
            problems.add(
                    "connect", "missing", "a connect string such as zk1:2181,zk2:2181, because source is zookeeper");
        }
        if (routerId != null && !routerId.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*")) {
            problems.add("router_id", routerId, "letters, digits, _, - and .");
        }
        if (!path.matches("(/[^/]+)+")) {
            problems.add("path", path, "an absolute znode path such as /trunkline");
        }
    }
}
