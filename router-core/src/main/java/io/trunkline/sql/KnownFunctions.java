// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;

/**
 * PostgreSQL's own functions, as far as it is known of them by name whether any node may run them.
 *
 * <p>Volatility alone does not decide: {@code txid_current} and {@code pg_stat_get_activity} are stable, and still fail or answer differently on a replica. So
 * a name in {@link #isBoundToHost} needs the primary whatever a catalogue says, and {@link #isSafe} serves until there is a catalogue.
 */
public final class KnownFunctions {
    private static final Set<String> SAFE = load("safe-functions.txt");
    private static final Set<String> BOUND_TO_HOST = load("host-functions.txt");
    /** Gives ids of its shard that are no other shard's; the router brings it to the shards, and vouches for it. */
    public static final String NEXT_ID = "trunkline.next_id";

    /** Gives numbers of a sequence over shards, each shard its own; the router brings it to the shards, and vouches for it. */
    public static final String NEXT_VALUE = "trunkline.next_value";

    private static final Set<String> HARMLESS = Set.of(
            "clock_timestamp",
            "gen_random_uuid",
            "nextval",
            "pg_sleep",
            "pg_sleep_for",
            "pg_sleep_until",
            "random",
            "random_normal",
            "setseed",
            "timeofday",
            KnownFunctions.NEXT_ID,
            KnownFunctions.NEXT_VALUE,
            "uuidv4",
            "uuidv7");

    private static final Set<String> CATALOG_STATISTICS = Set.of(
            "pg_stats",
            "pg_stats_ext",
            "pg_stats_ext_exprs",
            "pg_statistic",
            "pg_statistic_ext",
            "pg_statistic_ext_data");

    private static final Set<String> HOST_VIEWS = Set.of(
            "pg_aios",
            "pg_available_extensions",
            "pg_available_extension_versions",
            "pg_backend_memory_contexts",
            "pg_config",
            "pg_cursors",
            "pg_dsm_registry_allocations",
            "pg_file_settings",
            "pg_hba_file_rules",
            "pg_ident_file_mappings",
            "pg_locks",
            "pg_prepared_statements",
            "pg_prepared_xacts",
            "pg_replication_origin_status",
            "pg_replication_slots",
            "pg_settings",
            "pg_shmem_allocations",
            "pg_shmem_allocations_numa",
            "pg_wait_events");

    private KnownFunctions() {}

    /**
     * Returns true when every overload of the function in {@code pg_catalog} is immutable or stable and gives the same answer on every node.
     *
     * @param function folded name, bare or qualified by {@code pg_catalog}; a name qualified otherwise is not known
     */
    public static boolean isSafe(String function) {
        return SAFE.contains(
                function.startsWith("pg_catalog.") ? function.substring("pg_catalog.".length()) : function);
    }

    /**
     * Returns true for a volatile function of {@code pg_catalog} that changes nothing a lost transaction would have to give back: a value of a sequence
     * that is not used, or time, may be taken again.
     *
     * @param function as in {@link #isSafe}
     */
    public static boolean isHarmless(String function) {
        return HARMLESS.contains(
                function.startsWith("pg_catalog.") ? function.substring("pg_catalog.".length()) : function);
    }

    /** Returns true when a function of this folded, unqualified name belongs on the primary although a catalogue may call it stable. */
    public static boolean isBoundToHost(String function) {
        return BOUND_TO_HOST.contains(function) || function.startsWith("pg_stat_get_");
    }

    /** Returns true for relations that show the state of the one server they are read on. */
    public static boolean isHostView(String relation) {
        return relation.startsWith("pg_stat") && !CATALOG_STATISTICS.contains(relation)
                || HOST_VIEWS.contains(relation);
    }

    /** Returns the names in a resource beside this class, one a line. */
    static Set<String> load(String resource) {
        Set<String> names = new HashSet<>();
        try (InputStream in = Objects.requireNonNull(KnownFunctions.class.getResourceAsStream(resource), resource);
                BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (!line.isBlank() && line.charAt(0) != '#') {
                    names.add(line.strip());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(resource, e);
        }
        return Set.copyOf(names);
    }
}
