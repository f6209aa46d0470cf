// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.doctor;

import io.trunkline.server.doctor.Finding.Kind;
import io.trunkline.server.doctor.NodeFacts.ForeignKeyFacts;
import io.trunkline.server.doctor.NodeFacts.TableFacts;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.ShardedTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What leads from one row of a cluster's tables to others, which may be on another shard: foreign keys and triggers. */
final class LinkChecks {
    private final String where;
    private final Map<String, ShardedTable> sharded = new HashMap<>();
    private final Set<String> said = new TreeSet<>();
    private final List<Finding> findings = new ArrayList<>();

    private LinkChecks(Cluster cluster, String where) {
        this.where = where;
        for (ShardedTable table : cluster.shardedTables()) {
            sharded.put(table.schema() + "." + table.name(), table);
        }
    }

    /** Returns what may lead to rows that are not on its shard; once, where it is the same on several. */
    static List<Finding> findings(Cluster cluster, String where, Map<String, NodeFacts> primaries) {
        LinkChecks checks = new LinkChecks(cluster, where);
        primaries
                .values()
                .forEach(facts -> facts.tables().entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .forEach(table -> checks.check(table.getKey(), table.getValue())));
        return checks.findings;
    }

    private void check(String name, TableFacts table) {
        ShardedTable own = sharded.get(name);
        for (ForeignKeyFacts key : table.foreignKeys()) {
            ShardedTable referenced = sharded.get(key.referenced());
            if (referenced != null && !joinsKeys(own, referenced, key)) {
                add(Kind.FOREIGN_KEY, key.name() + " of " + name + " to " + key.referenced());
            }
        }
        if (own != null) {
            table.triggers().forEach(trigger -> add(Kind.TRIGGER, trigger + " of " + name));
        }
    }

    private static boolean joinsKeys(@Nullable ShardedTable own, ShardedTable referenced, ForeignKeyFacts key) {
        return own != null
                && own.distribution().equals(referenced.distribution())
                && referenced.keyColumn().equals(key.columns().get(own.keyColumn()));
    }

    private void add(Kind kind, String what) {
        if (said.add(kind + " " + what)) {
            findings.add(new Finding(kind, where, what));
        }
    }
}
