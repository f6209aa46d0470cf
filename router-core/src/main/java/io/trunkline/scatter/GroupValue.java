// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import java.util.List;

/**
 * A column of combined groups, which a shard is given as one array, or two.
 *
 * @param type the OID of the type of its values, or of their elements
 * @param kind what it has of each group
 */
record GroupValue(int type, Kind kind) {
    /** What a column has of each group. */
    enum Kind {
        /** One value. */
        SINGLE,
        /**
         * What an aggregate sees first of its rows, any number of them. Two arrays: of each row the number of its group, from 1, and the value.
         */
        OF_ROWS,
        /** What the aggregate before sees, too, of each of those rows. */
        OF_SAME_ROWS
    }

    /** Returns true when there are values of rows, so that groups have numbers. */
    static boolean haveRows(List<GroupValue> values) {
        return values.stream().anyMatch(value -> value.kind == Kind.OF_ROWS);
    }

    /** Returns how many arrays these columns are, the numbers of the groups included. */
    static int arrayCount(List<GroupValue> values) {
        int numbers = haveRows(values) ? 1 : 0;
        return numbers
                + values.stream()
                        .mapToInt(value -> value.kind == Kind.OF_ROWS ? 2 : 1)
                        .sum();
    }
}
