// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/** How a relation is spread over the shards of its cluster. */
public sealed interface TableUse {

    /** Each row lives on the shard of its key. Tables of one distribution with equal keys live together. */
    record Sharded(String keyColumn, String distribution) implements TableUse {}

    /** Every shard has all rows. */
    record Reference() implements TableUse {}

    /** A relation of {@code pg_catalog} or {@code information_schema}: every shard has its own. */
    record Catalog() implements TableUse {}

    /** The topology does not know it. */
    record Unknown() implements TableUse {}
}
