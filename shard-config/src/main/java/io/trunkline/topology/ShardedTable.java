// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

/**
 * A table whose rows are spread over the shards of a cluster.
 *
 * @param schema as {@code pg_namespace} has it, case and all
 * @param name as {@code pg_class} has it
 * @param keyColumn the column whose value decides about the shard, NOT NULL
 * @param distribution the name of the distribution
 */
public record ShardedTable(String schema, String name, String keyColumn, String distribution) {
    /** The schema unless the document says otherwise. */
    public static final String SCHEMA_DEFAULT = "public";
}
