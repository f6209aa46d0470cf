// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.sql.TableDirectory;
import io.trunkline.sql.TableUse;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.Shard;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One cluster of one topology revision, ready to be asked: which table is spread how, which shard holds a key. Immutable and shared by all event
 * loops.
 *
 * <p>As a {@link TableDirectory} it knows qualified names; {@link #forSearchPath} gives one that finds unqualified names as a session does.
 */
public final class RoutingTable implements TableDirectory {
    private static final TableUse CATALOG = new TableUse.Catalog();
    private static final TableUse REFERENCE = new TableUse.Reference();
    private static final TableUse UNKNOWN = new TableUse.Unknown();
    private static final String CATALOG_SCHEMA = "pg_catalog";
    private static final Set<String> SYSTEM_RELATIONS = NameList.load("system-relations.txt");

    private final long revision;
    private final Cluster cluster;
    private final Map<String, Distribution> distributions = new HashMap<>();
    /** By schema, then by name. */
    private final Map<String, Map<String, TableUse>> tables = new HashMap<>();

    private final ShardSet all;
    private final ShardSet none;
    private final ShardSet[] singles;

    private RoutingTable(long revision, Cluster cluster) {
        this.revision = revision;
        this.cluster = cluster;
        for (Distribution distribution : cluster.distributions()) {
            distributions.put(distribution.name(), distribution);
        }
        for (ShardedTable table : cluster.shardedTables()) {
            put(table.schema(), table.name(), new TableUse.Sharded(table.keyColumn(), table.distribution()));
        }
        for (ReferenceTable table : cluster.referenceTables()) {
            put(table.schema(), table.name(), REFERENCE);
        }
        int shards = cluster.shards().size();
        all = ShardSet.all(shards);
        none = ShardSet.none(shards);
        singles = new ShardSet[shards];
        for (int shard = 0; shard < shards; shard++) {
            singles[shard] = ShardSet.of(shards, shard);
        }
    }

    /**
     * Returns the table of one cluster.
     *
     * @throws IllegalArgumentException when the topology has no such cluster
     */
    public static RoutingTable of(Topology topology, String clusterName) {
        Cluster cluster = topology.cluster(clusterName)
                .orElseThrow(() -> new IllegalArgumentException("no cluster " + clusterName + " in the topology"));
        return new RoutingTable(topology.revision(), cluster);
    }

    private void put(String schema, String table, TableUse use) {
        tables.computeIfAbsent(schema, name -> new HashMap<>()).put(table, use);
    }

    /** Returns the topology revision this was made from. */
    public long revision() {
        return revision;
    }

    /** Returns the cluster this was made from. */
    public Cluster cluster() {
        return cluster;
    }

    /** Returns how many shards the cluster has. */
    public int shardCount() {
        return singles.length;
    }

    /** Returns true when there is nothing to choose: every statement runs on the only shard. */
    public boolean isSingleShard() {
        return singles.length == 1;
    }

    /** Returns the name of a shard. */
    public String shardName(int shard) {
        return cluster.shards().get(shard).name();
    }

    /** Returns the index of the shard of a name. */
    public OptionalInt shardIndex(String name) {
        return cluster.shardIndex(name);
    }

    /** Returns the names of some shards, for messages. */
    String namesOf(ShardSet shards) {
        return cluster.shards().stream()
                .map(Shard::name)
                .filter(name -> shards.contains(shardIndex(name).orElse(Target.ANY_SHARD)))
                .collect(Collectors.joining(", "));
    }

    /** Returns a distribution of the cluster by name, or null. */
    @Nullable
    Distribution distribution(String name) {
        return distributions.get(name);
    }

    /** Returns the shard that holds a key: a set of one, or the empty set when no shard does. */
    ShardSet shardOf(Distribution distribution, KeyValue key) {
        OptionalInt shard = distribution.function().shardOf(key);
        return shard.isPresent() ? singles[shard.getAsInt()] : none;
    }

    ShardSet single(int shard) {
        return singles[shard];
    }

    ShardSet all() {
        return all;
    }

    ShardSet none() {
        return none;
    }

    /** Finds qualified names only; an unqualified one is found when it is a relation of {@code pg_catalog}. */
    @Override
    public TableUse lookup(@Nullable String schema, String table) {
        if (schema == null) {
            return SYSTEM_RELATIONS.contains(table) ? CATALOG : UNKNOWN;
        }
        if (schema.equals(CATALOG_SCHEMA) || schema.equals("information_schema")) {
            return CATALOG;
        }
        return lookupTable(schema, table);
    }

    private TableUse lookupTable(String schema, String table) {
        Map<String, TableUse> inSchema = tables.get(schema);
        return inSchema == null ? UNKNOWN : inSchema.getOrDefault(table, UNKNOWN);
    }

    /**
     * Returns a directory that finds unqualified names in the given schemas, in their order, and in {@code pg_catalog} before them unless it is
     * listed itself. The first schema of which the topology knows a table of that name wins.
     *
     * <p>Known limit: a table of the same name in an earlier schema that the topology does not list is overlooked. Tables that share a name
     * over several schemas of a search path must all be in the topology.
     *
     * @param searchPath schema names, folded, {@code $user} replaced
     */
    public TableDirectory forSearchPath(List<String> searchPath) {
        List<String> path = List.copyOf(searchPath);
        boolean catalogFirst = !path.contains(CATALOG_SCHEMA);
        return (schema, table) -> schema == null ? lookupInPath(path, catalogFirst, table) : lookup(schema, table);
    }

    private TableUse lookupInPath(List<String> path, boolean catalogFirst, String table) {
        if (catalogFirst && SYSTEM_RELATIONS.contains(table)) {
            return CATALOG;
        }
        for (String schema : path) {
            TableUse use = schema.equals(CATALOG_SCHEMA) ? lookup(null, table) : lookupTable(schema, table);
            if (use != UNKNOWN) {
                return use;
            }
        }
        return UNKNOWN;
    }
}
