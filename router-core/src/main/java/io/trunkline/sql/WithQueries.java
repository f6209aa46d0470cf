// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.HashMap;
import java.util.Map;
import net.sf.jsqlparser.schema.Table;
import org.jspecify.annotations.Nullable;

/** The common table expressions in reach of a query block, which hide tables of the same name. Immutable. */
final class WithQueries {
    static final WithQueries NONE = new WithQueries(Map.of());

    private final Map<String, WithQuery> queries;

    private WithQueries(Map<String, WithQuery> queries) {
        this.queries = queries;
    }

    /** Returns these and one more, which may hide one of the same name. */
    WithQueries and(WithQuery query) {
        Map<String, WithQuery> more = new HashMap<>(queries);
        more.put(query.name(), query);
        return new WithQueries(more);
    }

    /** Returns the one that a name in FROM means, or null when it means a table. */
    @Nullable
    WithQuery find(Table table) {
        return table.getSchemaName() == null ? queries.get(Names.fold(table.getName())) : null;
    }
}
