// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.ids;

import io.trunkline.backend.BackendTarget;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Node;
import io.trunkline.topology.SharedSequence;
import io.trunkline.topology.Topology;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Puts {@code trunkline.next_id()} on every shard of a topology, in each of its databases, and what its sequences over shards need there. A shard that has a number keeps it; the others get the smallest
 * that are free. Nothing is written unless every shard has answered. Blocks its caller's thread.
 */
public final class IdInstaller {
    private static final String ASK = "SELECT pg_catalog.pg_is_in_recovery(), (" + IdScript.NUMBER_QUERY + ")";

    /** Runs SQL on a node. */
    @FunctionalInterface
    public interface Nodes {
        /**
         * Returns the rows of a simple query.
         *
         * @throws RefusedException when the node cannot be reached or answers an error
         */
        List<List<@Nullable String>> query(BackendTarget target, String sql)
                throws RefusedException, InterruptedException;
    }

    /** Something that a node said, or did not, or that stands against numbers. */
    public static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        /** Says what it is. */
        public RefusedException(String message) {
            super(message);
        }
    }

    private record Home(BackendTarget primary, @Nullable Integer number) {}

    private final Nodes nodes;
    private final String user;

    /** Creates an installer that logs in as a role that may create schemas. */
    public IdInstaller(Nodes nodes, String user) {
        this.nodes = nodes;
        this.user = user;
    }

    /** Installs on all shards and returns a line for each. */
    public List<String> install(Topology topology) throws RefusedException, InterruptedException {
        List<String> lines = new ArrayList<>();
        for (Database database : topology.databases()) {
            Cluster cluster = topology.cluster(database.cluster()).orElseThrow();
            lines.addAll(install(cluster, database.backendName()));
        }
        return lines.stream().distinct().toList();
    }

    private List<String> install(Cluster cluster, String database) throws RefusedException, InterruptedException {
        List<Home> homes = new ArrayList<>();
        Map<Integer, String> shardOfNumber = new HashMap<>();
        for (int shard = 0; shard < cluster.shards().size(); shard++) {
            Home home = home(cluster, shard, database);
            String name = cluster.name() + "/" + cluster.shards().get(shard).name() + " " + database;
            String other = home.number == null ? null : shardOfNumber.putIfAbsent(home.number, name);
            if (other != null) {
                throw new RefusedException(name + ": number " + home.number + " as on " + other
                        + " (expected: a number no other shard has; ids may have been given twice)");
            }
            homes.add(home);
        }
        List<String> lines = new ArrayList<>();
        List<String> sequences =
                cluster.sequences().stream().map(SharedSequence::name).toList();
        Set<Integer> taken = new HashSet<>(shardOfNumber.keySet());
        int next = 0;
        for (int shard = 0; shard < homes.size(); shard++) {
            Home home = homes.get(shard);
            while (home.number == null && taken.contains(next)) {
                next++;
            }
            int number = home.number == null ? next : home.number;
            taken.add(number);
            if (number > IdScript.NUMBER_MAX) {
                throw new RefusedException(cluster.name() + ": more than " + (IdScript.NUMBER_MAX + 1) + " shards");
            }
            nodes.query(home.primary, IdScript.of(number, sequences));
            lines.add(
                    cluster.name() + "/" + cluster.shards().get(shard).name() + " " + database + ": number " + number);
        }
        return lines;
    }

    private Home home(Cluster cluster, int shard, String database) throws RefusedException, InterruptedException {
        String where = cluster.name() + "/" + cluster.shards().get(shard).name() + " " + database;
        String trouble = "no node takes writes";
        Home found = null;
        for (Node node : cluster.shards().get(shard).nodes()) {
            BackendTarget target =
                    new BackendTarget(cluster.name(), node.name(), node.host(), node.port(), database, user);
            List<@Nullable String> row;
            try {
                row = nodes.query(target, ASK).get(0);
            } catch (RefusedException unreachable) {
                trouble = unreachable.getMessage();
                continue;
            }
            if (!"f".equals(row.get(0))) {
                continue;
            }
            if (found != null) {
                // One of them was replaced and does not know: what it says of numbers may be old.
                throw new RefusedException(where + ": nodes " + found.primary.node() + " and " + node.name()
                        + " both take writes (expected: one of them)");
            }
            String number = row.get(1);
            found = new Home(target, number == null ? null : Integer.valueOf(number));
        }
        if (found == null) {
            throw new RefusedException(where + ": " + trouble);
        }
        return found;
    }
}
