// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sequence;

import io.trunkline.block.WantedBlock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a shard says of one sequence.
 *
 * @param isInstalled whether the shard can count
 * @param nextCount the count that is taken next
 * @param endCount the first count that has no number yet
 * @param endNumber one more than the greatest number that the shard has, or {@link WantedBlock#NOTHING_HELD}
 */
record SequenceState(boolean isInstalled, long nextCount, long endCount, long endNumber) {
    private static final int COLUMNS = 5;

    /** Returns the query whose rows {@link #read} reads; the names are plain, see {@code SharedSequence}. */
    static String query(List<String> names) {
        return "SELECT pg_catalog.pg_is_in_recovery(), s.sequence, s.next_count, s.end_count, s.end_number"
                + " FROM trunkline.sequence_state('{\"" + String.join("\",\"", names) + "\"}'::pg_catalog.text[]) s";
    }

    /** Returns the statement that gives a shard a block; its one row says whether it has it. */
    static String add(String name, long start, long size) {
        return "SELECT trunkline.add_sequence_block('" + name + "', " + start + ", " + size + ")";
    }

    /**
     * Returns the states by name; null when the node is a replica.
     *
     * @throws IllegalArgumentException when the rows are not the answer
     */
    static @Nullable Map<String, SequenceState> read(List<List<@Nullable String>> rows) {
        Map<String, SequenceState> states = new HashMap<>();
        for (List<@Nullable String> row : rows) {
            if (row.size() != COLUMNS) {
                throw new IllegalArgumentException("a row of " + row.size() + " columns");
            }
            if ("t".equals(row.get(0))) {
                return null;
            }
            String name = row.get(1);
            if (name == null) {
                throw new IllegalArgumentException("a sequence without a name");
            }
            states.put(
                    name,
                    new SequenceState(
                            row.get(2) != null,
                            number(row.get(2), 0),
                            number(row.get(3), 0),
                            number(row.get(4), WantedBlock.NOTHING_HELD)));
        }
        return states;
    }

    private static long number(@Nullable String text, long otherwise) {
        return text == null ? otherwise : Long.parseLong(text);
    }

    /** Returns how many numbers are left. */
    long left() {
        return Math.max(0, endCount - nextCount);
    }
}
