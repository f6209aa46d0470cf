// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.sql.PathHome;
import io.trunkline.sql.TableDirectory;
import io.trunkline.sql.TableUse;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.PlacedSchema;
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
    static final String CATALOG_SCHEMA = "pg_catalog";

    /** In a search path: schemas that nobody knows. No identifier is called so. */
    public static final String UNKNOWN_SCHEMA = "\0unknown";

    private static final Set<String> SYSTEM_RELATIONS = NameList.load("system-relations.txt");

    private final long revision;
    private final Cluster cluster;
    private final Map<String, Distribution> distributions = new HashMap<>();
    /** By schema, then by name. */
    private final Map<String, Map<String, TableUse>> tables = new HashMap<>();
    /** The shard of each schema that is whole on one. */
    private final Map<String, Integer> placed = new HashMap<>();

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
        for (PlacedSchema schema : cluster.schemas()) {
            placed.put(schema.name(), schema.shard());
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

    /** Returns the table of the cluster as its dry run plans it; null for a cluster without one. */
    public static @Nullable RoutingTable ofPlan(Topology topology, String clusterName) {
        Cluster plan = topology.cluster(clusterName).map(Cluster::plan).orElse(null);
        return plan == null ? null : new RoutingTable(topology.revision(), plan);
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

    /** Returns true when each index that stands for a shard in the other table stands for it here; there may be more shards here. */
    public boolean countsShardsLike(RoutingTable other) {
        for (int shard = 0; shard < other.shardCount(); shard++) {
            if (shard >= shardCount() || !shardName(shard).equals(other.shardName(shard))) {
                return false;
            }
        }
        return true;
    }

    /** Returns true when every statement belongs where the other table has it; nodes may be others. */
    public boolean placesLike(RoutingTable other) {
        return shardCount() == other.shardCount()
                && countsShardsLike(other)
                && cluster.distributions().equals(other.cluster.distributions())
                && cluster.shardedTables().equals(other.cluster.shardedTables())
                && cluster.referenceTables().equals(other.cluster.referenceTables())
                && cluster.schemas().equals(other.cluster.schemas());
    }

    /** Returns true for the name of a shard, be it one that a dry run plans: what an application will say of them must not fail before. */
    public boolean knowsShard(String name) {
        return shardIndex(name).isPresent()
                || cluster.planned().shardIndex(name).isPresent();
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

    TableUse lookupTable(String schema, String table) {
        Integer shard = placed.get(schema);
        if (shard != null) {
            return new TableUse.Placed(shard, false);
        }
        Map<String, TableUse> inSchema = tables.get(schema);
        return inSchema == null ? UNKNOWN : inSchema.getOrDefault(table, UNKNOWN);
    }

    @Override
    public int shardOfSchema(String schema) {
        return placed.getOrDefault(schema, NO_SHARD);
    }

    /** A schema that the topology does not know at all is left to the search path. */
    @Override
    public boolean isSpread(String schema) {
        return tables.containsKey(schema) || schema.equals(ShardedTable.SCHEMA_DEFAULT) && !placed.containsKey(schema);
    }

    /** Returns the schemas that are whole on one shard. */
    public Set<String> placedSchemas() {
        return placed.keySet();
    }

    /**
     * Returns a directory that finds unqualified names in the given schemas, in their order, and in {@code pg_catalog} before them unless it is
     * listed itself. The first schema of which the topology knows a table of that name wins.
     *
     * <p>Of a schema that is whole on a shard nobody knows the tables, so any name may be one of them. A name that would be another table elsewhere is
     * unclear then, unless that is a reference table.
     *
     * <p>Known limit: a table of the same name in an earlier schema that the topology does not list is overlooked. Tables that share a name
     * over several schemas of a search path must all be in the topology.
     *
     * @param searchPath schema names, folded, {@code $user} replaced; {@link #UNKNOWN_SCHEMA} for those that are not known
     */
    public TableDirectory forSearchPath(List<String> searchPath) {
        return new SearchPathTables(this, searchPath, false);
    }

    /** As {@link #forSearchPath}, for a session that has set no search path and is taken to have PostgreSQL's own. */
    public TableDirectory forAssumedPath(List<String> searchPath) {
        return new SearchPathTables(this, searchPath, true);
    }

    /** Returns where a path leads whose schemas are these; null when none of them is whole on a shard. */
    @Nullable
    PathHome home(List<String> path) {
        int first = NO_SHARD;
        boolean exclusive = true;
        for (String schema : path) {
            int shard = shardOfSchema(schema);
            first = first == NO_SHARD ? shard : first;
            exclusive &= shard != NO_SHARD && shard == first || schema.equals(CATALOG_SCHEMA);
        }
        return first == NO_SHARD ? null : new PathHome(first, exclusive);
    }
}
