// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.List;

/**
 * One join of a query block, as far as it concerns the keys of sharded tables.
 *
 * @param left the keys on its left, of tables whose columns have their own names
 * @param right the keys on its right, likewise
 * @param condition what ON or USING says when it is true
 */
record KeyJoin(Type type, List<KeyNode> left, List<KeyNode> right, KeyFacts condition) {

    /** How rows find each other. */
    enum Type {
        /** Inner, cross and comma. */
        INNER,
        /** Left outer. */
        LEFT,
        /** Right outer. */
        RIGHT,
        /** Full outer. */
        FULL,
        /** Natural ones. */
        OTHER
    }
}
