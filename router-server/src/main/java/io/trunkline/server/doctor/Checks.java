// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.doctor;

import io.trunkline.server.doctor.Finding.Kind;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.Node;
import io.trunkline.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Compares what the nodes of a topology have answered with each other and with the topology. Pure; one for each use. */
final class Checks {
    /** The oldest major the router works with. */
    static final int MAJOR_MIN = 14;

    /** A coordinator that lives decides within that time. */
    static final Duration PREPARED_MAX = Duration.ofMinutes(5);

    static final Duration CLOCK_MAX = Duration.ofSeconds(1);

    private static final String ENCODING = "server_encoding";
    private static final String MAX_PREPARED = "max_prepared_transactions";

    private final Map<Place, Answer> answers;
    private final List<Finding> findings = new ArrayList<>();

    private Checks(Map<Place, Answer> answers) {
        this.answers = answers;
    }

    /**
     * Returns what is wrong, the errors first.
     *
     * @param answers of every node in every database of its cluster
     */
    static List<Finding> findings(Topology topology, Map<Place, Answer> answers) {
        Checks checks = new Checks(answers);
        for (Database database : topology.databases()) {
            topology.cluster(database.cluster()).ifPresent(cluster -> checks.check(cluster, database.backendName()));
        }
        List<Finding> sorted = new ArrayList<>(checks.findings);
        sorted.sort(java.util.Comparator.comparing(finding -> finding.kind().severity()));
        return sorted;
    }

    /** Returns every node in every database of its cluster. */
    static List<Place> places(Topology topology) {
        List<Place> places = new ArrayList<>();
        for (Database database : topology.databases()) {
            topology.cluster(database.cluster()).ifPresent(cluster -> {
                for (int shard = 0; shard < cluster.shards().size(); shard++) {
                    for (Node node : cluster.shards().get(shard).nodes()) {
                        places.add(new Place(cluster.name(), shard, node.name(), database.backendName()));
                    }
                }
            });
        }
        return places.stream().distinct().toList();
    }

    private void check(Cluster cluster, String database) {
        Map<String, NodeFacts> primaries = new TreeMap<>();
        Map<String, String> majors = new TreeMap<>();
        for (int shard = 0; shard < cluster.shards().size(); shard++) {
            NodeFacts primary = checkShard(cluster, shard, database, majors);
            if (primary != null) {
                primaries.put(cluster.shards().get(shard).name(), primary);
            }
        }
        String where = cluster.name() + " " + database;
        compare(where, Kind.VERSION, "the major", majors);
        compareSettings(where, primaries);
        // Of a dry run it is to be known what will be wrong.
        Cluster planned = cluster.planned();
        checkEncoding(planned, where, primaries);
        compareExtensions(where, primaries);
        checkPrepare(cluster, where, primaries);
        SchemaChecks.findings(planned, where, primaries).stream()
                // All schemas of a dry run are where everything is.
                .filter(finding -> cluster.plan() == null || finding.kind() != Kind.SCHEMA_ELSEWHERE)
                .forEach(findings::add);
    }

    /** Returns what the primary of a shard says; null when there is not exactly one. */
    private @Nullable NodeFacts checkShard(Cluster cluster, int shard, String database, Map<String, String> majors) {
        String shardName = cluster.name() + "/" + cluster.shards().get(shard).name();
        List<String> primaries = new ArrayList<>();
        NodeFacts primary = null;
        boolean allAnswered = true;
        for (Node node : cluster.shards().get(shard).nodes()) {
            String where = shardName + "/" + node.name() + " " + database;
            Answer answer = answers.get(new Place(cluster.name(), shard, node.name(), database));
            if (!(answer instanceof Answer.Facts told)) {
                String why = answer instanceof Answer.Silence silence ? silence.why() : "it was not asked";
                findings.add(new Finding(Kind.UNREACHABLE, where, why));
                allAnswered = false;
                continue;
            }
            NodeFacts facts = told.facts();
            majors.put(cluster.shards().get(shard).name() + "/" + node.name(), String.valueOf(facts.major()));
            checkNode(where, facts);
            if (!facts.inRecovery()) {
                primaries.add(node.name());
                primary = facts;
            }
        }
        if (primaries.isEmpty() && allAnswered) {
            findings.add(new Finding(Kind.NO_PRIMARY, shardName + " " + database, "all nodes are in recovery"));
        }
        if (primaries.size() > 1) {
            findings.add(new Finding(
                    Kind.SEVERAL_PRIMARIES,
                    shardName + " " + database,
                    String.join(", ", primaries) + " are not in recovery"));
            return null;
        }
        return primary;
    }

    private void checkNode(String where, NodeFacts facts) {
        if (facts.major() < MAJOR_MIN) {
            findings.add(new Finding(Kind.UNSUPPORTED_VERSION, where, "server_version_num is " + facts.version()));
        }
        if (facts.clockAhead().abs().compareTo(CLOCK_MAX) > 0) {
            findings.add(new Finding(
                    Kind.CLOCK,
                    where,
                    facts.clockAhead().abs().toMillis() + " ms "
                            + (facts.clockAhead().isNegative() ? "behind" : "ahead")));
        }
        if (facts.inRecovery()) {
            // It shows its primary's.
            return;
        }
        facts.prepared().stream()
                .filter(transaction -> transaction.age().compareTo(PREPARED_MAX) > 0)
                .forEach(transaction -> findings.add(new Finding(
                        Kind.PREPARED_TRANSACTION,
                        where,
                        "'" + transaction.gid() + "' for " + transaction.age().toSeconds() + " s")));
    }

    private void compareSettings(String where, Map<String, NodeFacts> primaries) {
        for (String name : names(primaries, NodeFacts::settings)) {
            if (!name.equals(ENCODING) && !name.equals(MAX_PREPARED)) {
                compare(
                        where,
                        Kind.SETTING,
                        name,
                        values(primaries, facts -> facts.settings().get(name), "not known"));
            }
        }
    }

    private void checkPrepare(Cluster cluster, String where, Map<String, NodeFacts> primaries) {
        List<String> shards = primaries.entrySet().stream()
                .filter(shard -> "0".equals(shard.getValue().settings().get(MAX_PREPARED)))
                .map(Map.Entry::getKey)
                .toList();
        if (cluster.shards().size() > 1 && !shards.isEmpty()) {
            findings.add(new Finding(Kind.NO_PREPARE, where, MAX_PREPARED + " is 0 on " + String.join(", ", shards)));
        }
    }

    private void checkEncoding(Cluster cluster, String where, Map<String, NodeFacts> primaries) {
        Map<String, String> encodings =
                values(primaries, facts -> facts.settings().get(ENCODING), "not known");
        compare(where, Kind.ENCODING, ENCODING, encodings);
        boolean textKeys = cluster.distributions().stream()
                .anyMatch(distribution ->
                        distribution.keyType() == KeyType.TEXT || distribution.keyType() == KeyType.VARCHAR);
        encodings.forEach((shard, encoding) -> {
            if (textKeys && !encoding.equals("UTF8")) {
                findings.add(new Finding(
                        Kind.ENCODING,
                        where,
                        "a key of text is hashed by its UTF8 bytes, and on " + shard + " the encoding is " + encoding));
            }
        });
    }

    private void compareExtensions(String where, Map<String, NodeFacts> primaries) {
        for (String name : names(primaries, NodeFacts::extensions)) {
            compare(
                    where,
                    Kind.EXTENSION,
                    name,
                    values(primaries, facts -> facts.extensions().get(name), "not installed"));
        }
    }

    private static Set<String> names(
            Map<String, NodeFacts> primaries, Function<NodeFacts, Map<String, String>> ofNode) {
        Set<String> names = new TreeSet<>();
        primaries.values().forEach(facts -> names.addAll(ofNode.apply(facts).keySet()));
        return names;
    }

    private static Map<String, String> values(
            Map<String, NodeFacts> primaries, Function<NodeFacts, @Nullable String> ofNode, String none) {
        Map<String, String> values = new TreeMap<>();
        primaries.forEach((shard, facts) -> {
            String value = ofNode.apply(facts);
            values.put(shard, value == null ? none : value);
        });
        return values;
    }

    /** Notes a finding when not everybody has the same. */
    private void compare(String where, Kind kind, String what, Map<String, String> values) {
        Map<String, List<String>> byValue = new TreeMap<>();
        values.forEach((whose, value) ->
                byValue.computeIfAbsent(value, same -> new ArrayList<>()).add(whose));
        if (byValue.size() > 1) {
            List<String> parts = new ArrayList<>();
            byValue.forEach((value, ones) -> parts.add("'" + value + "' on " + String.join(", ", ones)));
            findings.add(new Finding(kind, where, what + " is " + String.join(" and ", parts)));
        }
    }
}
