// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import java.util.Set;

/** PostgreSQL's own functions that mean something else on every shard. */
final class ShardBoundFunctions {
    private static final Set<String> HOME = Set.of(
            "currval",
            "lastval",
            "loread",
            "lowrite",
            "nextval",
            "pg_get_sequence_data",
            "pg_listening_channels",
            "pg_notification_queue_usage",
            "pg_notify",
            "pg_sequence_last_value",
            "setval");

    private static final Set<String> OF_SEQUENCES =
            Set.of("currval", "lastval", "nextval", "pg_get_sequence_data", "pg_sequence_last_value", "setval");

    private static final Set<String> TABLE_READERS = Set.of("ts_rewrite", "ts_stat");

    private ShardBoundFunctions() {}

    /**
     * Returns true for functions about locks, notifications, sequences and large objects. Every shard has its own; used by all on the same shard
     * they do what they do on a single server.
     *
     * @param function as in {@link io.trunkline.sql.StatementShape#functions}
     */
    static boolean belongOnHomeShard(String function) {
        String name = bare(function);
        return HOME.contains(name)
                || name.startsWith("lo_")
                || name.startsWith("pg_advisory_")
                || name.startsWith("pg_try_advisory_");
    }

    /** Returns true for those of them that are about sequences, which belong to a schema. */
    static boolean usesSequences(String function) {
        return OF_SEQUENCES.contains(bare(function));
    }

    /** Returns true for functions that read tables named in their arguments. */
    static boolean readsTables(String function) {
        String name = bare(function);
        return TABLE_READERS.contains(name) || name.contains("_to_xml");
    }

    private static String bare(String function) {
        return function.substring(function.lastIndexOf('.') + 1);
    }
}
