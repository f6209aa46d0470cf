// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.util.Map;

/**
 * The whole configuration of one router, as read from its YAML file. Immutable; secrets do not appear in {@code toString}.
 *
 * <p>Each component is a key of the file. {@code databases} overrides {@code defaults} key by key.
 */
public record RouterConfig(
        @Setting("Where clients connect.") ListenConfig listen,

        @Setting("Where operators connect: /metrics, /live, /ready, /topology.")
        AdminConfig admin,

        @Setting(
                value =
                        "Threads that carry traffic: a number, or cores for one per processor. Fewer loops share backends better, more loops carry more.",
                byDefault = "cores")
        LoopCount eventLoops,

        @Setting(
                value =
                        "How sockets are driven: auto takes epoll where it works and nio elsewhere; io_uring is never chosen by itself.",
                byDefault = "auto")
        Transport transport,

        @Setting(
                value =
                        "Where this router stands; replicas of the same zone are preferred for reads. Empty: all alike.",
                byDefault = Setting.EMPTY)
        String zone,

        @Setting("Where the topology document comes from.") TopologyConfig topology,

        @Setting("Who may log in.") UsersConfig users,

        @Setting("What holds for every database that does not say otherwise.")
        DatabaseConfig defaults,

        @Setting("By database name as clients call it, the keys of defaults that differ.") @InheritsFrom("defaults")
        Map<String, DatabaseConfig> databases,

        @Setting("How the router logs in to nodes.") BackendConfig backend,

        @Setting(
                "How a cancel request that reaches another router of a group, behind a load balancer for example, gets to the one that gave its key.")
        CancelConfig cancel,

        @Setting("How long things may take.") TimeoutsConfig timeouts,

        @Setting("What one client, one node or the router may use at most.")
        LimitsConfig limits,

        @Setting("How the router watches the nodes.") ProbesConfig probes,

        @Setting(
                "What becomes of transactions over several shards that a router left behind. Only where topology.source is zookeeper: decisions are kept there.")
        TransactionsConfig transactions,

        @Setting(
                "How the sequences of the topology get their numbers. Only where topology.source is zookeeper: the counters are kept there.")
        SequencesConfig sequences)
        implements Validated {

    /** How sockets are driven. */
    public enum Transport {
        AUTO,
        EPOLL,
        NIO,
        IO_URING
    }

    @Override
    public void validate(Problems problems) {
        if (topology.source() != TopologyConfig.Source.ZOOKEEPER) {
            return;
        }
        if (cancel.number() != 0) {
            problems.add(
                    "cancel.number", Integer.toString(cancel.number()), "nothing, because ZooKeeper gives numbers");
        }
        if (!cancel.peers().isEmpty()) {
            problems.add("cancel.peers", "sections", "nothing, because ZooKeeper knows the other routers");
        }
    }

    /** Returns what holds for a database. */
    public DatabaseConfig database(String name) {
        return databases.getOrDefault(name, defaults);
    }
}
