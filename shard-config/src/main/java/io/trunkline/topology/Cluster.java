// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

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
 */
public record Cluster(
        String name,
        List<Shard> shards,
        List<Distribution> distributions,
        List<ShardedTable> shardedTables,
        List<ReferenceTable> referenceTables,
        List<PlacedSchema> schemas,
        List<SharedSequence> sequences) {
    /** Copies the lists. */
    public Cluster {
        shards = List.copyOf(shards);
        distributions = List.copyOf(distributions);
        shardedTables = List.copyOf(shardedTables);
        referenceTables = List.copyOf(referenceTables);
        schemas = List.copyOf(schemas);
        sequences = List.copyOf(sequences);
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
