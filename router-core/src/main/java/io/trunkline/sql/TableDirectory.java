// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import org.jspecify.annotations.Nullable;

/** What the topology says about the tables of one cluster, as one session's {@code search_path} finds them. Pure; callable from any thread. */
public interface TableDirectory {
    /** Stands for "no shard". */
    int NO_SHARD = -1;

    /**
     * Returns how a relation is spread over the shards.
     *
     * @param schema the folded schema, or null when the statement does not name one
     * @param table the folded name
     */
    TableUse lookup(@Nullable String schema, String table);

    /** Returns the shard that a schema is whole on, or {@link #NO_SHARD}. */
    default int shardOfSchema(String schema) {
        return NO_SHARD;
    }

    /** Returns true when the schema may hold relations that are not whole on one shard. */
    default boolean isSpread(String schema) {
        return true;
    }

    /** Returns what the search path says of names without a schema; null unless it has a schema that is whole on one shard. */
    default @Nullable PathHome home() {
        return null;
    }

    /** Returns true when there are schemas that are whole on one shard. */
    default boolean hasPlacedSchemas() {
        return false;
    }

    /** Returns true when the search path is taken for the server's own, and a table in a schema of one shard might be meant if it is another. */
    default boolean assumesPath() {
        return false;
    }
}
