// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import org.jspecify.annotations.Nullable;

/** What the topology says about the tables of one cluster, as one session's {@code search_path} finds them. Pure; callable from any thread. */
public interface TableDirectory {

    /**
     * Returns how a relation is spread over the shards.
     *
     * @param schema the folded schema, or null when the statement does not name one
     * @param table the folded name
     */
    TableUse lookup(@Nullable String schema, String table);
}
