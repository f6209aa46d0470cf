// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

/** One thing groups are ordered by after they are complete. */
public sealed interface FinalKey {
    /** Returns the column and its order. */
    SortKey key();

    /**
     * A column of the shards' rows, of which the value in the group's first row counts.
     *
     * @param key the column, in binary format
     */
    record OfRow(SortKey key) implements FinalKey {}

    /**
     * A combined value or an extreme.
     *
     * @param key its place among the plan's outputs, visible or not, and the order of its type
     */
    record OfOutput(SortKey key) implements FinalKey {}
}
