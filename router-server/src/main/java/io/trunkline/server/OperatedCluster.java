// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.SharedAcrossLoops;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.catalog.CatalogLoader;
import io.trunkline.health.ClusterMonitor;
import io.trunkline.health.HealthSettings;
import io.trunkline.health.NodeStatus;
import io.trunkline.health.ShardStatus;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.routing.CatalogSnapshot;
import io.trunkline.routing.RoutingTable;
import io.trunkline.routing.StatementRouter;
import io.trunkline.sequence.BlockSupply;
import io.trunkline.sequence.ShardPrimary;
import io.trunkline.sequence.SupplyContext;
import io.trunkline.server.config.ProbesConfig;
import io.trunkline.session.ClusterView;
import io.trunkline.session.DryRun;
import io.trunkline.session.DryRunReport;
import io.trunkline.session.Worker;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Node;
import io.trunkline.topology.Shard;
import io.trunkline.topology.SharedSequence;
import io.trunkline.topology.Topology;
import io.trunkline.twophase.RecoveryContext;
import io.trunkline.twophase.ShardDatabases;
import io.trunkline.twophase.TransactionRecovery;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One cluster as this router operates it: the monitor of its nodes, the loaders of its catalogues, the supplies of its sequences, and the view its
 * workers decide by.
 *
 * <p>Lives on one event loop, its home; {@link #onTopology}, {@link #suspect} and {@link #close} come from anywhere and are posted there. A
 * cluster that leaves the topology stays, without shards: so its epochs go on growing if it comes back.
 */
@SharedAcrossLoops("public methods post to the home loop; what goes to the workers is immutable")
final class OperatedCluster {
    /**
     * What a cluster needs of the router around it.
     *
     * @param clock the home loop
     * @param connector opens connections on the home loop
     * @param workers those who need views and statuses
     * @param board those who look from outside
     * @param recovery what transactions over several shards are recovered with; null where nothing is decided
     * @param supply what sequences over shards get their numbers with; null where none are kept
     */
    record Surroundings(
            EventLoopClock clock,
            BackendConnector connector,
            List<Worker> workers,
            NodeBoard board,
            RouterMetrics metrics,
            ProbesConfig probes,
            @Nullable RecoveryContext recovery,
            @Nullable SupplyContext supply) {}

    private static final Logger LOG = LoggerFactory.getLogger(OperatedCluster.class);

    private final String name;
    private final Surroundings surroundings;
    private final ClusterMonitor monitor;
    private final @Nullable TransactionRecovery recovery;
    /** The names of the shards in the topology's order. */
    private List<String> shardNames = List.of();

    private List<SharedSequence> sequences = List.of();
    private final Map<Catalog, CatalogLoader> loaders = new HashMap<>();
    /** By database. */
    private final Map<String, BlockSupply> supplies = new HashMap<>();
    /** Those that have been read. */
    private final Map<Catalog, CatalogSnapshot> snapshots = new HashMap<>();

    private final SchemaDrift drift;
    private Set<String> databases = Set.of();
    private @Nullable RoutingTable table;
    /** As the dry run has it; null without one. */
    private @Nullable RoutingTable plan;
    /** What was decided by that plan; read by those who look from outside. */
    private volatile @Nullable DryRunReport report;

    private long revision;
    /** Set before the loops end: nothing is posted to them any more. */
    private boolean closed;

    OperatedCluster(String name, Surroundings surroundings) {
        this.name = name;
        this.surroundings = surroundings;
        ProbesConfig probes = surroundings.probes;
        monitor = new ClusterMonitor(
                name,
                surroundings.clock,
                surroundings.connector,
                new HealthSettings(
                        probes.database(),
                        probes.user(),
                        probes.interval(),
                        probes.urgentInterval(),
                        probes.timeout(),
                        probes.failures(),
                        probes.recoveries(),
                        probes.maxReplicaLag().bytes()),
                surroundings.metrics,
                this::onShardStatus);
        drift = new SchemaDrift(name, surroundings.metrics);
        recovery = surroundings.recovery == null
                ? null
                : new TransactionRecovery(surroundings.recovery, this::shardDatabases);
        if (recovery != null) {
            surroundings.clock.execute(recovery::start);
        }
    }

    /**
     * Takes a newer topology.
     *
     * @param applied runs once every worker decides by it
     */
    void onTopology(Topology topology, Runnable applied) {
        Cluster described =
                topology.cluster(name).orElseGet(() -> new Cluster(name, List.of(), List.of(), List.of(), List.of()));
        monitor.onTopology(described);
        if (described.shards().isEmpty()) {
            surroundings.clock.execute(() -> {
                shardNames = List.of();
                sequences = List.of();
                keepLoaders(Set.of());
                keepSupplies();
            });
            applied.run();
            return;
        }
        Set<String> named = topology.databases().stream()
                .filter(database -> database.cluster().equals(name))
                .map(Database::backendName)
                .collect(Collectors.toSet());
        surroundings.clock.execute(() -> {
            revision = topology.revision();
            Set<String> placedBefore = placedSchemas();
            table = RoutingTable.of(topology, name);
            planned(RoutingTable.ofPlan(topology, name));
            if (!placedBefore.equals(placedSchemas())) {
                // What was read tells other schemas apart than there are now.
                snapshots.replaceAll((database, snapshot) -> snapshot.withoutSpreadNames());
                loaders.values().forEach(CatalogLoader::refresh);
            }
            shardNames = described.shards().stream().map(Shard::name).toList();
            sequences = described.sequences();
            keepLoaders(named);
            keepSupplies();
            publish(applied);
        });
    }

    /** What was counted by another plan says nothing about this one. */
    private void planned(@Nullable RoutingTable next) {
        RoutingTable before = plan;
        plan = next;
        if (next == null) {
            report = null;
        } else if (before == null || !before.cluster().equals(next.cluster())) {
            report = new DryRunReport(Instant.now());
        }
    }

    private Set<String> placedSchemas() {
        RoutingTable deciding = plan == null ? table : plan;
        return deciding == null ? Set.of() : deciding.placedSchemas();
    }

    /** Returns what was decided by the plan of its dry run. From any thread. */
    Optional<DryRunReport> dryRun() {
        return Optional.ofNullable(report);
    }

    /** Has a node probed at once. */
    void suspect(String node) {
        monitor.suspect(node);
    }

    /** Ends probes, loaders, supplies and recovery. */
    void close() {
        monitor.close();
        surroundings.clock.execute(() -> {
            if (recovery != null) {
                recovery.close();
            }
            keepLoaders(Set.of());
            keepSupplies();
            closed = true;
        });
    }

    /** The catalogue of a database on one shard. */
    private record Catalog(String database, String shard) {}

    private void keepLoaders(Set<String> named) {
        databases = named;
        Set<Catalog> wanted = new HashSet<>();
        for (String database : named) {
            for (String shard : shardNames) {
                wanted.add(new Catalog(database, shard));
            }
        }
        loaders.entrySet().removeIf(entry -> {
            boolean gone = !wanted.contains(entry.getKey());
            if (gone) {
                entry.getValue().close();
            }
            return gone;
        });
        snapshots.keySet().retainAll(wanted);
        drift.onShards(shardNames, named);
        for (Catalog catalog : wanted) {
            if (!loaders.containsKey(catalog)) {
                CatalogLoader loader = new CatalogLoader(
                        () -> candidates(catalog),
                        () -> new CatalogLoader.Wanted(placedSchemas(), shardNames.size() > 1),
                        surroundings.connector,
                        surroundings.clock,
                        surroundings.probes.catalogInterval(),
                        snapshot -> onSnapshot(catalog, snapshot));
                loaders.put(catalog, loader);
                loader.start();
            }
        }
    }

    /** Has a supply for each database that there is a loader for. */
    private void keepSupplies() {
        SupplyContext context = surroundings.supply;
        if (context == null) {
            if (!sequences.isEmpty()) {
                LOG.atWarn()
                        .addKeyValue("cluster", name)
                        .log("the topology comes from a file, so its sequences get no numbers from this router");
            }
            return;
        }
        supplies.entrySet().removeIf(entry -> {
            boolean gone = !databases.contains(entry.getKey());
            if (gone) {
                entry.getValue().close();
            }
            return gone;
        });
        for (String database : databases) {
            if (!supplies.containsKey(database)) {
                BlockSupply supply = new BlockSupply(context, database, () -> primaries(database), () -> sequences);
                supplies.put(database, supply);
                supply.start();
            }
        }
    }

    /** Returns the shards with the primaries as they are known now. */
    private List<ShardPrimary> primaries(String database) {
        List<ShardPrimary> primaries = new ArrayList<>();
        for (String shard : shardNames) {
            Node primary = surroundings
                    .board
                    .status(name, shard)
                    .flatMap(ShardStatus::primary)
                    .orElse(null);
            primaries.add(new ShardPrimary(shard, primary == null ? null : target(primary, database)));
        }
        return primaries;
    }

    /** Returns the nodes whose catalogue is good enough: the primary first, then replicas. */
    private List<BackendTarget> candidates(Catalog catalog) {
        List<NodeStatus> nodes = new ArrayList<>(surroundings
                .board
                .status(name, catalog.shard())
                .map(ShardStatus::nodes)
                .orElse(List.of()));
        nodes.removeIf(
                node -> node.state() != NodeStatus.State.PRIMARY && node.state() != NodeStatus.State.READABLE_REPLICA);
        nodes.sort(Comparator.comparing(NodeStatus::state));
        return nodes.stream()
                .map(NodeStatus::node)
                .map(node -> target(node, catalog.database()))
                .toList();
    }

    /** Returns the primaries as they are known now, in each database; a loader for each of those says which there are. */
    private List<ShardDatabases> shardDatabases() {
        List<ShardDatabases> shards = new ArrayList<>();
        for (String shard : shardNames) {
            List<BackendTarget> primary = surroundings
                    .board
                    .status(name, shard)
                    .flatMap(ShardStatus::primary)
                    .map(node -> databases.stream()
                            .map(database -> target(node, database))
                            .toList())
                    .orElse(List.of());
            shards.add(new ShardDatabases(shard, primary));
        }
        return shards;
    }

    private BackendTarget target(Node node, String database) {
        return new BackendTarget(name, node.name(), node.host(), node.port(), database, surroundings.probes.user());
    }

    private void onSnapshot(Catalog catalog, CatalogSnapshot snapshot) {
        drift.onDefinitions(catalog.database(), shardNames.indexOf(catalog.shard()), snapshot.definitions());
        snapshots.put(catalog, snapshot);
        publish(() -> {});
    }

    private void publish(Runnable applied) {
        RoutingTable published = table;
        if (published == null || closed) {
            return;
        }
        CatalogSnapshot catalog = catalog();
        RoutingTable planned = plan;
        DryRunReport counting = report;
        DryRun dryRun = planned == null || counting == null
                ? null
                : new DryRun(new StatementRouter(planned, catalog), counting);
        ClusterView view = new ClusterView(name, revision, published, new StatementRouter(published, catalog), dryRun);
        AtomicInteger missing = new AtomicInteger(surroundings.workers.size());
        for (Worker worker : surroundings.workers) {
            worker.execute(() -> {
                worker.view(view);
                if (missing.decrementAndGet() == 0) {
                    applied.run();
                }
            });
        }
    }

    /**
     * Returns what is known of all databases together. Of one database the shards that were read vouch for those that were not, which may be down:
     * they were made to be alike.
     */
    private CatalogSnapshot catalog() {
        CatalogSnapshot all = null;
        for (String database : databases) {
            CatalogSnapshot one = snapshots.entrySet().stream()
                    .filter(entry -> entry.getKey().database().equals(database))
                    .map(Map.Entry::getValue)
                    .reduce(CatalogSnapshot::mergedWith)
                    .orElse(CatalogSnapshot.unloaded());
            all = all == null ? one : all.mergedWith(one);
        }
        return all == null ? CatalogSnapshot.unloaded() : all;
    }

    /** Definitions were changed through this router: the catalogue is read again soon. From any thread. */
    void definitionsChanged() {
        surroundings.clock.execute(() -> loaders.values().forEach(CatalogLoader::refresh));
    }

    private void onShardStatus(String cluster, ShardStatus status) {
        if (closed) {
            return;
        }
        surroundings.board.onShardStatus(cluster, status);
        for (Worker worker : surroundings.workers) {
            worker.execute(() -> worker.pools().onShardStatus(cluster, status.shard(), status.nodes(), status.epoch()));
        }
        loaders.forEach((catalog, loader) -> {
            if (catalog.shard().equals(status.shard()) && !snapshots.containsKey(catalog)) {
                loader.refresh();
            }
        });
    }
}
