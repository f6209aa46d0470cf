// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.util.List;
import java.util.Optional;

/**
 * One revision of everything a router must know of the databases behind it: immutable and free of contradictions.
 *
 * <p>The constructor checks the whole, so whoever holds an instance may rely on it: every name that is used exists, every
 * shard function names shards of its cluster and keys of its type, no name occurs twice.
 *
 * @param revision grows with every publication, from 1
 * @param clusters the clusters, each with its shards and sharded tables
 * @param databases the databases clients can connect to
 */
public record Topology(long revision, List<Cluster> clusters, List<Database> databases) {
    /**
     * Copies and checks.
     *
     * @throws InvalidTopologyException with all that is wrong
     */
    public Topology {
        clusters = List.copyOf(clusters);
        databases = List.copyOf(databases);
        InvalidTopologyException.throwIfAny(TopologyRules.problems(revision, clusters, databases));
    }

    /** Returns the cluster of this name. */
    public Optional<Cluster> cluster(String name) {
        return clusters.stream().filter(cluster -> cluster.name().equals(name)).findFirst();
    }

    /** Returns the database clients call by this name. */
    public Optional<Database> database(String name) {
        return databases.stream()
                .filter(database -> database.name().equals(name))
                .findFirst();
    }

    /** Returns the same topology under another revision. */
    public Topology withRevision(long newRevision) {
        return new Topology(newRevision, clusters, databases);
    }

    /** Says whether the other differs in nothing but, possibly, the revision. */
    public boolean sameContentAs(Topology other) {
        return clusters.equals(other.clusters) && databases.equals(other.databases);
    }
}
