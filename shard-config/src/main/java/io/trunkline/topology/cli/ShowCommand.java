// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.cli;

import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import io.trunkline.topology.zookeeper.RouterStatus;
import io.trunkline.topology.zookeeper.ZooKeeperTopologyPublisher;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code topology show}: the document in force and the routers that have applied it, or the document of a revision. */
@Command(
        name = "show",
        description = "Shows the published revision and which routers have applied it, or a document as JSON.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ShowCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private ZooKeeperOptions zooKeeper;

    @Option(names = "--json", description = "Write the published document, ready to be edited and published.")
    private boolean json;

    @Option(names = "--revision", paramLabel = "REVISION", description = "Write the document of this revision instead.")
    private @Nullable Long revision;

    @Override
    public Integer call() {
        return Outcome.of(
                command,
                out -> zooKeeper.connected(publisher -> {
                    if (revision != null) {
                        return printDocument(out, publisher.document(revision));
                    }
                    Topology topology = publisher.published().orElseThrow(() -> nothingPublished(zooKeeper));
                    return json ? printDocument(out, topology) : printSummary(out, topology, publisher);
                }));
    }

    static CommandFailure nothingPublished(ZooKeeperOptions zooKeeper) {
        return new CommandFailure(Outcome.NOT_FOUND, "nothing is published at " + zooKeeper.path());
    }

    private static Outcome printDocument(PrintWriter out, Topology topology) {
        out.println(new String(TopologyJson.write(topology), StandardCharsets.UTF_8));
        return Outcome.DONE;
    }

    private static Outcome printSummary(PrintWriter out, Topology topology, ZooKeeperTopologyPublisher publisher)
            throws IOException {
        out.println("revision " + topology.revision());
        topology.clusters()
                .forEach(cluster -> out.println("cluster " + cluster.name() + ": "
                        + cluster.shards().size() + " shards, "
                        + cluster.shards().stream()
                                .mapToInt(shard -> shard.nodes().size())
                                .sum() + " nodes, "
                        + cluster.planned().shardedTables().size() + " sharded tables, "
                        + cluster.planned().referenceTables().size() + " reference tables"
                        + (cluster.plan() == null
                                ? ""
                                : ", dry run of " + cluster.plan().shards().size() + " shards")));
        topology.databases()
                .forEach(database -> out.println("database " + database.name() + ": " + database.backendName()
                        + " on cluster " + database.cluster()));
        List<RouterStatus> routers = publisher.routers();
        long current = routers.stream()
                .filter(status -> status.appliedRevision() >= topology.revision())
                .count();
        out.println("routers: " + current + " of " + routers.size() + " have applied revision " + topology.revision());
        for (RouterStatus status : routers) {
            out.println("router " + status.router().id() + ": "
                    + (status.appliedRevision() == 0 ? "no revision" : "revision " + status.appliedRevision())
                    + ", " + status.router().address() + ", version "
                    + status.router().version() + ", up since "
                    + status.router().startedAt());
        }
        return Outcome.DONE;
    }
}
