// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.doctor;

import java.time.Duration;
import java.util.List;
import java.util.Map;

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
 */
record NodeFacts(
        boolean inRecovery,
        int version,
        Duration clockAhead,
        Map<String, String> settings,
        Map<String, String> extensions,
        List<PreparedTransaction> prepared,
        Map<String, TableFacts> tables) {
    NodeFacts {
        settings = Map.copyOf(settings);
        extensions = Map.copyOf(extensions);
        prepared = List.copyOf(prepared);
        tables = Map.copyOf(tables);
    }

    /** Returns the major version, such as 18. */
    int major() {
        return version / 10_000;
    }

    /** A transaction that waits for COMMIT PREPARED or ROLLBACK PREPARED. */
    record PreparedTransaction(String gid, Duration age) {}

    /**
     * A table.
     *
     * @param columns in their order
     * @param uniques its unique and exclusion constraints and its unique indexes
     */
    record TableFacts(List<ColumnFacts> columns, List<UniqueFacts> uniques) {
        TableFacts {
            columns = List.copyOf(columns);
            uniques = List.copyOf(uniques);
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
