// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/** How a relation is spread over the shards of its cluster. */
public sealed interface TableUse {

    /** Each row lives on the shard of its key. Tables of one distribution with equal keys live together. */
    record Sharded(String keyColumn, String distribution) implements TableUse {}

    /** Every shard has all rows. */
    record Reference() implements TableUse {}

    /**
     * It is in a schema that is whole on one shard.
     *
     * @param shard the index of the shard
     * @param presumed whether that goes only as long as no other schema of the search path has a relation of its name
     */
    record Placed(int shard, boolean presumed) implements TableUse {}

    /**
     * It is in a schema that is whole on one shard, if that has a relation of its name, and else a reference table.
     *
     * @param shard the index of the shard, which has the right rows either way
     */
    record PlacedOrReference(int shard) implements TableUse {}

    /** A relation of {@code pg_catalog} or {@code information_schema}: every shard has its own. */
    record Catalog() implements TableUse {}

    /**
     * The name may mean relations that are spread differently.
     *
     * @param why a clause for messages
     */
    record Unclear(String why) implements TableUse {}

    /** The topology does not know it. */
    record Unknown() implements TableUse {}
}
