// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A set of shards with one schema, and how tables are spread over them.
 *
 * <p>A cluster with one shard and no tables is a plain primary with its replicas.
 *
 * @param name unique in the topology
 * @param shards the shards; inside the router a shard is an index into this list
 * @param distributions the ways of spreading rows; tables of one distribution are co-located
 * @param shardedTables the tables whose rows are spread
 * @param referenceTables the tables that are whole on every shard
 * @param schemas the schemas that are whole on one shard each
 * @param sequences the sequences whose numbers no two shards give
 * @param plan of a dry run: the same cluster as it would be with several shards, which only decides; null without one
 */
public record Cluster(
        String name,
        List<Shard> shards,
        List<Distribution> distributions,
        List<ShardedTable> shardedTables,
        List<ReferenceTable> referenceTables,
        List<PlacedSchema> schemas,
        List<SharedSequence> sequences,
        @Nullable Cluster plan) {
    /** Copies the lists. */
    public Cluster {
        shards = List.copyOf(shards);
        distributions = List.copyOf(distributions);
        shardedTables = List.copyOf(shardedTables);
        referenceTables = List.copyOf(referenceTables);
        schemas = List.copyOf(schemas);
        sequences = List.copyOf(sequences);
    }

    /** A cluster that is what it says, and no dry run. */
    public Cluster(
            String name,
            List<Shard> shards,
            List<Distribution> distributions,
            List<ShardedTable> shardedTables,
            List<ReferenceTable> referenceTables,
            List<PlacedSchema> schemas,
            List<SharedSequence> sequences) {
        this(name, shards, distributions, shardedTables, referenceTables, schemas, sequences, null);
    }

    /** A cluster without sequences over its shards. */
    public Cluster(
            String name,
            List<Shard> shards,
            List<Distribution> distributions,
            List<ShardedTable> shardedTables,
            List<ReferenceTable> referenceTables,
            List<PlacedSchema> schemas) {
        this(name, shards, distributions, shardedTables, referenceTables, schemas, List.of());
    }

    /** A cluster without schemas of one shard. */
    public Cluster(
            String name,
            List<Shard> shards,
            List<Distribution> distributions,
            List<ShardedTable> shardedTables,
            List<ReferenceTable> referenceTables) {
        this(name, shards, distributions, shardedTables, referenceTables, List.of());
    }

    /**
     * Returns a dry run: the shard that is there has all rows, and the tables are spread over shards that are not.
     *
     * @param shards what there is
     * @param plannedShards the names of those it would have
     * @param planned how tables would be spread over them
     */
    public static Cluster dryRun(List<Shard> shards, List<String> plannedShards, Cluster planned) {
        List<Node> nodes = shards.isEmpty() ? List.of() : shards.get(0).nodes();
        Cluster plan = new Cluster(
                planned.name,
                plannedShards.stream().map(shard -> new Shard(shard, nodes)).toList(),
                planned.distributions,
                planned.shardedTables,
                planned.referenceTables,
                planned.schemas);
        return new Cluster(planned.name, shards, List.of(), List.of(), List.of(), List.of(), planned.sequences, plan);
    }

    /** Returns the cluster whose tables are spread: the plan of a dry run, and itself without one. */
    public Cluster planned() {
        return plan == null ? this : plan;
    }

    /** Returns the index of the shard of this name. */
    public OptionalInt shardIndex(String shardName) {
        for (int i = 0; i < shards.size(); i++) {
            if (shards.get(i).name().equals(shardName)) {
                return OptionalInt.of(i);
            }
        }
        return OptionalInt.empty();
    }

    /** Returns the distribution of this name. */
    public Optional<Distribution> distribution(String distributionName) {
        return distributions.stream()
                .filter(distribution -> distribution.name().equals(distributionName))
                .findFirst();
    }
}
