// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.doctor;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a node says of itself and of one database on it.
 *
 * @param inRecovery whether it is a replica
 * @param version {@code server_version_num}, such as 180006
 * @param clockAhead how far its clock is ahead of this machine's, within half of a round trip
 * @param settings what {@link FactQueries#SETTINGS} asks for, by name
 * @param extensions versions by name
 * @param prepared transactions that are prepared in the database
 * @param tables by {@code schema.name}
 * @param idNumber the number that {@code trunkline.next_id()} puts into the ids of the shard, or null where it is not installed
 * @param sequences sequences over shards by name
 */
record NodeFacts(
        boolean inRecovery,
        int version,
        Duration clockAhead,
        Map<String, String> settings,
        Map<String, String> extensions,
        List<PreparedTransaction> prepared,
        Map<String, TableFacts> tables,
        @Nullable String idNumber,
        Map<String, SequenceFacts> sequences) {
    NodeFacts {
        settings = Map.copyOf(settings);
        extensions = Map.copyOf(extensions);
        prepared = List.copyOf(prepared);
        tables = Map.copyOf(tables);
        sequences = Map.copyOf(sequences);
    }

    /** Returns the major version, such as 18. */
    int major() {
        return version / 10_000;
    }

    /**
     * A sequence over shards.
     *
     * @param left how many numbers the node can give
     * @param endNumber one more than the greatest that it has, empty when it has none
     */
    record SequenceFacts(long left, String endNumber) {}

    /** A transaction that waits for COMMIT PREPARED or ROLLBACK PREPARED. */
    record PreparedTransaction(String gid, Duration age) {}

    /**
     * A table.
     *
     * @param columns in their order
     * @param uniques its unique and exclusion constraints and its unique indexes
     * @param foreignKeys to other tables
     * @param triggers names of triggers, those of constraints left out
     */
    record TableFacts(
            List<ColumnFacts> columns,
            List<UniqueFacts> uniques,
            List<ForeignKeyFacts> foreignKeys,
            List<String> triggers) {
        TableFacts {
            columns = List.copyOf(columns);
            uniques = List.copyOf(uniques);
            foreignKeys = List.copyOf(foreignKeys);
            triggers = List.copyOf(triggers);
        }
    }

    /**
     * A foreign key.
     *
     * @param name of the constraint
     * @param referenced the other table, as {@code schema.name}
     * @param columns the other table's column for each of this one's
     */
    record ForeignKeyFacts(String name, String referenced, Map<String, String> columns) {
        ForeignKeyFacts {
            columns = Map.copyOf(columns);
        }
    }

    /**
     * A column.
     *
     * @param type as {@code format_type} writes it, with its collation where that is not the type's own
     * @param typeName as {@code pg_type} has it, such as int8
     * @param fromSequence whether its default is a sequence: serial, identity or {@code nextval}
     */
    record ColumnFacts(String name, String type, String typeName, boolean notNull, boolean fromSequence) {
        /** Returns what must be alike on all shards. */
        String definition() {
            return name + " " + type + (notNull ? " NOT NULL" : "");
        }
    }

    /**
     * What keeps rows of a table apart.
     *
     * @param name of the index behind it
     * @param columns of which it consists; expressions are left out
     */
    record UniqueFacts(String name, List<String> columns) {
        UniqueFacts {
            columns = List.copyOf(columns);
        }
    }
}
