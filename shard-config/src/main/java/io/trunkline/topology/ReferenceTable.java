// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

/**
 * A table that every shard holds whole.
 *
 * @param schema as {@code pg_namespace} has it, case and all
 * @param name as {@code pg_class} has it
 */
public record ReferenceTable(String schema, String name) {}
