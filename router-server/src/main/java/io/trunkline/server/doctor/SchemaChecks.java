// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.doctor;

import io.trunkline.server.doctor.Finding.Kind;
import io.trunkline.server.doctor.NodeFacts.ColumnFacts;
import io.trunkline.server.doctor.NodeFacts.SequenceFacts;
import io.trunkline.server.doctor.NodeFacts.TableFacts;
import io.trunkline.server.doctor.NodeFacts.UniqueFacts;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.PlacedSchema;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.SharedSequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The tables of one database on the shards of one cluster: whether they are alike, and what of them holds on a shard only. */
final class SchemaChecks {
    /** Integers of every size have the same hash. */
    private static final Set<String> INTEGERS = Set.of("int2", "int4", "int8");

    private static final Set<String> TEXTS = Set.of("text", "varchar");

    private final String where;
    private final Map<String, NodeFacts> primaries;
    private final List<Finding> findings = new ArrayList<>();

    private SchemaChecks(String where, Map<String, NodeFacts> primaries) {
        this.where = where;
        this.primaries = primaries;
    }

    /**
     * Returns what is wrong with the tables.
     *
     * @param primaries what the primaries say, by the names of their shards; those that do not answer are left out
     */
    static List<Finding> findings(Cluster cluster, String where, Map<String, NodeFacts> primaries) {
        SchemaChecks checks = new SchemaChecks(where, primaries);
        TreeSet<String> others = new TreeSet<>();
        primaries.values().forEach(facts -> others.addAll(facts.tables().keySet()));
        for (ShardedTable table : cluster.shardedTables()) {
            String name = table.schema() + "." + table.name();
            others.remove(name);
            KeyType type =
                    cluster.distribution(table.distribution()).orElseThrow().keyType();
            checks.checkNamed(name);
            checks.checkSharded(name, table.keyColumn(), type);
        }
        for (ReferenceTable table : cluster.referenceTables()) {
            String name = table.schema() + "." + table.name();
            others.remove(name);
            checks.checkNamed(name);
        }
        // The router's own.
        others.removeIf(name -> name.startsWith("trunkline."));
        others.removeIf(name -> checks.isInPlacedSchema(cluster, name));
        others.forEach(checks::checkOther);
        if (cluster.shards().size() > 1) {
            others.forEach(name -> checks.add(Kind.UNLISTED_TABLE, name));
        }
        checks.findings.addAll(LinkChecks.findings(cluster, where, primaries));
        checks.checkIds();
        cluster.sequences().forEach(checks::checkSequence);
        return checks.findings;
    }

    /** The tables of a schema that is whole on one shard are that shard's. */
    private boolean isInPlacedSchema(Cluster cluster, String name) {
        for (PlacedSchema schema : cluster.schemas()) {
            if (name.startsWith(schema.name() + ".")) {
                String home = cluster.shards().get(schema.shard()).name();
                primaries.forEach((shard, facts) -> {
                    if (!shard.equals(home) && facts.tables().containsKey(name)) {
                        add(Kind.SCHEMA_ELSEWHERE, name + " is on " + shard + ", and the schema's shard is " + home);
                    }
                });
                return true;
            }
        }
        return false;
    }

    private void checkIds() {
        Map<String, String> shardOfNumber = new TreeMap<>();
        TreeSet<String> without = new TreeSet<>();
        primaries.forEach((shard, facts) -> {
            String number = facts.idNumber();
            String other = number == null ? null : shardOfNumber.putIfAbsent(number, shard);
            if (number == null) {
                without.add(shard);
            } else if (other != null) {
                add(Kind.ID_NUMBER, number + " on " + other + " and " + shard);
            }
        });
        if (!without.isEmpty() && !shardOfNumber.isEmpty()) {
            add(Kind.IDS_MISSING, "not on " + String.join(", ", without));
        }
    }

    private void checkSequence(SharedSequence sequence) {
        Map<String, String> shardOfNumber = new TreeMap<>();
        primaries.forEach((shard, facts) -> {
            SequenceFacts found = facts.sequences().get(sequence.name());
            if (found == null) {
                add(Kind.SEQUENCE_MISSING, sequence.name() + " is not on " + shard + "; run trunkline ids install");
                return;
            }
            if (found.left() < sequence.blockSize()) {
                add(Kind.SEQUENCE_LOW, sequence.name() + " has " + found.left() + " numbers left on " + shard);
            }
            String other = found.endNumber().isEmpty() ? null : shardOfNumber.putIfAbsent(found.endNumber(), shard);
            if (other != null) {
                add(
                        Kind.SEQUENCE_BLOCK,
                        sequence.name() + " has the numbers before " + found.endNumber() + " on " + other + " and "
                                + shard);
            }
        });
    }

    /** A table of the topology has to be on each shard, with the same columns. */
    private void checkNamed(String name) {
        primaries.forEach((shard, facts) -> {
            if (!facts.tables().containsKey(name)) {
                add(Kind.TABLE_MISSING, name + " is not on " + shard);
            }
        });
        compare(Kind.TABLE_DIFFERS, name, false);
    }

    private void checkOther(String name) {
        compare(Kind.OTHER_TABLE, name, true);
    }

    /** Says what the first shard that differs from the first one has in its place. */
    private void compare(Kind kind, String name, boolean missingDiffers) {
        String firstShard = null;
        TableFacts first = null;
        for (Map.Entry<String, NodeFacts> primary : primaries.entrySet()) {
            TableFacts table = primary.getValue().tables().get(name);
            if (firstShard == null && (table != null || missingDiffers)) {
                firstShard = primary.getKey();
                first = table;
            } else if (table != null || missingDiffers) {
                String difference = difference(first, table);
                if (difference != null) {
                    add(kind, name + " has " + difference.formatted(firstShard, primary.getKey()));
                    return;
                }
            }
        }
    }

    /** Returns the first difference, with places for the names of the two shards; null when there is none. */
    private static @Nullable String difference(@Nullable TableFacts one, @Nullable TableFacts other) {
        List<ColumnFacts> left = one == null ? List.of() : one.columns();
        List<ColumnFacts> right = other == null ? List.of() : other.columns();
        for (int i = 0; i < Math.max(left.size(), right.size()); i++) {
            String a = i < left.size() ? left.get(i).definition() : "nothing";
            String b = i < right.size() ? right.get(i).definition() : "nothing";
            if (!a.equals(b)) {
                return escaped(a) + " on %s and " + escaped(b) + " on %s";
            }
        }
        return null;
    }

    private static String escaped(String text) {
        return text.replace("%", "%%");
    }

    private void checkSharded(String name, String key, KeyType type) {
        Set<String> said = new TreeSet<>();
        primaries.forEach((shard, facts) -> {
            TableFacts table = facts.tables().get(name);
            if (table != null) {
                checkKey(name, key, type, shard, table);
                // The same on each shard, mostly: say it once.
                lint(name, key, table, said);
            }
        });
    }

    private void checkKey(String name, String key, KeyType type, String shard, TableFacts table) {
        ColumnFacts column = table.columns().stream()
                .filter(one -> one.name().equals(key))
                .findFirst()
                .orElse(null);
        if (column == null) {
            add(Kind.KEY_COLUMN, name + " has no column " + key + " on " + shard);
        } else if (!isOfType(column, type)) {
            add(
                    Kind.KEY_COLUMN,
                    name + "." + key + " is " + column.type() + " on " + shard + ", and the distribution's keys are "
                            + type.typeName());
        }
    }

    private static boolean isOfType(ColumnFacts column, KeyType type) {
        String typeName = column.typeName();
        return !rounds(column, type)
                && (typeName.equals(type.typeName())
                        || INTEGERS.contains(typeName) && INTEGERS.contains(type.typeName())
                        || TEXTS.contains(typeName) && TEXTS.contains(type.typeName()));
    }

    /** Such a column stores another key than the one that was routed. */
    private static boolean rounds(ColumnFacts column, KeyType type) {
        String declared = column.type();
        return switch (type) {
            case NUMERIC -> declared.contains("(");
            // All digits that a timestamp has.
            case TIMESTAMP, TIMESTAMPTZ -> declared.contains("(") && !declared.contains("(6)");
            default -> false;
        };
    }

    private void lint(String name, String key, TableFacts table, Set<String> said) {
        for (ColumnFacts column : table.columns()) {
            if (column.fromSequence() && said.add("column " + column.name())) {
                add(Kind.SEQUENCE, name + "." + column.name());
            }
        }
        for (UniqueFacts unique : table.uniques()) {
            if (!unique.columns().contains(key) && said.add("index " + unique.name())) {
                add(Kind.UNIQUE, unique.name() + " of " + name + " (" + String.join(", ", unique.columns()) + ")");
            }
        }
    }

    private void add(Kind kind, String what) {
        findings.add(new Finding(kind, where, what));
    }
}
