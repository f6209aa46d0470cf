// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.metrics.RouterMetrics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which definitions of one cluster's shards are not those of its first shard, as their catalogues say.
 *
 * <p>Shards are read one by one, and a definition that is made on all of them through the router is on one of them in what was read a moment before it is
 * on the other. So a difference counts when both have been read again and still differ. Belongs to an {@link OperatedCluster}; confined to its home loop.
 */
final class SchemaDrift {
    private static final Logger LOG = LoggerFactory.getLogger(SchemaDrift.class);
    private static final int FIRST_SHARD = 0;
    /** How many names one line of the log has. */
    static final int NAMES_MAX = 5;

    private record Place(String database, int shard) {}

    /** What one reading said. */
    private record Reading(long number, Map<String, String> definitions) {}

    /** Something that is one thing on the first shard and another on this one; null where it is not at all. */
    private record Difference(
            Place place,
            String name,
            @Nullable String first,
            @Nullable String other) {}

    /** The readings in which a difference was first seen. */
    private record Seen(long first, long other) {}

    private final String cluster;
    private final RouterMetrics metrics;
    private List<String> shardNames = List.of();
    private final Map<Place, Reading> readings = new HashMap<>();
    private Map<Difference, Seen> seen = new HashMap<>();
    private final Map<Place, Set<String>> told = new HashMap<>();
    private long number;

    SchemaDrift(String cluster, RouterMetrics metrics) {
        this.cluster = cluster;
        this.metrics = metrics;
    }

    /** The topology has these shards, by name. What was read of others is forgotten, and of all when their order changes. */
    void onShards(List<String> names, Set<String> databases) {
        if (!names.equals(shardNames)) {
            shardNames.stream()
                    .filter(shard -> !names.contains(shard))
                    .forEach(shard -> metrics.schemaForgotten(cluster, shard));
            readings.clear();
            seen.clear();
            told.clear();
            shardNames = List.copyOf(names);
        }
        readings.keySet().removeIf(place -> !databases.contains(place.database));
        told.keySet().removeIf(place -> !databases.contains(place.database));
    }

    /** The catalogue of a database was read on one shard. */
    void onDefinitions(String database, int shard, Map<String, String> definitions) {
        if (shardNames.size() < 2 || shard >= shardNames.size()) {
            return;
        }
        readings.put(new Place(database, shard), new Reading(++number, definitions));
        Map<Difference, Seen> now = new HashMap<>();
        Map<Place, TreeSet<String>> certain = new HashMap<>();
        for (Map.Entry<Place, Reading> entry : readings.entrySet()) {
            Place place = entry.getKey();
            Reading first = readings.get(new Place(place.database, FIRST_SHARD));
            if (place.shard == FIRST_SHARD || first == null) {
                continue;
            }
            TreeSet<String> names = new TreeSet<>();
            for (Difference difference : differences(place, first.definitions, entry.getValue().definitions)) {
                Seen before = seen.getOrDefault(difference, new Seen(first.number, entry.getValue().number));
                now.put(difference, before);
                if (first.number > before.first && entry.getValue().number > before.other) {
                    names.add(difference.name);
                }
            }
            certain.put(place, names);
        }
        seen = now;
        certain.forEach(this::tell);
        for (int other = FIRST_SHARD + 1; other < shardNames.size(); other++) {
            int index = other;
            int count = told.entrySet().stream()
                    .filter(entry -> entry.getKey().shard == index)
                    .mapToInt(entry -> entry.getValue().size())
                    .sum();
            metrics.schemaDifferences(cluster, shardNames.get(index), count);
        }
    }

    private static List<Difference> differences(Place place, Map<String, String> first, Map<String, String> other) {
        List<Difference> differences = new ArrayList<>();
        Set<String> names = new HashSet<>(first.keySet());
        names.addAll(other.keySet());
        for (String name : names) {
            String here = first.get(name);
            String there = other.get(name);
            if (here == null || !here.equals(there)) {
                differences.add(new Difference(place, name, here, there));
            }
        }
        return differences;
    }

    /** Says it in the log, once for each change. */
    private void tell(Place place, Set<String> names) {
        Set<String> before = told.getOrDefault(place, Set.of());
        if (names.equals(before)) {
            return;
        }
        told.put(place, names);
        if (names.isEmpty()) {
            LOG.atInfo()
                    .addKeyValue("cluster", cluster)
                    .addKeyValue("shard", shardNames.get(place.shard))
                    .addKeyValue("database", place.database)
                    .log("definitions are those of the first shard again");
            return;
        }
        String some = names.stream().limit(NAMES_MAX).collect(Collectors.joining(", "));
        LOG.atWarn()
                .addKeyValue("cluster", cluster)
                .addKeyValue("shard", shardNames.get(place.shard))
                .addKeyValue("database", place.database)
                .log(
                        "definitions differ from those of the first shard: {}{}",
                        some,
                        names.size() > NAMES_MAX ? ", and " + (names.size() - NAMES_MAX) + " more" : "");
    }
}
